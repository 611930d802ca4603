from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.text import (
    Language,
    as_written,
    clean,
    detect_language,
    normalise,
    to_simplified,
    to_traditional,
)

# Arbitrary text, with the pieces on which the patterns turn mixed in.
MESSAGES = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "&nbsp;",
                "&#0;",
                "> ",
                "\n",
                "-- \n",
                "On a b wrote:",
                "在上周五写道:",
                "[数字]",
                "[订单编号]",
                "@user",
                "http://x.cn/?a",
                "a@b.co",
                "訂單",
                "1234567",
                "哈哈哈哈哈",
                "Sent from my iPhone",
                "\u200b",
                "\ud800",
                "Ａ１",
                "SF1234567890123",
            ]
        ),
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("<p>你好<br>包裹</p>&nbsp;谢谢", "你好 包裹 谢谢"),
        ("ＡＢＣ１２３，全角", "ABC123,全角"),
        ("My reply\n\nOn Mon, 3 Nov 2025, Bob wrote:\n> old\n", "My reply"),
        ("好的\n-----原始邮件-----\n发件人: 客服", "好的"),
        ("收到\n於 2026年1月1日,客服 寫道:\n舊", "收到"),
        ("Help me\n-- \nBob\nShop Ltd", "Help me"),
        ("Help me\nSent from my iPhone", "Help me"),
        ("收到\n发自我的 iPhone", "收到"),
        ("yes\n> quoted\nno", "yes no"),
        ("快递\u200b到\x00了\ud800", "快递 到 了"),
        ("i <3 you, a < b and c > d", "i <3 you, a < b and c > d"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
    ],
)
def test_clean_keeps_only_the_customers_own_words(written: str, cleaned: str):
    assert clean(written) == cleaned


def test_clean_keeps_a_message_that_is_all_quotation():
    assert clean("> where is it") == "> where is it"


@given(MESSAGES)
def test_clean_of_any_text_is_one_line_without_control_characters(text: str):
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split())
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in cleaned)


@given(MESSAGES)
def test_normalise_of_any_text_is_lower_case_single_spaced_and_short_of_digits(text: str):
    normalised = normalise(text)
    assert normalised == normalised.lower()
    assert normalised == " ".join(normalised.split())
    numbers = "".join(c if c.isdecimal() else " " for c in normalised).split()
    assert {*numbers} <= {"0", "00000"}


@given(st.text(alphabet="abc 我订单到没有,。?", max_size=30))
def test_normalise_leaves_a_normalised_text_without_numbers_as_it_is(text: str):
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("訂單還沒到", "订单还没到"),
        ("請幫我查一下物流", "请帮我查一下物流"),
        ("退款什麼時候到", "退款什么时候到"),
        ("我的帳號登不上", "我的账号登不上"),
        ("還在等著收貨", "还在等着收货"),
        ("這個壞了,要換貨", "这个坏了,要换货"),
        ("發票開錯了", "发票开错了"),
    ],
)
def test_both_scripts_normalise_to_the_same_text(traditional: str, simplified: str):
    assert normalise(traditional) == normalise(simplified) == simplified


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("See https://a.b/c?x=1 NOW", "see url now"),
        ("看https://a.b/c?x=1谢谢", "看 url 谢谢"),
        ("mail Bob@X.com", "mail email"),
        ("@AmazonHelp hi", "@user hi"),
        ("买了[数字]件", "买了0件"),
        ("寄给[姓名]", "寄给 姓名"),
        ("soooooo late", "sooo late"),
        ("order 1234 of AB1234567", "order 0 of 00000"),
        ("订单20261120123456没到", "订单00000没到"),
    ],
)
def test_normalise_replaces_ids_links_and_names_by_stand_ins(written: str, normalised: str):
    assert normalise(written) == normalised


def test_two_messages_that_differ_in_an_order_number_normalise_alike():
    assert normalise("订单 20261120123456 没到") == normalise("订单 98765432101234 没到")


def test_an_id_mask_is_told_from_a_quantity_mask():
    assert normalise("单号[订单编号]") == "单号00000"


def test_a_long_number_of_one_digit_stays_an_id():
    assert normalise("order 88888888") == normalise("order 81726354") == "order 00000"


@pytest.mark.parametrize(
    "text", ["\n" * 6_000 + "x", "a" * 20_000, "我" * 20_000], ids=["newlines", "letters", "han"]
)
def test_a_long_monotonous_message_is_normalised_within_a_second(text: str):
    start = time.process_time()
    normalise(text)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("你好", "zh-Hans"),
        ("我的iPhone坏了", "zh-Hans"),
        ("訂單還沒到", "zh-Hant"),
        ("唔該幫我睇下佢嘅嘢", "zh-Hant"),
        ("Where is my order?", "en"),
        ("hello", "en"),
        ("Où est ma commande s'il vous plaît", "fr"),
        ("注文はどこですか", "ja"),
        ("주문 어디", "ko"),
        ("12345 !!!", "und"),
        ("😀", "und"),
        ("", "und"),
        ("https://shop.example.com/item", "und"),
    ],
)
def test_language_and_script_are_named(text: str, tag: str):
    assert detect_language(text).tag == tag


def test_only_a_recognised_foreign_language_is_unsupported():
    assert Language("zh", "Hant").supported
    assert Language("en").supported
    assert Language("und").supported
    assert not Language("fr").supported


@given(MESSAGES)
def test_language_of_any_text_is_named_and_only_chinese_has_a_script(text: str):
    language = detect_language(text)
    assert (language.script in ("Hans", "Hant")) == (language.code == "zh")


def test_scripts_are_converted_and_other_text_is_not():
    assert to_simplified("訂單 Order É") == "订单 Order É"
    assert to_traditional("订单的快递") != "订单的快递"
    assert to_simplified(to_traditional("订单还没到")) == "订单还没到"
    assert to_traditional("order") == "order"


def test_a_normalised_term_is_found_as_it_was_written():
    assert as_written("发票", "請補開發票,謝謝") == "發票"
    assert as_written("refund", "My REFUND please") == "REFUND"
    assert as_written("退货", "請補開發票") is None
