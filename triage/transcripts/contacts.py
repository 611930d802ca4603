"""Whether a customer or an order came before within so many days; remembered in a scratch file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from triage.transcripts.transcript import Shown

_PREFIXES = {"customer": "c", "order": "o"}


@dataclass(frozen=True, slots=True)
class RepeatedContact:
    """Why a conversation counts as a repeated contact.

    Attributes:
        reason: ``customer``, ``order`` or ``wording``.
        earlier: id of the latest earlier conversation, where one was found.
        shown: the customer's words that say so.
    """

    reason: str
    earlier: str | None = None
    shown: Shown | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "reason": self.reason,
            "earlier": self.earlier,
            "evidence": self.shown.to_dict() if self.shown else None,
        }


class ContactBook:
    """Remembers who came when, in SQLite on disk, so that memory does not grow with the input.

    Conversations must come roughly in order of time: one that is read later is no earlier contact.
    Without times, any conversation that was read before counts.

    Args:
        days: how long a contact is remembered.
    """

    def __init__(self, days: int) -> None:
        self._window = timedelta(days=days).total_seconds()
        self._folder = TemporaryDirectory(prefix="triage-contacts-")
        self._base = sqlite3.connect(Path(self._folder.name) / "contacts.db")
        self._base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE seen (key TEXT, at REAL, id TEXT);"
            "CREATE INDEX seen_key ON seen (key, at)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()
        self._folder.cleanup()

    def note(
        self, name: str, *, at: datetime | None, customer: str | None, orders: Iterable[str]
    ) -> RepeatedContact | None:
        """Remember a conversation and return the earlier one it follows, if there is one."""
        moment = None if at is None else _seconds(at)
        found: RepeatedContact | None = None
        keys = [("customer", customer)] if customer else []
        for kind, value in [*keys, *(("order", order) for order in dict.fromkeys(orders))]:
            key = f"{_PREFIXES[kind]}:{value}"
            earlier = self._earlier(key, name, moment)
            if found is None and earlier is not None:
                found = RepeatedContact(kind, earlier)
            self._base.execute("INSERT INTO seen VALUES (?, ?, ?)", (key, moment, name))
        return found

    def _earlier(self, key: str, name: str, moment: float | None) -> str | None:
        sql = "SELECT id FROM seen WHERE key = ? AND id <> ? ORDER BY at DESC, rowid DESC LIMIT 1"
        values: tuple[object, ...] = (key, name)
        if moment is not None:
            sql = sql.replace("ORDER", "AND (at IS NULL OR at BETWEEN ? AND ?) ORDER")
            values = (*values, moment - self._window, moment)
        row = self._base.execute(sql, values).fetchone()
        return None if row is None else str(row[0])


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
