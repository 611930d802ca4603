"""A connection to the log by its URL: SQLite or PostgreSQL, with limits on every wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from triage.errors import ConfigError, DecisionError

_WAIT_SECONDS = 2
_STATEMENT_MS = 5_000
_EXAMPLES = "sqlite:////var/lib/triage/decisions.db or postgresql://user:password@host/triage"
_POSTGRES = {
    "connect_timeout": _WAIT_SECONDS,
    "tcp_user_timeout": _STATEMENT_MS,
    "options": f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_WAIT_SECONDS * 1000}",
}


class Database:
    """The database behind the log.

    Args:
        url: ``sqlite:///path`` (its folder is made) or ``postgresql://...``.

    Raises:
        ConfigError: the URL is none of these, or the folder cannot be made.
    """

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.name = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite":
            _make_folder(parsed)
            self.engine = _made(parsed, connect_args={"timeout": _WAIT_SECONDS})
            sa.event.listen(self.engine, "connect", _on_connect)
            sa.event.listen(self.engine, "begin", _on_begin)
        else:
            self.engine = _made(
                parsed.set(drivername="postgresql+psycopg"),
                connect_args=_POSTGRES,
                pool_pre_ping=True,
            )
        self._writing = self.engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that only reads.

        Raises:
            DecisionError: the database is away or damaged.
        """
        with self._told("read"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that is committed at the end.

        Raises:
            DecisionError: the database is away, full or damaged.
        """
        with self._told("written"), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as fault:
            # Only the first line of the driver's words: later ones quote rows.
            words = str(getattr(fault, "orig", None) or type(fault).__name__).splitlines()
            raise DecisionError(
                f"the log of decisions {self.name} cannot be {done}: {''.join(words[:1])}; check "
                "that the database runs and may be written, or name another in TRIAGE_DECISIONS"
            ) from fault


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError) as fault:
        # What was given may hold a password, so it is not shown.
        raise ConfigError(f"setting decisions is no URL; give {_EXAMPLES}, or off") from fault
    if backend not in {"sqlite", "postgresql"}:
        name = parsed.render_as_string(hide_password=True)
        raise ConfigError(f"setting decisions: {name} is of another kind; give {_EXAMPLES}, or off")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigError(f"setting decisions: {url} names no file; give {_EXAMPLES}, or off")
    return parsed


def _make_folder(url: sa.URL) -> None:
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(
            f"the folder {folder} of the log of decisions cannot be made: {fault.strerror}; name "
            "another database in TRIAGE_DECISIONS, or switch the log off with TRIAGE_DECISIONS=off"
        ) from fault


def _made(url: sa.URL, **options: Any) -> sa.Engine:
    return sa.create_engine(
        url,
        hide_parameters=True,  # errors are logged, and rows hold customers' words
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        pool_size=2,
        max_overflow=4,
        pool_timeout=_WAIT_SECONDS,
        **options,
    )


def _on_connect(connection: Any, _record: object) -> None:
    """Set SQLite up: transactions are begun here, not by the driver."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # A commit in WAL mode has handed its pages to the operating system when it returns, so a
    # killed process loses nothing that was committed; NORMAL leaves out the wait for the disk at
    # each commit (3 ms instead of 0.05). A power cut may cost the last moments, never the file.
    # Whoever cannot spare these takes PostgreSQL, which waits for its disk.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    # A transaction that begins by reading and then writes fails at once where another process
    # wrote meanwhile; one that says from the start that it will write waits its turn.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
