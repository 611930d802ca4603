"""What goes over the wire: strict request models, documented responses and errors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from triage.domain import Customer, Message, Role, Turn
from triage.turns import role_of

MAX_NAME = 200
MAX_FIELDS = 50
MAX_CONTACTS = 10_000
MAX_TURNS = 200

EXAMPLE_ZH: dict[str, JsonValue] = {
    "id": "m-1",
    "text": "我的快递三天没动了，到底什么时候能到？",
    "customer": {"name": "王女士", "tier": "vip"},
    "fields": {"order_id": "202611110042"},
}
EXAMPLE_EN: dict[str, JsonValue] = {
    "text": "Order A-10023 arrived with a cracked screen, I want my money back"
}
EXAMPLES: tuple[JsonValue, ...] = (EXAMPLE_ZH, EXAMPLE_EN)


def _moment(value: object) -> datetime:
    """Read ISO 8601 text; strict mode alone would want a datetime, which JSON has none of."""
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]  # a wrong type raises below
    except (TypeError, ValueError) as fault:
        raise ValueError("give ISO 8601 text, as 2026-11-11T09:30:00+08:00") from fault


Moment = Annotated[datetime, BeforeValidator(_moment)]


def _role(value: object) -> Role:
    """Read a role by any of its names; a Role that JSON schema can list."""
    if not isinstance(value, str):
        raise ValueError(f"give one of {', '.join(Role)}")  # noqa: TRY004  # Pydantic's own kind
    return role_of(value)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CustomerIn(_Strict):
    """Who wrote, as far as the helpdesk says."""

    id: str | None = Field(default=None, max_length=MAX_NAME)
    name: str | None = Field(default=None, max_length=MAX_NAME, description="fills {customer_name}")
    tier: str | None = Field(default=None, max_length=MAX_NAME, description="such as vip")


class TurnIn(_Strict):
    """One turn of the conversation."""

    role: Annotated[Role, BeforeValidator(_role)] = Field(
        description="also in other words, such as user, buyer, 用户; assistant, 客服; 机器人; 系统"
    )
    text: str
    at: Moment | None = None


class MessageIn(_Strict):
    """One customer message, by its text, its conversation or both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": list(EXAMPLES),
            "anyOf": [{"required": ["text"]}, {"required": ["turns"]}],
        }
    )

    id: str | None = Field(default=None, min_length=1, max_length=MAX_NAME)
    text: str | None = Field(
        default=None,
        min_length=1,
        description="the customer's words, unchanged; may be left out where turns end with them",
    )
    subject: str | None = Field(default=None, max_length=1000)
    channel: str | None = Field(default=None, max_length=MAX_NAME)
    customer: CustomerIn | None = None
    created_at: Moment | None = None
    fields: dict[str, str] = Field(
        default_factory=dict,
        max_length=MAX_FIELDS,
        description="known facts that fill reply slots, such as order_id, product, amount",
    )
    contacts: int = Field(
        default=0, ge=0, le=MAX_CONTACTS, description="earlier messages about the same matter"
    )
    turns: list[TurnIn] = Field(
        default_factory=list,
        max_length=MAX_TURNS,
        description="the conversation before text, oldest first; without a text it ends with it",
    )

    def to_message(self, number: int = 1) -> Message:
        """Return the domain's message; ``m-<number>`` stands for a missing id."""
        customer = Customer(**self.customer.model_dump()) if self.customer else None
        return Message(
            id=self.id or f"m-{number}",
            text=self.text or "",
            subject=self.subject,
            channel=self.channel,
            customer=customer,
            created_at=self.created_at,
            fields=self.fields,
            contacts=self.contacts,
            turns=tuple(Turn(t.role, t.text, t.at) for t in self.turns),
        )


class BatchIn(_Strict):
    """Several messages; each is judged on its own, so a bad one spoils no other."""

    messages: list[Any] = Field(min_length=1, description="objects as POST /v1/triage takes")


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="where, such as text or messages.3.text")
    message: str
    value: str | None = Field(
        description="what was sent, shortened; its kind and size where it may be a customer's words"
    )
    remedy: str


class FaultOut(BaseModel):
    """What is wrong with one message of a batch."""

    code: str = Field(examples=["invalid_request"])
    problems: list[Problem]


class ErrorOut(FaultOut):
    """The body of every 4xx and 5xx answer: problem details as RFC 9457 has them."""

    type: str = Field(
        description="relative reference that names the kind; about:blank where the status says all",
        examples=["/problems/invalid_request"],
    )
    title: str = Field(description="the same for all of a type")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="the first problem in words")
    instance: str = Field(description="names this one answer, for asking about it")


class LabelOut(BaseModel):
    label: str
    confidence: float


class CategoryOut(LabelOut):
    intent: str
    alternatives: list[LabelOut]
    set: list[str] = Field(description="labels among which the right one lies, at 90 % coverage")
    familiarity: float | None = Field(
        description="share of known messages that are no more familiar; near 0 for a message unlike"
        " anything known, null where the model was not taught to tell"
    )


class ReasonOut(BaseModel):
    signal: str
    evidence: str
    start: int | None = Field(
        description="offset of the evidence into the text as sent, in characters; null where it"
        " does not stand there, as the customer's tier"
    )
    end: int | None


class PriorityOut(BaseModel):
    level: str = Field(examples=["urgent", "high", "normal", "low"])
    score: int
    reasons: list[ReasonOut]
    sla_minutes: int | None = Field(
        description="minutes from the message to the first answer, null where the policy names none"
    )


class CueOut(BaseModel):
    flag: str = Field(examples=["impatient"])
    evidence: str
    start: int | None = Field(description="offset into the text as sent, in characters")
    end: int | None


class SentimentOut(LabelOut):
    flags: list[str]
    cues: list[CueOut] = Field(description="the words that show each flag")


class KeyInfoOut(BaseModel):
    type: str
    text: str
    value: str
    start: int = Field(
        description="offset into the text as sent, or into understood_text if given; in characters"
    )
    end: int
    carrier: str | None = Field(default=None, description="of a tracking number, where known")


class SuggestionOut(BaseModel):
    article_id: str
    category: str
    title: str
    reply: str
    language: str
    similarity: float = Field(description="cosine in [-1, 1]")
    confidence: float = Field(description="calibrated probability that this is the right article")
    missing_slots: list[str]
    source: str
    article_version: int


class ResultOut(BaseModel):
    """Everything an agent needs to act on one message."""

    id: str
    language: str
    script: str | None
    languages: dict[str, float] = Field(
        description="share of the words by language, main one first; several for a mixed message"
    )
    model: str
    category: CategoryOut
    team: str
    priority: PriorityOut
    sentiment: SentimentOut
    key_info: list[KeyInfoOut]
    suggestions: list[SuggestionOut]
    needs_review: bool
    review_reasons: list[str]
    understood_text: str | None = Field(
        description="the text that was understood, where turns were merged; else null"
    )
    decision_id: str | None = Field(
        description="to be sent back with feedback; null where the decision was not recorded"
    )


class RejectedOut(BaseModel):
    """A message of a batch that could not be judged."""

    id: str | None
    error: FaultOut


class BatchOut(BaseModel):
    """One entry per message, in order."""

    results: list[ResultOut | RejectedOut]
    rejected: int
