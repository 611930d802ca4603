from __future__ import annotations

import io
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from fakes import starter_articles, write_rows
from hypothesis import given
from hypothesis import strategies as st

from triage.article import Article, ArticleText
from triage.domain import Customer
from triage.errors import MessageError, RecordError
from triage.records import (
    Reject,
    Row,
    article_fields,
    article_from,
    message_from,
    read_articles,
    read_rows,
    sha256_of,
    whole_file,
    write_jsonl,
)

if TYPE_CHECKING:
    from pathlib import Path


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_jsonl_rows_carry_their_line_and_rejects_their_reason(tmp_path: Path):
    path = saved(tmp_path / "in.jsonl", b'{"text": "a"}\n\n[1]\n{"text":\n{"text": "b"}')
    first, array, broken, last = read_rows(path)
    assert (first, last) == (Row(1, {"text": "a"}), Row(5, {"text": "b"}))
    assert isinstance(array, Reject)
    assert (array.line, array.reason) == (3, "a JSON list, not an object")
    assert isinstance(broken, Reject)
    assert (broken.line, broken.content) == (4, '{"text":')
    assert broken.reason.startswith("not JSON")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_chinese_is_read_in_the_encodings_that_shops_export(
    tmp_path: Path, encoding: str, kind: str
):
    content = {"csv": "text\n退款没到\n", "jsonl": '{"text": "退款没到"}\n'}[kind]
    path = saved(tmp_path / f"in.{kind}", content.encode(encoding))
    assert [row.fields for row in read_rows(path)] == [{"text": "退款没到"}]


def test_csv_cells_keep_commas_quotes_and_line_breaks(tmp_path: Path):
    path = saved(tmp_path / "in.csv", '\ufeffid,text\n1,"a, ""b""\nc"\n2,d\n'.encode())
    assert [row.fields for row in read_rows(path)] == [
        {"id": "1", "text": 'a, "b"\nc'},
        {"id": "2", "text": "d"},
    ]


def test_csv_rows_carry_the_line_on_which_they_start(tmp_path: Path):
    path = saved(tmp_path / "in.csv", b'id,text\n1,a\n2,"b\nc"\n3,d\n')
    assert [row.line for row in read_rows(path)] == [2, 3, 5]


def test_a_csv_row_with_other_columns_than_the_header_is_a_reject(tmp_path: Path):
    path = saved(tmp_path / "in.csv", b"id,text\n1,a\n2\n3,b,c\n4,d\n")
    kinds = [type(row) for row in read_rows(path)]
    assert kinds == [Row, Reject, Reject, Row]


def test_rows_are_read_from_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\n')))
    assert list(read_rows("-")) == [Row(1, {"a": 1})]


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("in.txt", b"a", r"give a \.jsonl or \.csv file"),
        ("absent.jsonl", None, "check path and rights"),
        ("in.csv", b"text\n\xff\xff\xff\n", "save the file as UTF-8"),
    ],
)
def test_an_unusable_file_is_refused_with_a_remedy(
    tmp_path: Path, name: str, content: bytes | None, remedy: str
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError, match=remedy):
        list(read_rows(path))


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(-9, 9) | st.none())))
def test_what_is_written_as_jsonl_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
):
    stream = io.BytesIO()
    for row in rows:
        write_jsonl(stream, row)
    path = saved(tmp_path_factory.getbasetemp() / "round.jsonl", stream.getvalue())
    assert [row.fields for row in read_rows(path)] == rows


def test_a_whole_file_appears_only_when_it_is_complete(tmp_path: Path):
    path = tmp_path / "new" / "out.jsonl"
    with whole_file(path) as stream:
        stream.write(b"a")
        assert not path.exists()
    assert path.read_bytes() == b"a"


def test_a_failed_whole_file_leaves_the_old_one_and_no_scratch(tmp_path: Path):
    path = saved(tmp_path / "out.jsonl", b"old")

    def fail() -> None:
        with whole_file(path) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]
    assert path.read_bytes() == b"old"


