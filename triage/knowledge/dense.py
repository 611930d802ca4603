"""Nearness of vectors: exact for a small index, a sieve by signs before exact products above.

The sieve compares signs (Charikar 2002, similarity by random hyperplanes; here the
axes) and costs a sixtieth of the exact products; what it lets through is compared exactly. Unlike a
graph (HNSW) it is neither trained nor built: a row is found the same in any index that holds it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge.arrays import best_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_ROWS = 20_000
SIGNS = 256  # coordinates whose signs are compared; more of them cost time and find no more
_SAMPLED = 64  # one row of so many tells roughly how near the nearest are
_AMPLE = 8
SIEVED = 7  # times the rows wanted are compared exactly


@dataclass(slots=True)
class Vectors:
    """Vectors of rows, in half precision, with their signs.

    Attributes:
        halves: shape (rows, dim).
        signs: see ``signs_of``, shape (rows, bytes), padded to whole words of 64 bits.
    """

    halves: NDArray[np.float16]
    signs: NDArray[np.uint8]
    _full: NDArray[np.float32] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> Vectors:
        """Keep ``vectors``, shape (rows, dim)."""
        halves = vectors.astype(np.float16)
        return cls(halves, signs_of(halves))

    @classmethod
    def merged(cls, parts: Sequence[tuple[Vectors, NDArray[np.bool_]]]) -> Vectors:
        """Return the rows of some vectors that are kept, in order."""
        return cls(
            np.concatenate([part.halves[kept] for part, kept in parts]),
            np.concatenate([part.signs[kept] for part, kept in parts]),
        )

    def cosines(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the products of a vector and some rows, shape (rows,)."""
        return _products(_full(self.halves[rows]), vector)

    def all_cosines(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the products of a vector and every row; the rows are kept in full for the next."""
        if self._full is None:
            self._full = _full(self.halves)
        return _products(self._full, vector)

    def distances(self, signs: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return in how many signs each row differs, shape (rows,)."""
        import faiss

        found = np.empty(len(self.signs), dtype=np.int32)
        if len(found):
            rows = np.ascontiguousarray(self.signs)
            faiss.hammings(  # type: ignore[attr-defined]  # its stubs lack it
                faiss.swig_ptr(signs), faiss.swig_ptr(rows), 1, len(rows), len(signs),
                faiss.swig_ptr(found),
            )  # fmt: skip
        return found


def signs_of(vectors: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a bit for each of the first coordinates, whether it is above zero, in 64-bit words."""
    bits = np.packbits(vectors[..., :SIGNS] > 0, axis=-1)
    missing = -bits.shape[-1] % 8
    return np.pad(bits, [(0, 0)] * (bits.ndim - 1) + [(0, missing)])


def near(
    parts: Sequence[Vectors],
    vector: NDArray[np.float32],
    *,
    masks: Sequence[NDArray[np.bool_]],
    most: int,
) -> list[NDArray[np.int64]]:
    """Return for each part its rows among the ``most`` nearest of all parts, ties included.

    Args:
        vector: shape (dim,), of unit length.
        masks: which rows of each part may be found.
    """
    if sum(len(part.signs) for part in parts) <= EXACT_ROWS:
        scores = [
            np.where(mask, part.all_cosines(vector) + 2, 0)
            for part, mask in zip(parts, masks, strict=True)
        ]
        rows = [np.flatnonzero(score > 0) for score in scores]
        return best_rows(rows, [s[r] for s, r in zip(scores, rows, strict=True)], most)
    rows = _sieved(parts, signs_of(vector), masks, SIEVED * most)
    found = [part.cosines(vector, r) + 2 for part, r in zip(parts, rows, strict=True)]
    return best_rows(rows, found, most)


def _sieved(
    parts: Sequence[Vectors],
    signs: NDArray[np.uint8],
    masks: Sequence[NDArray[np.bool_]],
    most: int,
) -> list[NDArray[np.int64]]:
    """Return the rows that differ in the fewest signs, at least ``most`` of all parts together."""
    distances = []
    never = 8 * len(signs) + 1
    for part, mask in zip(parts, masks, strict=True):
        found = part.distances(signs)
        if not mask.all():
            found[~mask] = never
        distances.append(found)
    limit = min(_limit(distances, most), never - 1)
    return [np.flatnonzero(found <= limit) for found in distances]


def _limit(distances: Sequence[NDArray[np.int32]], most: int) -> int:
    """Return the distance up to which there are at least ``most`` rows, or the greatest there is.

    A sample tells which rows are far too many, so that only the others are counted.
    """
    sample = np.concatenate([found[::_SAMPLED] for found in distances])
    place = min(_AMPLE * most // _SAMPLED, len(sample) - 1)
    guess = np.partition(sample, place)[place]
    close = np.concatenate([found[found <= guess] for found in distances])
    if len(close) < most:
        close = np.concatenate(distances)
    reached = np.flatnonzero(np.cumsum(np.bincount(close)) >= min(most, len(close)))
    return int(reached[0])


def _full(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return vectors in single precision, by a table: twice as fast as NumPy's conversion."""
    return _singles().take(halves.view(np.uint16))


@functools.cache
def _singles() -> NDArray[np.float32]:
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def _products(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return inner products, in one thread and each row alike wherever it stands."""
    import faiss

    found = np.empty(len(rows), dtype=np.float32)
    if len(found):
        faiss.fvec_inner_products_ny(  # type: ignore[attr-defined]  # likewise
            faiss.swig_ptr(found), faiss.swig_ptr(vector), faiss.swig_ptr(rows),
            rows.shape[1], len(rows),
        )  # fmt: skip
    return found
