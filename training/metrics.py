"""Figures of quality: right labels with 95 % intervals, confusions and calibration.

It knows neither engine nor files: arrays in, numbers out. What confidence is worth for saying no
is in ``training.selective``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1000
EXAMPLES = 5
BINS = 15
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Per label: rows that carry it, rows predicted as it, and hits; shape (..., labels) each.

    A leading axis holds resamples.
    """

    rows: Floats
    predicted: Floats
    hits: Floats

    @property
    def f1(self) -> Floats:
        """F1 of each label; 0 where it neither occurs nor is predicted."""
        both = self.rows + self.predicted
        return np.asarray(2 * self.hits / np.maximum(both, 1))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that label counts determine, so that all resamples are computed at once."""

    of_counts: Callable[[Counts], Floats]

    def __call__(self, true: NDArray[Any], predicted: NDArray[Any]) -> float:
        """Return the figure for labels of shape (rows,)."""
        cells, _ = _cells(true, predicted)
        return float(self.of_counts(cells.counts(cells.sizes)))


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """How well one label is told; ``None`` where it was never predicted or does not occur.

    Attributes:
        recall: share of its rows that were told, with the interval of Clopper and Pearson.
        support: rows that carry the label.
    """

    label: str
    precision: float | None
    recall: Estimate | None
    f1: float
    support: int


class Bin(NamedTuple):
    """Rows of like confidence: their mean confidence, their accuracy, and how many they are."""

    confidence: float
    accuracy: float
    rows: int


@dataclass(frozen=True, slots=True)
class _Cells:
    """The occupied cells of a confusion matrix; ``true`` and ``predicted`` are label numbers."""

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: int

    def counts(self, sizes: NDArray[np.int64]) -> Counts:
        """Sum cell sizes, shape (..., cells), per label."""
        one = np.eye(self.labels)
        return Counts(
            sizes @ one[self.true],
            sizes @ one[self.predicted],
            sizes @ (one[self.true] * (self.true == self.predicted)[:, None]),
        )


def _cells(true: NDArray[Any], predicted: NDArray[Any]) -> tuple[_Cells, NDArray[Any]]:
    labels, numbers = np.unique(np.concatenate([true, predicted]), return_inverse=True)
    flat = numbers[: len(true)] * len(labels) + numbers[len(true) :]
    places, sizes = np.unique(flat, return_counts=True)
    return _Cells(*np.divmod(places, len(labels)), sizes, len(labels)), labels


def _macro(counts: Counts) -> Floats:
    occurs = counts.rows > 0
    return np.asarray((counts.f1 * occurs).sum(axis=-1) / occurs.sum(axis=-1))


accuracy = Figure(lambda c: c.hits.sum(axis=-1) / c.rows.sum(axis=-1))
"""The share of equal labels."""

macro_f1 = Figure(_macro)
"""The mean of F1 over the labels that occur in ``true``."""

weighted_f1 = Figure(lambda c: (c.f1 * c.rows).sum(axis=-1) / c.rows.sum(axis=-1))
"""The mean of F1 over the labels, each counting as often as it occurs in ``true``."""


def with_interval(
    figure: Figure, true: NDArray[Any], predicted: NDArray[Any], *, seed: int = 13
) -> Estimate:
    """Return ``figure`` with the 2.5 and 97.5 percentiles of its bootstrap distribution.

    Rows drawn with replacement fill the cells of the confusion matrix as a multinomial draw does
    (Efron 1979, "Bootstrap Methods: Another Look at the Jackknife", section 5), so only the counts
    of occupied cells are drawn.

    Args:
        true: labels of shape (rows,), at least one row.
        predicted: labels of the same shape.
        seed: of the resamples.
    """
    cells, _ = _cells(true, predicted)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(true), cells.sizes / len(true), size=RESAMPLES)
    value = float(figure.of_counts(cells.counts(cells.sizes)))
    return percentiles(value, figure.of_counts(cells.counts(draws)))


def percentiles(value: float, resampled: Floats) -> Estimate:
    """Return ``value`` with the 2.5 and 97.5 percentiles of its resamples, shape (resamples,)."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def by_label(true: NDArray[Any], predicted: NDArray[Any]) -> list[LabelFigures]:
    """Return precision, recall, F1 and support of each label that occurs or is predicted."""
    cells, labels = _cells(true, predicted)
    counts = cells.counts(cells.sizes)
    return [
        LabelFigures(
            str(label),
            float(hits / predicted_as) if predicted_as else None,
            clopper_pearson(int(hits), int(rows)) if rows else None,
            float(f1),
            int(rows),
        )
        for label, rows, predicted_as, hits, f1 in zip(
            labels, counts.rows, counts.predicted, counts.hits, counts.f1, strict=True
        )
    ]


