"""Rows to records: order, ids, faults, and equal messages computed once with equal results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagging.fake_run import NOW, result

from tests.golden.__main__ import starter_engine
from triage.domain import Message, TriageResult
from triage.engine import TriageEngine
from triage.errors import MessageError
from triage.records import Reject, Row, message_from
from triage.tagging.sameness import Sameness
from triage.tagging.tagger import Tagger


class CountingEngine:
    """Answers with the message's text and time, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def message(self, given: Mapping[str, Any], *, number: int) -> Message:
        return message_from(given, default_id=f"m-{number}")

    def triage(self, messages: Sequence[Message]) -> list[TriageResult]:
        self.asked += [m.text for m in messages]
        return [result(m.id, f"{m.text} {m.created_at}") for m in messages]


def rows_of(*texts: str, **fields: Any) -> list[Row | Reject]:
    return [Row(n, {"text": text, **fields}) for n, text in enumerate(texts, start=1)]


def keyed(engine: CountingEngine, *, cached: int = 100) -> Tagger:
    return Tagger(engine, key=lambda m: (m.text, m.created_at), now=NOW, cached=cached)


def test_each_row_has_its_record_in_its_place_with_its_id():
    rows = [
        Row(1, {"id": 0, "text": "a"}),
        Reject(2, "not JSON", "{"),
        Row(3, {"id": "x"}),
        Row(4, {"text": "b"}),
    ]
    first, second, third, fourth = Tagger(CountingEngine(), now=NOW).records(rows, first=11)
    assert (first["id"], fourth["id"]) == ("0", "m-14")
    assert second == {"id": None, "line": 2, "error": "not JSON"}
    assert (third["id"], third["line"]) == ("x", 3)
    assert third["error"].startswith("text: is missing")


def test_a_text_is_computed_once_in_a_window_and_across_windows():
    engine = CountingEngine()
    tagger = keyed(engine)
    records = tagger.records(rows_of("a", "b", "a")) + tagger.records(rows_of("b", "c"), first=4)
    assert engine.asked == ["a", "b", "c"]
    assert [r["id"] for r in records] == ["m-1", "m-2", "m-3", "m-4", "m-5"]
    assert records[0]["understood_text"] == records[2]["understood_text"] == f"a {NOW}"


def test_what_is_remembered_is_bounded_and_the_oldest_goes():
    engine = CountingEngine()
    tagger = keyed(engine, cached=2)
    for text in "abcab":
        tagger.records(rows_of(text))
    assert engine.asked == ["a", "b", "c", "a", "b"]
    tagger.records(rows_of("b"))
    assert len(engine.asked) == 5


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(1, 7), st.integers(0, 3))
def test_records_do_not_depend_on_windows_or_on_what_is_remembered(
    texts: list[str], size: int, cached: int
):
    rows = rows_of(*texts)
    whole = Tagger(CountingEngine(), now=NOW).lines(rows)
    tagger = keyed(CountingEngine(), cached=cached)
    cut = [tagger.lines(rows[i : i + size], first=i + 1) for i in range(0, len(rows), size)]
    assert [line for lines in cut for line in lines] == whole


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return starter_engine()


WHEN = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 14, 23, 0, tzinfo=UTC)


def test_messages_of_one_key_have_equal_results(engine: TriageEngine):
    sameness = Sameness(engine.parts)
    texts = ("退款还没到", "明天能到吗", "where is my order A-10023", "call me at 5", "2月29日的单")
    messages = [
        Message(id="m", text=text, subject=subject, created_at=moment, contacts=contacts)
        for text in texts
        for subject in (None, "急")
        for moment in (WHEN, LATER)
        for contacts in (0, 2)
    ]
    known: dict[object, dict[str, Any]] = {}
    for message, found in zip(messages, engine.triage(messages), strict=True):
        assert known.setdefault(sameness.key(message), found.to_dict()) == found.to_dict()
    assert len(known) < len(messages)


def test_time_is_part_of_a_key_only_where_it_matters(engine: TriageEngine):
    sameness = Sameness(engine.parts)
    quiet = datetime(2026, 9, 2, 8, tzinfo=UTC)

    def same(text: str, other: datetime) -> bool:
        first = Message(id="a", text=text, created_at=quiet)
        second = Message(id="b", text=text, created_at=other)
        return sameness.key(first) == sameness.key(second)

    assert same("怎么退款", quiet.replace(day=3, hour=20))
    assert not same("明天能到吗", quiet.replace(hour=20))
    articles = engine.bundle.knowledge.articles.values()
    ends = [article.valid_until for article in articles if article.valid_until]
    assert not same("怎么退款", datetime.combine(max(ends), quiet.timetz()) + timedelta(days=1))


def test_a_tagger_over_the_engine_equals_the_engine(engine: TriageEngine):
    rows = [
        {"id": str(n), "text": text, "created_at": moment.isoformat()}
        for n, text in enumerate(("我要退款", "明天到吗", "我要退款", "明天到吗", "where is it?"))
        for moment in (WHEN, LATER)
    ]
    tagger = Tagger(engine, key=Sameness(engine.parts).key, now=NOW)
    records = tagger.records([Row(n, row) for n, row in enumerate(rows, start=1)])
    assert records == [found.to_dict() for found in engine.triage(rows)]


def test_a_message_error_is_no_end_of_a_run():
    class Strict(CountingEngine):
        def message(self, given: Mapping[str, Any], *, number: int) -> Message:
            raise MessageError("text", f"{given['text']} is no. {number}", remedy="cut it")

    (record,) = Tagger(Strict(), now=NOW).records(rows_of("a"))
    assert record["error"] == "text: a is no. 1; cut it"
