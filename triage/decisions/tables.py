"""The tables of the log and the steps by which an older database becomes today's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from triage.errors import DecisionError

_LOCK = 7_318_011  # any number that no other program takes an advisory lock on
metadata = sa.MetaData()


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back when read."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # part of the interface
    ) -> datetime | None:
        """Return the moment in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # part of the interface
    ) -> datetime | None:
        """Return the moment with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


versions = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, nullable=False))
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("decision_id", sa.String(32), primary_key=True),
    sa.Column("request_key", sa.Text),
    # Empty rows are all different to a unique index, in SQLite as in PostgreSQL.
    sa.Column("repeat_key", sa.String(32), unique=True),
    sa.Column("content_hash", sa.String(32), nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("kb_version", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False, index=True),
    sa.Column("text", sa.Text),
    sa.Column("result", sa.JSON, nullable=False),
    sa.Column("degraded", sa.Boolean, nullable=False),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("feedback_id", sa.Integer, primary_key=True),
    sa.Column(
        "decision_id",
        sa.ForeignKey("decisions.decision_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("chosen", sa.Text),
    sa.Column("sent", sa.Text),
    sa.Column("edit_share", sa.Float),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("agent", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
)


def _first(connection: sa.Connection) -> None:
    metadata.create_all(connection, tables=[decisions, feedback])


Step = Callable[[sa.Connection], None]
# Step n makes version n of n - 1. A change of a table adds a step that alters it where it stands,
# and asks whether that is still needed, for a new database is created as the tables are above.
STEPS: tuple[Step, ...] = (_first,)


def migrate(connection: sa.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the database to the newest version, in the transaction of ``connection``.

    Raises:
        DecisionError: a newer Triage made the database.
    """
    if connection.dialect.name == "postgresql":  # several workers start at once
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    versions.create(connection, checkfirst=True)
    found = connection.execute(sa.select(versions.c.version)).scalar_one_or_none()
    if found is None:
        connection.execute(sa.insert(versions).values(version=0))
    if (found or 0) > len(steps):
        raise DecisionError(
            f"the log of decisions has format {found}, this Triage knows {len(steps)}; install "
            "the Triage version that made it, or name another database in TRIAGE_DECISIONS"
        )
    for step in steps[found or 0 :]:
        step(connection)
    if found != len(steps):
        connection.execute(sa.update(versions).values(version=len(steps)))
