"""Tables into files: JSON lines, delimited text, Excel and Parquet, as ``tables`` reads them.

A cell is written as the text that it is: nothing is guarded or rounded.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast
from xml.sax.saxutils import escape

import orjson

from triage.errors import RecordError
from triage.packed import GZIP, PACKED, ZSTD, ending_of
from triage.tables import as_text

Write = Callable[[Mapping[str, Any]], None]
Opener = Callable[[IO[bytes], Sequence[str]], contextlib.AbstractContextManager[Write]]

_BATCH = 1024
_MAX_CELL = 32_767  # Excel's limit: https://support.microsoft.com/office/1672b34d
_MAX_ROWS = 1_048_576
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\r\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData>'
_DOCS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
# The least that ECMA-376, part 1 asks of a workbook with one sheet.
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_DOCS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" '
    f'xmlns:r="{_DOCS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
    f'Id="r1" Type="{_DOCS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip


def kind_of(path: Path) -> str:
    """Return the ending that tells how a table is written.

    Raises:
        RecordError: tables of that ending are not written.
    """
    ending = ending_of(path)
    if ending not in (_TEXTS if path.suffix.lower() in PACKED else _WRITERS):
        raise RecordError(f"{path}: tables are not written as {ending!r}; name {ENDINGS}")
    return ending


@contextlib.contextmanager
def table_writer(
    stream: IO[bytes], path: Path, *, columns: Sequence[str] = (), schema: Any = None
) -> Iterator[Write]:
    """Yield a function that writes rows to ``stream`` in the kind that ``path`` is named for.

    All kinds but JSON lines have the given columns, or else those of the first row; a later row may
    lack some.

    Args:
        schema: of Parquet (``pyarrow.Schema``), for values that are no text; without one every
            value becomes the text that a CSV would hold.

    Raises:
        RecordError: the kind is unknown, or a row does not fit.
    """
    kind = kind_of(path)
    writer = _typed(schema) if schema is not None and kind == ".parquet" else _WRITERS[kind]
    with _packed(stream, path.suffix.lower()) as target, writer(target, columns) as write:
        yield write


@contextlib.contextmanager
def _packed(stream: IO[bytes], ending: str) -> Iterator[IO[bytes]]:
    if ending == GZIP:
        with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
            yield cast("IO[bytes]", packed)
    elif ending == ZSTD:
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as packed:
            yield cast("IO[bytes]", packed)
    else:
        yield stream


@contextlib.contextmanager
def _json_lines(stream: IO[bytes], _columns: Sequence[str]) -> Iterator[Write]:
    def write(row: Mapping[str, Any]) -> None:
        stream.write(orjson.dumps(row) + b"\n")

    yield write


def _delimited(delimiter: str) -> Opener:
    @contextlib.contextmanager
    def opened(stream: IO[bytes], columns: Sequence[str]) -> Iterator[Write]:
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
        table = csv.writer(text, delimiter=delimiter)
        header: list[str] = list(columns)
        if header:
            table.writerow(header)

        def write(row: Mapping[str, Any]) -> None:
            if not header:
                header.extend(row)
                table.writerow(header)
            table.writerow(_cells(row, header))

        yield write
        text.flush()
        text.detach()

    return opened


@contextlib.contextmanager
def _excel(stream: IO[bytes], columns: Sequence[str]) -> Iterator[Write]:
    header: list[str] = list(columns)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(_part(name), content)
        with archive.open(_part("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            rows = 0

            def write(row: Mapping[str, Any]) -> None:
                nonlocal rows
                if not header:
                    header.extend(row)
                if not rows:
                    sheet.write(_excel_row(header))
                rows += 1
                if rows == _MAX_ROWS:
                    raise RecordError(
                        f"an Excel sheet holds {_MAX_ROWS} rows and its header is one of them; "
                        "write .csv or .parquet"
                    )
                sheet.write(_excel_row(_cells(row, header)))

            sheet.write(_SHEET.encode())
            yield write
            if not rows and header:
                sheet.write(_excel_row(header))
            sheet.write(b"</sheetData></worksheet>")


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name)  # without the time of writing, so that equal rows are equal files
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _excel_row(cells: Sequence[str]) -> bytes:
    if longest := next((c for c in cells if len(c) > _MAX_CELL), None):
        raise RecordError(
            f"a cell of {len(longest)} characters fits no Excel sheet, which holds {_MAX_CELL}; "
            "write .csv or .jsonl"
        )
    written = (escape(_UNWRITABLE.sub(lambda m: f"_x{ord(m[0]):04X}_", c)) for c in cells)
    texts = (
        f'<c t="inlineStr"><is><t xml:space="preserve">{t}</t></is></c>' if t else "<c/>"
        for t in written
    )
    return f"<row>{''.join(texts)}</row>".encode()


@contextlib.contextmanager
def _parquet(stream: IO[bytes], columns: Sequence[str]) -> Iterator[Write]:
    import pyarrow as pa

    header: list[str] = list(columns)

    def schema() -> Any:
        return pa.schema([(name, pa.string()) for name in header])

    with _batches(stream, schema) as hold:

        def write(row: Mapping[str, Any]) -> None:
            if not header:
                header.extend(row)
            hold(dict(zip(header, _cells(row, header), strict=True)))

        yield write


def _typed(schema: Any) -> Opener:
    @contextlib.contextmanager
    def opened(stream: IO[bytes], _columns: Sequence[str]) -> Iterator[Write]:
        with _batches(stream, lambda: schema) as write:
            yield write

    return opened


@contextlib.contextmanager
def _batches(stream: IO[bytes], schema_of: Callable[[], Any]) -> Iterator[Write]:
    """Yield a function that holds rows and writes some at a time, then asks for the schema."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    held: list[Mapping[str, Any]] = []
    writers: list[Any] = []

    def flush() -> None:
        if not writers:
            writers.append(ParquetWriter(stream, schema_of()))
        writers[0].write_table(pa.Table.from_pylist(held, schema=writers[0].schema))
        held.clear()

    def write(row: Mapping[str, Any]) -> None:
        held.append(row)
        if len(held) == _BATCH:
            flush()

    yield write
    flush()
    writers[0].close()


def _cells(row: Mapping[str, Any], header: Sequence[str]) -> list[str]:
    if more := [name for name in row if name not in header]:
        raise RecordError(
            f"a row has the column {more[0]!r}, which the first row lacks; write .jsonl, where "
            "each row has its own"
        )
    return [cell(row.get(name)) for name in header]


def cell(value: Any) -> str:
    """Return a value as the text of a cell; lists and mappings are JSON."""
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return str(as_text(value))


_WRITERS: dict[str, Opener] = {
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), _json_lines),
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".xlsx": _excel,
    ".parquet": _parquet,
}
_TEXTS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # the others are packed already
ENDINGS = f"{', '.join(_WRITERS)}; text also with .gz or .zst"
