"""Whether a label's share has really changed: an exact binomial test, made for many at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

_NEGLIGIBLE = 1e-17


def upper_tail(count: int, trials: int, share: float) -> float:
    """Return the probability of ``count`` or more successes in ``trials``, exactly.

    Terms are summed outwards from ``count`` and end where they no longer add anything.
    """
    if count <= 0:
        return 1.0
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    if count <= trials * share:  # the lower tail is the shorter sum
        return max(0.0, 1.0 - upper_tail(trials - count + 1, trials, 1.0 - share))
    term = math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(count + 1)
        - math.lgamma(trials - count + 1)
        + count * math.log(share)
        + (trials - count) * math.log1p(-share)
    )
    total, odds = term, share / (1.0 - share)
    for k in range(count, trials):
        term *= (trials - k) / (k + 1) * odds
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return min(1.0, total)


def rise(now: int, before: int, *, share: float) -> float:
    """Return how likely so many of a label's rows are of the later period if nothing changed.

    Conditional on their sum, counts of two periods are binomial (Przyborowski & Wilenski 1940,
    "Homogeneity of results in testing samples from Poisson series", Biometrika 31).

    Args:
        share: of all rows that are of the later period; so that a busier shop is no news.
    """
    return upper_tail(now, now + before, share)


def discoveries(chances: Mapping[str, float], *, rate: float) -> set[str]:
    """Return which are news at a false discovery rate (Benjamini & Hochberg 1995)."""
    ordered = sorted(chances, key=lambda name: chances[name])
    kept = 0
    for place, name in enumerate(ordered, start=1):
        if chances[name] <= rate * place / len(ordered):
            kept = place
    return set(ordered[:kept])
