"""Events out of tagged rows: nested, flat, with originals beside or apart; times and zones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from triage.bursts.rows import read_events
from triage.errors import RecordError


def written(folder: Path, *rows: Mapping[str, Any], name: str = "tagged.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def tagged(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "language": "en",
        "category": {"label": "refund", "intent": "refund/progress"},
        "understood_text": None,
    } | more


def test_rows_of_triage_tag_are_read_and_sorted_by_time(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        tagged("b", created_at="2026-03-02T10:00:00+08:00", text="two"),
        tagged("a", created_at="2026-03-02T01:00:00+00:00", text="one"),
    )
    read = read_events(path)
    assert [(e.id, e.text) for e in read.events] == [("a", "one"), ("b", "two")]
    assert read.events[0].category == "refund"
    assert read.events[0].intent == "refund/progress"
    assert read.events[0].language == "en"
    assert read.rejects == ()


def test_columns_that_were_kept_beside_the_tags_are_found(tmp_path: Path) -> None:
    own = {"created_at": "2026-03-02T10:00:00Z", "text": "where", "customer": {"id": 7}}
    (event,) = read_events(written(tmp_path, tagged("a", input=own))).events
    assert (event.text, event.sender) == ("where", "7")
    assert event.at == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_the_file_that_was_tagged_gives_what_the_tags_lack(tmp_path: Path) -> None:
    path = written(tmp_path, tagged("1"))
    originals = written(
        tmp_path,
        {"id": 1, "text": "hello", "created_at": "2026-03-02T10:00:00Z"},
        name="tickets.jsonl",
    )
    (event,) = read_events(path, originals=originals).events
    assert event.text == "hello"


def test_flat_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tagged.csv"
    path.write_text(
        "id,category,intent,text,when,customer_id\n"
        "1,refund,refund/progress,hi,2026-03-02 10:00:00,c9\n",
        encoding="utf-8",
    )
    (event,) = read_events(path, time="when").events
    assert (event.category, event.intent, event.sender) == ("refund", "refund/progress", "c9")


@pytest.mark.parametrize(("zone", "offset"), [(None, 9), (ZoneInfo("Asia/Shanghai"), 8), (UTC, 0)])
def test_times_without_zone_take_the_named_one_or_that_of_the_other_rows(
    tmp_path: Path, zone: Any, offset: int
) -> None:
    path = written(
        tmp_path,
        tagged("a", created_at="2026-03-02T10:00:00"),
        tagged("b", created_at="2026-03-03T10:00:00+09:00"),
    )
    first = read_events(path, zone=zone).events[0]
    assert first.at == datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=offset)))


def test_times_are_utc_where_no_row_has_a_zone(tmp_path: Path) -> None:
    read = read_events(written(tmp_path, tagged("a", created_at="2026-03-02")))
    assert read.events[0].at == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_file_without_times_is_refused_with_column_and_remedy(tmp_path: Path) -> None:
    path = written(tmp_path, tagged("a"), tagged("b"))
    with pytest.raises(RecordError, match=r"no time in 'created_at'.*--time.*--keep.*--originals"):
        read_events(path)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="has no rows"):
        read_events(written(tmp_path))


def test_single_rows_that_cannot_be_used_are_counted_with_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        tagged("a", created_at="2026-03-02T10:00:00Z"),
        tagged("b", created_at="yesterday"),
        tagged("c"),
        {"id": "d", "line": 4, "error": "text: is missing"},
        tagged("e", created_at=17),
    )
    read = read_events(path)
    assert len(read.events) == 1
    reasons = [(r.line, r.reason) for r in read.rejects]
    assert reasons == [
        (2, "created_at is 'yesterday'; give ISO 8601, as 2026-11-11T09:30:00"),
        (3, "has no time in 'created_at'"),
        (4, "was not tagged: text: is missing"),
        (5, "created_at is 17; give ISO 8601, as 2026-11-11T09:30:00"),
    ]
