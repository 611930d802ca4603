from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes import write_rows
from hypothesis import given
from hypothesis import strategies as st

from training.columns import Columns, columns_in, columns_of, guess
from training.corpus import read_corpus
from triage.errors import ConfigError, RecordError

if TYPE_CHECKING:
    from pathlib import Path

ZENDESK: dict[str, Any] = {
    "id": 35436,
    "subject": "Refund",
    "description": "where is my money",
    "priority": "high",
    "status": "open",
    "tags": ["vip", "topic_refund"],
    "via": {"source": {"from": {"name": "Li"}}},
    "custom_fields": [{"id": 27642, "value": "payment"}, {"id": 27648, "value": None}],
    "created_at": "2026-11-11T09:30:00Z",
}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["text", "category"], {"text": "text", "category": "category"}),
        (["Message", "Queue"], {"text": "Message", "category": "Queue"}),
        (["Ticket ID", "BODY"], {"id": "Ticket ID", "text": "BODY"}),
        (["用户消息", " 紧急 程度 "], {"text": "用户消息", "priority": " 紧急 程度 "}),
        (["工单号", "标题", "正文"], {"id": "工单号", "subject": "标题", "text": "正文"}),
        (["问题", "类别", "二级分类", "情绪"],
         {"text": "问题", "category": "类别", "intent": "二级分类", "sentiment": "情绪"}),
        (["utterance", "sub-category"], {"text": "utterance", "intent": "sub-category"}),
        (["content", "body"], {"text": "body"}),
        (["ＴＥＸＴ", "Polarity"], {"text": "ＴＥＸＴ", "sentiment": "Polarity"}),
        (["answer", "language"], {}),
    ],
)  # fmt: skip
def test_columns_are_known_by_usual_names(columns: list[str], expected: dict[str, str]):
    assert guess(columns) == expected


def test_a_column_that_is_empty_gives_way_to_the_next():
    sample = [{"text": "", "body": "a", "label": None}, {"text": None, "body": "b"}]
    assert guess(["text", "body", "label"], sample) == {"text": "body", "category": "label"}


@given(st.lists(st.text(), unique=True))
def test_no_column_is_guessed_twice_or_made_up(columns: list[str]):
    found = list(guess([*columns, "Text", "queue"]).values())
    assert len(found) == len(set(found))
    assert set(found) <= {*columns, "Text", "queue"}


def test_a_chosen_column_comes_before_guesses_and_is_not_guessed_again():
    row = {"text": "a", "note": "b", "intent": "x", "category": "y", "priority": "low"}
    chosen = {"text": "note", "category": "Intent", "priority": "", "id": None}
    columns = columns_in([row], chosen=chosen)
    assert columns.paths == {"text": "note", "category": "intent"}
    assert columns.unused == ("text", "category", "priority")
    assert columns.value(row, "text") == "b"
    assert columns.value(row, "priority") is None


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("chosen", "category"),
    [
        ("custom_fields.27642", "payment"),
        ("custom_fields.27648", None),
        ("custom_fields.0.value", "payment"),
        ("via.source.from.name", "Li"),
        ("status", "open"),
        ("tag:vip,bulk", "vip"),
        ("tag:topic_*", "refund"),
        ("tag:none", None),
    ],
)
def test_zendesks_tickets_are_read_with_a_path_or_tags(
    chosen: str, category: str | None, *, wrapped: bool
):
    row = {"ticket": ZENDESK} if wrapped else ZENDESK
    columns = columns_in([row], chosen={"category": chosen})
    assert columns.value(row, "text") == "where is my money"
    assert columns.value(row, "subject") == "Refund"
    assert columns.value(row, "id") == 35436
    assert columns.value(row, "category") == category


def test_zendesks_export_is_a_corpus(tmp_path: Path):
    rows = [{"ticket": ZENDESK}, {"ticket": ZENDESK | {"tags": ["vip", "bulk"], "id": 2}}]
    path = write_rows(tmp_path / "export.json", rows)
    corpus = read_corpus(path, columns=columns_of(path, chosen={"category": "tag:vip,bulk"}))
    (ticket,) = corpus.tickets
    assert (ticket.id, ticket.text) == ("35436", "Refund\nwhere is my money")
    assert (ticket.labels["category"], ticket.labels["priority"]) == ("vip", "high")
    assert ticket.created_at == "2026-11-11T09:30:00Z"
    (reject,) = corpus.rejects
    assert "carries the tags bulk, vip of tag:vip,bulk; leave one of them" in reject.reason


@pytest.mark.parametrize("tags", ["vip topic_refund", "vip,topic_refund", "vip; topic_refund"])
def test_tags_may_stand_in_one_text(tags: str):
    row = {"text": "a", "Tags": tags}
    assert columns_in([row], chosen={"category": "tag:topic_*"}).value(row, "category") == "refund"


def test_a_name_with_a_dot_is_a_column_before_it_is_a_path():
    row = {"body.text": "a", "body": {"text": "b"}, "category": "x"}
    assert columns_in([row], chosen={"text": "body.text"}).value(row, "text") == "a"


def test_unused_columns_are_told_by_their_first_name():
    columns = columns_in([ZENDESK])
    assert columns.unused == ("status", "tags", "via", "custom_fields")
    wrapped = columns_in([{"ticket": ZENDESK}])
    assert wrapped.unused == ("ticket.status", "ticket.tags", "ticket.via", "ticket.custom_fields")


def test_examples_are_short_and_on_one_line():
    columns = columns_in([{"text": ""}, {"text": f"a\n{'b' * 60}", "category": "x"}])
    assert columns.examples == {"text": f"a {'b' * 37}…", "category": "x"}


def test_messages_name_field_and_column():
    columns = columns_in([{"body": "a", "category": "x"}])
    assert columns.named("text") == "field 'text' (column 'body')"
    assert columns.named("category") == "field 'category'"


def test_a_file_without_rows_has_no_columns(tmp_path: Path):
    assert columns_of(write_rows(tmp_path / "t.jsonl", [])) == Columns(paths={})


@pytest.mark.parametrize(
    ("row", "chosen", "fault", "told"),
    [
        ({"note": "a", "category": "b"}, {}, RecordError,
         "no column is known to hold the text; name it with --text-column; the columns are 'note'"),
        ({"text": "a", "team": "b"}, {}, RecordError,
         "no column is known to hold a label; name one with --category-column, --intent-column"),
        ({"text": "a", "team": "b"}, {}, RecordError,
         "--priority-column or --sentiment-column; the columns are 'text', 'team'"),
        ({"text": "a", "team": "b"}, {"category": "group"}, ConfigError,
         "--category-column names 'group', which is not there; the columns are 'text', 'team'"),
        ({"text": "a"}, {"category": "tag:a,b"}, ConfigError,
         "--category-column names tag: with the column 'tags', which is not there"),
        ({"text": "a", "fields": {"b": 1}}, {"id": "fields.c"}, ConfigError,
         "--id-column names 'fields.c', which is not there; the columns are 'text', 'fields.b'"),
        ({"text": "a", "category": "b"}, {"text": ""}, RecordError, "name it with --text-column"),
        ({f"c{n}": "a" for n in range(43)}, {}, RecordError, "'c39' and 3 more"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_is_named_beside_those_that_are(
    tmp_path: Path, row: dict[str, Any], chosen: dict[str, str], fault: type[Exception], told: str
):
    path = write_rows(tmp_path / "t.jsonl", [row])
    with pytest.raises(fault) as refused:
        columns_of(path, chosen=chosen)
    assert str(refused.value).startswith(f"{path}: ")
    assert told in str(refused.value)
