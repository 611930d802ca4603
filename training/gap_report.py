"""What is told of gaps and of the articles' health: one set of fields for JSON, tables and page.

Customers' words pass through ``hidden`` here and nowhere else, so no output can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from training.article_health import (
    TWIN,
    Pair,
    Stale,
    near_pairs,
    never_used,
    stale_articles,
)
from training.article_texts import ArticleTexts
from training.contradictions import NEAR, Contradiction, contradictions
from training.gap_limits import OLD, SOON
from training.gaps import Gap, Gaps
from triage.pages import templates_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from triage.article import Article

_TEMPLATE = "gaps.html.j2"
_SINGLES = 20  # single messages that are quoted

Hidden = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What may be wrong with the articles that are there.

    Attributes:
        unused: ``None`` where no message told what is used.
    """

    twins: Sequence[Pair]
    contradictions: Sequence[Contradiction]
    stale: Sequence[Stale]
    unused: Sequence[Article] | None


def health_of(
    articles: ArticleTexts,
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    used: Collection[str] | None,
    updated: Mapping[str, str],
    today: date,
    soon: int = SOON,
    old: int = OLD,
) -> Health:
    """Look at the articles from every side.

    Args:
        encode: takes normalised sentences of replies.
        used: ids of the articles that were suggested or chosen; ``None`` if that is not known.
        updated: when articles' texts came, ISO 8601 by id.
    """
    pairs = near_pairs(articles, least=NEAR)
    return Health(
        twins=[pair for pair in pairs if pair.similarity >= TWIN],
        contradictions=contradictions(articles.articles, pairs, encode),
        stale=stale_articles(articles.articles, updated=updated, today=today, soon=soon, old=old),
        unused=None if used is None else never_used(articles.articles, used),
    )


def report_fields(
    gaps: Gaps, health: Health, articles: ArticleTexts, *, hidden: Hidden
) -> dict[str, Any]:
    """Return everything that was found as JSON fields; ``hidden`` takes out personal details."""
    known = articles.articles
    return {
        "messages": gaps.messages,
        "unanswered": gaps.unanswered,
        "clusters": [_gap_fields(gap, hidden) for gap in gaps.clusters],
        "singles": {
            "count": len(gaps.singles),
            "examples": [{"id": e.id, "text": hidden(e.text)} for e in gaps.singles[:_SINGLES]],
        },
        "articles": len(known),
        "duplicates": [
            {
                "articles": [known[p.first].id, known[p.second].id],
                "similarity": round(p.similarity, 4),
                "texts": list(p.texts),
            }
            for p in health.twins
        ],
        "contradictions": [
            asdict(c) | {"similarity": round(c.similarity, 4)} for c in health.contradictions
        ],
        "stale": [asdict(s) | {"day": s.day.isoformat()} for s in health.stale],
        "unused": None if health.unused is None else [a.id for a in health.unused],
    }


def render_page(fields: Mapping[str, Any]) -> str:
    """Return the fields of a report as one HTML page that needs nothing else."""

    def share(value: float) -> str:
        return f"{value:.0%}"

    environment = templates_of("training", share)
    return environment.get_template(_TEMPLATE).render(report=fields)


def _gap_fields(gap: Gap, hidden: Hidden) -> dict[str, Any]:
    return {
        "typical": hidden(gap.typical),
        "size": gap.size,
        "need": round(gap.need, 1),
        "languages": dict(gap.languages),
        "negative": round(gap.negative, 4),
        "urgent": round(gap.urgent, 4),
        "category": gap.category,
        "intent": gap.intent,
        "intent_share": round(gap.intent_share, 4),
        "terms": list(gap.terms),
        "nearest": None
        if gap.nearest is None
        else asdict(gap.nearest) | {"similarity": round(gap.nearest.similarity, 4)},
        "examples": {code: [hidden(t) for t in texts] for code, texts in gap.examples.items()},
        "ids": list(gap.ids),
    }
