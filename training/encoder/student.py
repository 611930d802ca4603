"""The student: the teacher's body under an embedding whose Chinese rows are tied and trained.

It owns the network and its vectors; losses, batches and files are left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from training.encoder.streams import width

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PAD_ROW = 0
# Rows live on a grid of 255 values, so that int8 stores them exactly. 0.3 clips 0.001 % of the
# values of trained rows; the mean error, 1.5 % of a value, is trained away.
GRID_STEP = 0.3 / 127


class Student(nn.Module):  # type: ignore[misc]  # torch is not type-checked here
    """A BERT body that reads embedding rows instead of token ids.

    The teacher's rows are frozen; new rows have sparse gradients, so that a step costs what its
    batch touches and not what the vocabulary holds. All rows are rounded to a grid, the new ones
    with a straight-through gradient (Bengio et al. 2013, arXiv:1308.3432).
    """

    def __init__(self, body: Any, new_rows: NDArray[np.float32]) -> None:
        super().__init__()
        english = body.embeddings.word_embeddings.weight.detach().clone()
        body.embeddings.word_embeddings = None  # the rows below stand in for it
        self.body = body
        self.register_buffer("english", snapped(english), persistent=False)
        self.chinese = nn.Embedding.from_pretrained(
            torch.from_numpy(new_rows.copy()), freeze=False, sparse=True
        )

    def forward(self, rows: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return unit vectors, shape (batch, dim), for rows and mask of shape (batch, tokens)."""
        old = self.english.shape[0]
        new = rows >= old
        table = nn.functional.embedding(rows.clamp(max=old - 1), self.english)
        # Rows of the teacher look up row 0 here and get a zero gradient for it.
        added = self.chinese((rows - old).clamp(min=0))
        added = added + (snapped(added) - added).detach()
        embedded = torch.where(new.unsqueeze(-1), added, table)
        states = self.body(inputs_embeds=embedded, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)

    def body_parameters(self) -> list[nn.Parameter]:
        """Return what is trained besides the rows; token types and pooler are not used or fixed."""
        return [
            p
            for name, p in self.body.named_parameters()
            if not name.startswith(("pooler", "embeddings.token_type"))
        ]

    def all_rows(self) -> torch.Tensor:
        """Return the whole table, the teacher's rows first, shape (rows, dim)."""
        return torch.cat([self.english, snapped(self.chinese.weight.detach())])


def snapped(rows: torch.Tensor) -> torch.Tensor:
    """Return ``rows`` rounded to the grid that int8 can hold."""
    return (rows / GRID_STEP).round().clamp(-127, 127) * GRID_STEP


def load_body(folder: Path) -> Any:
    """Load the BERT body of a sentence-transformers folder, in float32 and without dropout.

    Attention is the eager one: the fused kernel's backward pass is four times slower on CPU
    (1.2 s against 0.3 s for 128 texts of 12 tokens, torch 2.13, bf16).
    """
    from transformers import AutoModel

    body = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    for module in body.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return body


def keep_layers(body: Any, count: int) -> None:
    """Keep ``count`` layers of ``body``, evenly spread, the first and the last among them."""
    chosen = np.linspace(0, len(body.encoder.layer) - 1, count).round().astype(int)
    body.encoder.layer = nn.ModuleList(body.encoder.layer[i] for i in chosen)
    body.config.num_hidden_layers = count


def padded(texts: Sequence[NDArray[np.int64]], device: torch.device) -> tuple[Any, Any]:
    """Return rows and mask, each of shape (batch, tokens)."""
    widest = width(max(len(text) for text in texts))
    rows = np.full((len(texts), widest), PAD_ROW, dtype=np.int64)
    mask = np.zeros((len(texts), widest), dtype=np.int64)
    for index, text in enumerate(texts):
        rows[index, : len(text)] = text
        mask[index, : len(text)] = 1
    return torch.from_numpy(rows).to(device), torch.from_numpy(mask).to(device)


def vectors(
    student: Student, texts: Sequence[NDArray[np.int64]], *, tokens: int = 8192
) -> NDArray[np.float32]:
    """Return unit vectors of texts given as rows, shape (texts, dim), bf16 where it is fast."""
    device = student.english.device
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = np.zeros((len(texts), student.english.shape[1]), dtype=np.float32)
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * len(texts[order[stop]]) <= tokens:
            stop += 1
        chosen = order[start:stop]
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            found[chosen] = student(*padded([texts[i] for i in chosen], device)).float().cpu()
        start = stop
    return found
