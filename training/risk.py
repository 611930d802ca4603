"""From which confidence on a category may be used unseen, at a stated error rate.

It owns the choice of the threshold and its guarantee; what is done below it is left to ``review``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, binom

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = 1.0 + 1e-6  # a threshold that no confidence reaches
# Where the descent may begin: the most confident shares of the messages.
STARTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
STEPS = 200  # thresholds that are tried, between the first start and all messages


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A threshold and what the calibration messages above it showed.

    Attributes:
        threshold: confidence from which a prediction is accepted; above 1 when none may be.
        rows: calibration messages.
        accepted: share of them that is accepted.
        error: share of the accepted that is wrong.
        bound: upper limit of that share at the stated confidence (Clopper-Pearson).
    """

    threshold: float
    rows: int
    accepted: float
    error: float
    bound: float


def accept(
    confidence: NDArray[np.float32],
    right: NDArray[np.bool_],
    *,
    max_error: float,
    sure: float = 0.95,
) -> Acceptance:
    """Return the lowest threshold above which predictions are wrong at most at ``max_error``.

    Learn then Test (Angelopoulos et al. 2021, https://arxiv.org/abs/2110.01052) for the risk of
    selective classification (Geifman & El-Yaniv 2017, https://arxiv.org/abs/1705.08500): for each
    threshold the hypothesis "more than ``max_error`` of what it accepts is wrong" is tested with
    the exact binomial tail. From each of several starts the thresholds fall until a test fails
    (fixed-sequence testing); the starts share the level 1 - ``sure`` evenly. So with probability
    ``sure`` over the calibration messages, the error of what is accepted stays within
    ``max_error``, for messages that are exchangeable with them.

    Args:
        confidence: of each calibration message's prediction, shape (n,).
        right: whether it was right, shape (n,).
        max_error: error rate that is allowed, in (0, 1).
        sure: probability with which it shall hold, in (0, 1).
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    ranked = confidence[order]
    level = (1 - sure) / len(STARTS)
    best = 0
    counts = _counts(ranked)
    for start in STARTS:
        for count in counts[counts >= start * len(ranked)]:
            # The message that sets the threshold is no draw from those above it: it counts as
            # right and is left out of their number, which errs on the safe side.
            if binom.cdf(wrong[count - 1], count - 1, max_error) > level:
                break
            best = max(best, int(count))
    if not best:
        return Acceptance(NOTHING, len(right), 0.0, 0.0, 1.0)
    errors = int(wrong[best - 1])
    bound = float(beta.ppf(sure, errors + 1, best - errors)) if errors < best else 1.0
    return Acceptance(
        float(ranked[best - 1]), len(right), best / len(right), errors / best, round(bound, 4)
    )


def rows_needed(max_error: float, sure: float = 0.95) -> int:
    """Return how many messages, all right, are needed before any can be accepted."""
    return int(np.ceil(np.log((1 - sure) / len(STARTS)) / np.log1p(-max_error))) + 1


def _counts(ranked: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return how many messages each tried threshold accepts; equal confidences go together."""
    if not len(ranked):
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) + 1
    wanted = np.linspace(STARTS[0] * len(ranked), len(ranked), STEPS)
    positions = np.minimum(np.searchsorted(ends, wanted), len(ends) - 1)
    counts: NDArray[np.int64] = np.unique(ends[positions])
    return counts
