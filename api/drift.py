"""Whether what comes in still looks like what the model was trained on: two counts compared.

Counting messages in a window and the index itself; how it is shown is left to ``metrics``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from triage.bundle import Bundle

TASK = "category"
BINS = 10  # of confidence: tenths of the training tickets
WINDOW = 2_000  # messages
FEWEST = 100  # messages in the window below which the index is mostly chance
_HALF = 0.5  # added to every bin (Jeffreys' prior), so that an empty one gives no infinity
_Z95 = 1.6449  # the standard normal's 95 % point


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """How the training tickets fell, by answers given out of fold.

    Attributes:
        model: version of the bundle.
        labels: of the category head.
        categories: tickets by predicted category, one a label.
        edges: upper ends of all bins of confidence but the last, ascending.
        confidences: tickets by bin of confidence.
    """

    model: str
    labels: tuple[str, ...]
    categories: tuple[int, ...]
    edges: tuple[float, ...]
    confidences: tuple[int, ...]


def reference_of(bundle: Bundle) -> Reference | None:
    """Return what a bundle's evidence says of its training tickets; ``None`` where it has none."""
    evidence = bundle.evidence
    if evidence is None or TASK not in evidence.predictions:
        return None
    judged = evidence.predictions[TASK] >= 0
    if not judged.any():
        return None
    labels = evidence.labels[TASK]
    confidences = evidence.confidences[TASK][judged].astype(np.float64)
    edges = np.unique(np.quantile(confidences, np.arange(1, BINS) / BINS))
    return Reference(
        model=bundle.manifest.version,
        labels=labels,
        categories=_counts(evidence.predictions[TASK][judged], len(labels)),
        edges=tuple(map(float, edges)),
        confidences=_counts(np.searchsorted(edges, confidences), len(edges) + 1),
    )


def stability_index(found: Sequence[float], expected: Sequence[float]) -> float:
    """Return the population stability index of two counts over the same bins, from 0 upwards.

    It is Jeffreys' divergence (Proc. R. Soc. A 186:453, 1946) of the two shares; below 0.1 is read
    as no change and above 0.25 as a large one by convention (Siddiqi, Credit Risk Scorecards,
    2006), whatever the number of messages: for that see ``chance_index``.

    Args:
        found: messages by bin.
        expected: training tickets by bin.
    """
    p, q = (np.asarray(counts, float) + _HALF for counts in (found, expected))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def chance_index(found: float, expected: float, *, bins: int) -> float:
    """Return the index that is exceeded by chance in one of twenty windows without any change.

    Without change the index is about (1/n + 1/m) times a chi-square with bins - 1 degrees of
    freedom (Yurdakul and Naranjo, J. Risk Model Validation 14(4), 2020); its 95 % point is taken by
    Wilson and Hilferty's cube (PNAS 17:684, 1931). It holds for messages that come independently.

    Args:
        found: messages in the window.
        expected: training tickets.
    """
    freedom = bins - 1
    if freedom < 1 or found <= 0 or expected <= 0:
        return math.inf
    spread = 2 / (9 * freedom)
    return (1 / found + 1 / expected) * freedom * (1 - spread + _Z95 * math.sqrt(spread)) ** 3


class Window:
    """The last messages of this process, by category and by bin of confidence.

    It belongs to one thread.
    """

    def __init__(self, reference: Reference, *, size: int = WINDOW) -> None:
        self.reference = reference
        self.categories = [0] * len(reference.labels)
        self.confidences = [0] * len(reference.confidences)
        self._places = {label: place for place, label in enumerate(reference.labels)}
        self._seen: deque[tuple[int, int]] = deque()
        self._size = size

    def add(self, category: str, confidence: float) -> None:
        """Count a message; the oldest one leaves a full window."""
        if (place := self._places.get(category)) is None:
            return  # another model's label, while one follows the other
        at = int(np.searchsorted(self.reference.edges, confidence))
        self._count(place, at, 1)
        self._seen.append((place, at))
        if len(self._seen) > self._size:
            self._count(*self._seen.popleft(), -1)

    def _count(self, place: int, at: int, change: int) -> None:
        self.categories[place] += change
        self.confidences[at] += change


def ranges(reference: Reference) -> list[str]:
    """Return the bins of confidence in words, as ``0.612-0.731``."""
    ends = [0.0, *reference.edges, 1.0]
    return [f"{low:.3f}-{high:.3f}" for low, high in pairwise(ends)]


def _counts(places: np.ndarray, bins: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(places, minlength=bins)))
