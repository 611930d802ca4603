"""Tables from files: JSON lines, delimited text, Excel and Parquet as rows with their lines.

It knows files and rows; what a row means is decided by the caller.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import chain, count, islice
from pathlib import Path
from typing import IO, Any, TextIO

import orjson

from triage.charset import BROKEN, UTF16_MARKS, charset_of
from triage.errors import RecordError
from triage.packed import ending_of, opened

STDIO = "-"
_DELIMITERS = (";", ",", "|")  # in a draw the first; names hold commas more often
_BATCH = 1024  # rows of Parquet that are held at once
_SHOWN = 200
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:\{|$)")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel's own hint


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file with the line on which it starts (from 1).

    In Excel that is the sheet's row; in Parquet, which has no lines, the record's number.
    """

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no usable record, and why."""

    line: int
    reason: str
    content: str


Reader = Callable[[IO[bytes], int], Iterator[Row | Reject]]  # of a stream, behind some records


def read_rows(path: str | Path, *, skip: int = 0) -> Iterator[Row | Reject]:
    """Yield the records of a file or URL (``-``: JSON lines from standard input), in order.

    The name's ending tells the kind: ``.jsonl``, ``.ndjson`` or ``.json`` (one object a line),
    ``.csv`` or ``.tsv`` (comma, semicolon, tab or ``|``, as the header has it), ``.txt`` (with
    tabs, as Excel saves Unicode text), ``.xlsx`` or ``.xls`` (the first visible sheet that is not
    empty), ``.parquet``; each also with ``.gz`` or ``.zst`` behind it. Text is UTF-8, with or
    without BOM, UTF-16 with BOM, or else GB18030; a delimited table may also be Windows-1252.

    Cells of Excel and Parquet come as the text that a CSV would hold. All kinds are read as they
    are used, only a sheet of Excel is held whole.

    Args:
        skip: records left out at the beginning; of JSON lines they are not decoded, of Parquet
            whole groups are not read.

    Raises:
        RecordError: the file is absent, damaged, of an unknown kind, or in no known encoding.
    """
    if str(path) == STDIO:
        yield from _json_rows(sys.stdin.buffer, skip)
        return
    reader = _reader_of(path)
    try:
        with opened(path) as stream:
            yield from reader(stream, skip)
    except RecordError as fault:
        raise RecordError(f"{path}: {fault}") from fault
    except OSError as fault:
        raise RecordError(
            f"{path} cannot be read: {fault.strerror or fault}; check path and rights"
        ) from fault


def as_text(value: Any) -> Any:
    """Return a cell as the text that a CSV would hold; lists and mappings keep their shape.

    None and NaN are empty, 1001.0 is ``1001``, dates are ISO 8601, truth is ``true``/``false``.
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_text(part) for part in value]
    return str(value)


def is_table(path: str | Path) -> bool:
    """Tell whether a file of that name is read as a table."""
    return ending_of(path) in _READERS


def _reader_of(path: str | Path) -> Reader:
    ending = ending_of(path)
    if (reader := _READERS.get(ending)) is None:
        raise RecordError(
            f"{path}: unknown kind {ending!r}; give a .jsonl or .csv file, "
            "or .tsv, .xlsx, .xls, .parquet"
        )
    return reader


def _json_file_rows(stream: IO[bytes], skip: int) -> Iterator[Row | Reject]:
    head = stream.read(64)
    stream.seek(0)
    if head.startswith(UTF16_MARKS):
        with io.TextIOWrapper(stream, "utf-16", errors="replace") as text:
            yield from _json_rows((line.encode() for line in text), skip)
    elif _ARRAY.match(head):
        raise RecordError(
            "begins a JSON array; write one object a line: jq -c '.[]' old.json > new.jsonl"
        )
    else:
        yield from _json_rows(stream, skip)


def _json_rows(lines: Iterable[bytes], skip: int) -> Iterator[Row | Reject]:
    for line, raw in enumerate(lines, start=1):
        content = raw.strip().removeprefix(b"\xef\xbb\xbf")
        if not content:
            continue
        if skip:
            skip -= 1
            continue
        shown = content[:_SHOWN].decode("utf-8", "replace")
        try:
            fields = orjson.loads(_decoded(content))
        except (orjson.JSONDecodeError, RecordError) as fault:
            yield Reject(line, f"not JSON: {fault}", shown)
            continue
        if isinstance(fields, dict):
            yield Row(line, fields)
        else:
            yield Reject(line, f"a JSON {type(fields).__name__}, not an object", shown)


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise RecordError("text is neither UTF-8 nor GB18030; save the file as UTF-8")


def _delimited_rows(stream: IO[bytes], skip: int, *, tabs: bool = False) -> Iterator[Row | Reject]:
    charset = charset_of(stream)
    with io.TextIOWrapper(stream, charset.name, errors="replace", newline="") as text:
        rows = islice(_table_rows(text, tabs=tabs), skip, None)
        yield from rows if charset.whole else map(_unbroken, rows)


