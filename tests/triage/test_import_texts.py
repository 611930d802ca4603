from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import RecordError
from triage.imports.columns import columns_in, meaning_of
from triage.imports.draft import article_id, day_of, intent_of, words_of
from triage.imports.html_text import html_to_text, is_html
from triage.imports.languages import tag_named, tag_told
from triage.imports.slots import load_slots, without_slots


def test_html_keeps_lists_line_breaks_headings_tables_and_links():
    content = """<h2>Returns</h2><p>Within <b>30 days</b>.<br>See
      <a href="https://shop.example/p">the policy</a>, <a href="#top">top</a>.</p>
      <ul><li><p>first</p></li><li>second<ol><li>a</li><li>b</li></ol></li></ul>
      <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
      <script>alert(1)</script><!-- hidden --><pre>x
  y</pre>fish &amp; chips"""
    assert html_to_text(content) == (
        "## Returns\n\nWithin 30 days.\nSee the policy (https://shop.example/p), top.\n\n"
        "- first\n- second\n  1. a\n  2. b\n\nA | B\n1 | 2\n\nx\n  y\n\nfish & chips"
    )


def test_a_link_that_shows_its_own_address_is_not_told_twice():
    assert html_to_text('<a href="mailto:a@b.example">a@b.example</a>') == "a@b.example"


def test_broken_and_deeply_nested_html_still_gives_its_text():
    assert html_to_text("<div>" * 3000 + "x</p></i> <b>y") == "x y"


@given(st.text('ab<>&/"= lipu1\n', max_size=80))
def test_no_html_is_too_broken(text: str):
    assert html_to_text(text) == html_to_text(text).strip()


def test_a_comparison_is_no_html():
    assert not is_html("if a < b and c > d, write <3")
    assert is_html("好的<br/>谢谢")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{{Order Number}}", "{order_id}"),
        ("{{ ticket.requester.first_name | default: 'you' }}", "{customer_name}"),
        ("${order_id}", "{order_id}"),
        ("%tracking_number%", "{tracking_no}"),
        ("{订单号}", "{order_id}"),
        ("{order_id}", "{order_id}"),
        ("{{Refund Policy}}", "{{Refund Policy}}"),
        ("{own_slot}", "{own_slot}"),
        ("50%or 20%", "50%or 20%"),
    ],
)
def test_slots_of_other_systems_become_ours_or_stay(theirs: str, ours: str):
    assert load_slots().mapped(f"a {theirs} b") == f"a {ours} b"


def test_slots_that_stay_open_are_counted_but_for_our_own_notation():
    slots = load_slots()
    slots.mapped("{{Refund Policy}} ${nothing} {{Refund Policy}} {own_slot} {order_id}")
    assert dict(slots.open) == {"{{Refund Policy}}": 2, "${nothing}": 1}
    assert slots.unknown_in("%some_thing% {{Order Number}}") == 1


def test_the_table_does_not_fill_the_customers_address_with_the_shops():
    assert load_slots().mapped("{{Customer Support Email}}") == "{{Customer Support Email}}"


def test_questions_lose_their_slots():
    assert without_slots("cancel order {{Order Number}}, please") == "cancel order, please"
    assert without_slots("怎么  退款") == "怎么  退款"


def test_languages_are_known_by_locale_name_or_text():
    named = {
        "zh_CN": "zh-Hans",
        "zh-TW": "zh-Hant",
        "en-us": "en",
        "繁体中文": "zh-Hant",
        "fr": None,
    }
    assert {name: tag_named(name) for name in named} == named
    assert tag_told("退款什么时候到账") == "zh-Hans"
    assert tag_told("退款什麼時候到帳") == "zh-Hant"
    assert tag_told("Wo ist meine Bestellung? Ich warte schon sehr lange auf das Paket") is None


def test_ids_are_the_sources_own_or_follow_from_source_and_title():
    assert article_id("zd", 360, title="") == "zd-360"
    assert article_id("zd", "faq-1", title="") == "faq-1"
    made = article_id("zd", None, title="退货")
    assert made == article_id("zd", "", title="退货")
    assert made != article_id("other", None, title="退货")


def test_intents_are_small_and_under_their_category():
    assert intent_of("ORDER", "cancel_order") == "order/cancel_order"
    assert intent_of("refund", "refund/apply") == "refund/apply"
    assert intent_of("Shipping & Delivery", None) == "shipping_delivery"
    assert intent_of(None, "") == ""


def test_days_and_words_are_read_as_people_write_them():
    for day in ("2026-11-01", "2026/11/1", "2026年11月1日", date(2026, 11, 1)):
        assert day_of(day, name="x") == date(2026, 11, 1)
    assert day_of(datetime(2026, 11, 1, 9), name="x") == date(2026, 11, 1)  # noqa: DTZ001
    with pytest.raises(RecordError, match="valid_from is 'soon', no day"):
        day_of("soon", name="valid_from")
    assert words_of("退货，退款; refund") == ("退货", "退款", "refund")


def test_columns_are_known_by_name_with_their_language():
    assert meaning_of("常见问题") == ("question", "")
    assert meaning_of("Question (EN)") == ("question", "en")
    assert meaning_of("answer_zh-TW") == ("answer", "zh-Hant")
    assert meaning_of("中文答案") == ("answer", "zh-Hans")
    assert meaning_of("price") is None


def test_columns_of_two_languages_side_by_side_are_two_versions():
    columns = columns_in([{"问题": "q", "答案": "a", "Question": "Q", "Answer": "A", "备注": ""}])
    assert [dict(v.columns) for v in columns.versions] == [
        {"question": "问题", "answer": "答案"},
        {"question": "Question", "answer": "Answer"},
    ]
    assert columns.unused == ("备注",)


def test_a_table_without_answers_is_refused_with_the_option_that_names_them():
    with pytest.raises(RecordError, match=r"--answer-column; the columns are 'q', 'x'"):
        columns_in([{"q": "1", "x": "2"}])
    with pytest.raises(RecordError, match="--question-column or --title-column"):
        columns_in([{"答案": "1", "x": "2"}])
