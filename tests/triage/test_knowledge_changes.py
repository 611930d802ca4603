"""Articles that come, change and go, and searches that are narrowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder, article, starter_articles
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain import KeyInfo, Message
from triage.errors import InputError
from triage.knowledge import KnowledgeIndex, Scope, dense, passages_of, products_named, shelf
from triage.knowledge.saved import load_index, save_index
from triage.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from triage.article import Article
    from triage.knowledge import Hit

DAY = date(2026, 11, 21)
WORDS = ("退款", "包裹", "refund", "parcel", "late", "发票", "账号 被盗", "my order", "优惠券")
EVERY = {"both", "chinese", "english", "by-mail", "phone", "lamp"}
QUERIES = ("退款 refund", "where is my parcel", "发票", "zzz")
Change = tuple[str, int, tuple[str, ...]]


def indexed(articles: Sequence[Article]) -> KnowledgeIndex:
    passages = passages_of(articles)
    return KnowledgeIndex(articles, passages, FakeEncoder().encode([p.text for p in passages]))


def changed(index: KnowledgeIndex, change: Change) -> None:
    what, number, words = change
    name = f"a{number}"
    if what == "remove":
        if name in index.articles:
            index.remove([name])
        return
    new = article(name, "x/y", zh=words, en=words[:1], reply="".join(words))
    passages = passages_of([new])
    vectors = FakeEncoder().encode([p.text for p in passages])
    (index.update if name in index.articles else index.add)([new], passages, vectors)


def found(index: KnowledgeIndex, text: str, **scope: object) -> list[Hit]:
    plain = normalise(text)
    return index.search(
        plain,
        FakeEncoder().encode([plain])[0],
        day=DAY,
        scope=Scope(**scope),  # type: ignore[arg-type]
    )


def ids(hits: Iterable[Hit]) -> set[str]:
    return {hit.article.id for hit in hits}


def assert_alike(ours: KnowledgeIndex, fresh: KnowledgeIndex) -> None:
    assert list(ours.articles.values()) == list(fresh.articles.values())
    assert ours.passages == fresh.passages
    assert np.array_equal(ours.vectors, fresh.vectors)
    for query in QUERIES:
        pairs = list(zip(found(ours, query), found(fresh, query), strict=True))
        for one, other in pairs:
            assert (one.article, one.passage, one.kind) == (
                other.article, other.passage, other.kind,
            )  # fmt: skip
            for name in ("similarity", "lexical", "similarity_body", "lexical_body"):
                assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-6)


changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "remove"]),
        st.integers(0, 7),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(tuple),
    ),
    max_size=30,
)


@pytest.mark.parametrize("sieved", [False, True])
@given(made=changes)
@settings(max_examples=60, deadline=None)
def test_a_search_after_any_changes_is_that_of_an_index_made_anew(
    made: list[Change],
    sieved: bool,  # noqa: FBT001
):
    with pytest.MonkeyPatch.context() as patch:
        if sieved:  # as in an index of a hundred thousand articles
            patch.setattr(dense, "EXACT_ROWS", 0)
            patch.setattr(dense, "SIEVED", 1)
            patch.setattr(shelf, "MOST_POSTINGS", 6)
        index = indexed([])
        for change in made:
            changed(index, change)
        assert_alike(index, indexed(list(index.articles.values())))


@given(made=changes)
@settings(max_examples=15, deadline=None)
def test_a_changed_index_is_saved_and_loaded_whole(
    made: list[Change], tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("index")
    index = indexed(starter_articles())
    for change in made:
        changed(index, change)
    articles = save_index(index, folder)
    assert_alike(load_index(folder, articles), index)


def test_a_loaded_index_can_be_changed(tmp_path: Path):
    index = indexed(starter_articles())
    loaded = load_index(tmp_path, save_index(index, tmp_path))
    for made in (index, loaded):
        changed(made, ("put", 1, ("优惠券",)))
        made.remove(["kb-refund"])
    assert_alike(loaded, index)


def test_the_rows_of_removed_articles_go_when_a_quarter_is_gone():
    index = indexed([article(f"a{i}", "x/y", en=(f"text {i}",)) for i in range(20)])
    for i in range(5):
        index.remove([f"a{i}"])
    part = index._shelves["asked"].parts[0]
    assert (len(part), index.size) == (20, 30)
    index.remove(["a5"])
    part = index._shelves["asked"].parts[0]
    assert (len(part), index.size) == (14, 28)
    assert ids(found(index, "text")) == {f"a{i}" for i in range(6, 20)}


def test_many_single_additions_stay_in_few_parts():
    index = indexed([])
    for i in range(40):
        changed(index, ("put", i, (WORDS[i % len(WORDS)],)))
    assert len(index.articles) == 40
    assert {len(s.parts) for s in index._shelves.values()} == {shelf.MOST_PARTS}


@pytest.mark.parametrize(
    ("articles", "rows", "reason"),
    [
        ([article("kb-refund", "x/y", en=("t",))], 2, "in the index already"),
        ([article("a", "x/y", en=("t",)), article("a", "x/y", en=("t",))], 4, "in the index"),
        ([article("a", "x/y", en=("t",))], 3, r"expected \(2, 32\).*encode each passage"),
    ],
)
def test_an_addition_that_does_not_fit_is_refused_and_changes_nothing(
    articles: list[Article], rows: int, reason: str
):
    index = indexed(starter_articles())
    before = index.size
    with pytest.raises(InputError, match=reason):
        index.add(articles, passages_of(articles), np.zeros((rows, 32), dtype=np.float32))
    stray = passages_of([article("b", "x/y", en=("t",))])
    with pytest.raises(InputError, match="is of 'b'"):
        index.add([], stray, np.zeros((len(stray), 32), dtype=np.float32))
    assert (index.size, list(index.articles)) == (before, [a.id for a in starter_articles()])


def test_an_article_that_is_not_there_cannot_be_removed():
    index = indexed(starter_articles())
    with pytest.raises(InputError, match="no article 'nope'"):
        index.remove(["kb-refund", "nope"])
    assert "kb-refund" in index.articles


@pytest.fixture(scope="module")
def narrow() -> KnowledgeIndex:
    both = article("both", "x/y", zh=("退款",), en=("refund",))
    return indexed(
        [
            both,
            article("chinese", "x/y", zh=("退款",)),
            article("english", "x/y", en=("refund",)),
            replace(both, id="by-mail", channels=("Email",)),
            replace(both, id="phone", products=("红米手机", "iPhone 15")),
            replace(both, id="lamp", products=("台燈",)),
        ]
    )


@pytest.mark.parametrize(
    ("scope", "left_out"),
    [
        ({}, set()),
        ({"languages": frozenset({"en"})}, {"chinese"}),
        ({"languages": frozenset({"zh"})}, {"english"}),
        ({"languages": frozenset({"zh-Hant"})}, EVERY),
        ({"channel": "email"}, set()),
        ({"channel": "chat"}, {"by-mail"}),
        ({"products": frozenset({"紅米手機"})}, {"lamp"}),
        ({"products": frozenset({"IPHONE　15", "台灯"})}, set()),
        ({"products": frozenset({"耳机"})}, {"phone", "lamp"}),
        ({"products": frozenset({"耳机"}), "channel": "chat"}, {"phone", "lamp", "by-mail"}),
    ],
)  # fmt: skip
def test_a_search_is_narrowed_by_language_channel_and_product(
    narrow: KnowledgeIndex, scope: dict[str, object], left_out: set[str]
):
    assert ids(found(narrow, "退款 refund", **scope)) == set(narrow.articles) - left_out


def test_a_narrowed_search_finds_what_lies_behind_many_others():
    crowd = [
        replace(article(f"a{i}", "x/y", en=("refund",)), channels=("chat",)) for i in range(300)
    ]
    index = indexed([*crowd, article("mine", "x/y", en=("something about a refund",))])
    assert ids(found(index, "refund", channel="email")) == {"mine"}


def test_products_are_named_by_the_helpdesk_and_by_what_was_recognised():
    message = Message(id="m", text="t", fields={"product": "Lamp", "order_id": "1"})
    info = [
        KeyInfo(type="product", text="小米14", value="xiaomi-14", start=0, end=4),
        KeyInfo(type="order_id", text="123", value="123", start=5, end=8),
    ]
    assert products_named(message, info) == {"Lamp", "小米14", "xiaomi-14"}
    assert products_named(Message(id="m", text="t"), []) == frozenset()
