"""Measuring a served engine on labelled tickets: per task, per language, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from training.features import Stage
from training.metrics import Estimate, accuracy, confusions, macro_f1, with_interval
from triage.engine import CATEGORY, INTENT, PRIORITY, SENTIMENT, TASKS
from triage.review import doubts_category
from triage.suggestion import LEAD_CONFIDENCE
from triage.text import detect_language

if TYPE_CHECKING:
    from training.corpus import Corpus, Ticket
    from triage.domain import TriageResult
    from triage.engine import TriageEngine

STEP = 128
ARTICLE = "article_id"
_READERS: dict[str, Callable[[TriageResult], str]] = {
    CATEGORY: lambda r: r.category.label,
    INTENT: lambda r: r.category.intent,
    PRIORITY: lambda r: r.priority.level.value,
    SENTIMENT: lambda r: r.sentiment.label.value,
}


def evaluate_engine(
    engine: TriageEngine, corpus: Corpus, *, report: Callable[[Stage], None] = lambda stage: None
) -> dict[str, Any]:
    """Return the figures of ``engine`` on ``corpus``: of what it answers, not of its heads alone.

    Keys: ``model``, ``encoder``, ``tasks`` (for each task ``by_language`` and ``confusions``),
    ``retrieval`` (rows labelled with an ``article_id``) and ``review`` (share of categories
    accepted without review and their accuracy).
    """
    results: list[TriageResult] = []
    texts = [t.text for t in corpus.tickets]
    for start in range(0, len(texts), STEP):
        results.extend(engine.triage(texts[start : start + STEP]))
        report(Stage("evaluating", len(results), len(texts)))
    manifest = engine.bundle.manifest
    return {
        "model": manifest.version,
        "encoder": manifest.encoder["name"],
        "tasks": {
            task: _task_figures(task, corpus.tickets, results)
            for task in TASKS
            if corpus.with_label(task)
        },
        "retrieval": _retrieval_figures(engine, corpus),
        "review": _review_figures(corpus.tickets, results) if corpus.with_label(CATEGORY) else {},
    }


def _task_figures(
    task: str, tickets: Sequence[Ticket], results: Sequence[TriageResult]
) -> dict[str, Any]:
    rows = [(t, r) for t, r in zip(tickets, results, strict=True) if t.labels[task] is not None]
    true = np.array([t.labels[task] for t, _ in rows])
    predicted = np.array([_READERS[task](r) for _, r in rows])
    languages = np.array([r.language for _, r in rows])
    cells = {}
    for group in ("all", *np.unique(languages)):
        mask = languages == group if group != "all" else np.ones(len(rows), dtype=bool)
        cells[str(group)] = {
            "rows": int(mask.sum()),
            "accuracy": asdict(with_interval(accuracy, true[mask], predicted[mask])),
            "macro_f1": asdict(with_interval(macro_f1, true[mask], predicted[mask])),
        }
    mistakes = confusions(list(true), list(predicted), [t.id for t, _ in rows])
    return {
        "by_language": cells,
        "confusions": [
            {"true": right, "predicted": wrong, "count": count, "ids": ids}
            for right, wrong, count, ids in mistakes
        ],
    }


def _retrieval_figures(engine: TriageEngine, corpus: Corpus) -> dict[str, Any]:
    """Return how often the labelled article is first or among three, and how often replies show.

    ``shown`` is the share of messages with any suggestion, ``shown_right`` the share of those
    whose first suggestion is the labelled article.
    """
    tickets = corpus.with_label(ARTICLE)
    ranked = engine.rank_articles([t.text for t in tickets]) if tickets else []
    groups = [detect_language(t.text).tag for t in tickets]
    figures = {}
    for group in ("all", *sorted(set(groups))) if tickets else ():
        rows = [
            (str(t.labels[ARTICLE]), order)
            for t, order, own in zip(tickets, ranked, groups, strict=True)
            if group in ("all", own)
        ]
        shown = [(a, order) for a, order in rows if order and order[0][1] >= LEAD_CONFIDENCE]
        figures[group] = {
            "rows": len(rows),
            **{f"recall@{k}": asdict(_recall(rows, k)) for k in (1, 3)},
            "shown": len(shown) / len(rows),
            "shown_right": _recall(shown, 1).value if shown else 0.0,
        }
    return figures


def _recall(rows: Sequence[tuple[str, list[tuple[str, float]]]], k: int) -> Estimate:
    found = np.array([article in [a for a, _ in order[:k]] for article, order in rows])
    return with_interval(accuracy, np.ones(len(found), dtype=bool), found)


def _review_figures(tickets: Sequence[Ticket], results: Sequence[TriageResult]) -> dict[str, Any]:
    """Judge acceptance by the category's confidence; a missing reply is no doubt about it."""
    rows = [(t, r) for t, r in zip(tickets, results, strict=True) if t.labels[CATEGORY] is not None]
    figures = {}
    for group in ("all", *sorted({r.language for _, r in rows})):
        members = [(t, r) for t, r in rows if group in ("all", r.language)]
        accepted = [(t, r) for t, r in members if not doubts_category(r.review_reasons)]
        right = sum(t.labels[CATEGORY] == r.category.label for t, r in accepted)
        figures[group] = {
            "accepted": len(accepted) / len(members),
            "accepted_accuracy": right / len(accepted) if accepted else 0.0,
        }
    return figures
