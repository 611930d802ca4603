"""The clock of the shop: hours of the week in its zone, and the days of promotions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any

from triage.errors import ConfigError

HOUR = 3600
DAY_HOURS = 24
WEEK_HOURS = 168
_THURSDAY = 72  # 1970-01-01, from which hours are counted, was one; weeks begin on Monday


@dataclass(frozen=True, slots=True)
class Period:
    """Days of a promotion, from the first to the last, both included.

    Attributes:
        volume: how many times the usual number of messages is expected; ``None`` to learn it.
    """

    name: str
    first: date
    last: date
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Wall-clock hours and promotions of a shop."""

    zone: tzinfo = UTC
    periods: Sequence[Period] = ()

    def moment(self, seconds: float) -> datetime:
        """Return the time, in the shop's zone, of seconds since 1970 in UTC."""
        return datetime.fromtimestamp(seconds, self.zone)

    def hour(self, seconds: float) -> int:
        """Return the number of the wall-clock hour; seven days later it is 168 more."""
        offset = self.moment(seconds).utcoffset()
        return int((seconds + (offset.total_seconds() if offset else 0)) // HOUR)

    def promotion(self, hour: int) -> Period | None:
        """Return the promotion in whose days a wall-clock hour lies."""
        if not self.periods:
            return None
        day = datetime.fromtimestamp(hour * HOUR, UTC).date()
        return next((p for p in self.periods if p.first <= day <= p.last), None)


def hour_of_week(hour: int) -> int:
    """Return 0 for Monday's first hour, up to 167."""
    return (hour + _THURSDAY) % WEEK_HOURS


def read_periods(path: Path) -> tuple[Period, ...]:
    """Read the ``[[promotion]]`` tables of a TOML file: ``name``, ``from``, ``until``, ``volume``.

    A priority policy has the same tables, without ``volume``; what else stands there is ignored.

    Raises:
        ConfigError: the file cannot be read, or a promotion is unusable.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigError(f"{path} cannot be read: {fault.strerror}; check path and rights") from (
            fault
        )
    except ValueError as fault:
        raise ConfigError(f"{path} is no TOML: {fault}; correct that line") from fault
    tables = content.get("promotion", [])
    if not isinstance(tables, list):
        raise ConfigError(f"{path}: promotion is {tables!r:.60}; write [[promotion]] tables")
    return tuple(_period(table, f"{path}, promotion {n}") for n, table in enumerate(tables, 1))


def _period(table: Any, place: str) -> Period:
    if not isinstance(table, dict):
        raise ConfigError(f"{place} is {table!r:.60}; write [[promotion]] tables")
    first, last = (_day(table.get(key), f"{place}: {key}") for key in ("from", "until"))
    if first > last:
        raise ConfigError(f"{place}: from = {first} is after until = {last}; exchange the two")
    volume = table.get("volume")
    if volume is not None and (
        isinstance(volume, bool) or not isinstance(volume, int | float) or not volume > 0
    ):
        raise ConfigError(f"{place}: volume is {volume!r}; give a factor above 0, as 5.0")
    name = str(table.get("name", place))
    return Period(name, first, last, None if volume is None else float(volume))


def _day(value: Any, place: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ConfigError(f"{place} is {value!r}; give a day, as 2026-11-11 without quotes")
    return value
