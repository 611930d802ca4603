"""BM25 over the passages of one part of an index, as plain arrays that can lie in a file.

``bm25s`` scores every passage for every message and cannot be changed once it is made; here only
the passages that hold one of a message's rarer terms are scored, and parts are added and merged.
Formula: Lucene's BM25, https://arxiv.org/abs/2407.03618 (table 1).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge.arrays import spread
from triage.knowledge.terms import hashes_of, search_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

BM25_K1 = 1.5
BM25_B = 0.75
_MOST_COUNT = 255
_TABLE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Which passage holds which term, both ways round.

    Attributes:
        hashes: of the terms, ascending, shape (terms,).
        starts: term i stands in ``rows[starts[i]:starts[i + 1]]``, ``counts`` times in each.
        row_starts: row i holds ``row_terms[row_starts[i]:row_starts[i + 1]]``, by ``row_counts``.
        lengths: number of terms in each row, repeats counted.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    row_starts: NDArray[np.int64]
    row_terms: NDArray[np.int32]
    row_counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Postings:
        """Index normalised ``texts``."""
        vocabulary: dict[str, int] = {}
        terms: list[int] = []
        counts: list[int] = []
        starts, lengths = [0], []
        for text in texts:
            found = Counter(search_terms(text))
            terms += [vocabulary.setdefault(term, len(vocabulary)) for term in found]
            counts += [min(n, _MOST_COUNT) for n in found.values()]
            starts.append(len(terms))
            lengths.append(found.total())
        return cls._from_rows(
            hashes_of(vocabulary),
            row_starts=np.array(starts, dtype=np.int64),
            row_terms=np.array(terms, dtype=np.int64),
            row_counts=np.array(counts, dtype=np.uint8),
            lengths=np.array(lengths, dtype=np.int32),
        )

    @classmethod
    def merged(cls, parts: Sequence[tuple[Postings, NDArray[np.bool_]]]) -> Postings:
        """Return the rows of some postings that are kept, in order, as one."""
        terms, counts, sizes, lengths = [], [], [], []
        for part, kept in parts:
            rows = np.flatnonzero(kept)
            at, size = spread(part.row_starts, rows)
            terms.append(part.hashes[part.row_terms[at]])
            counts.append(part.row_counts[at])
            sizes.append(size)
            lengths.append(part.lengths[rows])
        hashes, row_terms = np.unique(np.concatenate(terms), return_inverse=True)
        return cls._from_rows(
            hashes,
            row_starts=np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
            row_terms=row_terms.astype(np.int64),
            row_counts=np.concatenate(counts),
            lengths=np.concatenate(lengths),
        )

    @classmethod
    def _from_rows(
        cls,
        hashes: NDArray[np.uint64],
        *,
        row_starts: NDArray[np.int64],
        row_terms: NDArray[np.int64],
        row_counts: NDArray[np.uint8],
        lengths: NDArray[np.int32],
    ) -> Postings:
        """Sort the terms by their hash and turn rows of terms into terms of rows."""
        order = np.argsort(hashes, kind="stable")
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        numbers = place[row_terms]
        by_term = np.argsort(numbers, kind="stable")
        rows = np.repeat(np.arange(len(lengths), dtype=np.int32), np.diff(row_starts))
        holders = np.bincount(numbers, minlength=len(hashes))
        return cls(
            hashes=hashes[order],
            starts=np.concatenate([[0], np.cumsum(holders)]).astype(np.int64),
            rows=rows[by_term],
            counts=row_counts[by_term],
            row_starts=row_starts,
            row_terms=numbers,
            row_counts=row_counts,
            lengths=lengths,
        )

    def find(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the number of each term, -1 for one that no passage holds."""
        if not len(self.hashes):
            return np.full(len(hashes), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, at, -1)

    def files(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A message's terms with what each is worth among the passages that are there.

    Attributes:
        weights: IDF times the number of times in the message, shape (terms,).
        holders: number of passages that hold the term.
        own: the score that a passage of average length would get that equals the message.
        order: places of the terms that any passage holds, the rarest first.
    """

    weights: NDArray[np.float32]
    holders: NDArray[np.int64]
    own: float
    order: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        times: NDArray[np.float64],
        hashes: NDArray[np.uint64],
        *,
        holders: NDArray[np.int64],
        size: int,
    ) -> Query:
        """Weigh terms that a message has so many ``times``, against ``size`` passages."""
        weights = times * np.log(1 + (size - holders + 0.5) / (holders + 0.5))
        # A term that occurs once in a passage of average length scores idf / (1 + k1).
        own = math.fsum(weights) / (1 + BM25_K1)
        order = np.lexsort((hashes, holders))
        order = order[holders[order] > 0]
        return cls(weights=weights.astype(np.float32), holders=holders, own=own, order=order)

    def rarest(self, most: int) -> NDArray[np.int64]:
        """Return the places of the rarest terms that are held at most ``most`` times together."""
        cut = int(np.searchsorted(np.cumsum(self.holders[self.order]), most, side="right"))
        return self.order[: max(cut, 1)]


def norms_of(postings: Postings, mean: float) -> NDArray[np.float32]:
    """Return for each row what its length adds to a count below the fraction line.

    Args:
        mean: mean number of terms of a passage.
    """
    share = postings.lengths.astype(np.float32) / np.float32(mean or 1)
    norms: NDArray[np.float32] = np.float32(BM25_K1) * (1 - BM25_B + np.float32(BM25_B) * share)
    return norms


def scores_of_all(
    postings: Postings,
    terms: NDArray[np.int64],
    weights: NDArray[np.float32],
    *,
    norms: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return what terms of some ``weights`` give to every row, shape (rows,).

    Args:
        terms: numbers of terms as ``find`` gives them.
        norms: see ``norms_of``.
    """
    there = terms >= 0
    at, sizes = spread(postings.starts, terms[there])
    rows = postings.rows[at]
    counts = postings.counts[at].astype(np.float32)
    gained = np.repeat(weights[there], sizes) * counts / (counts + norms[rows])
    return np.bincount(rows, gained, minlength=len(norms)).astype(np.float64, copy=False)


def scores_of_rows(
    postings: Postings,
    rows: NDArray[np.int64],
    terms: NDArray[np.int64],
    weights: NDArray[np.float32],
    *,
    norms: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return what terms of some ``weights`` give to some rows, shape (rows,)."""
    if not len(terms):
        return np.zeros(len(rows))
    order = np.argsort(terms, kind="stable")
    sought = terms[order].astype(np.int32)
    at, sizes = spread(postings.row_starts, rows)
    held = postings.row_terms[at]
    # Most terms of a row are not sought; a table of their last bits tells that at once.
    likely = np.zeros(_TABLE, dtype=np.bool_)
    likely[sought & (_TABLE - 1)] = True
    maybe = np.flatnonzero(likely[held & (_TABLE - 1)])
    place = np.minimum(np.searchsorted(sought, held[maybe]), len(sought) - 1)
    found = sought[place] == held[maybe]
    hit, place = maybe[found], place[found]
    owner = np.repeat(np.arange(len(rows)), sizes)[hit]
    counts = postings.row_counts[at[hit]].astype(np.float32)
    gained = weights[order][place] * counts / (counts + norms[rows[owner]])
    return np.bincount(owner, gained, minlength=len(rows)).astype(np.float64, copy=False)
