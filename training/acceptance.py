"""What a served engine decides without a human, and how often it should not have.

It owns the figures at the model's review threshold and those of rows that no category fits; figures
of single tasks are in ``training.evaluate``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from training.metrics import clopper_pearson
from training.selective import separation
from triage.engine import CATEGORY
from triage.heads import POOLED
from triage.review import NO_REPLY, doubts_category

if TYPE_CHECKING:
    from training.corpus import Ticket
    from triage.bundle import Manifest
    from triage.domain import TriageResult

    Pairs = Sequence[tuple[Ticket, TriageResult]]

ALL = "all"
_URGENT = "urgent"


def language_groups(languages: Collection[str]) -> list[str]:
    """Return ``ALL`` and each language that occurs, in order."""
    return [ALL, *sorted(set(languages))]


def review_figures(manifest: Manifest, pairs: Pairs) -> dict[str, Any]:
    """Return, by language, what is accepted at the model's threshold and how often it is wrong.

    Acceptance is judged by the category's confidence; a missing reply is no doubt about it.
    ``needs_review`` is the share that a human must look at for any of the ``reasons``.
    """
    figures = {}
    for group in language_groups([r.language for _, r in pairs]) if pairs else ():
        members = [(t, r) for t, r in pairs if group in (ALL, r.language)]
        accepted = [(t, r) for t, r in members if not doubts_category(r.review_reasons)]
        wrong = sum(t.labels[CATEGORY] != r.category.label for t, r in accepted)
        error = asdict(clopper_pearson(wrong, len(accepted))) if accepted else None
        figures[group] = {
            "rows": len(members),
            "accepted": len(accepted) / len(members),
            "accepted_rows": len(accepted),
            "accepted_accuracy": 1 - wrong / len(accepted) if accepted else 0.0,
            "wrong": wrong,
            "error": error,
            "needs_review": sum(r.needs_review for _, r in members) / len(members),
            "reasons": _reason_shares([r.review_reasons for _, r in members]),
            "threshold": _threshold(manifest, group),
            "stated": _stated(manifest, group, error),
        }
    return figures


def _reason_shares(reasons: Sequence[tuple[str, ...]]) -> dict[str, float]:
    return {
        "category": sum(map(doubts_category, reasons)) / len(reasons),
        "urgent": sum(any(r.startswith(_URGENT) for r in own) for own in reasons) / len(reasons),
        "reply": sum(NO_REPLY in own for own in reasons) / len(reasons),
    }


def _threshold(manifest: Manifest, group: str) -> float | None:
    """Return the confidence that is enough; ``None`` for all rows, where languages differ."""
    if group == ALL:
        return None
    if promise := _promise(manifest, group):
        return float(promise["threshold"])
    enough = manifest.review_confidence
    return enough.get(group, enough[POOLED])


def _promise(manifest: Manifest, group: str) -> dict[str, Any] | None:
    """Return what the bundle states of its errors; bundles made before that state nothing."""
    abstention: dict[str, dict[str, Any]] = getattr(manifest, "abstention", {})
    return abstention.get(group, abstention.get(POOLED))


def _stated(
    manifest: Manifest, group: str, error: dict[str, float] | None
) -> dict[str, Any] | None:
    """Return the error rate that the model states, and whether these rows bear it out.

    ``verdict``: ``kept`` or ``broken`` where the interval lies on one side, else ``undecided``.
    """
    promise = _promise(manifest, group)
    if not promise or error is None:
        return None
    most = promise["max_error"]
    verdict = "undecided" if error["low"] <= most < error["high"] else "kept"
    if error["low"] > most:
        verdict = "broken"
    return {"max_error": most, "sure": promise.get("sure"), "verdict": verdict}


def scope_figures(inside: Pairs, outside: Pairs) -> dict[str, Any]:
    """Return how well rows that no category fits are told from the others; empty without both."""
    if not inside or not outside:
        return {}
    results = [r for _, r in (*inside, *outside)]
    scores = [getattr(r.category, "familiarity", None) for r in results]
    name = "familiarity"
    if any(score is None for score in scores):
        scores, name = [r.category.confidence for r in results], "category confidence"
    values = np.array(scores, dtype=np.float64)
    auroc, refused = separation(values[: len(inside)], values[len(inside) :])
    return {
        "labels": sorted({str(t.labels[CATEGORY]) for t, _ in outside}),
        "rows": len(outside),
        "in_scope_rows": len(inside),
        "score": name,
        "auroc": asdict(auroc),
        "recall_at_95": asdict(refused),
        "needs_review": sum(r.needs_review for _, r in outside) / len(outside),
    }
