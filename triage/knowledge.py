"""Articles and their hybrid index: dense cosine (FAISS) and BM25 over characters and words.

It takes vectors and normalised texts; it knows neither the encoder nor how a reply is filled.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.article import Article
from triage.lexical import terms_of
from triage.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDIDATE_PASSAGES = 48
BM25_K1 = 1.5
_STOP_GRAM = 3  # n-grams beyond this length add little to BM25 and much to its index


@dataclass(frozen=True, slots=True)
class Passage:
    """One indexed text of an article: its title or a question variant, normalised."""

    article_id: str
    language: str
    text: str
    is_title: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An article near a message.

    Attributes:
        similarity: highest cosine in [-1, 1] of the message and a passage of the article.
        lexical: highest share in [0, 1] of the message's BM25 self-score that a passage reaches.
        passage: the passage of the higher lexical score, as shown to people.
    """

    article: Article
    similarity: float
    lexical: float
    passage: str


class KnowledgeIndex:
    """An in-memory index over the passages of articles."""

    def __init__(
        self,
        articles: Iterable[Article],
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
    ) -> None:
        """Index ``passages`` with their ``vectors``, shape (passages, dim), rows of unit length."""
        import bm25s
        import faiss

        self.articles = {article.id: article for article in articles}
        self.passages = tuple(passages)
        self.vectors = vectors
        self._dense = faiss.IndexFlatIP(vectors.shape[1])
        self._dense.add(np.ascontiguousarray(vectors))
        self._idf: dict[str, float] = {}
        if not self.passages:
            return
        self._bm25: Any = bm25s.BM25(method="lucene", k1=BM25_K1)
        terms = [search_terms(p.text) for p in self.passages]
        self._bm25.index(terms, show_progress=False)
        self._idf = self._term_idf(terms)

    @property
    def size(self) -> int:
        """Number of indexed passages."""
        return len(self.passages)

    def search(
        self,
        text: str,
        vector: NDArray[np.float32],
        *,
        day: date,
        without: int | None = None,
    ) -> list[Hit]:
        """Return the articles near a message, in no particular order.

        Args:
            text: the normalised message.
            vector: its encoding, shape (dim,).
            day: articles outside their validity window on that day are left out.
            without: number of a passage to ignore, for leave-one-out fitting.
        """
        if not self.passages:
            return []
        lexical = self._lexical_scores(text)
        near = self._dense.search(vector[None], min(CANDIDATE_PASSAGES, self.size))[1][0]
        common = np.argsort(-lexical, kind="stable")[:CANDIDATE_PASSAGES]
        candidates = [i for i in {*near.tolist(), *common.tolist()} if i not in (-1, without)]
        hits: dict[str, Hit] = {}
        for i in sorted(candidates):
            passage = self.passages[i]
            article = self.articles[passage.article_id]
            if article.valid_on(day):
                found = Hit(
                    article, float(self.vectors[i] @ vector), float(lexical[i]), passage.text
                )
                hits[article.id] = _merged(hits.get(article.id), found)
        return list(hits.values())

    def _term_idf(self, passages: Sequence[list[str]]) -> dict[str, float]:
        holders: Counter[str] = Counter()
        for terms in passages:
            holders.update(set(terms))
        return {term: self._idf_of(count) for term, count in holders.items()}

    def _idf_of(self, holders: int) -> float:
        return math.log(1 + (self.size - holders + 0.5) / (holders + 0.5))

    def _lexical_scores(self, text: str) -> NDArray[np.float32]:
        """Return BM25 of every passage as a share of what a passage equal to the text would get."""
        terms = search_terms(text)
        known = [self._bm25.vocab_dict[t] for t in terms if t in self._idf]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        scores = np.asarray(self._bm25.get_scores_from_ids(known), dtype=np.float32)
        rarest = self._idf_of(0)
        # A term that occurs once in a passage of average length scores idf / (1 + k1).
        own = sum(self._idf.get(t, rarest) for t in terms) / (1 + BM25_K1)
        shares: NDArray[np.float32] = np.minimum(scores / np.float32(own), np.float32(1))
        return shares


def passages_of(articles: Iterable[Article]) -> list[Passage]:
    """Return the passages of articles in a stable order: per language, title and questions."""
    return [
        Passage(article.id, language, normalise(text), is_title=position == 0)
        for article in articles
        for language, translation in article.translations.items()
        for position, text in enumerate((translation.title, *translation.questions))
    ]


def search_terms(text: str) -> list[str]:
    """Return the BM25 terms of a normalised text: short n-grams and words."""
    return [t for t in terms_of(text) if len(t) < _STOP_GRAM or t.startswith("w:")]


def _merged(known: Hit | None, found: Hit) -> Hit:
    if known is None:
        return found
    return Hit(
        known.article,
        max(known.similarity, found.similarity),
        max(known.lexical, found.lexical),
        known.passage if known.lexical >= found.lexical else found.passage,
    )
