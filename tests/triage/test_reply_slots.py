from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import Customer, KeyInfo, Message
from triage.slot_names import slot_of
from triage.suggestion import ReplyFormat, fill, format_of, slot_values
from triage.suggestion.slots import printable

NAMES = st.sampled_from(["order_id", "carrier", "eta", "订单"])


def info(kind: str, text: str) -> KeyInfo:
    return KeyInfo(type=kind, text=text, value=text, start=0, end=len(text))


def test_known_slots_are_filled_and_others_stay_and_are_listed_once():
    reply, missing = fill("{a} {b} {a} {c} {b}", {"a": "1", "c": ""})
    assert reply == "1 {b} 1 {c} {b}"
    assert missing == ("b", "c")


@given(
    st.lists(NAMES.map("{{{}}}".format) | st.text(alphabet="ab {}\\1", max_size=5)).map("".join),
    st.dictionaries(NAMES, st.sampled_from(["x", "\\1", "{eta}"])),
)
def test_unknown_slots_are_left_as_they_stand(reply: str, values: dict[str, str]):
    filled, missing = fill(reply, values)
    assert not set(missing) & set(values)
    assert all(f"{{{name}}}" in filled for name in missing)
    assert fill(reply, {})[0] == reply


def test_a_value_with_braces_is_not_filled_a_second_time():
    values = {"customer_name": "{order_id}", "order_id": "A1"}
    assert fill("{customer_name}: {order_id}", values) == ("{order_id}: A1", ())


@given(st.text(), st.text())
def test_html_holds_what_was_said_and_no_markup_of_others(text: str, value: str):
    text = text.replace("{", "").replace("}", "").replace("\r", "")
    filled, _ = fill(f"{text} {{x}}", {"x": value}, form=ReplyFormat.HTML)
    assert "<" not in filled.replace("<br>", "")
    if value and not {"\r", "\n"} & set(value):
        assert html.unescape(filled.replace("<br>\n", "\n")) == f"{text} {value}"


@pytest.mark.parametrize(
    ("channel", "form"),
    [
        (None, "plain"),
        ("chat", "plain"),
        ("wechat", "plain"),
        ("email", "html"),
        ("E-Mail", "html"),
        ("Web_Form", "html"),
        ("邮件", "html"),
    ],
)
def test_the_channel_decides_how_a_reply_is_written(channel: str | None, form: str):
    assert format_of(channel) == form


def test_control_characters_never_reach_a_reply():
    assert printable("A\x001\u202e2\n\t3\x7f \ue000") == "A12 3"
    message = Message(id="m", text="t", fields={"order_id": "\x00\u200b", "eta": "to\nday"})
    assert slot_values(message, [], shop={}) == {"eta": "to day"}


def test_slots_take_the_shops_then_the_messages_then_the_callers_values():
    message = Message(
        id="m",
        text="t",
        customer=Customer(name="Li"),
        fields={"tracking_no": "SF1", "eta": "today"},
    )
    values = slot_values(
        message,
        [info("order_id", "A1"), info("order_id", "A2"), info("tracking_no", "SF9")],
        shop={"carrier": "SF", "order_id": "none"},
    )
    assert values == {
        "carrier": "SF",
        "order_id": "A1",
        "customer_name": "Li",
        "tracking_no": "SF1",
        "eta": "today",
    }


@pytest.mark.parametrize(
    ("name", "slot"),
    [
        ("order_no", "order_id"),
        ("Order Number", "order_id"),
        ("订单号", "order_id"),
        ("姓名", "customer_name"),
        ("eta", "eta"),
    ],
)
def test_other_names_of_a_slot_are_ours(name: str, slot: str):
    assert slot_of(name) == slot
    assert slot_values(Message(id="m", text="t", fields={name: "1"}), [], shop={}) == {slot: "1"}


def test_a_value_by_our_own_name_wins_over_one_by_an_alias():
    fields = {"order_id": "ours", "order_no": "theirs"}
    assert slot_values(Message(id="m", text="t", fields=fields), [], shop={}) == {
        "order_id": "ours"
    }
    assert fill("{order_no}", {"order_id": "A1"}) == ("A1", ())


def test_claimed_amounts_and_dates_never_fill_a_slot():
    claims = [info("amount", "99元"), info("date", "昨天")]
    assert slot_values(Message(id="m", text="t"), claims, shop={}) == {}
