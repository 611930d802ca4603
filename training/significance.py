"""Tests of paired answers: whether one model is right where another is wrong by more than luck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from training.metrics import Estimate

DRAWS = 10_000


def mcnemar(
    gained: int, lost: int, *, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> float:
    """Return the p-value of McNemar's exact test; 1 when no pair is discordant.

    McNemar 1947, https://doi.org/10.1007/BF02295996; Dietterich 1998 on comparing classifiers,
    https://doi.org/10.1162/089976698300017197

    Args:
        gained: pairs that the first model had wrong and the second has right.
        lost: pairs that the first model had right and the second has wrong.
        alternative: ``greater`` asks only whether more was lost than gained.
    """
    if gained + lost == 0:
        return 1.0
    return float(binomtest(lost, gained + lost, 0.5, alternative=alternative).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in the order given.

    Holm 1979, https://www.jstor.org/stable/4615733
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def paired_difference(gained: int, lost: int, pairs: int, *, seed: int = 13) -> Estimate:
    """Return the difference of two accuracies with its 95 % bootstrap interval.

    A pair adds 1, 0 or -1, so drawing ``pairs`` of them with replacement is one multinomial draw:
    the bootstrap of Efron & Tibshirani 1993 in memory that does not grow with the rows.
    """
    shares = np.array([gained, lost, pairs - gained - lost]) / pairs
    counts = np.random.default_rng(seed).multinomial(pairs, shares, size=DRAWS)
    low, high = np.percentile((counts[:, 0] - counts[:, 1]) / pairs, [2.5, 97.5])
    return Estimate((gained - lost) / pairs, float(low), float(high))
