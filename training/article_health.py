"""Health of the articles that are there: twins, articles out of date, articles nobody needs.

Whether two articles contradict each other is looked for in ``training.contradictions``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from training.article_texts import ArticleTexts
from training.clusters import nearest
from triage.article import Article

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Above it lies one pair of the 167 shipped articles: "why was my order cancelled" stands in both.
TWIN = 0.9
SOON = 14  # days
OLD = 365  # days
_NEIGHBOURS = 24  # texts looked at for each; those of the article itself are among them


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles, by place, with their nearest texts and the cosine of these."""

    first: int
    second: int
    similarity: float
    texts: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stale:
    """An article whose time is over or nearly so, or that was not touched for long.

    Attributes:
        reason: ``ended``, ``ending`` or ``old``.
        day: the last day of its validity, or when its text came.
    """

    id: str
    title: str
    reason: str
    day: date


def near_pairs(articles: ArticleTexts, *, least: float) -> list[Pair]:
    """Return the pairs of articles that have a title or question in common, nearly or exactly.

    Nearest first. Each text is compared with its nearest neighbours only, so an article that has
    very many near ones is not paired with all of them.
    """
    if len(articles.texts) < 2:  # noqa: PLR2004  # a text alone has no neighbour
        return []
    count = min(_NEIGHBOURS, len(articles.texts))
    scores, rows = nearest(articles.vectors, articles.vectors, count=count)
    best: dict[tuple[int, int], Pair] = {}
    for text, neighbour, similarity in _likely(articles.owners, scores, rows, least=least):
        one, other = sorted((text, neighbour), key=lambda row: int(articles.owners[row]))
        owners = int(articles.owners[one]), int(articles.owners[other])
        if owners not in best or best[owners].similarity < similarity:
            texts = (articles.texts[one], articles.texts[other])
            best[owners] = Pair(*owners, min(similarity, 1.0), texts)
    return sorted(best.values(), key=lambda p: (-p.similarity, p.first, p.second))


def stale_articles(
    articles: Iterable[Article],
    *,
    updated: Mapping[str, str],
    today: date,
    soon: int = SOON,
    old: int = OLD,
) -> list[Stale]:
    """Return the articles out of date, those that ended first.

    Args:
        updated: when an article's text came, ISO 8601 by id, as far as it is known.
        soon: days before the end of validity from which an article is ending.
        old: days after which a text that was not changed is old.
    """
    found = []
    for article in articles:
        title = next(iter(article.translations.values())).title
        until, since = article.valid_until, _day(updated.get(article.id))
        if until is not None and until < today:
            found.append(Stale(article.id, title, "ended", until))
        elif until is not None and until <= today + timedelta(days=soon):
            found.append(Stale(article.id, title, "ending", until))
        elif since is not None and since < today - timedelta(days=old):
            found.append(Stale(article.id, title, "old", since))
    order = ("ended", "ending", "old")
    return sorted(found, key=lambda s: (order.index(s.reason), s.day, s.id))


def never_used(articles: Iterable[Article], used: Collection[str]) -> list[Article]:
    """Return the articles whose id was neither suggested nor chosen, in their order."""
    return [article for article in articles if article.id not in used]


def _likely(
    owners: NDArray[np.int64],
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    *,
    least: float,
) -> Iterable[tuple[int, int, float]]:
    other = (rows >= 0) & (owners[rows] != owners[:, None]) & (scores >= least)
    for text, place in np.argwhere(other):
        yield int(text), int(rows[text, place]), float(scores[text, place])


def _day(moment: str | None) -> date | None:
    try:
        return datetime.fromisoformat(moment).date() if moment else None
    except ValueError:
        return None
