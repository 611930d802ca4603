from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder, article, starter_articles

from triage.article import Article
from triage.knowledge import KnowledgeIndex, passages_of, search_terms
from triage.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from triage.knowledge import Hit

DAY = date(2026, 11, 21)
HALF = 5e-4  # vectors are kept in half precision


def indexed(articles: Sequence[Article]) -> KnowledgeIndex:
    passages = passages_of(articles)
    return KnowledgeIndex(articles, passages, FakeEncoder().encode([p.text for p in passages]))


def searched(index: KnowledgeIndex, text: str, *, day: date = DAY, **more: int) -> dict[str, Hit]:
    plain = normalise(text)
    hits = index.search(plain, FakeEncoder().encode([plain])[0], day=day, **more)
    return {hit.article.id: hit for hit in hits}


@pytest.fixture(scope="module")
def index() -> KnowledgeIndex:
    return indexed(starter_articles())


def bm25_shares(query: str, passages: Sequence[str]) -> list[float]:
    """Lucene's BM25 (k1 1.5, b 0.75) as a share of what the query itself would score."""
    documents = [search_terms(p) for p in passages]
    mean = sum(map(len, documents)) / len(documents)

    def idf(term: str) -> float:
        holders = sum(term in d for d in documents)
        return math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))

    terms = search_terms(query)
    own = sum(idf(t) for t in terms) / (1 + 1.5)
    shares = []
    for document in documents:
        length = 1.5 * (0.25 + 0.75 * len(document) / mean)
        counts = [(t, document.count(t)) for t in terms]
        shares.append(min(sum(idf(t) * n / (n + length) for t, n in counts) / own, 1))
    return shares


@pytest.mark.parametrize(
    "query", ["退款没到账", "where is my late parcel", "退款 refund 哈哈", "zzz 退"]
)
def test_lexical_is_the_share_of_bm25_that_a_passage_reaches(query: str):
    titles = ["退款什么时候到账", "包裹还没有到", "where is my parcel", "late parcel, late refund"]
    found = searched(
        indexed([article(f"a{i}", "x/y", en=(t,)) for i, t in enumerate(titles)]), query
    )
    expected = bm25_shares(normalise(query), [normalise(t) for t in titles])
    assert [found[f"a{i}"].lexical for i in range(4)] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert max(expected) > 0.1


def test_similarity_is_the_highest_cosine_over_the_articles_passages(index: KnowledgeIndex):
    encoder = FakeEncoder()
    query = normalise("我的快递几天没动")
    own = [p.text for p in index.passages if p.article_id == "kb-delay"]
    expected = (encoder.encode(own) @ encoder.encode([query])[0]).max()
    assert searched(index, query)["kb-delay"].similarity == pytest.approx(float(expected), abs=HALF)


@pytest.mark.parametrize("passage", ["我的账号被盗了", "duplicate charge on my card", "物流延误"])
def test_a_passage_finds_its_own_article_first(index: KnowledgeIndex, passage: str):
    hits = searched(index, passage)
    by_similarity = max(hits.values(), key=lambda h: h.similarity)
    by_words = max(hits.values(), key=lambda h: h.lexical)
    assert by_similarity.article.id == by_words.article.id
    assert by_similarity.similarity == pytest.approx(1, abs=HALF)
    assert by_words.passage == passage


def test_a_traditional_message_finds_the_simplified_article(index: KnowledgeIndex):
    assert searched(index, "退款還沒收到")["kb-refund"].similarity > 0.999


def test_scores_stay_inside_their_bounds(index: KnowledgeIndex):
    for text in ("退款退款退款退款", "my my my", "???", "a"):
        for hit in searched(index, text).values():
            assert 0 <= hit.lexical <= 1
            assert -1.0001 <= hit.similarity <= 1.0001


def test_a_message_of_unknown_words_has_no_lexical_score(index: KnowledgeIndex):
    assert {h.lexical for h in searched(index, "ξψω").values()} == {0.0}


def test_articles_outside_their_window_are_left_out():
    sale = Article(
        id="sale",
        intent="promotion/rules",
        translations=article("x", "x/y", zh=("满减",)).translations,
        valid_until=date(2026, 11, 12),
    )
    index = indexed([*starter_articles(), sale])
    assert "sale" in searched(index, "满减", day=date(2026, 11, 12))
    assert "sale" not in searched(index, "满减", day=date(2026, 11, 13))


def test_a_search_can_leave_one_passage_out(index: KnowledgeIndex):
    number = next(i for i, p in enumerate(index.passages) if p.text == "我的账号被盗了")
    assert searched(index, "我的账号被盗了")["kb-security"].similarity > 0.999
    assert searched(index, "我的账号被盗了", without=number)["kb-security"].similarity < 0.999


def test_passages_are_normalised_titles_then_questions_then_the_reply():
    passages = passages_of([article("a", "x/y", zh=("標題", "問題1"), en=("Title",))])
    assert [(p.language, p.text, p.kind, p.written) for p in passages] == [
        ("zh-Hans", "标题", "title", "標題"),
        ("zh-Hans", "问题0", "question", "問題1"),
        ("zh-Hans", "好的", "body", "好的"),
        ("en", "title", "title", "Title"),
        ("en", "好的", "body", "好的"),
    ]
    asked = passages_of([article("a", "x/y", zh=("標題", "問題1"))], bodies=False)
    assert [p.kind for p in asked] == ["title", "question"]


def test_a_long_reply_is_cut_at_its_headings_which_are_searched_with_the_text():
    reply = "# 退貨\n\n七天內可退。\n\n## 運費\n\n由買家負擔。"
    bodies = passages_of([article("a", "x/y", zh=("標題",), reply=reply)])[1:]
    assert [(p.headings, p.written, p.text) for p in bodies] == [
        (("退貨",), "七天內可退。", "退货 七天内可退。"),
        (("退貨", "運費"), "由買家負擔。", "退货 运费 由买家负担。"),
    ]


def test_a_hit_shows_the_passage_of_the_body_that_matches_best_with_its_headings():
    reply = "# Returns\n\nWithin seven days.\n\n## Postage\n\nthe buyer pays the courier"
    index = indexed([*starter_articles(), article("long", "x/y", en=("Policy",), reply=reply)])
    hit = searched(index, "the buyer pays the courier")["long"]
    assert (hit.passage, hit.kind, hit.headings) == (
        "the buyer pays the courier", "body", ("Returns", "Postage"),
    )  # fmt: skip
    assert hit.language == "en"
    assert hit.similarity_body > hit.similarity
    assert hit.lexical_body > 0.5 > hit.lexical


def test_the_language_of_a_hit_is_that_of_the_passage_that_matched(index: KnowledgeIndex):
    assert searched(index, "我的账号被盗了")["kb-security"].language == "zh-Hans"
    assert searched(index, "my account was hacked")["kb-security"].language == "en"


def test_an_index_without_articles_finds_nothing():
    index = KnowledgeIndex([], [], np.zeros((0, 32), dtype=np.float32))
    assert searched(index, "退款") == {}
