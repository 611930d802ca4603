"""What a priority policy says, as values: levels, signals, limits, and when others hold.

How a file comes to say it is left to ``policy_file``, how a message is judged by it to
``priority``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from triage.domain import Priority
from triage.signals import Signal

MAX_SCORE = 100
LEVELS = tuple(Priority)
CUSTOMER_TIER = "customer_tier"
AMOUNT_AT_STAKE = "amount_at_stake"
EARLIER_CONTACTS = "earlier_contacts"
NEGATIVE_SENTIMENT = "negative_sentiment"
DATE_MARK = "\ue000"  # of Unicode's private use: stands for a date, and in no customer's text
COMPUTED = (AMOUNT_AT_STAKE, EARLIER_CONTACTS, NEGATIVE_SENTIMENT)  # beside words and deadlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers that a promotion may change.

    Attributes:
        thresholds: the lowest score of each level, ``low`` at 0.
        weights: points by name of signal.
        sla_minutes: minutes to the first answer by level; empty where the file names none.
    """

    thresholds: Mapping[Priority, int]
    weights: Mapping[str, int]
    sla_minutes: Mapping[Priority, int] = field(default_factory=dict)

    def level_of(self, score: int) -> Priority:
        """Return the highest level whose threshold ``score`` reaches."""
        return max(
            (p for p in LEVELS if score >= self.thresholds[p]), key=lambda p: self.thresholds[p]
        )

    def top_of(self, level: Priority) -> int:
        """Return the highest score that is still ``level``."""
        above = LEVELS[LEVELS.index(level) + 1 :]
        return self.thresholds[above[0]] - 1 if above else MAX_SCORE


@dataclass(frozen=True, slots=True)
class Promotion:
    """A period with its own terms, from the first day to the last, both included."""

    name: str
    first: date
    last: date
    terms: Terms


@dataclass(frozen=True, slots=True)
class Combination:
    """A signal that a message shows when it shows ``all`` of others."""

    name: str
    all: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadlineStep:
    """A signal shown by a deadline that is at most ``within`` away."""

    name: str
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """What makes a date a deadline.

    Attributes:
        wording: searched in the date's sentence, in which ``DATE`` stands for the date.
        unless: wordings of that sentence with which the date is none.
        steps: nearest first; the first that fits is shown.
    """

    wording: re.Pattern[str]
    unless: re.Pattern[str] | None
    steps: tuple[DeadlineStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntRule:
    """How the learnt head's probabilities become a score.

    Attributes:
        reach: for each level above ``low``, the probability of it or a higher one from which it
            counts as reached.
        lift: levels above the learnt one to which points without a floor may lift a message.
        lift_to: the highest level to which they may.
    """

    reach: Mapping[Priority, float]
    lift: int
    lift_to: Priority

    def highest_from(self, level: Priority) -> Priority:
        """Return the highest level to which points without a floor lift a message of ``level``."""
        lifted = min(LEVELS.index(level) + self.lift, LEVELS.index(self.lift_to))
        return LEVELS[max(LEVELS.index(level), lifted)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that a policy file says.

    Attributes:
        terms: what holds outside promotions.
        signals: word signals, in the file's order.
        floors: by name of signal, the level below which it lets nothing fall.
        tiers: points by customer tier, keys in lower case.
        amounts: by currency (ISO 4217), the sum from which much is at stake.
        most_contact_points: what earlier contacts add at most.
        negative_above: confidence from which a negative tone counts.
        promotions: without overlaps, earliest first.
    """

    terms: Terms
    signals: tuple[Signal, ...]
    floors: Mapping[str, Priority]
    tiers: Mapping[str, int]
    learnt: LearntRule
    combinations: tuple[Combination, ...] = ()
    deadline: DeadlineRule | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)
    most_contact_points: int = 0
    negative_above: float = 1.0
    promotions: tuple[Promotion, ...] = ()

    def promotion_at(self, moment: datetime | None) -> Promotion | None:
        """Return the promotion in whose days ``moment`` lies, by its own clock and zone."""
        if moment is None:
            return None
        day = moment.date()
        return next((p for p in self.promotions if p.first <= day <= p.last), None)
