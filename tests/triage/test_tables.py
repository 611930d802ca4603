from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from workbooks import write_xls, write_xlsx

from triage.errors import RecordError
from triage.tables import Reject, Row, as_text, read_rows

if TYPE_CHECKING:
    from pathlib import Path

MANY = 60_000
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def table(rows: list[list[str]], *, delimiter: str = ",", ending: str = "\r\n") -> str:
    stream = io.StringIO(newline="")
    quoting = csv.QUOTE_MINIMAL if ending == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerows(rows)
    return stream.getvalue()


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2)),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_a_written_table_is_read_back_with_any_separator_and_encoding(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
    ending: str,
):
    content = table([["a", "b"], *rows], delimiter=delimiter, ending=ending)
    path = saved(tmp_path_factory.getbasetemp() / "round.csv", content.encode(encoding))
    assert [list(row.fields.values()) for row in read_rows(path)] == rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "id\ttext, all of it\n1\t到了, 谢谢\n"),
        ("a.csv", "id;text, all of it\n1;到了, 谢谢\n"),
        ("a.csv", 'sep=;\r\nid;"text, all of it"\r\n1;到了, 谢谢\r\n'),
        ("a.csv", "\n\n id \t text, all, of, it\n1\t到了, 谢谢\n"),
        ("a.TSV", "id\ttext, all of it\n\n1\t到了, 谢谢\n\n"),
    ],
)
def test_the_separator_is_what_the_header_is_cut_by(tmp_path: Path, name: str, content: str):
    (row,) = read_rows(saved(tmp_path / name, content.encode()))
    assert list(row.fields.values()) == ["1", "到了, 谢谢"]
    assert next(iter(row.fields)) == "id"


def test_a_text_of_one_column_keeps_its_commas_in_quotes(tmp_path: Path):
    path = saved(tmp_path / "a.csv", b'text\n"a, b"\nc\n')
    assert [row.fields for row in read_rows(path)] == [{"text": "a, b"}, {"text": "c"}]


def test_lines_are_counted_past_blank_ones_and_excels_hint(tmp_path: Path):
    path = saved(tmp_path / "a.csv", b'\nsep=;\n"id";text\n\n1;a\n\n2;"b\nc"\n3;d\n')
    assert [row.line for row in read_rows(path)] == [5, 7, 9]


def test_a_bad_row_is_a_reject_and_the_rest_is_read(tmp_path: Path):
    path = saved(tmp_path / "a.csv", b'id,text\n1,a\n2,"b" c\n3\n4,d\n')
    first, quoted, short, last = read_rows(path)
    assert (first.line, last.line) == (2, 5)
    assert isinstance(quoted, Reject)
    assert quoted.reason.startswith("not CSV")
    assert short == Reject(4, "has another number of columns (1) than the header (2)", content="3")


def test_columns_of_one_name_are_numbered(tmp_path: Path):
    path = saved(tmp_path / "a.csv", b"tag,tag,text,tag\na,b,c,d\n")
    assert [row.fields for row in read_rows(path)] == [
        {"tag": "a", "tag (2)": "b", "text": "c", "tag (3)": "d"}
    ]


def test_excels_unicode_text_is_read(tmp_path: Path):
    path = saved(tmp_path / "a.txt", "id\ttext\r\n1\t退款\r\n".encode("utf-16"))
    assert list(read_rows(path)) == [Row(2, {"id": "1", "text": "退款"})]


def test_json_lines_in_utf_16_are_read(tmp_path: Path):
    path = saved(tmp_path / "a.jsonl", '{"text": "退款"}\n{oops\n'.encode("utf-16"))
    first, second = read_rows(path)
    assert first == Row(1, {"text": "退款"})
    assert isinstance(second, Reject)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.tsv.GZ", "a.jsonl.gz", "a.json.gz"])
def test_packed_text_is_read(tmp_path: Path, name: str):
    content = '{"text": "退款"}\n' if "json" in name else "text\n退款\n"
    path = saved(tmp_path / name, gzip.compress(content.encode()))
    assert [row.fields for row in read_rows(path)] == [{"text": "退款"}]


