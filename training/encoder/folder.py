"""A trained student as a standard sentence-transformers folder.

It owns the layout of that folder; serving formats are made from it by ``training.encoder.export``.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

    from training.encoder.student import Student
    from training.encoder.vocabulary import Vocabulary

MAX_TOKENS = 256
POOLING = "1_Pooling"
NORMALISE = "2_Normalize"


def write_folder(
    student: Student, vocabulary: Vocabulary, tokenizer: Tokenizer, *, teacher: Path, target: Path
) -> Path:
    """Write ``student`` to ``target``; a tied row is written once for each token that reads it.

    Args:
        student: the trained network.
        vocabulary: token ids and their rows.
        tokenizer: the one built from ``vocabulary``.
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
    rows = vocabulary.rows()
    config = json.loads((teacher / "config.json").read_text(encoding="utf-8"))
    config["vocab_size"] = len(rows)
    _write_json(target / "config.json", config)
    _write_json(target / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS})
    tokenizer.save(str(target / "tokenizer.json"))
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
    weights = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in student.body.state_dict().items()
        if not name.endswith("position_ids")
    }
    weights["embeddings.word_embeddings.weight"] = student.all_rows().cpu()[rows].contiguous()
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return target


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
