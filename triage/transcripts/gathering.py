"""Rows of one message each, gathered into conversations: as they come, or through a scratch file.

Neither way holds more than one conversation in memory.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from triage.domain import Turn
from triage.errors import MessageError
from triage.records import Reject, Row
from triage.transcripts.layout import Layout
from triage.transcripts.transcript import Transcript

_REMEMBERED = 100_000  # ids of closed conversations that are known again
_SHOWN = 200

Numbered = tuple[int, Mapping[str, Any]]


def gather_sorted(rows: Iterable[Row | Reject], layout: Layout) -> Iterator[Transcript | Reject]:
    """Yield conversations whose rows stand together, each when the next one begins."""
    closed: OrderedDict[str, None] = OrderedDict()
    current: str | None = None
    held: list[Numbered] = []
    for row in rows:
        if isinstance(row, Reject):
            yield row
            continue
        name = _conversation(row.fields, layout)
        if name is None:
            yield _nameless(row)
        elif name in closed:
            yield Reject(row.line, f"conversation {name!r} goes on behind another; leave --sorted "
                         "out", name)  # fmt: skip
        else:
            if name != current and current is not None:
                yield from _gathered(current, held, layout)
                closed[current] = None
                held = []
                if len(closed) > _REMEMBERED:
                    closed.popitem(last=False)
            current = name
            held.append((row.line, row.fields))
    if current is not None:
        yield from _gathered(current, held, layout)


def gather_spilled(rows: Iterable[Row | Reject], layout: Layout) -> Iterator[Transcript | Reject]:
    """Yield conversations from rows in any order, in order of their first rows.

    Rows go to SQLite in a temporary folder (``TMPDIR``), which needs about as much room as the
    input; rows that cannot be read are yielded first.
    """
    with TemporaryDirectory(prefix="triage-transcripts-") as folder:
        base = sqlite3.connect(Path(folder) / "rows.db")
        try:
            base.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                "CREATE TABLE rows (name TEXT, line INTEGER, fields BLOB)"
            )
            yield from _spill(rows, layout, base)
            base.execute("CREATE INDEX by_name ON rows (name, line)")
            firsts = "SELECT name, MIN(line) AS first FROM rows GROUP BY name ORDER BY first"
            for name, _ in base.execute(firsts):
                found = base.execute(
                    "SELECT line, fields FROM rows WHERE name = ? ORDER BY rowid", (name,)
                )
                yield from _gathered(name, [(n, orjson.loads(f)) for n, f in found], layout)
        finally:
            base.close()


def _spill(
    rows: Iterable[Row | Reject], layout: Layout, base: sqlite3.Connection
) -> Iterator[Reject]:
    for row in rows:
        name = None if isinstance(row, Reject) else _conversation(row.fields, layout)
        if isinstance(row, Reject):
            yield row
        elif name is None:
            yield _nameless(row)
        else:
            kept = {column: row.fields.get(column) for column in layout.columns.values()}
            values = (name, row.line, orjson.dumps(kept, default=str))
            base.execute("INSERT INTO rows VALUES (?, ?, ?)", values)


def _gathered(name: str, rows: list[Numbered], layout: Layout) -> Iterator[Transcript | Reject]:
    """Yield the conversation of its rows, and a reject for each row that is no turn."""
    turns: list[Turn] = []
    usable: list[Numbered] = []
    for line, fields in rows:
        try:
            turns.append(layout.turn(fields))
            usable.append((line, fields))
        except MessageError as fault:
            reason = str(fault).replace("turns.0.", "")
            yield Reject(line, reason, str(layout.value(fields, "text"))[:_SHOWN])
    if turns:
        facts: dict[str, Any] = {}
        for _, fields in usable:  # the first row that tells a fact tells it for all
            facts.update({k: v for k, v in fields.items() if v and k not in facts})
        yield layout.about(facts, name=name, turns=_in_order(turns), line=usable[0][0])


def _in_order(turns: list[Turn]) -> tuple[Turn, ...]:
    """Return turns by time where all have one of the same kind, else as the file has them."""
    times = [turn.at for turn in turns if turn.at is not None]
    aware = {at.tzinfo is not None for at in times}
    if len(times) < len(turns) or len(aware) > 1:
        return tuple(turns)
    return tuple(sorted(turns, key=_time))


def _time(turn: Turn) -> datetime:
    return turn.at or datetime.min  # noqa: DTZ901  # all have one where turns are sorted


def _conversation(fields: Mapping[str, Any], layout: Layout) -> str | None:
    value = layout.value(fields, "conversation")
    return None if value is None else str(value)


def _nameless(row: Row) -> Reject:
    return Reject(row.line, "names no conversation; fill that column", "")