@pytest.mark.parametrize("name", ["a.csv.zst", "a.jsonl.zst", "a.parquet.ZST"])
def test_what_zstandard_packed_is_read_also_in_several_frames(tmp_path: Path, name: str):
    content = b'{"text": "a"}\n' * 9_999 if "json" in name else b"text\n" + b"a\n" * 9_999
    if "parquet" in name:
        parquet.write_table(pa.table({"text": ["a"] * 9_999}), tmp_path / "plain")
        content = (tmp_path / "plain").read_bytes()
    half = len(content) // 2
    frames = (zstandard.compress(content[:half]), zstandard.compress(content[half:]))
    path = saved(tmp_path / name, b"".join(frames))
    assert [row.fields for row in read_rows(path)] == [{"text": "a"}] * 9_999


def test_a_row_with_a_broken_byte_is_a_reject_in_a_file_that_else_decodes(tmp_path: Path):
    good = "".join(f"{n},退款没到\n" for n in range(20)).encode()
    path = saved(tmp_path / "a.csv", b"id,text\n" + good + b"x,ab\xff\n" + good)
    rows = list(read_rows(path))
    (reject,) = [row for row in rows if isinstance(row, Reject)]
    assert (len(rows), reject.line) == (41, 22)
    assert "bytes that are no text" in reject.reason
    assert "save the file as UTF-8" in reject.reason
    assert reject.content == "x,ab\ufffd"


def test_a_sheet_gives_what_its_csv_would(tmp_path: Path):
    rows = [
        ["id", "text", "day", "score", None],
        [1001.0, "退款 <b>", date(2026, 11, 11), 2.5, None],
        [None, None, None, None, None],
        [13800138000, "b", None, None, "note"],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", rows, top=3)
    assert list(read_rows(path)) == [
        Row(4, {"id": "1001", "text": "退款 <b>", "day": "2026-11-11", "score": "2.5"}),
        Row(6, {"id": "13800138000", "text": "b", "day": "", "score": ""}),
    ]


def test_the_first_visible_sheet_that_is_not_empty_is_read(tmp_path: Path):
    path = write_xlsx(tmp_path / "a.xlsx", [["old"], ["1"]], [], [["id"], ["2"]], hidden=1)
    assert list(read_rows(path)) == [Row(2, {"id": "2"})]


def test_a_workbook_without_rows_gives_none(tmp_path: Path):
    assert list(read_rows(write_xlsx(tmp_path / "a.xlsx", []))) == []


@pytest.mark.parametrize("name", ["a.xls", "renamed.xlsx"])
def test_an_old_workbook_is_read_by_its_content(tmp_path: Path, name: str):
    path = write_xls(tmp_path / name, [["id", "text"], [1001.0, "退款"]])
    assert list(read_rows(path)) == [Row(2, {"id": "1001", "text": "退款"})]


def test_parquet_gives_what_its_csv_would(tmp_path: Path):
    columns = {
        "id": pa.array([1001.0, None, float("nan")]),
        "count": pa.array([3, None, -1]),
        "when": pa.array([datetime(2026, 11, 11, 9, 30), None, None]),  # noqa: DTZ001
        "fields": pa.array([{"a": 1.0}, {"a": None}, None]),
        "tags": pa.array([["x", None], [], None]),
        "kind": pa.array(["q", "q", None]).dictionary_encode(),
    }
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table(columns), path)
    empty: dict[str, Any] = dict.fromkeys(columns, "")
    assert list(read_rows(path)) == [
        Row(
            1,
            {
                "id": "1001",
                "count": "3",
                "when": "2026-11-11T09:30:00",
                "fields": {"a": "1"},
                "tags": ["x", ""],
                "kind": "q",
            },
        ),
        Row(2, empty | {"fields": {"a": ""}, "tags": [], "kind": "q"}),
        Row(3, empty | {"count": "-1"}),
    ]


