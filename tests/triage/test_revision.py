from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fakes import article, starter_articles
from hypothesis import given
from hypothesis import strategies as st

from triage.article import Article, ArticleKind, ArticleText
from triage.article_store import (
    BY_HAND,
    STORE,
    StoredArticle,
    live,
    read_store,
    write_store,
)
from triage.errors import RecordError
from triage.records import article_fields, article_from
from triage.revision import Incoming, Revision, Status, restored, retired, revise

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LATER, LAST = (f"2026-11-{day}T00:00:00+00:00" for day in ("01", "02", "03"))


def after(revision: Revision) -> dict[str, StoredArticle]:
    return {record.article.id: record for record in revision.stored}


def imported(*articles: Article, into: Any = None, at: str = FIRST, **options: Any) -> Revision:
    incoming = [Incoming(article=a) for a in articles]
    return revise(into or {}, incoming, source="shop", at=at, **options)


def reply(text: str) -> Article:
    return article("a", "refund/apply", en=("Refund", "how do I"), reply=text)


def test_a_changed_article_gets_a_version_a_diff_and_its_past():
    once = after(imported(reply("one\ntwo")))
    revision = imported(reply("one\nthree"), into=once, at=LATER)
    (change,) = revision.changes
    assert (change.status, change.fields) == (Status.CHANGED, ("en.reply",))
    assert change.diff == ("- en.reply: two", "+ en.reply: three")
    record = after(revision)["a"]
    assert (record.article.version, record.updated) == (2, LATER)
    assert record.history == (
        {"event": "changed", "at": LATER, "version": 1, "before": {"en.reply": "one\ntwo"}},
    )


def test_an_article_that_vanished_is_retired_and_revives_when_it_comes_back():
    other = article("b", "refund/apply", en=("Other",))
    once = after(imported(reply("x"), other))
    gone = imported(other, into=once, at=LATER)
    assert [c.id for c in gone.of(Status.RETIRED)] == ["a"]
    assert live(gone.stored) == [other]
    back = imported(reply("x"), other, into=after(gone), at=LAST)
    assert [c.id for c in back.of(Status.REVIVED)] == ["a"]
    record = after(back)["a"]
    assert (record.retired, record.article.version, record.updated) == (None, 1, FIRST)
    assert [entry["event"] for entry in record.history] == ["retired", "restored"]


def test_a_missing_article_can_be_kept():
    once = after(imported(reply("x")))
    other = article("b", "refund/apply", en=("Other",))
    revision = imported(other, into=once, keep_missing=True)
    assert [c.id for c in revision.of(Status.MISSING)] == ["a"]
    assert len(live(revision.stored)) == 2


def test_other_sources_are_left_alone():
    once = after(imported(reply("x")))
    other = [Incoming(article=article("b", "refund/apply", en=("Other",)))]
    assert len(live(revise(once, other, source="elsewhere", at=LATER).stored)) == 2


def test_what_was_retired_by_hand_stays_so_while_its_text_follows_the_source():
    once = after(imported(reply("x")))
    once["a"] = retired(once["a"], by=BY_HAND, at=LATER)
    record = after(imported(reply("y"), into=once, at=LAST))["a"]
    assert (record.retired, record.article.version) == (LATER, 2)
    assert restored(record, by=BY_HAND, at=LAST).retired is None
    with pytest.raises(RecordError, match="nothing to restore"):
        restored(restored(record, by=BY_HAND, at=LAST), by=BY_HAND, at=LAST)
    with pytest.raises(RecordError, match="is retired since"):
        retired(record, by=BY_HAND, at=LAST)


def test_a_long_diff_is_cut():
    once = after(imported(reply("\n".join(map(str, range(50))))))
    (change,) = imported(reply("other"), into=once).changes
    assert (len(change.diff), change.diff[-1]) == (13, "…")


words = st.text("ab字 \n", min_size=1, max_size=8)
texts = st.builds(
    ArticleText, title=words, questions=st.lists(words, max_size=2).map(tuple), reply=words
)
articles = st.builds(
    Article,
    id=st.sampled_from("abcde"),
    intent=st.sampled_from(["refund/apply", "order/cancel"]),
    translations=st.dictionaries(st.sampled_from(["zh-Hans", "en"]), texts, min_size=1),
    kind=st.sampled_from(ArticleKind),
)
sources = st.lists(articles, unique_by=lambda a: a.id, max_size=5)


@given(sources, sources)
def test_importing_twice_changes_nothing(before: list[Article], now: list[Article]):
    once = after(imported(*now, into=after(imported(*before)), at=LATER))
    again = imported(*now, into=once, at=LAST)
    assert after(again) == once
    assert {c.status for c in again.changes} <= {Status.UNCHANGED}


@given(sources, sources)
def test_what_is_in_service_is_what_the_source_holds(before: list[Article], now: list[Article]):
    revision = imported(*now, into=after(imported(*before)), at=LATER)
    in_service = {a.id: replace(a, version=1) for a in live(revision.stored)}
    assert in_service == {a.id: a for a in now}


@given(sources)
def test_articles_survive_their_record_with_their_kind(known: list[Article]):
    assert [article_from(article_fields(a)) for a in known] == known


def test_the_store_is_read_as_it_was_written(tmp_path: Path):
    once = after(imported(*starter_articles()))
    once["kb-delay"] = retired(once["kb-delay"], by=BY_HAND, at=LATER)
    once["kb-login"] = replace(once["kb-login"], asked="log_in", url="https://shop.example/1")
    write_store(tmp_path / "kb", once.values())
    assert read_store(tmp_path / "kb") == once
    assert read_store(tmp_path / "none") == {}


def test_a_store_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path):
    write_store(tmp_path, after(imported(reply("x"))).values())
    before = (tmp_path / STORE).read_bytes()

    def failing() -> Iterator[StoredArticle]:
        yield from after(imported(reply("y"))).values()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_store(tmp_path, failing())
    assert (tmp_path / STORE).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [STORE]


def test_a_damaged_store_is_refused_by_line(tmp_path: Path):
    (tmp_path / STORE).write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(RecordError, match=r"line 1: no stored article.*backup"):
        read_store(tmp_path)
