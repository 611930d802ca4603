"""An engine without a model, for tests of desk and seat: it counts, waits and breaks as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from triage.domain import (
    Category,
    Message,
    Priority,
    PriorityVerdict,
    Reason,
    Sentiment,
    SentimentVerdict,
    TriageResult,
)
from triage.engine import TriageEngine
from triage.priority import PriorityPolicy, load_policy

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
POISON = "poison"


class CountedEngine:
    """Answers each message with its text as the team; the batches it saw are kept."""

    def __init__(
        self, model: str = "fake-1", *, clock: Callable[[], datetime] = lambda: NOW
    ) -> None:
        self.model = model
        self.policy: PriorityPolicy = load_policy()
        self.policy_source = None
        self.batches: list[list[str]] = []
        self.busy = threading.Event()
        self.free = threading.Event()
        self.free.set()
        self.now = clock
        manifest = SimpleNamespace(encoder={"name": "none"}, files={"articles.jsonl": "0" * 64})
        self.bundle = SimpleNamespace(manifest=manifest)

    def snapshot(self) -> CountedEngine:
        return self

    def message(self, given: Message, **_: Any) -> Message:
        return given

    def triage(self, messages: Sequence[Message | str]) -> list[TriageResult]:
        known = [Message(id="w", text=m) if isinstance(m, str) else m for m in messages]
        self.batches.append([m.text for m in known])
        self.busy.set()
        assert self.free.wait(10)
        if any(m.text == POISON for m in known):
            raise ValueError("no")
        return [self._result(m) for m in known]

    def triage_degraded(self, messages: Sequence[Message]) -> list[TriageResult]:
        return [replace(self._result(m), degraded=True) for m in messages]

    def _result(self, message: Message) -> TriageResult:
        return TriageResult(
            id=message.id,
            language="en",
            script=None,
            model=self.model,
            category=Category(
                label="a", intent="a/b", confidence=1.0, alternatives=(), prediction_set=("a",)
            ),
            team=message.text,
            priority=PriorityVerdict(level=Priority.LOW, score=1, reasons=(Reason("r", ""),)),
            sentiment=SentimentVerdict(label=Sentiment.NEUTRAL, confidence=0.9, flags=()),
            key_info=(),
            suggestions=(),
            needs_review=False,
            review_reasons=(),
        )


def as_engine(engine: CountedEngine) -> TriageEngine:
    return engine  # type: ignore[return-value]  # what the desk uses of one
