"""The nouns of the log: an answer to record, a decision as stored, feedback on it; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from triage.domain import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A message with its result, as the service is about to send it.

    Attributes:
        key: the caller's id of the message; ``None`` where the caller gave none, and then every
            delivery is a decision of its own.
        result: as ``TriageResult.to_dict`` gives it.
        kb_version: of the articles that were searched.
        degraded: answered without the model, in need; such an answer is not given again.
    """

    key: str | None
    message: Message
    result: Mapping[str, Any]
    kb_version: str = ""
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller is to be sent.

    Attributes:
        decision_id: ``None`` where nothing was recorded.
        result: the one given, or for a repeated delivery the one that was stored.
        repeated: whether the same message was answered before.
    """

    decision_id: str | None
    result: Mapping[str, Any]
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One row of the log.

    Attributes:
        repeat_key: hash of what makes a delivery the same; ``None`` for what is never repeated.
        content_hash: keyed hash of the message without its id, 32 hexadecimal digits.
        text: the customer's words as the settings let them be kept, ``None`` for not at all.
        result: likewise.
    """

    decision_id: str
    request_key: str | None
    repeat_key: str | None
    content_hash: str
    model: str
    kb_version: str
    created_at: datetime
    text: str | None
    result: Mapping[str, Any]
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What an agent made of a decision.

    Attributes:
        chosen: id of the article that was sent, ``None`` for none of them.
        sent: what was sent to the customer, as the settings let it be kept.
        edit_share: share of the words that differ between the suggested and the sent reply, in
            [0, 1]; ``None`` where there is nothing to compare.
        labels: corrected labels by task.
        agent: the caller's id of who gave it.
    """

    decision_id: str
    chosen: str | None
    sent: str | None = None
    edit_share: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    agent: str | None = None
    created_at: datetime | None = None
