"""An engine whose every answer is known, for tests of what is measured and reported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from training.corpus import Corpus, Ticket
from training.evaluate import evaluate_engine
from triage.domain import (
    Category,
    Priority,
    PriorityVerdict,
    Reason,
    Sentiment,
    SentimentVerdict,
    TriageResult,
)
from triage.review import AMBIGUOUS

DOUBT = AMBIGUOUS.format(first="a", second="b")


class KnownEngine:
    """Answers each text as it was told: category, confidence, reasons, familiarity."""

    def __init__(
        self,
        answers: Mapping[str, tuple[str, float]],
        *,
        reasons: Mapping[str, tuple[str, ...]] | None = None,
        familiarity: Mapping[str, float] | None = None,
        **manifest: Any,
    ) -> None:
        self._answers = answers
        self._reasons = reasons or {}
        self._familiarity = familiarity
        fields = {
            "version": "known-1",
            "encoder": {"name": "none"},
            "labels": {"category": ["a", "b"]},
            "review_confidence": {"any": 0.5, "en": 0.6},
        }
        self.bundle = SimpleNamespace(manifest=SimpleNamespace(**(fields | manifest)))

    def triage(self, messages: Sequence[str]) -> list[TriageResult]:
        return [self._result(text) for text in messages]

    def _result(self, text: str) -> TriageResult:
        label, confidence = self._answers[text]
        fields = {
            "label": label,
            "intent": f"{label}/x",
            "confidence": confidence,
            "alternatives": (),
            "prediction_set": (label,),
            "familiarity": self._familiarity[text] if self._familiarity else None,
        }
        reasons = self._reasons.get(text, ())
        return TriageResult(
            id=text,
            language="zh" if text.startswith("zh") else "en",
            script=None,
            model="known-1",
            category=Category(**fields),
            team=label,
            priority=PriorityVerdict(level=Priority.LOW, score=1, reasons=(Reason("r", ""),)),
            sentiment=SentimentVerdict(label=Sentiment.NEUTRAL, confidence=0.9, flags=()),
            key_info=(),
            suggestions=(),
            needs_review=bool(reasons),
            review_reasons=reasons,
        )


def corpus_of(**categories: str) -> Corpus:
    """Return one ticket for each text, labelled with its category."""
    empty = dict.fromkeys(("intent", "priority", "sentiment", "article_id"))
    tickets = (
        Ticket(f"id-{text}", text, text, {"category": category, **empty})
        for text, category in categories.items()
    )
    return Corpus(tuple(tickets), (), 0)


def figures_of(engine: KnownEngine, corpus: Corpus, **options: Any) -> dict[str, Any]:
    """Return the figures of ``engine``, checked to be plain JSON."""
    figures: dict[str, Any] = evaluate_engine(engine, corpus, **options)  # type: ignore[arg-type]
    # Whatever is reported can be written as JSON, without NaN.
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    return figures
