"""The tables of a priority policy file and what their keys may hold, as pydantic models.

What one table says about another is checked in ``policy_file``.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from triage.signals import compiled

Points = Annotated[int, Field(ge=-100, le=100)]
Threshold = Annotated[int, Field(ge=1, le=100)]
Minutes = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Level = Literal["low", "normal", "high", "urgent"]
Name = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]


def _in_any_case(pattern: str) -> str:
    compiled([pattern], any_case=True)
    return pattern


def _in_small_letters(pattern: str) -> str:
    compiled([pattern])
    return pattern


Pattern = Annotated[str, AfterValidator(_in_any_case)]
SmallPattern = Annotated[str, AfterValidator(_in_small_letters)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Levels(_Table):
    """The lowest score of each level; low starts at 0."""

    normal: Threshold
    high: Threshold
    urgent: Threshold


class ChangedLevels(_Table):
    """Thresholds of a promotion; those left out stay."""

    normal: Threshold | None = None
    high: Threshold | None = None
    urgent: Threshold | None = None


class SlaMinutes(_Table):
    """Minutes to the first answer, for each level."""

    urgent: Minutes
    high: Minutes
    normal: Minutes
    low: Minutes


class ChangedSlaMinutes(_Table):
    """Minutes of a promotion; those left out stay."""

    urgent: Minutes | None = None
    high: Minutes | None = None
    normal: Minutes | None = None
    low: Minutes | None = None


class Reach(_Table):
    """Probabilities from which a learnt level counts as reached."""

    normal: Share = 0.5
    high: Share = 0.5
    urgent: Share = 0.5


class Learnt(_Table):
    """How the learnt head's probabilities become a score."""

    lift: Annotated[int, Field(ge=0, le=3)] = 1
    lift_to: Level = "high"
    reach: Reach = Reach()


class SignalTable(_Table):
    """A word signal; at least one of ``zh``, ``en`` and ``patterns``."""

    name: Name
    weight: Points
    floor: Level | None = None
    zh: tuple[SmallPattern, ...] = Field(default=(), strict=False)
    en: tuple[SmallPattern, ...] = Field(default=(), strict=False)
    patterns: tuple[Pattern, ...] = Field(default=(), strict=False)
    unless: tuple[Pattern, ...] = Field(default=(), strict=False)


class CombinationTable(_Table):
    """A signal that several others make together."""

    name: Name
    all: tuple[str, ...] = Field(min_length=2, strict=False)
    weight: Points
    floor: Level | None = None


class StepTable(_Table):
    """A deadline so near."""

    name: Name
    within_hours: Annotated[int, Field(ge=1)]
    weight: Points
    floor: Level | None = None


class DeadlineTable(_Table):
    """Which wording makes a date a deadline, and what a near one is worth."""

    wording: tuple[Pattern, ...] = Field(min_length=1, strict=False)
    unless: tuple[Pattern, ...] = Field(default=(), strict=False)
    step: tuple[StepTable, ...] = Field(min_length=1, strict=False)


class AmountTable(_Table):
    """A sum that makes a message matter more, by currency."""

    weight: Points
    floor: Level | None = None
    above: dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[float, Field(gt=0)]]


class ContactsTable(_Table):
    """Points for each earlier message of the conversation."""

    weight: Points
    most: Points


class SentimentTable(_Table):
    """Points for a tone that the learnt head calls negative."""

    weight: Points
    above: Annotated[float, Field(ge=0, le=1)]


class PromotionTable(_Table):
    """A period in which some numbers are others."""

    name: Annotated[str, Field(min_length=1)]
    first: date = Field(alias="from")
    last: date = Field(alias="until")
    levels: ChangedLevels = ChangedLevels()
    weights: dict[str, Points] = Field(default_factory=dict)
    sla_minutes: ChangedSlaMinutes = ChangedSlaMinutes()


class PolicyTables(_Table):
    """A whole policy file."""

    levels: Levels
    sla_minutes: SlaMinutes | None = None
    learnt: Learnt = Learnt()
    tiers: dict[str, Points] = Field(default_factory=dict)
    signal: tuple[SignalTable, ...] = Field(default=(), strict=False)
    combination: tuple[CombinationTable, ...] = Field(default=(), strict=False)
    deadline: DeadlineTable | None = None
    amount: AmountTable | None = None
    contacts: ContactsTable | None = None
    sentiment: SentimentTable | None = None
    promotion: tuple[PromotionTable, ...] = Field(default=(), strict=False)


def known_keys(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table at ``path`` may hold; none where any may stand."""
    table: Any = PolicyTables
    for name in (part for part in path if isinstance(part, str)):
        field = table.model_fields.get(name)
        table = next(iter(_tables_in(field.annotation)), None) if field else None
        if table is None:
            return []
    return [field.alias or name for name, field in table.model_fields.items()]


def _tables_in(annotation: Any) -> list[type[_Table]]:
    if isinstance(annotation, type) and issubclass(annotation, _Table):
        return [annotation]
    return [t for part in getattr(annotation, "__args__", ()) for t in _tables_in(part)]