def test_a_value_that_python_has_not_rejects_its_row_only(tmp_path: Path):
    seconds = pa.array([0, 60_000 * 365 * 86_400, 1], pa.timestamp("s"))
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"when": seconds}), path)
    first, reject, last = read_rows(path)
    assert isinstance(reject, Reject)
    assert (reject.line, last.line) == (2, 3)
    assert "holds a value that cannot be read" in reject.reason
    assert first == Row(1, {"when": "1970-01-01T00:00:00"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (1001.0, "1001"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
        (7, "7"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (time(9, 30), "09:30:00"),
        (timedelta(hours=1), "1:00:00"),
        ("退款".encode(), "退款"),
        ({1: [None, 2.0]}, {"1": ["", "2"]}),
    ],
)
def test_a_native_value_becomes_the_text_of_a_csv(value: Any, text: Any):
    assert as_text(value) == text


def packed_in_half(content: bytes) -> bytes:
    packed = gzip.compress(content, mtime=0)
    return packed[: len(packed) // 2]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.docx", b"x", r"unknown kind '\.docx'; give a \.jsonl or \.csv file, or .*\.parquet"),
        ("a.gz", b"x", r"unknown kind ''"),
        ("a.txt", b"text\n", r"no tab in its first line; give a \.jsonl or \.csv file"),
        ("a.csv", b"t\0e\0x\0t\0", r"zero bytes.*save the file as UTF-8"),
        ("a.csv", b'"text\n', r"header is no CSV.*mend the first line"),
        ("a.json", b'[\n{"text": "a"}\n]', r"begins a JSON array; write one object a line: jq"),
        ("a.jsonl.gz", b"{}", r"is no whole gzip file.*compress it again"),
        ("a.jsonl.zst", b"{}", r"is no whole zstd file.*compress it again"),
        ("a.csv.zst", zstandard.compress(b"text\n" * 999)[:-3], r"is no whole zstd file.*is cut"),
        ("a.csv.gz", packed_in_half(b"text\n" * 999), r"is no whole gzip file"),
        ("a.xlsx", b"text\na\n", r"is no open Excel workbook.*without password, or as \.csv"),
        ("a.xls", b"<html>", r"is no open Excel workbook"),
        ("a.parquet", b"text\na\n", r"is no whole Parquet file.*write it again"),
    ],
)
def test_an_unusable_file_is_named_with_fault_and_remedy(
    tmp_path: Path, name: str, content: bytes, told: str
):
    path = saved(tmp_path / name, content)
    with pytest.raises(RecordError, match=told) as refused:
        list(read_rows(path))
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_a_long_file_is_not_held_whole(tmp_path: Path, kind: str):
    texts = [f"退款没到 {n:060}" for n in range(MANY)]
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        parquet.write_table(pa.table({"text": texts}), path, row_group_size=4096)
    else:
        content = "".join(f"{text}\n" for text in ["text", *texts]).encode()
        path.write_bytes(gzip.compress(content) if kind == "csv.gz" else content)
    del texts
    next(iter(read_rows(path)))  # libraries are imported
    tracemalloc.start()
    count = sum(1 for _ in read_rows(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == MANY
    assert peak < 2_000_000, "the rows together hold over four million characters"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv.gz", "xlsx", "parquet"])
@pytest.mark.parametrize("skip", [0, 1, 6, 7, 25, 26, 99])
def test_records_skipped_are_those_that_would_have_come_first(
    tmp_path: Path, kind: str, skip: int
) -> None:
    path = tmp_path / f"in.{kind}"
    rows = [["id", "text"], *([str(n), f"row {n}"] for n in range(26))]
    if kind == "jsonl":
        lines = (f'{{"id": "{n}"}}\n\n' if n % 5 else "{oops\n" for n in range(26))
        path.write_text("".join(lines))
    elif kind == "xlsx":
        write_xlsx(path, rows)
    elif kind == "parquet":
        columns = {"id": [n for n, _ in rows[1:]]}
        parquet.write_table(pa.table(columns), path, row_group_size=7)
    elif kind == "csv":
        path.write_text(table(rows))
    else:
        path.write_bytes(gzip.compress(table(rows, delimiter="\t").encode()))
    whole = list(read_rows(path))
    assert len(whole) == 26
    assert list(read_rows(path, skip=skip)) == whole[skip:]
