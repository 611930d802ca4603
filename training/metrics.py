"""Figures of quality: accuracy and F1 with bootstrap intervals, calibration error, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def accuracy(true: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Return the share of equal labels."""
    return float((true == predicted).mean())


def macro_f1(true: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Return the mean of F1 over the labels that occur in ``true``."""
    scores = []
    for label in np.unique(true):
        hit = float(((true == label) & (predicted == label)).sum())
        scores.append(2 * hit / float((true == label).sum() + (predicted == label).sum()))
    return float(np.mean(scores))


def with_interval(
    figure: Callable[[NDArray[Any], NDArray[Any]], float],
    true: NDArray[Any],
    predicted: NDArray[Any],
    *,
    seed: int = 13,
) -> Estimate:
    """Return ``figure`` with the 2.5 and 97.5 percentiles of its bootstrap distribution."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(true), size=(RESAMPLES, len(true)))
    values = [figure(true[d], predicted[d]) for d in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(figure(true, predicted), float(low), float(high))


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], *, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[which == b].mean()) - float(right[which == b].mean()))
        * float((which == b).mean())
        for b in np.unique(which)
    ]
    return float(sum(gaps))


def confusions(
    true: Sequence[str], predicted: Sequence[str], ids: Sequence[str], *, limit: int = 10
) -> list[tuple[str, str, int, list[str]]]:
    """Return the commonest mistakes: (true, predicted, count, ids of up to three)."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for right, wrong, name in zip(true, predicted, ids, strict=True):
        if right != wrong:
            pairs.setdefault((right, wrong), []).append(name)
    counts = Counter({pair: len(names) for pair, names in pairs.items()})
    return [(*pair, n, pairs[pair][:3]) for pair, n in counts.most_common(limit)]


def review_threshold(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], *, max_error: float
) -> float:
    """Return the lowest confidence from which accepted rows are wrong at most at ``max_error``.

    An estimate from out-of-fold rows without a finite-sample guarantee. 1 when nothing qualifies.
    """
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    # Rows of equal confidence are accepted or refused together.
    last_of_tie = np.append(np.diff(confidence[order]) != 0, True)
    good = np.flatnonzero((errors <= max_error) & last_of_tie)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0
