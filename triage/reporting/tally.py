"""Counters that rows are added to: their size grows with days and labels, never with rows."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from triage.reporting.entry import Entry

MOST_LABELS = 2_000  # of one kind; further ones are counted together
OTHERS = "…"
_STEP = math.log(1.05)  # a bucket of seconds is 5 % wide

ByDay = dict[date, Counter[str]]


class Spread:
    """Quantiles of seconds in bounded memory: a histogram whose buckets are 5 % wide."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, seconds: float) -> None:
        """Count a number of seconds; less than one counts as one."""
        self._buckets[round(math.log(max(1.0, seconds)) / _STEP)] += 1
        self.count += 1

    def merge(self, other: Spread) -> None:
        """Add what another has counted."""
        self._buckets.update(other._buckets)
        self.count += other.count

    def quantile(self, share: float) -> float | None:
        """Return the seconds below which ``share`` of all lie, within 2.5 %; ``None`` for none."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return math.exp(bucket * _STEP)
        return None


@dataclass(slots=True)
class AgentTally:
    """What is counted of one agent."""

    rows: int = 0
    known: int = 0
    resolved: int = 0
    toned: int = 0
    negative: int = 0
    responses: Spread = field(default_factory=Spread)


@dataclass(slots=True)
class Tally:
    """What is counted of all rows.

    Attributes:
        promoted: tells whether a time lies in a promotion, and in which.
        hours: rows by weekday (Monday is 0) and hour of ordinary days.
        promotion_hours: rows by hour of promotion days.
        open_intents: rows without a suggestion, by intent.
        asked_intents: rows of which it is known whether there was one, by intent.
    """

    promoted: Callable[[datetime], str | None] = lambda moment: None
    rows: int = 0
    errors: int = 0
    undated: int = 0
    days: Counter[date] = field(default_factory=Counter)
    review_days: Counter[date] = field(default_factory=Counter)
    promotions: dict[date, str] = field(default_factory=dict)
    hours: Counter[tuple[int, int]] = field(default_factory=Counter)
    promotion_hours: Counter[int] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    priorities: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[str] = field(default_factory=Counter)
    review: Counter[bool] = field(default_factory=Counter)
    resolved: Counter[bool] = field(default_factory=Counter)
    answered: Counter[bool] = field(default_factory=Counter)
    open_intents: Counter[str] = field(default_factory=Counter)
    asked_intents: Counter[str] = field(default_factory=Counter)
    category_days: ByDay = field(default_factory=lambda: defaultdict(Counter))
    intent_days: ByDay = field(default_factory=lambda: defaultdict(Counter))
    priority_days: ByDay = field(default_factory=lambda: defaultdict(Counter))
    sentiment_days: ByDay = field(default_factory=lambda: defaultdict(Counter))
    response_days: dict[date, Spread] = field(default_factory=lambda: defaultdict(Spread))
    agents: dict[str, AgentTally] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count one row."""
        self.rows += 1
        for name, label in (
            ("category", entry.category),
            ("intent", entry.intent),
            ("priority", entry.priority),
            ("sentiment", entry.sentiment),
        ):
            self._label(name, label, entry.at)
        for counter, told in (
            (self.review, entry.needs_review),
            (self.resolved, entry.resolved),
            (self.answered, entry.answered),
        ):
            if told is not None:
                counter[told] += 1
        self._suggested(entry)
        self._dated(entry)
        self._agent(entry)

    def _label(self, name: str, label: str | None, at: datetime | None) -> None:
        if label is None:
            return
        plural = {"category": "categories", "priority": "priorities"}.get(name, f"{name}s")
        known: Counter[str] = getattr(self, plural)
        label = label if label in known or len(known) < MOST_LABELS else OTHERS
        known[label] += 1
        if at is not None:
            by_day: ByDay = getattr(self, f"{name}_days")
            by_day[at.date()][label] += 1

    def _suggested(self, entry: Entry) -> None:
        topic = entry.intent or entry.category
        if entry.answered is None or topic is None:
            return
        topic = topic if len(self.asked_intents) < MOST_LABELS else OTHERS
        self.asked_intents[topic] += 1
        self.open_intents[topic] += not entry.answered

    def _dated(self, entry: Entry) -> None:
        if entry.at is None:
            self.undated += 1
            return
        day = entry.at.date()
        self.days[day] += 1
        self.review_days[day] += bool(entry.needs_review)
        if entry.response is not None:
            self.response_days[day].add(entry.response)
        if self.days[day] == 1 and (name := self.promoted(entry.at)) is not None:
            self.promotions[day] = name
        if day in self.promotions:
            self.promotion_hours[entry.at.hour] += 1
        else:
            self.hours[day.weekday(), entry.at.hour] += 1

    def _agent(self, entry: Entry) -> None:
        if entry.agent is None:
            return
        known = entry.agent in self.agents or len(self.agents) < MOST_LABELS
        agent = self.agents.setdefault(entry.agent if known else OTHERS, AgentTally())
        agent.rows += 1
        if entry.resolved is not None:
            agent.known += 1
            agent.resolved += entry.resolved
        if entry.sentiment is not None:
            agent.toned += 1
            agent.negative += entry.sentiment == "negative"
        if entry.response is not None:
            agent.responses.add(entry.response)
