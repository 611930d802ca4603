"""Rows as they are written: nested and typed, or one cell a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tagging.fake_run import result

from triage.errors import ConfigError
from triage.tagging.fields import (
    FLAT,
    NESTED,
    Shape,
    chosen_fields,
    cut,
    flattened,
    guarded,
    parquet_schema,
    typed,
)
from triage.writers import table_writer

RECORD = result("m-1", "三天").to_dict()


def test_flat_columns_are_one_cell_a_value():
    made = flattened(RECORD)
    assert made["category"] == "refund"
    assert made["category_confidence"] == 0.75
    assert made["category_alternatives"] == "order 0.25"
    assert made["category_set"] == "refund; order"
    assert made["reasons"] == "overdue: 三天; vip"
    assert made["order_id"] == "A-1; A-2"
    assert made["phone"] == "+86138"
    assert (made["reply_1"], made["reply_1_article"]) == ("Dear customer", "kb-1")
    assert made["reply_2"] is None
    assert made["languages"] == "zh 0.8; en 0.2"
    assert not any(isinstance(value, list | dict) for value in made.values())


def test_every_field_of_a_result_is_among_the_nested_ones():
    assert {*RECORD} <= {*NESTED}


def test_fields_are_written_in_the_order_in_which_they_were_chosen():
    shape = Shape(flat=True, fields=chosen_fields("priority, category", flat=True))
    assert list(shape.row(RECORD)) == ["priority", "category", "id"]
    assert shape.columns() == ["id", "priority", "category", "line", "error"]


def test_an_error_is_told_whatever_fields_were_chosen():
    shape = Shape(flat=False, fields=("category",))
    wrong = {"id": None, "line": 3, "error": "not JSON"}
    assert shape.row(wrong) == wrong


@pytest.mark.parametrize(("flat", "known"), [(True, "reply_1"), (False, "suggestions")])
def test_an_unknown_field_is_told_with_the_known_ones(flat: bool, known: str):  # noqa: FBT001
    with pytest.raises(ConfigError, match=rf"no field 'colour'; choose from .*{known}"):
        chosen_fields("id,colour", flat=flat)


def test_original_columns_are_kept_and_those_of_a_taken_name_renamed():
    given = {"text": "=1", "category": "old"}
    flat = Shape(flat=True, keep=True).row(RECORD, given)
    assert list(flat)[:2] == ["text", "input_category"]
    assert (flat["input_category"], flat["category"]) == ("old", "refund")
    assert Shape(flat=False, keep=True).row(RECORD, given)["input"] == given


def test_only_rows_for_a_human_are_wanted_with_those_in_error():
    shape = Shape(flat=False, needs_review=True)
    assert not shape.wants(RECORD)
    assert shape.wants(result("m-2", "a", review=True).to_dict())
    assert shape.wants({"id": None, "line": 1, "error": "x"})


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("+8613800138000", "+8613800138000"),
        ("-12.50", "-12.50"),
        ("a=1", "a=1"),
        (-1.5, -1.5),
    ],
)
def test_a_cell_that_would_be_calculated_becomes_text(cell: Any, written: Any):
    assert guarded({"text": cell, "id": "=1"}) == {"text": written, "id": "=1"}


def test_a_cell_is_cut_to_what_a_sheet_holds():
    made = cut({"a": "x" * 40_000, "b": "y", "c": 1})
    assert (len(made["a"]), made["b"], made["c"]) == (32_767, "y", 1)


def _leaves(value: Any, place: str = "") -> set[str]:
    if isinstance(value, dict) and place != ".languages":
        return {leaf for k, v in value.items() for leaf in _leaves(v, f"{place}.{k}")}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {leaf for part in value for leaf in _leaves(part, place)}
    return {place}


def test_parquet_holds_every_field_of_a_result_with_its_type(tmp_path: Path):
    shape = Shape(flat=False, keep=True)
    place = tmp_path / "a.parquet"
    rows = [shape.row(RECORD, {"text": 5}), shape.row({"id": None, "line": 2, "error": "x"})]
    schema = parquet_schema(shape, ["text"], files=False)
    with place.open("wb") as stream, table_writer(stream, place, schema=schema) as write:
        for row in rows:
            write(typed(row))
    table = parquet.read_table(place)
    assert table.schema.field("priority").type.field("score").type == pa.int64()
    first, second = table.to_pylist()
    assert first["text"] == "5"
    assert dict(first["languages"]) == RECORD["languages"]
    assert {n: first[n] for n in RECORD if n != "languages"} == {
        n: v for n, v in RECORD.items() if n != "languages"
    }
    assert _leaves(RECORD) <= _leaves({n: first[n] for n in RECORD})
    assert (second["line"], second["error"], second["category"]) == (2, "x", None)


def test_flat_columns_have_names_of_their_own():
    assert "model" in FLAT
    assert not {"category.label", "suggestions"} & set(FLAT)
