"""A shelf: all passages of one sort, titles and questions or bodies, in a few parts.

Adding makes a part, removing only leaves rows unwanted; small neighbours are put together, so a
search visits few parts, and each article is copied a few times in its life.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge.arrays import best_rows, spread
from triage.knowledge.dense import near
from triage.knowledge.lexical import Query, scores_of_all, scores_of_rows
from triage.knowledge.part import Part
from triage.knowledge.terms import hashes_of, search_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PARTS = 4
MOST_POSTINGS = 120_000  # what is read of the lists of a message's rarer terms
_OVER = 4  # times the passages wanted are scored in full where commoner terms were left out
ABSENT = -4.0  # below any cosine and any share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A message as a shelf takes it; its terms are counted and hashed once."""

    vector: NDArray[np.float32]
    counted: Counter[str]
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, text: str, vector: NDArray[np.floating]) -> Ask:
        """Prepare a normalised text and its vector, shape (dim,)."""
        counted = Counter(search_terms(text))
        whole = np.ascontiguousarray(vector, dtype=np.float32)
        return cls(vector=whole, counted=counted, hashes=hashes_of(counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How near some articles are; every array has one place an article.

    Attributes:
        similarity: the highest cosine; 0 where the shelf has nothing of the article.
        lexical: the highest share of the message's own BM25.
        best: both of the passage where their sum is highest; -4 where there is none.
        part, row: where that passage stands.
    """

    similarity: NDArray[np.float64]
    lexical: NDArray[np.float64]
    best: NDArray[np.float64]
    part: NDArray[np.int64]
    row: NDArray[np.int64]


class Shelf:
    """Parts in the order in which their articles came."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts: list[Part] = []
        self._holders: list[NDArray[np.int64]] = []  # by part: rows that hold a term and live
        self.size = 0
        self._length = 0
        for part in parts:
            self._take(part)

    def add(self, part: Part, alive: NDArray[np.bool_]) -> None:
        """Add a part whose articles have higher numbers than all before."""
        self._take(part)
        if len(self.parts) > MOST_PARTS:
            sizes = [len(one) + len(other) for one, other in pairwise(self.parts)]
            at = sizes.index(min(sizes))
            merged = Part.merged(self.parts[at : at + 2], alive)
            self.parts[at : at + 2] = [merged]
            self._holders[at : at + 2] = [np.diff(merged.postings.starts)]

    def forget(self, number: int) -> None:
        """Count an article's passages no more."""
        for part, holders in zip(self.parts, self._holders, strict=True):
            rows, _ = part.rows_of(np.array([number]))
            at, _ = spread(part.postings.row_starts, rows)
            np.subtract.at(holders, part.postings.row_terms[at], 1)
            self.size -= len(rows)
            self._length -= int(part.postings.lengths[rows].sum())

    def weigh(self, ask: Ask) -> Query:
        """Return the terms of a message with their weights among the passages on the shelf."""
        total = np.zeros(len(ask.hashes), dtype=np.int64)
        for part, holders in zip(self.parts, self._holders, strict=True):
            found = part.postings.find(ask.hashes)
            total[found >= 0] += holders[found[found >= 0]]
        return Query.of(ask.counted, ask.hashes, total, size=self.size, length=self._length)

    def candidates(
        self, ask: Ask, query: Query, *, masks: Sequence[NDArray[np.bool_]], most: int
    ) -> list[NDArray[np.int32]]:
        """Return numbers of articles with one of the ``most`` passages nearest by vector or words.

        Args:
            masks: which rows of each part may be found.
        """
        by_vector = near([p.vectors for p in self.parts], ask.vector, masks=masks, most=most)
        by_words = self._by_words(query, masks, most)
        return [
            part.numbers[rows]
            for found in (by_vector, by_words)
            for part, rows in zip(self.parts, found, strict=True)
        ]

    def standing(
        self,
        numbers: NDArray[np.int64],
        ask: Ask,
        query: Query,
        *,
        without: tuple[int, int] | None = None,
    ) -> Standing:
        """Return how near the articles are by all their passages on the shelf.

        Args:
            without: part and row of a passage to ignore.
        """
        found = Standing(
            similarity=np.zeros(len(numbers)),
            lexical=np.zeros(len(numbers)),
            best=np.full(len(numbers), ABSENT),
            part=np.zeros(len(numbers), dtype=np.int64),
            row=np.zeros(len(numbers), dtype=np.int64),
        )
        for place, part in enumerate(self.parts):
            rows, sizes = part.rows_of(numbers)
            if not len(rows):
                continue
            cosines = part.vectors.cosines(ask.vector, rows).astype(np.float64)
            shares = _shares(scores_of_rows(part.postings, query, rows), query)
            if without is not None and without[0] == place:
                cosines[rows == without[1]] = shares[rows == without[1]] = ABSENT
            _enter(found, place, rows, sizes, cosines=cosines, shares=shares)
        return found

    def _by_words(
        self, query: Query, masks: Sequence[NDArray[np.bool_]], most: int
    ) -> list[NDArray[np.int64]]:
        chosen = query.rarest(MOST_POSTINGS)
        if not len(chosen):
            return [np.zeros(0, dtype=np.int64) for _ in self.parts]
        whole = len(chosen) == np.count_nonzero(query.holders)
        everything = [np.arange(len(part)) for part in self.parts]
        scores = [
            scores_of_all(part.postings, query, chosen) * mask
            for part, mask in zip(self.parts, masks, strict=True)
        ]
        rows = best_rows(everything, scores, most if whole else _OVER * most)
        if whole:
            return rows
        full = [
            scores_of_rows(part.postings, query, r)
            for part, r in zip(self.parts, rows, strict=True)
        ]
        return best_rows(rows, full, most)

    def _take(self, part: Part) -> None:
        self.parts.append(part)
        self._holders.append(np.diff(part.postings.starts))
        self.size += len(part)
        self._length += int(part.postings.lengths.sum())


def _shares(scores: NDArray[np.float64], query: Query) -> NDArray[np.float64]:
    """Return BM25 as a share of what a passage equal to the message would get."""
    return np.minimum(scores / query.own, 1.0) if query.own else np.zeros(len(scores))


def _enter(
    found: Standing,
    place: int,
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    *,
    cosines: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> None:
    """Enter the best of each article's rows; ``sizes`` says how many of the rows are whose."""
    holding = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[holding]
    both = cosines + shares
    top = np.maximum.reduceat(both, starts)
    there = top > ABSENT
    holding, sums = holding[there], top[there]
    found.similarity[holding] = np.maximum.reduceat(cosines, starts)[there]
    found.lexical[holding] = np.maximum.reduceat(shares, starts)[there]
    found.best[holding] = sums
    found.part[holding] = place
    first = np.full(len(sizes), len(rows))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    tops = np.full(len(sizes), np.inf)
    tops[holding] = sums
    winners = np.flatnonzero(both >= tops[owner])
    np.minimum.at(first, owner[winners], winners)
    found.row[holding] = rows[first[holding]]
