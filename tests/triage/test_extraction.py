from __future__ import annotations

import time

import pytest
from fakes import NOW
from hypothesis import given
from hypothesis import strategies as st

from triage.extraction import STRENGTH, KeyInfoExtractor

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
        ]
    ),
)
MESSAGES = st.lists(PIECES, max_size=10).map("".join)


def found(
    extractor: KeyInfoExtractor, text: str, script: str | None = None
) -> list[tuple[str, str, str]]:
    infos = extractor.extract([text], times=[NOW], scripts=[script])[0]
    return [(info.type, info.text, info.value) for info in infos]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("订单号是 20261111123456789,还没到", "20261111123456789"),
        ("我的订单号:tb20261120001 怎么还没发货", "TB20261120001"),
        ("訂單編號 20261120001 沒收到", "20261120001"),
        ("Order #A10-48293 never came", "A10-48293"),
        ("my order number is 112-1234567-1234567", "112-1234567-1234567"),
        ("#100482 is missing an item", "100482"),
    ],
)
def test_order_numbers_are_found(extractor: KeyInfoExtractor, text: str, number: str):
    assert [(k, v) for k, _, v in found(extractor, text)] == [("order_id", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SF1234567890123 没动", "SF1234567890123"),
        ("sf1234567890123没动", "SF1234567890123"),
        ("圆通YT1234567890123", "YT1234567890123"),
        ("京东JD0012345678901", "JD0012345678901"),
        ("运单号 773123456789012", "773123456789012"),
        ("1Z999AA10123456784 is lost", "1Z999AA10123456784"),
        ("tracking number is LX123456789CN", "LX123456789CN"),
        ("USPS 9400111899223197428490", "9400111899223197428490"),
        ("快递 12345678 没到", "12345678"),
    ],
)
def test_tracking_numbers_are_found(extractor: KeyInfoExtractor, text: str, number: str):
    assert [(k, v) for k, _, v in found(extractor, text)] == [("tracking_no", number)]


@pytest.mark.parametrize(
    ("text", "written", "number"),
    [
        ("请打13812345678", "13812345678", "+8613812345678"),
        ("电话 138 1234 5678", "138 1234 5678", "+8613812345678"),
        ("我的手機0912345678", "0912345678", "+886912345678"),
        ("+886 912 345 678", "+886 912 345 678", "+886912345678"),
        ("電話 9123 4567", "9123 4567", "+85291234567"),
        ("+852 9123 4567", "+852 9123 4567", "+85291234567"),
        ("call me at (415) 555-2671", "(415) 555-2671", "+14155552671"),
        ("+1 415-555-2671", "+1 415-555-2671", "+14155552671"),
    ],
)
def test_phones_are_found_in_e164(
    extractor: KeyInfoExtractor, text: str, written: str, number: str
):
    assert found(extractor, text) == [("phone", written, number)]


@pytest.mark.parametrize("text", ["买了 1234567 件", "电话 12345678901234", "2 3 4"])
def test_numbers_that_are_no_phones_are_left(extractor: KeyInfoExtractor, text: str):
    assert "phone" not in [kind for kind, _, _ in found(extractor, text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("退我25.5元", "25.50 CNY"),
        ("扣了￥199", "199.00 CNY"),
        ("三百块", "300.00 CNY"),
        ("两千块钱", "2000.00 CNY"),
        ("3万块", "30000.00 CNY"),
        ("RMB 200", "200.00 CNY"),
        ("花了HK$1,234.50", "1234.50 HKD"),
        ("300蚊", "300.00 HKD"),
        ("NT$990", "990.00 TWD"),
        ("500台幣", "500.00 TWD"),
        ("$20 refund", "20.00 USD"),
        ("$1.5k", "1500.00 USD"),
        ("20 dollars", "20.00 USD"),
        ("£15.99", "15.99 GBP"),
        ("€12", "12.00 EUR"),
        ("5000日元", "5000.00 JPY"),
        ("五百塊", "500.00 XXX"),
    ],
)
def test_amounts_are_found_with_their_currency(extractor: KeyInfoExtractor, text: str, value: str):
    assert [(k, v) for k, _, v in found(extractor, text)] == [("amount", value)]


def test_yuan_in_traditional_text_names_no_certain_currency(extractor: KeyInfoExtractor):
    assert found(extractor, "退99元", "Hant") == [("amount", "99元", "99.00 XXX")]
    assert found(extractor, "退99元", "Hans") == [("amount", "99元", "99.00 CNY")]


def test_together_is_not_one_yuan(extractor: KeyInfoExtractor):
    assert found(extractor, "我们一块去") == []


def test_an_email_address_is_found_and_lowered(extractor: KeyInfoExtractor):
    text = "发到 Some.Name@Example.co.uk谢谢"
    assert found(extractor, text) == [
        ("email", "Some.Name@Example.co.uk", "some.name@example.co.uk")
    ]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://shop.example.com/o/123?x=1.", "https://shop.example.com/o/123?x=1"),
        ("链接www.example.com/item,好的", "www.example.com/item"),
        ("(http://a.b/c)", "http://a.b/c"),
    ],
)
def test_links_end_before_punctuation(extractor: KeyInfoExtractor, text: str, link: str):
    assert found(extractor, text) == [("url", link, link)]


def test_a_number_inside_a_link_is_part_of_the_link(extractor: KeyInfoExtractor):
    assert [k for k, _, _ in found(extractor, "http://x.cn/13812345678 好")] == ["url"]


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


@given(st.lists(MESSAGES, max_size=4))
def test_a_batch_equals_its_members_one_by_one(extractor: KeyInfoExtractor, texts: list[str]):
    together = extractor.extract(texts, times=[NOW] * len(texts))
    assert together == [extractor.extract([text], times=[NOW])[0] for text in texts]


def test_a_lone_surrogate_does_not_stop_extraction(extractor: KeyInfoExtractor):
    assert found(extractor, "\ud800 退25元") == [("amount", "25元", "25.00 CNY")]


def test_a_long_list_of_numbers_is_searched_within_a_second(extractor: KeyInfoExtractor):
    start = time.process_time()
    extractor.extract(["1234567 a " * 2_000], times=[NOW])
    assert time.process_time() - start < 1
