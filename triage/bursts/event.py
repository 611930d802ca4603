"""What the detector takes and gives: events, topics and incidents; frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What the messages of a topic have in common, closest first."""

    CLUSTER = "cluster"
    INTENT = "intent"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, order=True)
class Topic:
    """Messages of a category, of an intent, or alike in wording; clusters are numbered."""

    kind: Kind
    label: str

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """One tagged message.

    Attributes:
        at: when it was written, with its zone.
        vector: of unit length, from the encoder; without it no similar messages are found.
        text: shown as evidence, redacted.
        sender: who wrote it; the same person repeating themself is counted once.
    """

    id: str
    at: datetime
    category: str | None = None
    intent: str | None = None
    vector: Sequence[float] | None = None
    text: str | None = None
    language: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One message of an incident; its text is redacted, and ``None`` where texts are not kept."""

    id: str
    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A topic that bursts, as far as it is known.

    Attributes:
        topics: everything under which it was seen, the first one seen first.
        title: the most typical message, redacted; the topic where texts are not kept.
        started_at: time of the first message.
        last_at: time of the last message so far.
        detected_at: when enough was known to tell.
        closed_at: when the rate was back; ``None`` while open.
        size: messages so far, those that would have come anyway among them.
        expected: messages that the baseline expected in the window that showed the burst.
        window_minutes: length of that window.
        score: -log10 of the probability of as many messages; at its highest.
        intent: what most of its messages are about.
        evidence: its first messages.
        languages: messages by language.
    """

    id: str
    topic: Topic
    topics: tuple[Topic, ...]
    title: str
    started_at: datetime
    last_at: datetime
    detected_at: datetime
    closed_at: datetime | None
    size: int
    expected: float
    window_minutes: float
    score: float
    intent: str | None
    evidence: tuple[Evidence, ...]
    languages: Mapping[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether its rate is still above what is usual."""
        return self.closed_at is None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; times in ISO 8601."""
        return {
            "id": self.id,
            "state": "open" if self.open else "closed",
            "topic": {"kind": self.topic.kind.value, "label": self.topic.label},
            "topics": [{"kind": t.kind.value, "label": t.label} for t in self.topics],
            "title": self.title,
            "intent": self.intent,
            "started_at": self.started_at.isoformat(),
            "detected_at": self.detected_at.isoformat(),
            "last_at": self.last_at.isoformat(),
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "size": self.size,
            "expected": round(self.expected, 3),
            "window_minutes": round(self.window_minutes, 1),
            "score": round(self.score, 2),
            "p_value": float(f"{10**-self.score:.3g}"),
            "languages": dict(self.languages),
            "evidence": [
                {"id": e.id, "at": e.at.isoformat(), "text": e.text} for e in self.evidence
            ],
        }