def _table_rows(text: TextIO, *, tabs: bool) -> Iterator[Row | Reject]:
    skipped, first = next(((n, line) for n, line in enumerate(text) if line.strip()), (0, ""))
    if hint := _SEPARATOR_LINE.fullmatch(first):
        skipped, first = skipped + 1, text.readline()
    if tabs and "\t" not in first:
        raise RecordError("has no tab in its first line; give a .jsonl or .csv file")
    try:
        delimiter = hint[1] if hint else _delimiter_of(first)
        reader = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
        names = _names(next(reader, []))
    except csv.Error as fault:
        raise RecordError(f"its header is no CSV ({fault}); mend the first line") from fault
    yield from _csv_rows(reader, names, skipped=skipped)


def _csv_rows(reader: Any, names: Sequence[str], *, skipped: int) -> Iterator[Row | Reject]:
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield Reject(line, f"not CSV: {fault}; see to its quotes", "")
            continue
        if len(cells) == len(names):
            yield Row(line, dict(zip(names, cells, strict=True)))
        elif cells:
            reason = f"has another number of columns ({len(cells)}) than the header ({len(names)})"
            yield Reject(line, reason, ",".join(cells)[:_SHOWN])


def _delimiter_of(header: str) -> str:
    """Return a tab, or what cuts the header into most columns; csv.Sniffer may guess a letter."""
    if "\t" in header:
        return "\t"
    return max(_DELIMITERS, key=lambda d: len(next(csv.reader([header], delimiter=d), [])))


def _names(cells: Iterable[str]) -> list[str]:
    """Return column names without spaces around them; a name's later columns get a number."""
    names: list[str] = []
    for cell in cells:
        name = str(cell).strip()
        numbered = (f"{name} ({number})" for number in count(2))
        taken = bool(name) and name in names
        names.append(next(n for n in numbered if n not in names) if taken else name)
    return names


def _unbroken(row: Row | Reject) -> Row | Reject:
    content = ",".join(row.fields.values()) if isinstance(row, Row) else ""
    reason = "holds bytes that are no text in the file's encoding; save the file as UTF-8"
    return Reject(row.line, reason, content[:_SHOWN]) if BROKEN in content else row


def _excel_rows(stream: IO[bytes], skip: int) -> Iterator[Row | Reject]:
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    shown = (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible)
    try:
        with CalamineWorkbook.from_filelike(stream) as book:
            names = (s.name for s in book.sheets_metadata if (s.typ, s.visible) == shown)
            sheets = (book.get_sheet_by_name(name) for name in names)
            sheet = next((s for s in sheets if s.height), None)
            if sheet is not None:
                rows = _sheet_rows(enumerate(sheet.iter_rows(), start=1))
                yield from islice(rows, skip, None)
    except CalamineError as fault:
        raise RecordError(
            f"is no open Excel workbook ({fault}); save it without password, or as .csv"
        ) from fault


def _sheet_rows(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
    names: list[str] | None = None
    for line, cells in rows:
        texts = [as_text(cell) for cell in cells]
        if not any(texts):
            continue
        if names is None:
            names = _names(texts)
        else:
            yield Row(line, {n: text for n, text in zip(names, texts, strict=True) if n})


def _parquet_rows(stream: IO[bytes], skip: int) -> Iterator[Row | Reject]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(stream)
        groups, line = _groups_after(table.metadata, skip)
        for batch in table.iter_batches(batch_size=_BATCH, row_groups=groups):
            for record in _records(batch):
                line += 1
                if line <= skip:
                    continue
                if isinstance(record, Exception):
                    yield Reject(line, f"holds a value that cannot be read ({record})", "")
                else:
                    yield Row(line, as_text(record))
    except (ArrowException, OSError) as fault:
        raise RecordError(f"is no whole Parquet file ({fault}); write it again") from fault


def _groups_after(metadata: Any, skip: int) -> tuple[list[int], int]:
    """Return the groups that hold records behind those skipped, and how many lie before them."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > skip:
            return list(range(group, metadata.num_row_groups)), before
        before += rows
    return [], before


def _records(batch: Any) -> Iterator[dict[str, Any] | Exception]:
    """Yield the records of a batch; where Python has no such value, the reason in its place."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):  # a date in the year 60000, text that is no UTF-8
        for number in range(batch.num_rows):
            try:
                yield from batch.slice(number, 1).to_pylist()
            except (ValueError, OverflowError) as fault:
                yield fault


_READERS: dict[str, Reader] = {
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), _json_file_rows),
    **dict.fromkeys((".csv", ".tsv"), _delimited_rows),
    ".txt": lambda stream, skip: _delimited_rows(stream, skip, tabs=True),
    **dict.fromkeys((".xlsx", ".xls"), _excel_rows),
    ".parquet": _parquet_rows,
}
