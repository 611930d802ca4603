from __future__ import annotations

import pytest
from fakes import NOW
from hypothesis import given
from hypothesis import strategies as st

from triage.extraction import RECOGNISERS, STRENGTH, KeyInfoExtractor
from triage.extraction.reading import Reading

PIECES = st.one_of(
    st.text(max_size=10),
    st.sampled_from(
        [
            "订单号",
            "单号:",
            "快递",
            "tracking number ",
            "#",
            "SF",
            "13812345678",
            "1234567",
            "+86 ",
            "电话",
            "call ",
            "¥",
            "NT$",
            "两千",
            "零",
            "百",
            "万",
            "块",
            "元",
            " dollars",
            "25.5",
            "1,000",
            "@",
            "a.co",
            "https://",
            "www.x.cn/",
            "昨天",
            "三点",
            "3 days ago",
            "(",
            ")",
            "-",
            ".",
            "１２",
            "²",
            "٣",
            "\u200b",
            "[姓名]",
            "王",
            "先生",
            "Mr ",
            "my name is ",
            "Anna",
            "北京市",
            "朝阳区",
            "路12号",
            "12 Main St",
            ", London",
            "三件",
            " pcs",
            "x2",
            "SKU ",
            "顺丰",
            "，",
            "收件人：",
        ]
    ),
)
HOSTILE = ["1", "12-", "1 2 ", "1,", "1.", "路", "路1号", "一百", "北京", "1号楼", "张", "a.", "a@",
           "www.a",
           "(", "+1 ", "¥1,", "#1a-", "order 1", "订单", "1z 1a ", "sf 1234 ", "two hundred and ",
           "1 main ", "flat 1 ", "blk 1 a ", "Mr A ", "My name is A B ", "我叫王", "3天", "1月",
           "nov 1 ", "昨天", "at 5 ", "[a", "{", "x1", "A-1", "ab-12-", "1/1/", "\n", ", London",
           "fedex 1234567 "]  # fmt: skip
MESSAGES = st.lists(PIECES, max_size=10).map("".join)


def found(
    extractor: KeyInfoExtractor, text: str, script: str | None = None
) -> list[tuple[str, str, str]]:
    infos = extractor.extract([text], times=[NOW], scripts=[script])[0]
    return [(info.type, info.text, info.value) for info in infos]


def test_relative_dates_use_the_time_of_the_message(extractor: KeyInfoExtractor):
    assert found(extractor, "昨天买的") == [("date", "昨天", "2026-11-20")]


def test_facts_come_in_order_of_position(extractor: KeyInfoExtractor):
    text = "昨天付了25元,订单 TB20261120001,电话13812345678,me@qq.com"
    kinds = [kind for kind, _, _ in found(extractor, text)]
    assert kinds == ["date", "amount", "order_id", "phone", "email"]


@given(MESSAGES)
def test_spans_lie_in_the_original_text_and_do_not_overlap(extractor: KeyInfoExtractor, text: str):
    (infos,) = extractor.extract([text], times=[NOW])
    behind = 0
    for info in infos:
        assert behind <= info.start < info.end <= len(text)
        assert text[info.start : info.end] == info.text
        assert info.type in STRENGTH
        assert info.value
        behind = info.end


@given(MESSAGES)
def test_the_pre_check_hides_nothing(text: str):
    reading = Reading(text, now=NOW)
    for recognise in RECOGNISERS:
        assert list(recognise(reading)) == list(recognise.find(reading))


@given(MESSAGES)
def test_the_same_text_gives_the_same_answer(extractor: KeyInfoExtractor, text: str):
    assert extractor.extract([text], times=[NOW]) == extractor.extract([text], times=[NOW])


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_is_searched_to_its_end(extractor: KeyInfoExtractor, unit: str):
    text = (unit * 20_000)[:20_000]
    (infos,) = extractor.extract([text], times=[NOW])
    assert all(text[i.start : i.end] == i.text for i in infos)


@pytest.mark.parametrize(
    "text",
    ["[订单编号] [数字] 到了吗", "[姓名]先生 您好", "{order_id} {name}", "[数字]元", "[日期]"],
)
def test_marks_for_removed_words_hold_nothing(extractor: KeyInfoExtractor, text: str):
    assert found(extractor, text) == []


def test_numbers_do_not_stay_in_the_vocabulary(extractor: KeyInfoExtractor):
    extractor.extract(["订单 98765432109876"], times=[NOW])
    assert "98765432109876" not in extractor._nlp.vocab.strings


@given(st.lists(MESSAGES, max_size=4))
def test_a_batch_equals_its_members_one_by_one(extractor: KeyInfoExtractor, texts: list[str]):
    together = extractor.extract(texts, times=[NOW] * len(texts))
    assert together == [extractor.extract([text], times=[NOW])[0] for text in texts]


def test_a_lone_surrogate_does_not_stop_extraction(extractor: KeyInfoExtractor):
    assert found(extractor, "\ud800 退25元") == [("amount", "25元", "25.00 CNY")]
