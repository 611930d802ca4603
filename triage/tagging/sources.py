"""The files of a run: found by name, folder or pattern, looked at, and read as one row of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from triage.columns import SAMPLE
from triage.errors import RecordError
from triage.packed import PACKED, ending_of
from triage.places import files_at, is_url, opened_place, stamp_of
from triage.records import STDIO, Reject, Row, read_rows
from triage.tables import is_table
from triage.tagging.mapping import Mapped, mapping_of

_HEAD = 1 << 16  # bytes that tell a file from another of its size and time
_PIECE = 1 << 20
_NO_TABLE = (
    "{}: names no table; give .jsonl, .csv, .tsv, .xlsx, .xls or .parquet files, text also as "
    ".gz or .zst"
)
_LINES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Given:
    """One row of the input.

    Attributes:
        row: with the fields of a message, or why there are none.
        fields: as the file has them; none of a row that could not be read.
        file: where it stands.
    """

    row: Row | Reject
    fields: Mapping[str, Any] | None
    file: str


class Source:
    """One file by path or URL, or standard input, and the columns in it.

    Args:
        chosen: field to column, before any guess.

    Raises:
        RecordError: the file cannot be read, or no column is known to hold text.
        ConfigError: a chosen column is not there.
    """

    def __init__(self, name: str, *, chosen: Mapping[str, str | None]) -> None:
        self.name = name
        rows = read_rows(name)
        head = list(islice(rows, SAMPLE))
        # Standard input cannot be read again, so its head is held until it is.
        self._rows: Iterator[Row | Reject] | None = chain(head, rows) if name == STDIO else None
        self.short = len(head) < SAMPLE
        sample = [row.fields for row in head if isinstance(row, Row)]
        self.mapped: Mapped = mapping_of(sample, chosen=chosen, source=name)

    def rows(self, *, skip: int = 0) -> Iterator[Given]:
        """Yield the rows in order behind those skipped, with the fields of messages."""
        held = self._rows
        rows = read_rows(self.name, skip=skip) if held is None else islice(held, skip, None)
        for row in rows:
            if isinstance(row, Reject):
                yield Given(row, None, self.name)
            else:
                yield Given(Row(row.line, self.mapped.fields(row.fields)), row.fields, self.name)


def find_sources(names: Sequence[str], *, apart: Sequence[Path] = ()) -> list[str]:
    """Return the files of names, folders (with theirs) and patterns, each once; also by URL.

    Args:
        apart: files that a folder or a pattern does not mean, such as the output.

    Raises:
        RecordError: a folder or a pattern names no table.
    """
    kept_out = {path.resolve() for path in apart}
    found: list[str] = []
    for name in names:
        path = Path(name)
        if is_url(name):
            found.extend(_at(name))
            continue
        if name == STDIO or path.is_file() or not (path.is_dir() or _is_pattern(name)):
            found.append(name)
            continue
        inside = path.rglob("*") if path.is_dir() else _matching(name)
        tables = sorted(str(p) for p in inside if _is_input(p, kept_out))
        if not tables:
            raise RecordError(_NO_TABLE.format(name))
        found.extend(tables)
    return list(dict.fromkeys(found))


def fingerprint(names: Sequence[str]) -> str | None:
    """Return what tells whether the files are still the same; ``None`` with standard input."""
    if STDIO in names:
        return None
    digest = hashlib.sha256()
    for name in names:
        found = stamp_of(name)
        with opened_place(name) as stream:
            head = stream.read(_HEAD)
        digest.update(f"{name}\0{found.size}\0{found.written}\0".encode())
        digest.update(head)
    return digest.hexdigest()


def newest(names: Sequence[str]) -> datetime:
    """Return when the newest of the files was written; now, where that is not known."""
    written = [stamp_of(name).written for name in names if name != STDIO]
    known = [moment for moment in written if moment is not None]
    if STDIO in names or len(known) < len(names):
        return datetime.now(UTC)
    return max(known).replace(microsecond=0)


def count_rows(names: Sequence[str]) -> int | None:
    """Return how many rows there are, about, or ``None`` where only reading them would tell.

    Lines are counted without looking at quotes, so a cell of several lines counts as so many rows.
    """
    counts = [_rows_in(name) if name != STDIO else None for name in names]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def parquet_rows(name: str) -> int | None:
    """Return how many rows a Parquet file says that it has; ``None`` of another kind of file."""
    if ending_of(name) != ".parquet" or Path(name).suffix.lower() in PACKED:
        return None
    from pyarrow.parquet import read_metadata

    with opened_place(name) as stream:
        return int(read_metadata(stream).num_rows)


def _rows_in(name: str) -> int | None:
    ending = ending_of(name)
    if (known := parquet_rows(name)) is not None:
        return known
    if Path(name).suffix.lower() in PACKED or ending not in _LINES or is_url(name):
        return None
    lines, last = 0, b"\n"
    with opened_place(name) as stream:
        while piece := stream.read(_PIECE):
            lines += piece.count(b"\n")
            last = piece[-1:]
    lines += last != b"\n"
    return lines if "json" in ending else max(lines - 1, 0)


def _at(url: str) -> list[str]:
    found = files_at(url)
    tables = found if found == [url] else [name for name in found if is_table(name)]
    if not tables:
        raise RecordError(_NO_TABLE.format(url))
    return tables


def _is_pattern(name: str) -> bool:
    return any(c in name for c in "*?[")


def _matching(pattern: str) -> Iterator[Path]:
    from glob import glob

    yield from map(Path, glob(pattern, recursive=True))  # noqa: PTH207  # Path.glob knows no absolute pattern


def _is_input(path: Path, apart: set[Path]) -> bool:
    hidden = path.name.startswith(".")
    return path.is_file() and is_table(path) and not hidden and path.resolve() not in apart
