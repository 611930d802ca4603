"""A sentence-transformers folder of a few thousand weights, made on the spot."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DIM = 32
POSITIONS = 64
CALIBRATION = [
    "where is my order please",
    "my parcel is late late late",
    "refund",
    "please cancel the order, refund me",
    "x9 zebra!?",
]
_WORDS = ["my", "order", "parcel", "is", "late", "refund", "where", "the", "please", "cancel", "me"]


def make_tiny_bert(folder: Path) -> Path:
    """Write a BERT of two layers with random weights and a vocabulary of letters and words."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = [*string.ascii_lowercase, *string.digits]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    vocabulary += [f"##{c}" for c in letters] + _WORDS
    vocabulary += [f"[unused{i}]" for i in range(400 - len(vocabulary))]  # enough to be quantised
    folder.mkdir(parents=True)
    words = folder / "vocab.txt"
    words.write_text("\n".join(vocabulary), encoding="utf-8")
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=DIM,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=320,
        max_position_embeddings=POSITIONS,
        initializer_range=0.5,  # as spread as trained weights, so that texts differ
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(str(words)).save_pretrained(folder)
    return folder


def export_tiny(bert: Path, target: Path, *, max_tokens: int) -> Path:
    """Export ``bert`` with int8 scales fixed by a few texts."""
    from training.encoder.export import export_encoder

    return export_encoder(str(bert), target, texts=CALIBRATION, max_tokens=max_tokens)
