"""What a confidence is worth for saying no: error by coverage, and telling strangers apart.

It knows neither engine nor files: arrays in, numbers out. Labels and calibration are in
``training.metrics``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.metrics import RESAMPLES, Estimate, percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def risk_coverage(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Floats:
    """Return the error among the k most confident rows for k = 1 … rows.

    Rows of equal confidence share their errors evenly, so their order does not matter. El-Yaniv &
    Wiener 2010, "On the Foundations of Noise-free Selective Classification".
    """
    levels, group = np.unique(-confidence, return_inverse=True)
    errors = np.bincount(group, weights=~right, minlength=len(levels)) / np.bincount(group)
    return np.asarray(np.cumsum(errors[np.sort(group)]) / np.arange(1, len(right) + 1))


def area_under_risk_coverage(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """Return the mean risk over all coverages: 0 is best, the error rate is what chance gives.

    Geifman & El-Yaniv 2017, "Selective Classification for Deep Neural Networks",
    https://arxiv.org/abs/1705.08500; Ding et al. 2020, "Revisiting the Evaluation of Uncertainty
    Estimation and Its Application to Explore Model Complexity-Uncertainty Trade-Off".
    """
    return float(risk_coverage(confidence, right).mean())


def separation(
    inside: NDArray[Any], outside: NDArray[Any], *, accept: float = 0.95, seed: int = 13
) -> tuple[Estimate, Estimate]:
    """Return how well a score tells rows inside the known categories from those outside.

    First AUROC, the chance that a row inside scores above one outside, ties counting half (Hanley &
    McNeil 1982, "The meaning and use of the area under a ROC curve"). Then the share of rows
    outside that fall below the score which ``accept`` of the rows inside reach. Intervals are
    bootstrap percentiles; rows inside and outside are drawn apart.

    Args:
        inside: scores of shape (rows,), high where a row looks familiar; at least one.
        outside: scores of shape (other rows,); at least one.
        accept: share of the rows inside that must be accepted.
        seed: of the resamples.
    """
    levels, numbers = np.unique(np.concatenate([inside, outside]), return_inverse=True)
    within = np.bincount(numbers[: len(inside)], minlength=len(levels))
    without = np.bincount(numbers[len(inside) :], minlength=len(levels))
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(c.sum(), c / c.sum(), size=RESAMPLES) for c in (within, without)]
    return (
        percentiles(float(_auroc(within, without)), _auroc(drawn[0], drawn[1])),
        percentiles(float(_refused(within, without, accept)), _refused(drawn[0], drawn[1], accept)),
    )


def _auroc(within: NDArray[np.int64], without: NDArray[np.int64]) -> Floats:
    """Return AUROC from counts per level of score, shape (..., levels), lowest level first."""
    below = np.cumsum(without, axis=-1) - without / 2
    pairs = within.sum(axis=-1) * without.sum(axis=-1)
    return np.asarray((within * below).sum(axis=-1) / pairs)


def _refused(within: NDArray[np.int64], without: NDArray[np.int64], accept: float) -> Floats:
    reached = np.cumsum(within[..., ::-1], axis=-1)[..., ::-1]
    total = within.sum(axis=-1, keepdims=True)
    level = (reached >= accept * total - 1e-9).sum(axis=-1, keepdims=True) - 1
    below = np.cumsum(without, axis=-1) - without
    return np.asarray(np.take_along_axis(below, level, axis=-1)[..., 0] / without.sum(axis=-1))
