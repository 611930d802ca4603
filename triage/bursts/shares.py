"""Which share of the messages a category or an intent has as a rule, by hour of the week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.bursts.calendar import DAY_HOURS, WEEK_HOURS, hour_of_week

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF_LIFE_DAYS = 28
MOST_TOPICS = 2000
_PSEUDO = 300.0  # messages' worth of belief that an hour has the same mix as the whole week
_NEW = 0.5  # messages that a topic is taken to have had before it was ever seen
_UNSEEN = 100.0  # among so many


@dataclass(frozen=True, slots=True)
class Share:
    """A share with how well it is known: a gamma distribution's mean and shape."""

    mean: float
    shape: float


@dataclass(slots=True)
class Shares:
    """Decayed counts by topic and hour of the week; those of promotions apart."""

    counts: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    totals: NDArray[np.float64] = field(default_factory=lambda: np.zeros(WEEK_HOURS))
    promoted: dict[str, float] = field(default_factory=dict)
    promoted_total: float = 0.0
    day: int | None = None

    def learn(self, topics: tuple[str, ...], hour: int, *, promoted: bool) -> None:
        """Count one message of ``topics`` in a wall-clock hour; hours come in order."""
        self._fade(hour // DAY_HOURS)
        if promoted:
            self.promoted_total += 1
            for topic in topics:
                self.promoted[topic] = self.promoted.get(topic, 0.0) + 1
            return
        cell = hour_of_week(hour)
        self.totals[cell] += 1
        for topic in topics:
            if topic not in self.counts:
                self.counts[topic] = np.zeros(WEEK_HOURS)
            self.counts[topic][cell] += 1

    def share(self, topic: str, hour: int, *, promoted: bool) -> Share:
        """Return a topic's share; an hour's own mix counts the more, the better it is known."""
        cell = hour_of_week(hour)
        counts = self.counts.get(topic)
        known, here = (0.0, 0.0) if counts is None else (float(counts.sum()), float(counts[cell]))
        overall = (known + _NEW) / (float(self.totals.sum()) + _UNSEEN)
        events = here + _PSEUDO * overall
        mean = events / (float(self.totals[cell]) + _PSEUDO)
        if promoted:
            own = self.promoted.get(topic, 0.0) + _PSEUDO * mean
            mean = max(mean, own / (self.promoted_total + _PSEUDO))
        return Share(mean, min(events, known + _NEW))

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return {
            "counts": {topic: counts.tolist() for topic, counts in self.counts.items()},
            "totals": self.totals.tolist(),
            "promoted": dict(self.promoted),
            "promoted_total": self.promoted_total,
            "day": self.day,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Shares:
        """Return the inverse of ``to_dict``."""
        return cls(
            {topic: np.array(counts) for topic, counts in state["counts"].items()},
            np.array(state["totals"]),
            dict(state["promoted"]),
            state["promoted_total"],
            state["day"],
        )

    def _fade(self, day: int) -> None:
        """Let what is older weigh less, and forget the least of too many topics."""
        if self.day is None or day <= self.day:
            self.day = day if self.day is None else self.day
            return
        weight = 0.5 ** ((day - self.day) / HALF_LIFE_DAYS)
        self.day = day
        self.totals *= weight
        self.promoted_total *= weight
        self.promoted = {topic: count * weight for topic, count in self.promoted.items()}
        self.counts = {topic: counts * weight for topic, counts in self.counts.items()}
        if len(self.counts) > MOST_TOPICS:
            ranked = sorted(self.counts, key=lambda t: (-float(self.counts[t].sum()), t))
            self.counts = {topic: self.counts[topic] for topic in ranked[:MOST_TOPICS]}
            self.promoted = {t: c for t, c in self.promoted.items() if t in self.counts}
