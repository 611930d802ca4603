"""What a search returns: an article, how near it is, and the passage that shows why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.article import Article
from triage.knowledge.part import KINDS, TAGS, Part
from triage.knowledge.passage import PassageKind
from triage.knowledge.shelf import ABSENT, Standing

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hit:
    """An article near a message.

    Attributes:
        similarity: highest cosine in [-1, 1] of the message and a title or question of the article.
        lexical: highest share in [0, 1] of the message's BM25 self-score that one of them reaches.
        passage: the passage that matches best (by the sum of both), as it was written.
        kind: what the passage is.
        headings: those that the passage stands under, the outermost first; only in a body.
        language: the passage's tag; a Chinese message may find an article by its English text.
        similarity_body, lexical_body: the same two for passages of the reply; 0 without any.
    """

    article: Article
    similarity: float
    lexical: float
    passage: str
    kind: PassageKind = PassageKind.QUESTION
    headings: tuple[str, ...] = ()
    language: str = ""
    similarity_body: float = 0.0
    lexical_body: float = 0.0


def nearest(asked: Standing, body: Standing, *, most: int) -> NDArray[np.int64]:
    """Return the places of the articles with the best passages, at most ``most``, in order."""
    best = np.maximum(asked.best, body.best)
    there = np.flatnonzero(best > ABSENT)
    return np.sort(there[np.argsort(-best[there], kind="stable")[:most]])


def hits_of(
    articles: Sequence[Article],
    asked: Standing,
    body: Standing,
    *,
    parts: Sequence[Sequence[Part]],
) -> list[Hit]:
    """Return a hit for each article, of all of which one of the shelves has a passage.

    Args:
        asked, body: the articles' standings on the shelf of titles and questions, and of bodies.
        parts: of the two shelves.
    """
    return [
        _hit(article, standing, other, parts=parts)
        for article, standing, other in zip(articles, _rows(asked), _rows(body), strict=True)
    ]


_Row = tuple[float, float, float, int, int]


def _hit(article: Article, asked: _Row, body: _Row, *, parts: Sequence[Sequence[Part]]) -> Hit:
    in_body = body[2] > asked[2]
    _, _, _, place, row = body if in_body else asked
    part = parts[in_body][place]
    headings, written = part.written(row)
    return Hit(
        article,
        asked[0],
        asked[1],
        written,
        KINDS[part.kinds[row]],
        headings,
        TAGS[part.tags[row]],
        body[0],
        body[1],
    )


def _rows(standing: Standing) -> Iterator[_Row]:
    return zip(
        standing.similarity.tolist(),
        standing.lexical.tolist(),
        standing.best.tolist(),
        standing.part.tolist(),
        standing.row.tolist(),
        strict=True,
    )
