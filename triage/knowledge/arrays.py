"""Arithmetic of index arrays: ranges laid end to end, and the best of many scores with their ties.

It knows nothing of articles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIE = 1e-6


def spread(
    starts: NDArray[np.int64], which: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places ``starts[w]`` up to ``starts[w + 1]`` of every w, and how many each has."""
    first = np.asarray(starts[which], dtype=np.int64)
    return laid_out(first, np.asarray(starts[which + 1], dtype=np.int64) - first)


def laid_out(
    first: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``sizes[i]`` numbers from ``first[i]`` on, for every i, and the sizes."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - ends + sizes, sizes) + np.arange(total), sizes


def best_of(scores: NDArray[np.floating], most: int) -> NDArray[np.int64]:
    """Return the places of the ``most`` highest positive scores, ties with the last included.

    With the ties in, the choice does not depend on the order of the scores; it stops at four
    times ``most``, the first ones going before.
    """
    places = np.flatnonzero(scores > 0)
    if len(places) <= most:
        return places
    positive = scores[places]
    last = np.partition(positive, len(places) - most)[len(places) - most]
    tied = positive >= last - _TIE * abs(last)
    places, positive = places[tied], positive[tied]
    if len(places) > 4 * most:
        places = np.sort(places[np.argsort(-positive, kind="stable")[: 4 * most]])
    return places


def best_rows(
    rows: Sequence[NDArray[np.int64]], scores: Sequence[NDArray[np.floating]], most: int
) -> list[NDArray[np.int64]]:
    """Return of each part's rows those whose scores are the best of all parts; see ``best_of``."""
    if not rows:
        return []
    chosen = best_of(np.concatenate(scores), most)
    starts = np.cumsum([0, *map(len, rows)])
    return [
        part[chosen[(begin <= chosen) & (chosen < begin + len(part))] - begin]
        for part, begin in zip(rows, starts[:-1], strict=True)
    ]
