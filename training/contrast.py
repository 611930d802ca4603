"""What tells texts of one label from others: which are drawn together, and their loss.

The steps that make it small are left to ``tune``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

PAIR = 2
_MASKED = -1e4


def contrastive_loss(
    vectors: torch.Tensor, labels: torch.Tensor, *, temperature: float
) -> torch.Tensor:
    """Return how far texts of one label are apart beside all others, a scalar.

    The supervised contrastive loss, sum outside the logarithm (Khosla et al. 2020, equation 2).

    Args:
        vectors: shape (n, dim), of any length.
        labels: shape (n,); a text alone with its label is only held against others.
    """
    import torch

    unit = torch.nn.functional.normalize(vectors, dim=-1)
    itself = torch.eye(len(labels), dtype=torch.bool)
    cosines = (unit @ unit.T / temperature).masked_fill(itself, _MASKED)
    likely = torch.log_softmax(cosines, dim=1)
    same = (labels[:, None] == labels) & ~itself
    fellows = same.sum(dim=1)
    each = -(likely * same).sum(dim=1) / fellows.clamp(min=1)
    return each.sum() / (fellows > 0).sum().clamp(min=1)


def draws(
    labels: Sequence[str], *, count: int, batch: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield positions of texts without end: of ``count`` labels, all alike, some texts each.

    A draw holds at least one pair of a label, and about ``batch`` texts where there are so many.
    """
    rng = np.random.default_rng(seed)
    names = np.array(labels)
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    paired = [i for i, own in enumerate(members) if len(own) >= PAIR]
    count = min(count, len(members))
    each = max(PAIR, batch // count)
    while True:
        chosen = rng.permutation(len(members))[:count]
        if not np.isin(chosen, paired).any():
            chosen[0] = rng.choice(paired)
        yield np.concatenate([rng.permutation(members[i])[:each] for i in chosen])
