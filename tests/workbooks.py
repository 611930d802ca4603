"""The smallest workbooks that Excel's readers accept, written by hand."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Cell = str | float | date | None
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_ROOT = f"""<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="r1" Type="{_DOCS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_STYLES = f"""<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>
</styleSheet>"""
_HIDDEN = ' state="hidden"'
_EPOCH = date(1899, 12, 30)
_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_xlsx(
    path: Path, *sheets: Sequence[Sequence[Cell]], hidden: int = 0, top: int = 1
) -> Path:
    """Write sheets of rows, the first ``hidden`` of them hidden, whose rows begin at ``top``."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"{_HIDDEN * (n <= hidden)}/>' for n in numbers
    )
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{_DOCS}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in numbers
    )
    relations += f'<Relationship Id="r0" Type="{_DOCS}/styles" Target="styles.xml"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCS}"><sheets>{listed}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        )
        archive.writestr("xl/styles.xml", _STYLES)
        for number, rows in zip(numbers, sheets, strict=True):
            archive.writestr(f"xl/worksheets/s{number}.xml", _sheet(rows, top=top))
    return path


def _sheet(rows: Sequence[Sequence[Cell]], *, top: int) -> str:
    lines = "".join(
        f'<row r="{line}">' + "".join(_cell(c, f"{chr(65 + n)}{line}") for n, c in enumerate(row))
        + "</row>"
        for line, row in enumerate(rows, start=top)
    )  # fmt: skip
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cell(value: Cell, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - _EPOCH).days}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def write_xls(path: Path, rows: Sequence[Sequence[str | float]]) -> Path:
    """Write one sheet as BIFF8 in a compound file of 512-byte sectors ([MS-XLS], [MS-CFB])."""
    book = _book(rows)
    sectors = len(book) // _SECTOR
    fat = [_FAT, _END, *range(3, sectors + 2), _END]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    head += struct.pack("<109I", 0, *[_FREE] * 108)
    folder = _entry("Root Entry", kind=5, child=1, start=_END) + _entry(
        "Workbook", kind=2, child=_FREE, start=2, size=len(book)
    )
    table = struct.pack(f"<{_SECTOR // 4}I", *fat, *[_FREE] * (_SECTOR // 4 - len(fat)))
    path.write_bytes(head + table + folder.ljust(_SECTOR, b"\0") + book)
    return path


def _entry(name: str, *, kind: int, child: int, start: int, size: int = 0) -> bytes:
    raw = name.encode("utf-16-le")
    ids = struct.pack("<HBBIII", len(raw) + 2, kind, 1, _FREE, _FREE, child)
    return raw.ljust(64, b"\0") + ids + bytes(36) + struct.pack("<IQ", start, size)


def _book(rows: Sequence[Sequence[str | float]]) -> bytes:
    first = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    last = _record(0x000A, b"")
    name = b"\x02\x00S1"
    place = len(first) + 4 + 6 + len(name) + len(last)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0))
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            at = struct.pack("<HHH", line, column, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                sheet += _record(0x0204, at + text)
            else:
                sheet += _record(0x0203, at + struct.pack("<d", value))
    content = first + _record(0x0085, struct.pack("<IH", place, 0) + name) + last + sheet + last
    size = max(4096, -(-len(content) // _SECTOR) * _SECTOR)
    return content.ljust(size, b"\0")


def _record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content
