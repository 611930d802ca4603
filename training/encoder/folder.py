"""A trained student as a standard sentence-transformers folder, written and read again.

It owns the layout of that folder; serving formats are made from it by ``training.encoder.export``.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from training.encoder.student import GRID_STEP

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from training.encoder.student import Student

MAX_TOKENS = 256
MATRIX = 2
WORDS = "embeddings.word_embeddings.weight"
POOLING = "1_Pooling"
NORMALISE = "2_Normalize"


def write_folder(student: Student, tokenizer: str, *, teacher: Path, target: Path) -> Path:
    """Write ``student`` to ``target``, small: embedding rows as int8, the body as float16.

    A reader that turns every tensor to float32, as transformers does, gets the student's vectors:
    the three embedding tables are written in units of the grid, and the layer norm that follows
    their sum takes the unit out again.

    Args:
        student: the trained network.
        tokenizer: text of its tokenizer.json.
        teacher: folder of the English model, whose pooling and configuration are kept.
        target: folder to write; files in it are overwritten.
    """
    from safetensors.torch import save_file

    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(teacher / POOLING, target / POOLING, dirs_exist_ok=True)
    (target / NORMALISE).mkdir(exist_ok=True)
    places = {"Transformer": "", "Pooling": POOLING, "Normalize": NORMALISE}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(places.items())
    ]
    _write_json(target / "modules.json", modules)
    weights = _weights(student)
    config = json.loads((teacher / "config.json").read_text(encoding="utf-8"))
    config["vocab_size"] = len(weights[WORDS])
    config["max_position_embeddings"] = len(weights["embeddings.position_embeddings.weight"])
    config["num_hidden_layers"] = student.body.config.num_hidden_layers
    config["dtype"] = "float32"
    _write_json(target / "config.json", config)
    _write_json(target / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS})
    (target / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    special = {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}
    _write_json(
        target / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
            **{f"{name}_token": token for name, token in special.items()},
        },
    )
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return target


def read_units(folder: Path) -> tuple[str, ...]:
    """Return the Chinese units of a written folder, in the order of their rows."""
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    ids: dict[str, int] = content["model"]["vocab"]
    twice = [unit for unit in ids if f"##{unit}" in ids and ids[unit] == ids[f"##{unit}"]]
    return tuple(sorted(twice, key=ids.__getitem__))


def read_weights(student: Student, folder: Path) -> None:
    """Give ``student`` the weights that :func:`write_folder` wrote; its unused pooler stays.

    Raises:
        RuntimeError: the folder holds a student of another shape.
    """
    from safetensors.torch import load_file

    body = student.body.state_dict()
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name == WORDS:
            rows = tensor[-student.chinese.num_embeddings :].float() * GRID_STEP
            student.chinese.load_state_dict({"weight": rows})
        elif _in_grid_units(name):
            body[name][: len(tensor)] = tensor.float() * GRID_STEP
        elif not name.startswith("pooler"):
            body[name] = tensor.float()
    student.body.load_state_dict(body)


def _in_grid_units(name: str) -> bool:
    return name.startswith("embeddings.") and "LayerNorm" not in name


def _weights(student: Student) -> dict[str, torch.Tensor]:
    """Return the tensors to write, named as transformers names them."""
    import torch

    weights = {WORDS: (student.all_rows().cpu() / GRID_STEP).round().to(torch.int8)}
    for name, tensor in student.body.state_dict().items():
        kept = tensor.detach().cpu()
        if name.endswith("position_ids"):
            continue
        if name.startswith("pooler"):  # not used; transformers warns where it is missing
            kept = torch.zeros(kept.shape, dtype=torch.int8)
        elif _in_grid_units(name):
            kept = kept[:MAX_TOKENS] / GRID_STEP
        elif kept.ndim == MATRIX:
            kept = kept.half()
        weights[name] = kept.contiguous()
    return weights


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
