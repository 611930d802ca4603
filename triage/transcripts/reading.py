"""Transcripts out of files: tables in one of three forms, text files, and folders of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from triage.charset import charset_of
from triage.errors import MessageError, RecordError
from triage.records import Reject, Row, read_rows
from triage.transcripts.gathering import gather_sorted, gather_spilled
from triage.transcripts.layout import Form, Layout, layout_of
from triage.transcripts.plain_text import turns_in
from triage.transcripts.transcript import Transcript

_SAMPLE = 200
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are read.

    Attributes:
        form: of tables; guessed from the columns by default.
        columns: field to column, before any guess.
        in_order: rows of one conversation stand together.
    """

    form: Form | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    in_order: bool = False


def read_transcripts(source: str, reading: Reading) -> Iterator[Transcript | Reject]:
    """Yield the conversations of a file; one or a folder of ``.txt`` holds one conversation each.

    Raises:
        RecordError: the file cannot be read, or no form fits its columns.
        ConfigError: a chosen column is not there.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(path.rglob("*.txt"))
        if not files:
            raise RecordError(f"{source}: holds no .txt file; name a table or a folder of texts")
        return (_text_file(file, number) for number, file in enumerate(files, start=1))
    if path.suffix.lower() == ".txt":
        return iter([_text_file(path, 1)])
    rows = read_rows(source)
    head = list(islice(rows, _SAMPLE))
    sample = [row.fields for row in head if isinstance(row, Row)]
    if not sample:
        return (row for row in head if isinstance(row, Reject))
    layout = layout_of(sample, chosen=reading.columns, form=reading.form, source=source)
    return _transcripts(chain(head, rows), layout, in_order=reading.in_order)


def _transcripts(
    rows: Iterator[Row | Reject], layout: Layout, *, in_order: bool
) -> Iterator[Transcript | Reject]:
    if layout.form is Form.MESSAGES:
        return (gather_sorted if in_order else gather_spilled)(rows, layout)
    return (row if isinstance(row, Reject) else _transcript(row, layout) for row in rows)


def _transcript(row: Row, layout: Layout) -> Transcript | Reject:
    try:
        return layout.transcript(row.fields, line=row.line)
    except MessageError as fault:
        return Reject(row.line, str(fault), str(dict(row.fields))[:_SHOWN])


def _text_file(path: Path, number: int) -> Transcript | Reject:
    try:
        with path.open("rb") as stream:
            name = charset_of(stream).name
        text = path.read_text(encoding=name, errors="replace")
    except OSError as fault:
        raise RecordError(f"{path} cannot be read: {fault.strerror}; check the path") from fault
    try:
        return Transcript(id=path.stem, turns=turns_in(text), line=number)
    except MessageError as fault:
        return Reject(number, f"{path.name}: {fault}", text[:_SHOWN])
