"""Results as they are written: a window's records made into bytes, finished rows into a table.

Where the bytes are kept until all rows are finished is left to ``run``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from triage.packed import ending_of
from triage.records import Reject
from triage.tables import as_text
from triage.tagging.fields import Shape, cut, guarded, originals, parquet_schema, typed
from triage.writers import table_writer

if TYPE_CHECKING:
    from triage.privacy import Redactor
    from triage.tagging.pool import Tagged
    from triage.tagging.sources import Given

JSON_LINES = (".jsonl", ".ndjson", ".json")
_GUARDED = (".csv", ".tsv")
_SHOWN = 200  # characters of a rejected row


@dataclass(frozen=True, slots=True)
class Made:
    """What a window of rows has become.

    Attributes:
        rows: of the input.
        rejected: those of them with an error.
        part: the rows that are wanted, as lines of JSON.
        rejects: those with an error as they are listed, as lines of JSON.
        seen: original columns, in order, where they are kept.
    """

    rows: int
    rejected: int
    part: bytes
    rejects: bytes
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where and how results are written; may be sent to another process.

    Attributes:
        out: a path, a URL, or ``-``.
        kind: a file name with the ending that tells the kind; that of ``out`` by default.
        rejects: where rows with an error are listed besides.
        guard: cells that a spreadsheet would calculate are written as text, in CSV and TSV.
        redactor: of what is listed in ``rejects``.
        files: each row names its file, as there are several.
    """

    out: str
    kind: Path
    shape: Shape
    rejects: Path | None = None
    guard: bool = True
    redactor: Redactor | None = None
    files: bool = False

    @property
    def plain(self) -> bool:
        """Whether finished rows are the output as they are, with nothing to be made of them."""
        return self.kind.suffix.lower() in JSON_LINES

    def made(self, tagged: Tagged) -> Made:
        """Return the bytes of a window and of its records."""
        window, lines = tagged
        part: list[bytes] = []
        rejects: list[bytes] = []
        rejected, seen = 0, dict[str, None]()
        for given, line in zip(window.rows, lines, strict=True):
            wrong = b'"error":' in line and "error" in orjson.loads(line)
            rejected += wrong
            if wrong and self.rejects is not None:
                rejects.append(self._reject(given, orjson.loads(line)) + b"\n")
            if self.shape.keep and given.fields is not None:
                seen |= dict.fromkeys(originals(given.fields))
            if (made := self.line(given, line)) is not None:
                part.append(made + b"\n")
        return Made(len(lines), rejected, b"".join(part), b"".join(rejects), tuple(seen))

    def line(self, given: Given, line: bytes) -> bytes | None:
        """Return a record's line as it is kept, or ``None`` where the record is not wanted."""
        if not self.files and self.shape == Shape(flat=False):
            return line
        record = orjson.loads(line)
        if self.files:
            record["file"] = given.file
        if not self.shape.wants(record):
            return None
        return orjson.dumps(self.shape.row(record, given.fields), default=as_text)

    def _reject(self, given: Given, record: Mapping[str, Any]) -> bytes:
        row = given.row
        content = row.content if isinstance(row, Reject) else str(given.fields)[:_SHOWN]
        if self.redactor is not None:
            content = self.redactor.redact(content).text
        fields = {"file": given.file, "line": record["line"], "reason": record["error"]}
        return orjson.dumps({**fields, "content": content})


def write_table(
    rows: Iterable[dict[str, Any]], target: Target, seen: tuple[str, ...], stream: IO[bytes]
) -> None:
    """Write finished rows in the target's kind; ``seen`` are the original columns among them."""
    ending = ending_of(target.kind)
    columns = target.shape.columns(seen, files=target.files)
    schema = None
    if ending == ".parquet":
        schema = parquet_schema(target.shape, seen, files=target.files)
        rows = map(typed, rows)
    elif ending == ".xlsx":
        rows = map(cut, rows)
    elif ending in _GUARDED and target.guard:
        rows = map(guarded, rows)
    with table_writer(stream, target.kind, columns=columns, schema=schema) as write:
        for row in rows:
            write(row)
