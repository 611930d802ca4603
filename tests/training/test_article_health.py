from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from training.article_health import near_pairs, never_used, stale_articles
from training.article_texts import ArticleTexts, texts_of
from training.contradictions import contradictions, terms_in
from triage.article import Article, ArticleText
from triage.encoder import Encoder, load_encoder
from triage.extraction import KeyInfoExtractor

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def extractor() -> KeyInfoExtractor:
    return KeyInfoExtractor()


def article(name: str, *questions: str, reply: str = "-", tag: str = "zh-Hans", **other: Any):
    text = ArticleText(title=questions[0], questions=questions[1:], reply=reply)
    return Article(id=name, intent="refund/apply", translations={tag: text}, **other)


def texts(encoder: Encoder, *articles: Article) -> ArticleTexts:
    return texts_of(articles, encoder.encode)


def hints(encoder: Encoder, one: str, other: str, *, tag: str = "zh-Hans") -> list[str]:
    articles = [
        article("a", "怎么退货", reply=one, tag=tag),
        article("b", "如何退货", reply=other, tag=tag),
    ]
    pairs = near_pairs(texts(encoder, *articles), least=0.5)
    assert pairs
    return [c.kind for c in contradictions(articles, pairs, encoder.encode)]


def test_articles_with_an_equal_question_are_twins(encoder: Encoder) -> None:
    known = texts(
        encoder,
        article("a", "退货要怎么操作", "How do I return this?", "衣服掉色"),
        article("b", "开发票", "how do I return this"),
        article("c", "修改密码"),
    )
    (pair,) = near_pairs(known, least=0.9)
    assert (pair.first, pair.second) == (0, 1)
    assert pair.similarity > 0.95
    assert pair.texts == ("How do I return this?", "how do I return this")


def test_texts_of_one_article_are_no_twins(encoder: Encoder) -> None:
    assert near_pairs(texts(encoder, article("a", "退货", "退货吗")), least=0.5) == []
    assert near_pairs(texts(encoder), least=0.5) == []


def test_articles_out_of_date_are_told_with_the_reason() -> None:
    articles = [
        article("fine", "x", valid_until=date(2026, 12, 31)),
        article("ending", "x", valid_until=date(2026, 12, 4)),
        article("last-day", "x", valid_until=TODAY),
        article("ended", "x", valid_until=date(2026, 11, 19)),
        article("old", "x"),
        article("young", "x"),
        article("undated", "x"),
    ]
    updated = {"old": "2025-11-19T08:00:00+00:00", "young": "2025-11-20", "undated": "once"}
    found = stale_articles(articles, updated=updated, today=TODAY)
    assert [(s.id, s.reason, s.day) for s in found] == [
        ("ended", "ended", date(2026, 11, 19)),
        ("last-day", "ending", TODAY),
        ("ending", "ending", date(2026, 12, 4)),
        ("old", "old", date(2025, 11, 19)),
    ]


def test_an_article_nobody_was_sent_is_never_used() -> None:
    articles = [article("a", "x"), article("b", "x")]
    assert [a.id for a in never_used(articles, {"a", "gone"})] == ["b"]


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("签收后7天内可以退货。", "签收后15天内可以退货。", ["time"]),
        ("签收后7天内可以退货。", "签收后一周内可以退货。", []),
        ("退款3到5个工作日到账。", "退款7个工作日到账。", ["workdays"]),
        ("退款3到5个工作日到账。", "退款5个工作日到账。", []),
        ("退货运费10元。", "退货运费12元。", ["sum"]),
        ("拆封后可以退货。", "拆封后不可以退货。", ["negation"]),
        ("签收后7天内可以退货。", "仓库15天盘点一次，请放心。", []),
    ],
)
def test_replies_that_state_other_terms_are_a_hint(
    encoder: Encoder, one: str, other: str, kinds: list[str]
) -> None:
    assert hints(encoder, one, other) == kinds


def test_english_replies_are_compared_too(encoder: Encoder) -> None:
    seven = "You can return it within 7 days of delivery."
    assert hints(encoder, seven, "You can return it within 15 days of delivery.", tag="en") == [
        "time"
    ]
    assert hints(encoder, seven, "You can return it within a week of delivery.", tag="en") == []
    assert hints(encoder, seven, seven, tag="en") == []


@pytest.mark.parametrize(
    ("sentence", "terms"),
    [
        ("一周内", {"time": {"168"}}),
        ("within 2 weeks", {"time": {"336"}}),
        ("3 to 5 business days", {"workdays": {"3", "5"}}),
        ("运费10元，20%", {"sum": {"10.00 CNY"}, "share": {"20"}}),
        ("2025年3月1日前", {}),
    ],
)
def test_terms_are_read_in_one_unit(
    extractor: KeyInfoExtractor, sentence: str, terms: dict[str, set[str]]
) -> None:
    assert terms_in(sentence, extractor) == terms


def test_no_articles_have_no_hints(encoder: Encoder) -> None:
    none = texts(encoder)
    assert none.vectors.shape == (0, encoder.dim)
    assert contradictions([], near_pairs(none, least=0.5), encoder.encode) == []
    assert np.array(none.owners).size == 0
