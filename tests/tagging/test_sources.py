"""Files found and looked at, and their columns as fields of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from triage.errors import RecordError
from triage.tagging.mapping import mapping_of, moment_text
from triage.tagging.sources import Source, count_rows, find_sources, fingerprint


def fields_of(sample: dict[str, Any], **chosen: str) -> dict[str, Any]:
    return mapping_of([sample], chosen=chosen, source="a.csv").fields(sample)


def test_usual_names_in_chinese_are_fields_of_a_message():
    row = {
        "工单号": "7",
        "标题": "急",
        "内容": "退款",
        "创建时间": "2026/3/1 9:05",
        "会员等级": "vip",
    }
    assert fields_of(row) == {
        "id": "7",
        "subject": "急",
        "text": "退款",
        "created_at": "2026-03-01T09:05:00",
        "customer": {"tier": "vip"},
    }


def test_a_row_of_message_fields_stays_as_it_is():
    row = {"id": 1, "text": "a", "customer": {"name": "Li"}, "fields": {"x": 1}, "turns": []}
    assert fields_of(row) == row


def test_a_chosen_column_wins_and_an_empty_one_leaves_out():
    row = {"text": "a", "body": "b", "subject": "c"}
    assert fields_of(row, text="body", subject="") == {"text": "b"}


def test_turns_in_a_cell_are_read_as_json():
    row = {"id": "1", "turns": '[{"role": "agent", "text": "hi"}]', "content": "no message"}
    assert fields_of(row) == {"id": "1", "turns": [{"role": "agent", "text": "hi"}]}


def test_a_column_that_only_sounds_like_a_time_is_left():
    assert fields_of({"text": "a", "time": "10:30"}) == {"text": "a"}


def test_a_table_without_text_is_told_with_its_columns():
    with pytest.raises(RecordError, match=r"a\.csv: no column .* --text-column; .*'phrase'"):
        fields_of({"id": "1", "phrase": "a"})


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026/3/1", "2026-03-01"),
        ("2026年11月1日 9:30", "2026-11-01T09:30:00"),
        ("2026-11-01T09:30:00+08:00", "2026-11-01T09:30:00+08:00"),
        (1767225600, "2026-01-01T00:00:00+00:00"),
        ("1767225600000", "2026-01-01T00:00:00+00:00"),
        ("soon", "soon"),
        (None, None),
    ],
)
def test_times_as_exports_write_them_are_read(written: Any, moment: Any):
    assert moment_text(written) == moment


def test_folders_and_patterns_name_tables_in_order_but_not_the_output(tmp_path: Path):
    names = ("b.csv", "a.jsonl.gz", "sub/c.parquet", ".hidden.csv", "notes.md", "out.csv")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    apart = [tmp_path / "out.csv"]
    found = [Path(p).name for p in find_sources([str(tmp_path)], apart=apart)]
    assert found == ["a.jsonl.gz", "b.csv", "c.parquet"]
    wild = find_sources([str(tmp_path / "*.csv"), str(tmp_path / "b.csv")], apart=apart)
    assert [Path(p).name for p in wild] == ["b.csv"]
    with pytest.raises(RecordError, match="names no table"):
        find_sources([str(tmp_path / "*.xlsx")])


def test_rows_are_counted_where_that_is_quick(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": "b"}')
    (tmp_path / "a.csv").write_text("text\na\nb\nc\n")
    parquet.write_table(pa.table({"text": ["a"] * 5}), tmp_path / "a.parquet")
    names = [str(tmp_path / name) for name in ("a.jsonl", "a.csv", "a.parquet")]
    assert [count_rows([name]) for name in names] == [2, 3, 5]
    assert count_rows(names) == 10
    assert count_rows([*names, "-"]) is None


def test_a_fingerprint_tells_a_changed_file(tmp_path: Path):
    place = tmp_path / "a.csv"
    place.write_text("text\na\n")
    before = fingerprint([str(place)])
    assert before == fingerprint([str(place)])
    place.write_text("text\nab\n")
    assert fingerprint([str(place)]) != before
    assert fingerprint(["-"]) is None


def test_rows_of_a_source_keep_line_and_original(tmp_path: Path):
    place = tmp_path / "a.csv"
    place.write_text("编号,内容\n1,退款\n2\n", encoding="gb18030")
    first, second = Source(str(place), chosen={}).rows()
    assert (first.row.line, first.fields) == (2, {"编号": "1", "内容": "退款"})
    assert (second.row.line, second.fields) == (3, None)
