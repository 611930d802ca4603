"""Pieces of a date expression: a day, a time of day, or a whole, with the rules' common parts."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

NIGHT, EVENING, AFTERNOON, NOON, MORNING, DAWN = (
    "night", "evening", "afternoon", "noon", "morning", "dawn",
)  # fmt: skip
WEEKDAY, CALENDAR = "weekday", "calendar"
_LATE = (AFTERNOON, EVENING, NIGHT)
_NOON_HOURS = 3  # "three at noon" is past noon, "eleven at noon" is not
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: an hour as written, or a part of the day alone."""

    hour: int | None = None
    minute: int = 0
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a date expression and its place in the text.

    Attributes:
        kind: how the day is named, where one of each kind beside another may say the same day.
        whole: the finished value, where the expression needs no neighbour.
        certain: False where the words name a time only beside a day, as "afternoon" does.
    """

    start: int
    end: int
    day: date | None = None
    clock: Clock | None = None
    whole: str | None = None
    certain: bool = True
    kind: str = ""

    def value(self, now: datetime) -> str:
        """Return the ISO form: a day, a minute where an hour is named, or the finished value."""
        return self.whole or resolved(self.day or now.date(), self.clock)


Match = re.Match[str]
# What a rule makes of its match: a piece without its place, or None where the words name no date.
Reader = Callable[[Match, datetime], Piece | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and what it says; the group ``span``, where there is one, is what is shown.

    Attributes:
        clues: words and characters without one of which the pattern finds nothing.
    """

    pattern: re.Pattern[str]
    read: Reader
    clues: frozenset[str]

    def pieces(self, text: str, now: datetime) -> Iterator[Piece]:
        """Yield what the pattern finds in a folded, lower-case text."""
        for match in self.pattern.finditer(text):
            try:
                piece = self.read(match, now)
            except (ValueError, OverflowError):  # the 31st of February, the year 0
                continue
            if piece is not None:
                shown = "span" if "span" in self.pattern.groupindex else 0
                start, end = match.span(shown)
                yield replace(piece, start=start, end=end)


def rule(pattern: str, read: Reader, *, clues: Iterable[str]) -> Rule:
    """Return a rule for folded, lower-case text; ``clues`` are words, or characters of a string."""
    return Rule(re.compile(pattern, re.ASCII), read, frozenset(clues))


def of_day(day: date, clock: Clock | None = None) -> Piece:
    """Return a piece that names ``day``, not yet placed."""
    return Piece(0, 0, day=day, clock=clock)


def of_clock(clock: Clock, *, certain: bool = True) -> Piece:
    """Return a piece that names a time of day, not yet placed."""
    return Piece(0, 0, clock=clock, certain=certain)


def finished(value: str) -> Piece:
    """Return a piece with its final value, not yet placed."""
    return Piece(0, 0, whole=value)


def resolved(day: date, clock: Clock | None) -> str:
    """Return ``day`` at ``clock`` in ISO 8601: the day alone where no hour is named."""
    if clock is None or clock.hour is None:
        return day.isoformat()
    hour = clock.hour
    if hour == 12 and clock.part in (EVENING, NIGHT, DAWN):
        hour = 0 if clock.part == DAWN else 24
    elif (clock.part in _LATE and hour < 12) or (clock.part == NOON and hour < _NOON_HOURS):
        hour += 12
    moment = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, clock.minute))
    return moment.isoformat(timespec="minutes")


def shifted(now: datetime, count: float, unit: str) -> str:
    """Return the day, or for minutes and hours the minute, ``count`` units from ``now``."""
    if unit in ("minutes", "hours"):
        moment = now.replace(tzinfo=None) + timedelta(**{unit: count})
        return moment.isoformat(timespec="minutes")
    if unit == "workdays":
        return _workdays_from(now.date(), int(count)).isoformat()
    if count != int(count):
        return shifted(now, *_smaller(count, unit))
    return (now + relativedelta(**{unit: int(count)})).date().isoformat()  # type: ignore[arg-type]  # unit is a keyword


def dated(month: int, day: int, now: datetime, *, year: str | int | None = None) -> date:
    """Return the day named; without a year, the one nearest to ``now``."""
    if year:
        return date(int(year) + (2000 if int(year) < 100 else 0), month, day)
    leap_day = (month, day) == (2, 29)
    years = range(now.year - 8, now.year + 9) if leap_day else range(now.year - 1, now.year + 2)
    return nearest([date(y, month, day) for y in years if not leap_day or isleap(y)], now)


def nearest(days: Sequence[date], now: datetime) -> date:
    """Return the one of ``days`` that is nearest to ``now``."""
    return min(days, key=lambda d: abs(d - now.date()))


def month_of(now: datetime, months: int) -> str:
    """Return the month that many months from ``now``, as ``2026-10``."""
    return (now + relativedelta(months=months)).strftime("%Y-%m")


def last_of_month(now: datetime, months: int) -> date:
    """Return the last day of the month that many months from ``now``."""
    return (now + relativedelta(months=months, day=31)).date()


def monday_of(now: datetime, weeks: int) -> date:
    """Return the Monday of the week that many weeks from ``now``."""
    return now.date() + timedelta(days=-now.weekday(), weeks=weeks)


def _smaller(count: float, unit: str) -> tuple[float, str]:
    """Return half years, months, weeks and days in the next smaller unit."""
    per = {"years": (12, "months"), "months": (30, "days"), "weeks": (7, "days")}
    size, smaller = per.get(unit, (24, "hours"))
    return round(count * size), smaller


def _workdays_from(day: date, count: int) -> date:
    step = timedelta(days=1 if count >= 0 else -1)
    left = min(abs(count), 1000)
    while left:
        day += step
        left -= day.weekday() <= _FRIDAY
    return day
