"""Measuring a served engine on labelled tickets: per task, per language, with intervals.

It owns which rows count for which figure and the shape of the result; the arithmetic is in
``training.metrics`` and ``training.selective``, what needs no human in ``training.acceptance``, the
words in the command and the report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.acceptance import ALL, language_groups, review_figures, scope_figures
from training.features import Stage
from training.metrics import (
    Estimate,
    accuracy,
    by_label,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    macro_f1,
    ordinal_agreement,
    reliability,
    weighted_f1,
    with_interval,
)
from training.selective import area_under_risk_coverage, risk_coverage
from triage.domain import Priority
from triage.engine import CATEGORY, INTENT, PRIORITY, SENTIMENT, TASKS
from triage.text import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.acceptance import Pairs
    from training.corpus import Corpus
    from triage.domain import TriageResult
    from triage.engine import TriageEngine

STEP = 128
ARTICLE = "article_id"
POINTS = 50
OUT_OF_SCOPE = ("out_of_scope", "oos")
_READERS: dict[str, Callable[[TriageResult], str]] = {
    CATEGORY: lambda r: r.category.label,
    INTENT: lambda r: r.category.intent,
    PRIORITY: lambda r: r.priority.level.value,
    SENTIMENT: lambda r: r.sentiment.label.value,
}
# A result states no probability for its intent, and a priority is the policy's, not a head's.
_CONFIDENCES: dict[str, Callable[[TriageResult], float]] = {
    CATEGORY: lambda r: r.category.confidence,
    SENTIMENT: lambda r: r.sentiment.confidence,
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the engine said of one task beside the truth; every array has shape (rows,).

    Attributes:
        ordered: the labels in their order, for a task that has one.
    """

    true: NDArray[np.str_]
    predicted: NDArray[np.str_]
    confidence: NDArray[np.float64] | None
    languages: NDArray[np.str_]
    ids: NDArray[np.str_]
    ordered: tuple[str, ...]

    @classmethod
    def of(cls, task: str, pairs: Pairs) -> _Judged:
        certain = _CONFIDENCES.get(task)
        return cls(
            np.array([t.labels[task] for t, _ in pairs]),
            np.array([_READERS[task](r) for _, r in pairs]),
            np.array([certain(r) for _, r in pairs]) if certain else None,
            np.array([r.language for _, r in pairs]),
            np.array([t.id for t, _ in pairs]),
            tuple(Priority) if task == PRIORITY else (),
        )

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.true == self.predicted)

    def figures(self, group: str) -> dict[str, Any]:
        """Return the figures of one language, or of ``ALL``."""
        mask = (self.languages == group) | (group == ALL)
        true, predicted = self.true[mask], self.predicted[mask]
        figures: dict[str, Any] = {"rows": len(true), "ece": None, "reliability": None}
        for name, figure in (
            ("accuracy", accuracy),
            ("macro_f1", macro_f1),
            ("weighted_f1", weighted_f1),
        ):
            figures[name] = asdict(with_interval(figure, true, predicted))
        if self.ordered:
            figures["kappa"] = ordinal_agreement(true, predicted, order=self.ordered)
        if self.confidence is not None:
            confidence, right = self.confidence[mask], self.right[mask]
            figures["ece"] = expected_calibration_error(confidence, right)
            figures["reliability"] = [list(b) for b in reliability(confidence, right)]
        return figures


