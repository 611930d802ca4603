"""A shelf: all passages of one sort, titles and questions or bodies, in a few parts.

Adding makes a part, removing only leaves rows unwanted; small neighbours are put together, so a
search visits few parts, and each article is copied a few times in its life.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge.arrays import best_rows, spread
from triage.knowledge.dense import near
from triage.knowledge.lexical import Query, norms_of, scores_of_all, scores_of_rows
from triage.knowledge.part import Part
from triage.knowledge.terms import hashes_of, search_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PARTS = 4
MOST_POSTINGS = 16_000  # what is read of the lists of a message's rarer terms
_OVER = 3  # times the passages wanted are scored in full where commoner terms were left out
ABSENT = -4.0  # below any cosine and any share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A message as a shelf takes it; its terms are counted and hashed once."""

    vector: NDArray[np.float32]
    times: NDArray[np.float64]
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, text: str, vector: NDArray[np.floating]) -> Ask:
        """Prepare a normalised text and its vector, shape (dim,)."""
        counted = Counter(search_terms(text))
        whole = np.ascontiguousarray(vector, dtype=np.float32)
        times = np.fromiter(counted.values(), dtype=np.float64, count=len(counted))
        return cls(vector=whole, times=times, hashes=hashes_of(counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A message as one shelf understands it.

    Attributes:
        terms: for each part, the numbers that the terms of the message have in it.
        norms: for each part, what the lengths of its passages weigh.
    """

    vector: NDArray[np.float32]
    query: Query
    terms: Sequence[NDArray[np.int64]]
    norms: Sequence[NDArray[np.float32]]


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

    def at(self, places: Sequence[int]) -> Standing:
        """Return the standing of some of the articles."""
        return Standing(**{f.name: getattr(self, f.name)[places] for f in fields(self)})

    @classmethod
    def absent(cls, count: int) -> Standing:
        """Return the standing of articles of which nothing is known."""
        part, row = np.zeros((2, count), dtype=np.int64)
        return cls(
            similarity=np.zeros(count),
            lexical=np.zeros(count),
            best=np.full(count, ABSENT),
            part=part,
            row=row,
        )


class Shelf:
    """Parts in the order in which their articles came."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts: list[Part] = []
        self._holders: list[NDArray[np.int64]] = []  # by part: rows that hold a term and live
        self.size = 0
        self._length = 0
        self._norms: list[NDArray[np.float32]] | None = None
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
        self._norms = None

    def weigh(self, ask: Ask) -> Weighed:
        """Look a message's terms up and weigh them among the passages on the shelf."""
        total = np.zeros(len(ask.hashes), dtype=np.int64)
        terms = [part.postings.find(ask.hashes) for part in self.parts]
        for found, holders in zip(terms, self._holders, strict=True):
            there = found >= 0
            total[there] += holders[found[there]]
        query = Query.of(ask.times, ask.hashes, holders=total, size=self.size)
        return Weighed(vector=ask.vector, query=query, terms=terms, norms=self._lengths())

    def candidates(
        self, asked: Weighed, *, masks: Sequence[NDArray[np.bool_]], most: int
    ) -> list[NDArray[np.int32]]:
        """Return numbers of articles with one of the ``most`` passages nearest by vector or words.

        Args:
            masks: which rows of each part may be found.
        """
        by_vector = near([p.vectors for p in self.parts], asked.vector, masks=masks, most=most)
        by_words = self._by_words(asked, masks, most)
        return [
            part.numbers[rows]
            for found in (by_vector, by_words)
            for part, rows in zip(self.parts, found, strict=True)
        ]

    def standing(
        self,
        numbers: NDArray[np.int64],
        asked: Weighed,
        *,
        without: tuple[int, int] | None = None,
    ) -> Standing:
        """Return how near the articles are by all their passages on the shelf.

        Args:
            without: part and row of a passage to ignore.
        """
        found = Standing.absent(len(numbers))
        for place, part in enumerate(self.parts):
            rows, sizes = part.rows_of(numbers)
            if not len(rows):
                continue
            cosines = part.vectors.cosines(asked.vector, rows).astype(np.float64)
            shares = np.minimum(self._scores(asked, place, rows) / (asked.query.own or 1), 1.0)
            if without is not None and without[0] == place:
                cosines[rows == without[1]] = shares[rows == without[1]] = ABSENT
            _enter(found, place, rows, sizes, cosines=cosines, shares=shares)
        return found

    def _by_words(
        self, asked: Weighed, masks: Sequence[NDArray[np.bool_]], most: int
    ) -> list[NDArray[np.int64]]:
        chosen = asked.query.rarest(MOST_POSTINGS)
        if not len(chosen):
            return [np.zeros(0, dtype=np.int64) for _ in self.parts]
        whole = len(chosen) == len(asked.query.order)
        weights = asked.query.weights[chosen]
        rows, scores = [], []
        for place, part in enumerate(self.parts):
            gained = scores_of_all(
                part.postings, asked.terms[place][chosen], weights, norms=asked.norms[place]
            )
            rows.append(np.flatnonzero((gained > 0) & masks[place]))
            scores.append(gained[rows[-1]])
        rows = best_rows(rows, scores, most if whole else _OVER * most)
        if whole:
            return rows
        return best_rows(rows, [self._scores(asked, p, r) for p, r in enumerate(rows)], most)

    def _scores(self, asked: Weighed, place: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return scores_of_rows(
            self.parts[place].postings,
            rows,
            asked.terms[place],
            asked.query.weights,
            norms=asked.norms[place],
        )

    def _lengths(self) -> list[NDArray[np.float32]]:
        """Return the norms of every part's rows; they are made once between two changes."""
        if self._norms is None:
            mean = self._length / max(self.size, 1)
            self._norms = [norms_of(part.postings, mean) for part in self.parts]
        return self._norms

    def _take(self, part: Part) -> None:
        self.parts.append(part)
        self._holders.append(np.diff(part.postings.starts))
        self.size += len(part)
        self._length += int(part.postings.lengths.sum())
        self._norms = None


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
