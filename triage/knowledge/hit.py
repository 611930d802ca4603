"""What a search returns: an article, how near it is, and the passage that shows why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.article import Article
from triage.knowledge.part import KINDS, TAGS, Part
from triage.knowledge.passage import PassageKind
from triage.knowledge.shelf import ABSENT, Standing


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


def hit_at(
    place: int,
    article: Article,
    asked: Standing,
    *,
    body: Standing,
    parts: Sequence[Sequence[Part]],
) -> Hit | None:
    """Return the hit for one place of two standings; ``None`` where neither has a passage.

    Args:
        parts: of the shelf of titles and questions, then of that of bodies.
    """
    in_body = bool(body.best[place] > asked.best[place])
    better = body if in_body else asked
    if better.best[place] <= ABSENT:
        return None
    part = parts[in_body][better.part[place]]
    row = int(better.row[place])
    headings, written = part.written(row)
    return Hit(
        article,
        float(asked.similarity[place]),
        float(asked.lexical[place]),
        written,
        kind=KINDS[part.kinds[row]],
        headings=headings,
        language=TAGS[part.tags[row]],
        similarity_body=float(body.similarity[place]),
        lexical_body=float(body.lexical[place]),
    )