def evaluate_engine(
    engine: TriageEngine,
    corpus: Corpus,
    *,
    out_of_scope: Collection[str] | None = None,
    report: Callable[[Stage], None] = lambda stage: None,
) -> dict[str, Any]:
    """Return the figures of ``engine`` on ``corpus``: of what it answers, not of its heads alone.

    Keys: ``model``, ``encoder``, ``rows``; ``tasks``, for each task ``by_language``, ``labels``,
    ``confusions``, ``matrix`` and for the category ``risk_coverage``; ``retrieval`` (rows labelled
    with an ``article_id``); ``review`` (what happens at the model's threshold); ``out_of_scope``;
    and ``overlap`` with the training texts, ``None`` while a bundle does not know them. A figure
    with an interval is ``{"value", "low", "high"}``. Priorities carry ``kappa``, which minds by how
    many levels an answer is off.

    Args:
        out_of_scope: categories of rows that no category fits. Such rows count for no accuracy
            of category or intent. By default ``OUT_OF_SCOPE`` without what the model was taught.
        report: called as the work goes on.
    """
    manifest = engine.bundle.manifest
    if out_of_scope is None:
        out_of_scope = set(OUT_OF_SCOPE) - set(manifest.labels[CATEGORY])
    pairs = _answered(engine, corpus, report)
    outside = [(t, r) for t, r in pairs if t.labels[CATEGORY] in out_of_scope]
    inside = [(t, r) for t, r in pairs if t.labels[CATEGORY] not in out_of_scope]
    rows = {
        task: [
            (t, r)
            for t, r in (inside if task in (CATEGORY, INTENT) else pairs)
            if t.labels[task] is not None
        ]
        for task in TASKS
    }
    return {
        "model": manifest.version,
        "encoder": manifest.encoder["name"],
        "rows": len(pairs),
        "overlap": None,
        "tasks": {task: _task_figures(task, rows[task]) for task in TASKS if rows[task]},
        "retrieval": _retrieval_figures(engine, pairs),
        "review": review_figures(manifest, rows[CATEGORY]),
        "out_of_scope": scope_figures(rows[CATEGORY], outside),
    }


def _answered(engine: TriageEngine, corpus: Corpus, report: Callable[[Stage], None]) -> Pairs:
    results: list[TriageResult] = []
    texts = [t.text for t in corpus.tickets]
    for start in range(0, len(texts), STEP):
        results.extend(engine.triage(texts[start : start + STEP]))
        report(Stage("evaluating", len(results), len(texts)))
    return list(zip(corpus.tickets, results, strict=True))


def _task_figures(task: str, pairs: Pairs) -> dict[str, Any]:
    judged = _Judged.of(task, pairs)
    labels, matrix = confusion_matrix(judged.true, judged.predicted)
    told = by_label(judged.true, judged.predicted)
    mistakes = confusions(judged.true.tolist(), judged.predicted.tolist(), judged.ids.tolist())
    figures = {
        "by_language": {g: judged.figures(g) for g in language_groups(judged.languages.tolist())},
        "labels": [asdict(label) for label in told],
        "confusions": [
            {"true": right, "predicted": wrong, "count": count, "ids": ids}
            for right, wrong, count, ids in mistakes
        ],
        "matrix": {
            "labels": labels,
            "counts": matrix.tolist(),
            "left_out": len(told) - len(labels),
        },
    }
    if task == CATEGORY and judged.confidence is not None:
        figures["risk_coverage"] = _risk_figures(judged.confidence, judged.right)
    return figures


def _risk_figures(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the area and up to ``POINTS`` pairs of coverage and error, ending at all rows."""
    risk = risk_coverage(confidence, right)
    ends = np.unique(np.ceil(np.linspace(0, len(risk), POINTS + 1)[1:]).astype(int))
    return {
        "aurc": area_under_risk_coverage(confidence, right),
        "points": [[int(end) / len(risk), float(risk[end - 1])] for end in ends],
    }


def _retrieval_figures(engine: TriageEngine, pairs: Pairs) -> dict[str, Any]:
    """Return how often the labelled article is first or among three, and how often replies show.

    ``shown`` is the share of messages with any suggestion, ``shown_right`` the share of those
    whose first suggestion is the labelled article.
    """
    asked = [(t, result) for t, result in pairs if t.labels[ARTICLE] is not None]
    ranked = engine.rank_articles([t.text for t, _ in asked]) if asked else []
    spoken = [detect_language(t.text).tag for t, _ in asked]
    figures = {}
    for group in language_groups(spoken) if asked else ():
        rows = [
            (str(t.labels[ARTICLE]), order, bool(result.suggestions))
            for (t, result), order, own in zip(asked, ranked, spoken, strict=True)
            if group in (ALL, own)
        ]
        found = [(article, order) for article, order, _ in rows]
        shown = [(article, order) for article, order, suggested in rows if suggested]
        figures[group] = {
            "rows": len(rows),
            **{f"recall@{k}": asdict(_recall(found, k)) for k in (1, 3)},
            "shown": len(shown) / len(rows),
            "shown_right": _recall(shown, 1).value if shown else 0.0,
        }
    return figures


def _recall(rows: Sequence[tuple[str, list[tuple[str, float]]]], k: int) -> Estimate:
    found = np.array([article in [a for a, _ in order[:k]] for article, order in rows])
    return with_interval(accuracy, np.ones(len(found), dtype=bool), found)
