from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from triage.errors import RecordError
from triage.tables import Row, read_rows
from triage.writers import ENDINGS, kind_of, table_writer

ROWS: list[dict[str, Any]] = [
    {"id": "1", "text": ' a\nb "q",\t=1+1 _x0041_ \x0b\r\n 😀<&> ', "空": "[PHONE_1]"},
    {"id": "2", "text": "", "空": ""},
]
KINDS = [".jsonl", ".csv", ".tsv", ".xlsx", ".parquet", ".jsonl.gz", ".csv.gz", ".tsv.zst"]


def _written(place: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with place.open("wb") as stream, table_writer(stream, place) as write:
        for row in rows:
            write(row)
    return [dict(row.fields) for row in read_rows(place) if isinstance(row, Row)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back_as_it_was(tmp_path: Path, kind: str) -> None:
    assert _written(tmp_path / f"rows{kind}", ROWS) == ROWS


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".parquet"])
def test_other_values_are_written_as_the_text_that_a_cell_holds(tmp_path: Path, kind: str) -> None:
    rows = _written(
        tmp_path / f"rows{kind}", [{"a": 1, "b": None, "c": [1, {"d": "é"}]}, {"a": 2.5}]
    )
    assert rows == [{"a": "1", "b": "", "c": '[1,{"d":"é"}]'}, {"a": "2.5", "b": "", "c": ""}]


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".parquet"])
def test_a_column_that_the_first_row_lacks_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RecordError, match="column 'b', which the first row lacks"):
        _written(tmp_path / f"rows{kind}", [{"a": "1"}, {"a": "1", "b": "2"}])


@pytest.mark.parametrize("name", ["rows.xls", "rows", "rows.xlsx.gz"])
def test_a_kind_that_is_not_written_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(RecordError, match="are not written as") as fault:
        kind_of(Path(name))
    assert ENDINGS in str(fault.value)


def test_a_cell_beyond_the_limit_of_excel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"40000 characters fits no Excel sheet"):
        _written(tmp_path / "rows.xlsx", [{"a": "x" * 40_000}])


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_without_rows_is_read_as_none(tmp_path: Path, kind: str) -> None:
    assert _written(tmp_path / f"rows{kind}", []) == []


@pytest.mark.parametrize("kind", KINDS)
def test_equal_rows_give_equal_files(tmp_path: Path, kind: str) -> None:
    places = (tmp_path / f"{name}{kind}" for name in "ab")
    first, second = (place.read_bytes() for place in places if _written(place, ROWS))
    assert first == second


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".parquet"])
def test_columns_named_beforehand_are_there_without_rows_and_may_miss_in_the_first(
    tmp_path: Path, kind: str
) -> None:
    place = tmp_path / f"rows{kind}"
    with place.open("wb") as stream, table_writer(stream, place, columns=["a", "b"]) as write:
        write({"b": "1"})
    assert [row.fields for row in read_rows(place)] == [{"a": "", "b": "1"}]


def test_parquet_with_a_schema_keeps_numbers_and_nesting(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64()), ("parts", pa.list_(pa.struct({"a": pa.float64()})))])
    rows = [{"n": 1, "parts": [{"a": 0.5}]}, {"n": None, "parts": []}]
    place = tmp_path / "rows.parquet"
    with place.open("wb") as stream, table_writer(stream, place, schema=schema) as write:
        for row in rows:
            write(row)
    assert parquet.read_table(place).to_pylist() == rows
