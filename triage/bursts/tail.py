"""Tail probabilities of counts, in logarithms so that none underflows."""

from __future__ import annotations

import math

_ENOUGH = 1e-15  # terms below this share of the sum change no digit
_NEARLY_POISSON = 1e9  # above this size the two distributions agree to nine digits


def log10_tail(count: int, mean: float, *, size: float = math.inf) -> float:
    """Return log10 P(X ≥ count) of a negative binomial X.

    Args:
        count: from 0; at 0 the probability is 1.
        mean: expected count, from 0.
        size: r of the variance mean + mean²/r, above 0; infinite for Poisson. With the rate drawn
            from a gamma distribution of shape r, a Poisson count has this distribution, so r says
            how well a rate is known: Hilbe, Negative Binomial Regression, 2nd edition, 2011, §8.2.
    """
    if count <= 0:
        return 0.0
    if mean <= 0:
        return -math.inf
    if count <= mean:
        below = math.fsum(math.exp(_log_mass(n, mean, size)) for n in range(count))
        return math.log10(max(1.0 - below, _ENOUGH))
    return (_log_mass(count, mean, size) + math.log(_series(count, mean, size))) / math.log(10)


def _log_mass(count: int, mean: float, size: float) -> float:
    if size >= _NEARLY_POISSON:
        return count * math.log(mean) - mean - math.lgamma(count + 1)
    return (
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        - size * math.log1p(mean / size)
        - count * math.log1p(size / mean)
    )


def _series(count: int, mean: float, size: float) -> float:
    """Return P(X ≥ count) / P(X = count); above the mean the terms fall from the first on."""
    total = term = 1.0
    while term > _ENOUGH * total:
        if size >= _NEARLY_POISSON:
            term *= mean / (count + 1)
        else:
            term *= (count + size) / (count + 1) * (mean / (mean + size))
        total += term
        count += 1
    return total
