"""Decisions and feedback in the database: recorded once, found, streamed, purged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from triage.decisions.database import Database
from triage.decisions.decision import Decision, Feedback
from triage.decisions.tables import decisions, feedback, migrate

_PURGED_AT_ONCE = 1_000  # rows a transaction, so that nobody waits long for a purge
_STREAMED = 500
Pair = tuple[Decision, Feedback]


class DecisionStore:
    """The log's tables, over one database; several threads may use it.

    The database is looked at when it is first needed, so a store can be made while it is away.

    Args:
        url: as ``Database`` takes it.

    Raises:
        ConfigError: the URL is unusable.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._lock = Lock()
        self._migrated = False

    @property
    def name(self) -> str:
        """The database's URL without its password."""
        return self._database.name

    def add(self, rows: Sequence[Decision]) -> list[Decision]:
        """Store ``rows`` in one transaction and return, for each, the row that stands.

        That is the row itself, or the earlier one with the same ``repeat_key``.

        Raises:
            DecisionError: the database is away; then none of the rows is stored.
        """
        self._open()
        if not rows:
            return []
        keys = [row.repeat_key for row in rows if row.repeat_key is not None]
        with self._database.writing() as connection:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            statement = insert(decisions).on_conflict_do_nothing(index_elements=["repeat_key"])
            connection.execute(statement, [_values(row) for row in rows])
            query = sa.select(decisions).where(decisions.c.repeat_key.in_(keys))
            found = connection.execute(query).mappings() if keys else ()
            standing = {row["repeat_key"]: Decision(**row) for row in found}
        return [standing[row.repeat_key] if row.repeat_key else row for row in rows]

    def decision(self, decision_id: str) -> Decision | None:
        """Return a decision, or ``None`` where none has that id.

        Raises:
            DecisionError: the database is away.
        """
        self._open()
        query = sa.select(decisions).where(decisions.c.decision_id == decision_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else Decision(**row)

    def add_feedback(self, given: Feedback) -> bool:
        """Store feedback and tell whether the latest on its decision said the same already.

        Earlier feedback stays as history; the latest counts.

        Raises:
            DecisionError: the database is away, or there is no such decision.
        """
        self._open()
        values = _values(given)
        locked = sa.select(decisions.c.decision_id).where(
            decisions.c.decision_id == given.decision_id
        )
        with self._database.writing() as connection:
            connection.execute(locked.with_for_update())  # two deliveries at once are one
            rows = connection.execute(_feedback_of(given.decision_id).limit(1)).mappings()
            latest = next((dict(row) for row in rows), None)
            if latest is not None and {**latest, "created_at": given.created_at} == values:
                return True
            connection.execute(sa.insert(feedback).values(**values))
        return False

    def feedback(self, decision_id: str) -> list[Feedback]:
        """Return all feedback on a decision, the latest first.

        Raises:
            DecisionError: the database is away.
        """
        self._open()
        with self._database.reading() as connection:
            rows = connection.execute(_feedback_of(decision_id)).mappings()
            return [Feedback(**row) for row in rows]

    def judged(self) -> Iterator[Pair]:
        """Yield the decisions that have feedback, each with its latest, oldest feedback first.

        Raises:
            DecisionError: the database is away.
        """
        self._open()
        latest = sa.select(sa.func.max(feedback.c.feedback_id)).group_by(feedback.c.decision_id)
        names = [f"f_{column.name}" for column in _columns()]
        renamed = [column.label(f"f_{column.name}") for column in _columns()]
        query = (
            sa.select(decisions, *renamed)
            .join(feedback)
            .where(feedback.c.feedback_id.in_(latest))
            .order_by(feedback.c.feedback_id)
        )
        with self._database.reading() as connection:
            rows = connection.execution_options(yield_per=_STREAMED).execute(query)
            for row in rows.mappings():
                given = Feedback(**{name.removeprefix("f_"): row[name] for name in names})
                yield Decision(**{c.name: row[c.name] for c in decisions.columns}), given

    def count(self) -> int:
        """Return how many decisions the log holds.

        Raises:
            DecisionError: the database is away.
        """
        self._open()
        with self._database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(decisions)
            return int(connection.execute(query).scalar_one())

    def purge(self, before: datetime) -> int:
        """Delete the decisions made before a moment, with their feedback, and return how many.

        Raises:
            DecisionError: the database is away.
        """
        self._open()
        old = sa.select(decisions.c.decision_id).where(decisions.c.created_at < before)
        statement = sa.delete(decisions).where(
            decisions.c.decision_id.in_(old.limit(_PURGED_AT_ONCE).scalar_subquery())
        )
        purged = 0
        while True:
            with self._database.writing() as connection:
                gone = connection.execute(statement).rowcount
            purged += gone
            if gone < _PURGED_AT_ONCE:
                return purged

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def _open(self) -> None:
        with self._lock:
            if not self._migrated:
                with self._database.writing() as connection:
                    migrate(connection)
                self._migrated = True


def _values(row: Decision | Feedback) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _columns() -> list[sa.Column[Any]]:
    return [column for column in feedback.columns if column.name != "feedback_id"]


def _feedback_of(decision_id: str) -> sa.Select[Any]:
    query = sa.select(*_columns()).where(feedback.c.decision_id == decision_id)
    return query.order_by(feedback.c.feedback_id.desc())