def clopper_pearson(hits: int, rows: int) -> Estimate:
    """Return the share ``hits / rows`` with its exact 95 % interval.

    Clopper & Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
    binomial"; computed by ``scipy.stats.binomtest``.

    Args:
        hits: rows that count.
        rows: all rows, at least one.
    """
    from scipy.stats import binomtest

    interval = binomtest(hits, rows).proportion_ci(confidence_level=_SURE, method="exact")
    return Estimate(hits / rows, float(interval.low), float(interval.high))


def reliability(
    confidence: NDArray[Any], right: NDArray[np.bool_], *, bins: int = BINS
) -> list[Bin]:
    """Return the occupied ones of equal-width bins of confidence, least confident first.

    DeGroot & Fienberg 1983, "The Comparison and Evaluation of Forecasters".

    Args:
        confidence: probabilities in [0, 1], shape (rows,).
        right: whether the label was right, shape (rows,).
        bins: number of bins over [0, 1].
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        Bin(float(confidence[mask].mean()), float(right[mask].mean()), int(mask.sum()))
        for mask in (which == number for number in np.unique(which))
    ]


def expected_calibration_error(
    confidence: NDArray[Any], right: NDArray[np.bool_], *, bins: int = BINS
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599
    """
    found = reliability(confidence, right, bins=bins)
    return sum(b.rows * abs(b.confidence - b.accuracy) for b in found) / len(right)


def ordinal_agreement(
    true: NDArray[Any], predicted: NDArray[Any], *, order: Sequence[str]
) -> float | None:
    """Return Cohen's kappa with quadratic weights: 1 is agreement, 0 chance; far misses cost more.

    Cohen 1968, "Weighted kappa"; ``None`` where one level is all that occurs.
    """
    from sklearn.metrics import cohen_kappa_score

    if len(set(true) | set(predicted)) == 1:
        return None
    return float(cohen_kappa_score(true, predicted, labels=list(order), weights="quadratic"))


def confusions(
    true: Sequence[str], predicted: Sequence[str], ids: Sequence[str], *, limit: int = 10
) -> list[tuple[str, str, int, list[str]]]:
    """Return the commonest mistakes: (true, predicted, count, ids of up to five)."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for right, wrong, name in zip(true, predicted, ids, strict=True):
        if right != wrong:
            pairs.setdefault((right, wrong), []).append(name)
    counts = Counter({pair: len(names) for pair, names in pairs.items()})
    return [(*pair, n, pairs[pair][:EXAMPLES]) for pair, n in counts.most_common(limit)]


def confusion_matrix(
    true: NDArray[Any], predicted: NDArray[Any], *, limit: int = 30
) -> tuple[list[str], NDArray[np.int64]]:
    """Return labels in order and how often each (row) was taken for each (column).

    Of more than ``limit`` labels those stay that take part in most mistakes.
    """
    cells, labels = _cells(true, predicted)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    counts[cells.true, cells.predicted] = cells.sizes
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    kept = np.sort(np.argsort(-mistakes, kind="stable")[:limit])
    return [str(label) for label in labels[kept]], counts[np.ix_(kept, kept)]