def test_the_hash_of_a_known_file_is_known(tmp_path: Path):
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(saved(tmp_path / "abc", b"abc")) == expected


def test_a_message_is_made_of_all_its_fields():
    message = message_from(
        {
            "id": 7,
            "text": " hi ",
            "subject": "s",
            "channel": "mail",
            "customer": {"name": "Li", "tier": "vip", "id": 5},
            "created_at": "2026-11-21T10:00:00",
            "fields": {"order_id": 12},
            "contacts": "2",
            "other": True,
        },
        default_id="m-1",
    )
    assert (message.id, message.text, message.subject) == ("7", " hi ", "s")
    assert message.customer == Customer(id="5", name="Li", tier="vip")
    assert message.created_at == datetime(2026, 11, 21, 10, 0)  # noqa: DTZ001
    assert message.fields == {"order_id": "12"}
    assert message.contacts == 2


def test_a_message_without_id_gets_the_default_one():
    assert message_from({"text": "hi"}, default_id="m-3").id == "m-3"


def test_an_id_of_zero_is_kept():
    assert message_from({"id": 0, "text": "hi"}, default_id="m-3").id == "0"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "text"),
        ({"text": "  \n"}, "text"),
        ({"text": 3}, "text"),
        ({"text": "a", "subject": 1}, "subject"),
        ({"text": "a", "channel": []}, "channel"),
        ({"text": "a", "customer": "Li"}, "customer"),
        ({"text": "a", "customer": {"age": 3}}, "customer"),
        ({"text": "a", "created_at": "yesterday"}, "created_at"),
        ({"text": "a", "created_at": 12}, "created_at"),
        ({"text": "a", "fields": ["x"]}, "fields"),
        ({"text": "a", "contacts": -1}, "contacts"),
        ({"text": "a", "contacts": "many"}, "contacts"),
        ({"text": "a", "contacts": True}, "contacts"),
    ],
)
def test_an_unusable_field_is_named_with_a_remedy(fields: dict[str, object], field: str):
    with pytest.raises(MessageError) as refused:
        message_from(fields, default_id="m-1")
    assert refused.value.field == field
    assert refused.value.remedy in str(refused.value)


def test_articles_are_read_back_as_written(tmp_path: Path):
    dated = Article(
        id="kb-sale",
        intent="promotion/rules",
        translations={
            "zh-Hant": ArticleText(title="活動", questions=("滿減怎麼算",), reply="{a}好"),
        },
        tags=("sale",),
        version=4,
        valid_from=date(2026, 11, 1),
        valid_until=date(2026, 11, 12),
    )
    articles = [*starter_articles(), dated]
    path = write_rows(tmp_path / "kb.jsonl", [article_fields(a) for a in articles])
    assert read_articles(path) == articles


def test_the_validity_window_includes_both_its_days():
    known = article_from(
        article_fields(starter_articles()[0])
        | {"valid_from": "2026-11-01", "valid_until": "2026-11-12"}
    )
    shown = [known.valid_on(date(2026, m, d)) for m, d in [(10, 31), (11, 1), (11, 12), (11, 13)]]
    assert shown == [False, True, True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"translations": {}},
        {"translations": {"fr": {"title": "t", "questions": [], "reply": "r"}}},
        {"translations": {"en": {"title": "t", "questions": []}}},
        {"valid_from": "soon"},
        {"version": "two"},
    ],
)
def test_an_unusable_article_is_refused_with_its_line(tmp_path: Path, change: dict[str, object]):
    good = article_fields(starter_articles()[0])
    path = write_rows(tmp_path / "kb.jsonl", [good, good | {"id": "other"} | change])
    with pytest.raises(RecordError, match=r"kb\.jsonl, line 2"):
        read_articles(path)


def test_an_article_id_that_stands_twice_is_refused(tmp_path: Path):
    good = article_fields(starter_articles()[0])
    with pytest.raises(RecordError, match=r"line 2.*'kb-delay' stands on line 1"):
        read_articles(write_rows(tmp_path / "kb.jsonl", [good, good]))
