"""How familiar a message is: whether the training messages hold anything like it.

Confidence asks which label is right and supposes that one is; familiarity asks whether any is. It
is learnt from in-scope messages alone. Three signs that see different things are added as z-scores:
nearness to known vectors, the energy of the pooled scores (Liu et al. 2020,
https://arxiv.org/abs/2010.03759), and the best margin of the lexical expert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.heads import NEAREST

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNS = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """What the signs look like on known messages that the models had not seen.

    Attributes:
        means, deviations: of each sign, shape (SIGNS,).
        totals: summed z-scores of known messages, in rising order.
    """

    means: NDArray[np.float32]
    deviations: NDArray[np.float32]
    totals: NDArray[np.float32]

    def total(self, signs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the summed z-scores of signs, shape (n, SIGNS) to (n,)."""
        scores: NDArray[np.float32] = ((signs - self.means) / self.deviations).sum(axis=1)
        return scores

    def familiarity(self, signs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the share of known messages that are no more familiar, shape (n,).

        A conformal p-value (Vovk, Gammerman & Shafer 2005): a known message falls below 0.05 one
        time in twenty.
        """
        below = np.searchsorted(self.totals, self.total(signs), side="right")
        shares: NDArray[np.float32] = ((below + 1) / (len(self.totals) + 1)).astype(np.float32)
        return shares


@dataclass(frozen=True, slots=True)
class Novelty:
    """The references of each language group, and the task whose head gives the signs."""

    task: str
    references: Mapping[str, Reference]


def signs_of(
    cosines: NDArray[np.float32], pooled: NDArray[np.float32], lexical: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the signs of n messages, each the greater the more familiar, shape (n, SIGNS).

    Args:
        cosines: with the landmarks, shape (n, landmarks).
        pooled: pooled scores of the labels, shape (n, labels).
        lexical: scores of the lexical expert alone, of the same shape.
    """
    count = min(NEAREST, cosines.shape[1])
    nearest = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1) if count else 0
    top = pooled.max(axis=1)
    energy = top + np.log(np.exp(pooled - top[:, None]).sum(axis=1))
    signs = np.zeros((len(pooled), SIGNS), dtype=np.float32)
    signs[:, 0], signs[:, 1], signs[:, 2] = nearest, energy, lexical.max(axis=1)
    return signs
