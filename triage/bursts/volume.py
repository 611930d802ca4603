"""How many messages a stretch of time brings as a rule: the hour of the week, robustly learnt."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triage.bursts.calendar import DAY_HOURS, HOUR, WEEK_HOURS, Calendar

WEEKS = 8
_FADING = 0.9  # weight of an hour beside the same one a week later
_OTHER_DAY = 0.02  # weight of the same hour of another weekday: decides only in the first week
_OTHER_DAYS = 14
_TRUSTED = 100.0  # expected messages of promotions from which their factor is believed


@dataclass(slots=True)
class Volume:
    """Messages by wall-clock hour; the last eight weeks are kept.

    The rate of an hour is the weighted median of the same hour of earlier weeks, so that a day
    gone wild leaves no trace; promotions are left out of it and have a factor of their own.
    """

    calendar: Calendar
    counts: deque[int] = field(default_factory=lambda: deque(maxlen=WEEKS * WEEK_HOURS))
    newest: int | None = None  # hour of the last of ``counts``
    promoted: float = 0.0
    promoted_expected: float = 0.0
    _rates: dict[int, float] = field(default_factory=dict, repr=False)

    def learn(self, hour: int) -> None:
        """Count one message; hours come in order."""
        if self.newest is None:
            self.newest = hour
            self.counts.append(0)
        while self.newest < hour:
            self.newest = self._next_hour(self.newest)
        self.counts[-1] += 1

    def expected(self, start: float, end: float) -> float:
        """Return the expected number of messages between two times (seconds since 1970)."""
        total, place = 0.0, start
        while place < end:
            until = min(end, (place // HOUR + 1) * HOUR)
            hour = self.calendar.hour(place)
            total += self.rate(hour) * self.factor(hour) * (until - place) / HOUR
            place = until
        return total

    def rate(self, hour: int) -> float:
        """Return the usual messages of an hour, promotions aside; 0 where nothing is known."""
        if hour not in self._rates:
            self._rates[hour] = self._median(hour)
        return self._rates[hour]

    def factor(self, hour: int) -> float:
        """Return by how much the promotion of an hour, if any, multiplies the usual."""
        period = self.calendar.promotion(hour)
        if period is None:
            return 1.0
        if period.volume is not None:
            return period.volume
        if self.promoted_expected < _TRUSTED:
            return 1.0
        return max(1.0, self.promoted / self.promoted_expected)

    def hourly(self) -> float:
        """Return the mean number of messages in an hour of the last weeks."""
        whole = len(self.counts) - 1
        return (sum(self.counts) - self.counts[-1]) / whole if whole > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return {
            "counts": list(self.counts),
            "newest": self.newest,
            "promoted": [self.promoted, self.promoted_expected],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], calendar: Calendar) -> Volume:
        """Return the inverse of ``to_dict``."""
        counts = deque(state["counts"], maxlen=WEEKS * WEEK_HOURS)
        return cls(calendar, counts, state["newest"], *state["promoted"])

    def _next_hour(self, over: int) -> int:
        if self.calendar.promotion(over):
            self.promoted_expected += self.rate(over)
            self.promoted += self.counts[-1]
        self.counts.append(0)
        self._rates.clear()
        return over + 1

    def _median(self, hour: int) -> float:
        weeks = ((hour - n * WEEK_HOURS, _FADING**n) for n in range(1, WEEKS + 1))
        days = (
            (hour - n * DAY_HOURS, _OTHER_DAY * _FADING**n)
            for n in range(1, _OTHER_DAYS)
            if n * DAY_HOURS % WEEK_HOURS
        )
        known = [(self._count(h), w) for h, w in (*weeks, *days)]
        found = [(count, weight) for count, weight in known if count is not None]
        return _weighted_median(found) if found else self.hourly()

    def _count(self, hour: int) -> int | None:
        """Return an hour's messages if it is over, was seen whole, and had no promotion."""
        place = len(self.counts) - 1 - ((self.newest or 0) - hour)
        first = 0 if len(self.counts) == self.counts.maxlen else 1
        if not first <= place < len(self.counts) - 1 or self.calendar.promotion(hour):
            return None
        return self.counts[place]


def _weighted_median(pairs: Sequence[tuple[int, float]]) -> float:
    """Return the value at which half of the weight is reached, the middle of two where it ties."""
    ordered = sorted(pairs)
    half = sum(weight for _, weight in ordered) / 2
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= half:
            return float(value)
    return 0.0
