"""Lexical features: TF-IDF over character n-grams and words, as plain arrays without scikit-learn.

They carry what a dense vector blurs (product words, particles, negation) and, with an encoder that
knows no Chinese, they carry Chinese alone. Weighting is sublinear TF times smoothed IDF with rows
of unit length, as in scikit-learn's TfidfVectorizer:
https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_HAN_GRAM = 3
MIN_LATIN_GRAM = 3
MAX_LATIN_GRAM = 4
_WORD = re.compile(r"[a-zà-ɏ@][a-zà-ɏ'’]*|[0-9]+")
_LATIN_ONLY = re.compile(r"[\x00-\u024f]*")
# Every place, also inside one another; a space stands at an end only.
_LATIN_GRAMS = tuple(
    re.compile(rf"(?s)(?=(.[^ ]{{{n - 2}}}.))") for n in range(MIN_LATIN_GRAM, MAX_LATIN_GRAM + 1)
)


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows in compressed form: row i holds ``indices[indptr[i]:indptr[i + 1]]``."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[np.float32]

    def take(self, rows: Sequence[int]) -> SparseRows:
        """Return the given rows, in the given order."""
        spans = [slice(self.indptr[r], self.indptr[r + 1]) for r in rows]
        lengths = [span.stop - span.start for span in spans]
        return SparseRows(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.concatenate([self.indices[span] for span in spans]),
            np.concatenate([self.values[span] for span in spans]),
        )

    def dot(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Multiply with ``weights``, shape (features, k); returns shape (rows, k)."""
        product = np.zeros((len(self.indptr) - 1, weights.shape[1]), dtype=np.float32)
        for row in range(len(product)):
            span = slice(self.indptr[row], self.indptr[row + 1])
            product[row] = self.values[span] @ weights[self.indices[span]]
        return product


class LexicalFeatures:
    """A fitted vocabulary; turns normalised texts into TF-IDF rows."""

    def __init__(self, terms: Sequence[str], idf: NDArray[np.float32]) -> None:
        self.terms = tuple(terms)
        self.idf = idf
        self._index = {term: i for i, term in enumerate(self.terms)}

    @classmethod
    def fit(cls, texts: Sequence[str], *, min_texts: int = 1) -> LexicalFeatures:
        """Learn vocabulary and IDF from normalised ``texts``.

        Args:
            min_texts: a term is kept when at least that many texts hold it.
        """
        holders: Counter[str] = Counter()
        for text in texts:
            holders.update(set(terms_of(text)))
        terms = sorted(term for term, count in holders.items() if count >= min_texts)
        counts = np.array([holders[t] for t in terms], dtype=np.float64)
        idf = np.log((1 + len(texts)) / (1 + counts)) + 1
        return cls(terms, idf.astype(np.float32))

    def transform(self, texts: Iterable[str]) -> SparseRows:
        """Return one TF-IDF row of unit length per text; unknown terms are left out."""
        indptr, indices, values = [0], [], []
        for text in texts:
            counts = Counter(i for t in terms_of(text) if (i := self._index.get(t)) is not None)
            columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
            frequency = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
            weights = (1 + np.log(frequency)) * self.idf[columns]
            norm = float(np.linalg.norm(weights))
            indices.append(columns)
            values.append(weights / norm if norm else weights)
            indptr.append(indptr[-1] + len(columns))
        return SparseRows(
            np.array(indptr, dtype=np.int64),
            np.concatenate(indices) if indices else np.zeros(0, dtype=np.int64),
            np.concatenate(values).astype(np.float32) if values else np.zeros(0, dtype=np.float32),
        )


def terms_of(text: str) -> Iterator[str]:
    """Yield the terms of a normalised text: character n-grams, then words and word pairs.

    Chinese gives n-grams of 1 to 3 characters; spaced text gives n-grams of 3 to 4 characters
    inside words padded with spaces, and the words themselves. A burst boundary (a space between
    Chinese runs) is kept as a character, so that a start or end of a burst can be learnt.
    """
    padded = f" {text} "
    if _LATIN_ONLY.fullmatch(text):
        for pattern in _LATIN_GRAMS:
            yield from pattern.findall(padded)
    else:
        for n in range(1, MAX_LATIN_GRAM + 1):
            grams = (padded[i : i + n] for i in range(len(padded) - n + 1))
            yield from filter(_kept, grams)
    words = _WORD.findall(text)
    yield from (f"w:{word}" for word in words)
    yield from (f"w:{a} {b}" for a, b in pairwise(words))


def _kept(gram: str) -> bool:
    if not _LATIN_ONLY.fullmatch(gram):
        return len(gram) <= MAX_HAN_GRAM
    return len(gram) >= MIN_LATIN_GRAM and " " not in gram[1:-1]
