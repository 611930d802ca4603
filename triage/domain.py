"""The nouns of Triage: messages, key information, suggestions, results; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Priority(StrEnum):
    """How soon somebody must act, least first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Sentiment(StrEnum):
    """The tone of the customer's text."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who wrote, as far as the helpdesk knows and says."""

    id: str | None = None
    name: str | None = None
    tier: str | None = None


class Role(StrEnum):
    """Who speaks in a conversation."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation, as it was written."""

    role: Role
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One customer message as it came in.

    Attributes:
        text: the customer's words, unchanged; spans in a result point into it. Empty where
            ``turns`` hold the message.
        created_at: when it was written; relative dates are resolved against it.
        fields: known facts that may fill a reply's slots, such as ``order_id`` or ``product``.
        contacts: earlier messages of the customer about the same matter.
        turns: the conversation before ``text``, oldest first; without a text it ends with it.
    """

    id: str
    text: str
    subject: str | None = None
    channel: str | None = None
    customer: Customer | None = None
    created_at: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    contacts: int = 0
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label with its calibrated probability."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The team that must act, and why it could be another.

    Attributes:
        prediction_set: the labels among which the right one lies at the bundle's stated coverage.
        familiarity: share of known messages that are no more familiar than this one; near 0 for a
            message unlike anything known, ``None`` where the model was not taught to tell.
    """

    label: str
    intent: str
    confidence: float
    alternatives: tuple[LabelScore, ...]
    prediction_set: tuple[str, ...]
    familiarity: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A signal that moved the priority, with what shows it.

    Attributes:
        start: offset in the original text where ``text[start:end]`` equals ``evidence``; ``None``
            for what does not stand there, such as the customer's tier.
        end: offset behind the last character.
    """

    signal: str
    evidence: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityVerdict:
    """Level, score in 0–100 and the reasons, strongest first (never empty).

    Attributes:
        sla_minutes: minutes from the message to the first answer; ``None`` where the policy names
            none.
    """

    level: Priority
    score: int
    reasons: tuple[Reason, ...]
    sla_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class SentimentCue:
    """Words that show a flag, equal to ``text[start:end]`` of the original; else no offsets."""

    flag: str
    evidence: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentVerdict:
    """Tone with its calibrated probability, and finer flags such as ``impatient``.

    Attributes:
        cues: the words behind each flag; a flag may have several.
    """

    label: Sentiment
    confidence: float
    flags: tuple[str, ...]
    cues: tuple[SentimentCue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """One fact found in a message.

    Attributes:
        text: the words as written; equal to ``message.text[start:end]``.
        value: the normalised value (E.164 phone, ISO date, ``25.00 CNY``).
        start: offset of the first character in the original text.
        end: offset behind the last character.
        carrier: whose number a tracking number is, where that is known: ``SF``, ``UPS``.
    """

    type: str
    text: str
    value: str
    start: int
    end: int
    carrier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A reply found in the knowledge base.

    Attributes:
        similarity: cosine in [-1, 1] between the message and the article's nearest question.
        confidence: calibrated probability in [0, 1] that this is the right article.
        missing_slots: names still standing in ``reply`` as ``{name}``.
        script: ``Hans`` or ``Hant`` for a Chinese reply, else ``None``.
        in_other_language: whether no text in the customer's language was there to suggest.
        converted: whether the script is another than the article was written in.
        template: the article's own text in that script, slots open, without greeting and close.
        format: ``plain``, or ``html`` with every value escaped.
        passage: the text of the article that matched, as it is indexed.
    """

    article_id: str
    category: str
    title: str
    reply: str
    language: str
    similarity: float
    confidence: float
    missing_slots: tuple[str, ...]
    source: str
    article_version: int
    script: str | None = None
    in_other_language: bool = False
    converted: bool = False
    template: str = ""
    format: str = "plain"
    passage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageResult:
    """Everything an agent needs to act on one message.

    Attributes:
        language: ``zh``, ``en``, or the ISO 639 code of an unsupported language.
        script: ``Hans`` or ``Hant`` for Chinese, else ``None``.
        languages: share of the words by language, the main one first; several for a mixed message,
            none where no words are.
        understood_text: the text that was understood and that spans point into, where it is not the
            message's own: turns of a conversation merged into one.
        degraded: judged by words alone, without replies, since time was short.
        kb_version: fingerprint of the articles that the suggestions were chosen from.
    """

    id: str
    language: str
    script: str | None
    model: str
    category: Category
    team: str
    priority: PriorityVerdict
    sentiment: SentimentVerdict
    key_info: tuple[KeyInfo, ...]
    suggestions: tuple[Suggestion, ...]
    needs_review: bool
    review_reasons: tuple[str, ...]
    languages: Mapping[str, float] = field(default_factory=dict)
    understood_text: str | None = None
    degraded: bool = False
    kb_version: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, scores rounded to four digits; ``degraded`` only where true."""
        return {
            "id": self.id,
            "language": self.language,
            "script": self.script,
            "languages": dict(self.languages),
            "model": self.model,
            "kb_version": self.kb_version,
            "category": {
                "label": self.category.label,
                "intent": self.category.intent,
                "confidence": round(self.category.confidence, 4),
                "alternatives": [
                    {"label": a.label, "confidence": round(a.confidence, 4)}
                    for a in self.category.alternatives
                ],
                "set": list(self.category.prediction_set),
                "familiarity": _rounded(self.category.familiarity),
            },
            "team": self.team,
            "priority": {
                "level": self.priority.level.value,
                "score": self.priority.score,
                "reasons": [asdict(r) for r in self.priority.reasons],
                "sla_minutes": self.priority.sla_minutes,
            },
            "sentiment": {
                "label": self.sentiment.label.value,
                "confidence": round(self.sentiment.confidence, 4),
                "flags": list(self.sentiment.flags),
                "cues": [asdict(c) for c in self.sentiment.cues],
            },
            "key_info": [asdict(k) for k in self.key_info],
            "suggestions": [_suggestion_dict(s) for s in self.suggestions],
            "needs_review": self.needs_review,
            "review_reasons": list(self.review_reasons),
            "understood_text": self.understood_text,
            **({"degraded": True} if self.degraded else {}),
        }


def _suggestion_dict(suggestion: Suggestion) -> dict[str, Any]:
    return asdict(suggestion) | {
        "similarity": round(suggestion.similarity, 4),
        "confidence": round(suggestion.confidence, 4),
        "missing_slots": list(suggestion.missing_slots),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
