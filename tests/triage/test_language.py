from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.language import MIXED_SHARE, Language, language_of
from triage.text import detect_language

LABELLED = Path(__file__).parents[2] / "datasets" / "languages.jsonl"
WANTED = 0.97


def _rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]


def test_languages_of_labelled_messages_are_named():
    # Even lines were used while the words were chosen; odd ones are for measuring alone.
    rows = _rows()[1::2]
    wrong = [r["text"] for r in rows if _found(r["text"]) != (r["language"], r["script"])]
    assert len(wrong) <= (1 - WANTED) * len(rows), wrong


def test_mixed_messages_are_told_from_borrowed_words():
    rows = _rows()[1::2]
    wrong = [r["text"] for r in rows if detect_language(r["text"]).mixed != r["mixed"]]
    assert len(wrong) <= (1 - WANTED) * len(rows), wrong


def test_the_labelled_messages_are_many_and_no_two_alike():
    rows = _rows()
    assert len({r["text"] for r in rows}) == len(rows) >= 250
    assert all((r["script"] is not None) == (r["language"] == "zh") for r in rows)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hola", "es"),
        ("merci", "fr"),
        ("danke!", "de"),
        ("wo ist es", "de"),
        ("ma commande?", "fr"),
        ("pedido 10023", "es"),
        ("dove è il pacco", "it"),
        ("привет", "ru"),
        ("де моє замовлення", "uk"),
        ("مرحبا", "ar"),
        ("سفارش من کجاست", "fa"),
        ("발송", "ko"),
        ("발송 A10023 iPhone", "ko"),
        ("返品希望です", "ja"),
        ("発送済", "ja"),
        ("var är min beställning", "sv"),
        ("ยังไม่ได้ของ", "th"),
        ("שלום", "he"),
    ],
)
def test_a_few_clear_words_are_enough(text: str, code: str):
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "ship to germany?",
        "Order for Mr Müller",
        "the café table",
        "dove soap out of stock",
        "die cast car broke",
        "Hola Foods order never came",
        "do laundry bags come in blue",
        "gracias, but where is the rest of my order",
        "Don Carlos here, hang on",
        "plus size?",
        "HELP",
        "ok",
        "qwertz",
    ],
)
def test_english_with_names_and_homographs_stays_english(text: str):
    assert detect_language(text).code == "en"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("退款", "zh-Hans"),
        ("退貨", "zh-Hant"),
        ("唔該", "zh-Hant"),
        ("有冇貨", "zh-Hant"),
        ("我在台北吃飯", "zh-Hant"),
        ("放在床边那群杯子里面", "zh-Hans"),
        ("优の良品还有吗", "zh-Hans"),
        ("包裹滞留", "zh-Hans"),
        ("iPhone 15 Pro", "und"),
        ("[图片]", "und"),
        ("___", "und"),
        ("A1032-7", "und"),
    ],
)
def test_two_characters_names_and_masks_are_read_as_a_person_would(text: str, tag: str):
    assert detect_language(text).tag == tag


def test_a_mixed_message_has_the_language_of_its_main_part_and_shares_of_both():
    english = detect_language("I paid twice for this order, 请处理 thanks")
    assert (english.code, english.script, english.mixed) == ("en", None, True)
    assert english.shares == (("en", 0.78), ("zh", 0.22))
    chinese = detect_language("我的order到现在还没shipped")
    assert (chinese.tag, chinese.mixed) == ("zh-Hans", True)
    assert [code for code, _ in chinese.shares] == ["zh", "en"]


def test_english_words_in_a_chinese_sentence_leave_it_chinese():
    assert detect_language("想cancel order").code == "zh"


def test_brands_and_borrowed_words_mix_nothing():
    for text in ("我的iPhone坏了", "买的anta鞋开胶了", "app连不上wifi", "hi 在吗"):
        assert detect_language(text).shares == (("zh", 1.0),)


def test_a_language_is_named_for_people():
    assert Language("fr").name == "French (fr)"
    assert Language("xx").name == "xx"


@given(st.text(max_size=40) | st.text(alphabet="aé我の한приب 1.-_'@[]/", max_size=40))
def test_shares_of_any_text_sum_to_one_main_first(text: str):
    language = language_of(text)
    assert bool(language.shares) == (language.code != "und")
    if language.shares:
        assert language.shares[0][0] == language.code
        assert sum(share for _, share in language.shares) == pytest.approx(1, abs=0.03)
        assert all(share >= MIXED_SHARE - 0.01 for _, share in language.shares[1:])


def _found(text: str) -> tuple[str, str | None]:
    language = detect_language(text)
    return language.code, language.script
