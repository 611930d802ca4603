"""Weeks of simulated arrivals with planted incidents and a promotion day; every draw is seeded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from triage.bursts import Event, Incident

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
IN_TIME = 15  # minutes from an incident's fifth message
QUIET_DAYS = 7  # nothing is planted before: the detector has to learn
BY_HOUR = (
    0.25, 0.15, 0.1, 0.08, 0.08, 0.12, 0.3, 0.6, 1.0, 1.5, 1.7, 1.6,
    1.3, 1.4, 1.6, 1.6, 1.5, 1.3, 1.2, 1.4, 1.7, 1.6, 1.2, 0.6,
)  # fmt: skip
BY_DAY = (1.15, 1.05, 1.0, 1.0, 1.0, 0.95, 0.85)
_OPENINGS = ("", "", "", "你好，", "请问", "亲，", "Hi, ", "hello ", "在吗 ")
_ENDINGS = ("", "", "", "！", "？", "，急", " please help", "，谢谢", "!!", " 订单号{}")


@dataclass(frozen=True, slots=True)
class Sort:
    """What a simulated message may say: tags, words, and their vector where one is known."""

    text: str
    category: str
    intent: str
    language: str = "en"
    vector: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Planted:
    """An incident that was hidden among the arrivals."""

    name: str
    times: tuple[datetime, ...]
    ids: frozenset[str]

    @property
    def fifth(self) -> datetime:
        return self.times[4]


@dataclass(frozen=True, slots=True)
class World:
    """Arrivals in order of time, and what is hidden in them."""

    events: tuple[Event, ...]
    planted: tuple[Planted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many of what; the surge multiplies everything on its day."""

    days: int = 60
    per_day: int = 2000
    incidents: int = 20
    surge: date | None = None
    surge_factor: float = 10.0
    mislabelled: float = 0.15  # share of an incident's messages with another intent


@dataclass(frozen=True, slots=True)
class Score:
    """What a detector's alarms are worth.

    Attributes:
        delays: minutes from the fifth message, of incidents told within 15 minutes of it; below 0
            where it was told before.
        false: alarms about nothing that was planted.
        repeats: further alarms about a planted incident.
    """

    planted: int
    delays: tuple[float, ...]
    false: int
    repeats: int
    weeks: float

    @property
    def recall(self) -> float:
        return len(self.delays) / self.planted if self.planted else math.nan

    @property
    def false_per_week(self) -> float:
        return self.false / self.weeks


def simulate(
    sorts: Sequence[Sort], scenarios: Mapping[str, Sequence[Sort]], *, plan: Plan, seed: int
) -> World:
    """Return Poisson arrivals of ``sorts`` with incidents that say what ``scenarios`` say."""
    rng = np.random.default_rng(seed)
    events = _background(sorts, plan, rng)
    planted = []
    names = rng.permutation(sorted(scenarios)).tolist()
    for number in range(plan.incidents):
        name = names[number % len(names)]
        found, own = _incident(f"p{number}", scenarios[name], sorts, plan=plan, rng=rng)
        planted.append(replace(found, name=name))
        events += own
    return World(tuple(sorted(events, key=lambda e: (e.at, e.id))), tuple(planted))


@dataclass(frozen=True, slots=True)
class Told:
    """When a detector told of which messages."""

    at: datetime
    ids: frozenset[str]


def told_by(incidents: Sequence[Incident]) -> list[Told]:
    return [Told(i.detected_at, frozenset(e.id for e in i.evidence)) for i in incidents]


def score(world: World, told: Sequence[Told], *, plan: Plan) -> Score:
    """Compare what was told with what was planted; three messages in common make it the same."""
    first: dict[int, datetime] = {}
    false = repeats = 0
    for alarm in sorted(told, key=lambda t: t.at):
        common = [len(alarm.ids & planted.ids) for planted in world.planted]
        best = int(np.argmax(common)) if common else 0
        if not common or common[best] < 3:
            false += 1
        elif best in first:
            repeats += 1
        else:
            first[best] = alarm.at
    delays = ((at - world.planted[n].fifth).total_seconds() / 60 for n, at in first.items())
    in_time = tuple(delay for delay in delays if delay <= IN_TIME)
    return Score(len(world.planted), in_time, false, repeats, plan.days / 7)


def _background(sorts: Sequence[Sort], plan: Plan, rng: np.random.Generator) -> list[Event]:
    events = []
    for hour in range(plan.days * 24):
        start = START + timedelta(hours=hour)
        mean = plan.per_day / 24 * BY_HOUR[start.hour] / np.mean(BY_HOUR) * BY_DAY[start.weekday()]
        if start.date() == plan.surge:
            mean *= plan.surge_factor
        seconds = np.sort(rng.uniform(0, 3600, rng.poisson(mean)))
        chosen = rng.integers(len(sorts), size=len(seconds))
        for number, (second, which) in enumerate(zip(seconds, chosen, strict=True)):
            at = start + timedelta(seconds=int(second))
            events.append(_event(f"b{hour}-{number}", at, sorts[which]))
    return events


def _incident(
    prefix: str,
    said: Sequence[Sort],
    sorts: Sequence[Sort],
    *,
    plan: Plan,
    rng: np.random.Generator,
) -> tuple[Planted, list[Event]]:
    size = int(np.exp(rng.uniform(np.log(5), np.log(51))))
    length = float(rng.uniform(10, 120)) * 60
    while True:
        day = int(rng.integers(QUIET_DAYS, plan.days))
        start = START + timedelta(days=day, seconds=int(rng.integers(86_400 - 7200)))
        if start.date() != plan.surge:
            break
    offsets = np.sort(rng.uniform(0, length, size))
    own = []
    for number, offset in enumerate(offsets):
        sort = said[int(rng.integers(len(said)))]
        if rng.random() < plan.mislabelled:
            other = sorts[int(rng.integers(len(sorts)))]
            sort = replace(sort, category=other.category, intent=other.intent)
        own.append(_event(f"{prefix}-{number}", start + timedelta(seconds=int(offset)), sort))
    times = tuple(e.at for e in own)
    return Planted(prefix, times, frozenset(e.id for e in own)), own


def reworded(texts: Sequence[str], *, each: int, seed: int) -> list[str]:
    """Return every text in ``each`` forms, with greetings, haste and order numbers around it."""
    rng = np.random.default_rng(seed)
    found = []
    for text in texts:
        for _ in range(each):
            ending = str(rng.choice(_ENDINGS)).format(int(rng.integers(10**9, 10**10)))
            found.append(str(rng.choice(_OPENINGS)) + text + ending)
    return found


def _event(id_: str, at: datetime, sort: Sort) -> Event:
    return Event(
        id=id_,
        at=at,
        category=sort.category,
        intent=sort.intent,
        vector=sort.vector,
        text=sort.text,
        language=sort.language,
    )
