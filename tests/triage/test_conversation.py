from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.conversation import EARLIER_CHARS, is_fragment, merged, refuse_overlong, request_of
from triage.domain import Message, Role, Turn
from triage.errors import MessageError

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)
ROLES = {"c": Role.CUSTOMER, "a": Role.AGENT, "b": Role.BOT, "s": Role.SYSTEM}


def message(*spoken: str, text: str = "", at: datetime | None = None) -> Message:
    """Return a message with turns such as ``c:我要退款``."""
    turns = tuple(Turn(ROLES[one[0]], one[2:]) for one in spoken)
    return Message(id="m", text=text, turns=turns, created_at=at)


def asked(*spoken: str, text: str = "") -> tuple[str, int]:
    request = request_of(message(*spoken, text=text))
    return request.text, request.contacts


def test_the_last_burst_of_the_customer_is_one_request():
    assert asked("c:old", "a:done", "c:在吗", "c:我的快递", "c:到哪了") == (
        "在吗\n我的快递\n到哪了",
        1,
    )


@pytest.mark.parametrize(
    "between",
    ["b:您好，欢迎光临，请问有什么可以帮您？", "s:会话已转接", "b:[自动回复] 稍等", "a: ", "c: "],
)
def test_greetings_and_events_break_no_burst(between: str):
    assert asked("c:我的快递", between, "c:三天没动了") == ("我的快递\n三天没动了", 0)


def test_an_answer_of_a_bot_breaks_a_burst():
    assert asked("c:我的快递没动", "b:您的快递明天到", "c:还是没到") == ("还是没到", 1)


def test_turns_after_the_last_burst_change_nothing():
    assert asked("c:退款没到", "a:我看一下", "s:会话结束") == ("退款没到", 0)


@pytest.mark.parametrize(
    "fragment",
    [
        "在吗",
        "?",
        "123456",
        "A-10023",
        "好的",
        "单号 SF1234567890123",
        "[图片]",
        "my order is 88213-2",
    ],
)
def test_a_fragment_takes_its_subject_from_before_and_that_is_no_earlier_contact(fragment: str):
    given = asked("c:我要退款", "c:衣服小了", "a:请提供单号", f"c:{fragment}")
    assert given == (f"我要退款\n衣服小了\n{fragment}", 0)


def test_a_subject_is_looked_for_behind_further_fragments():
    given = asked("c:wrong size", "a:order?", "c:A-10023", "a:which item?", "c:this one")
    assert given == ("wrong size\nA-10023\nthis one", 0)


def test_fragments_without_any_subject_stay_alone():
    assert asked("c:在吗", "a:在的", "c:?") == ("在吗\n?", 0)


def test_a_text_is_the_message_and_turns_are_its_history():
    assert asked("c:快递没到", "a:明天到", text="还是没到") == ("还是没到", 1)
    assert asked("c:快递", text="没到") == ("快递\n没到", 0)


def test_a_history_that_holds_the_text_too_has_it_once():
    assert asked("c:快递没到", text=" 快递没到") == (" 快递没到", 0)


def test_a_message_without_turns_is_itself():
    assert asked(text=" hi ") == (" hi ", 0)
    plain = Message(id="m", text="hi", contacts=2)
    assert merged(plain) is plain


def test_every_answered_burst_is_an_earlier_contact():
    talk = ("c:没到", "a:等等", "c:还没到", "a:再等", "c:谢谢", "a:不客气", "c:我要投诉你们")
    assert asked(*talk) == ("我要投诉你们", 3)


def test_asking_the_same_again_without_an_answer_is_a_contact_said_once():
    assert asked("c:退款呢到底", "c:在吗", "c:退款呢到底") == ("在吗\n退款呢到底", 1)


@pytest.mark.parametrize(("gap", "contacts"), [(59, 0), (60, 1)])
def test_asking_again_an_hour_later_is_a_contact(gap: int, contacts: int):
    turn = Turn(Role.CUSTOMER, "快递没到", NOON)
    again = Message(
        id="m", text="有人管吗这事", turns=(turn,), created_at=NOON + timedelta(minutes=gap)
    )
    assert request_of(again).contacts == contacts


def test_times_of_which_one_has_no_zone_are_not_compared():
    turns = (Turn(Role.CUSTOMER, "没到", NOON.replace(tzinfo=None)),)
    assert request_of(Message(id="m", text="还没到", turns=turns, created_at=LATER)).contacts == 0


def test_a_merged_message_is_dated_by_its_last_turn_and_adds_its_contacts():
    turns = (
        Turn(Role.CUSTOMER, "没到", NOON),
        Turn(Role.AGENT, "等等", NOON),
        Turn(Role.CUSTOMER, "昨天就该到了", LATER),
    )
    made = merged(Message(id="m", text="", turns=turns, contacts=2))
    assert (made.text, made.created_at, made.contacts) == ("昨天就该到了", LATER, 3)


def test_of_a_long_burst_the_latest_turns_are_kept():
    long = ["c:" + str(n) + "个" * 600 for n in range(8)]
    text, _ = asked(*long)
    assert text.endswith(long[-1][2:])
    assert len(text) <= EARLIER_CHARS + len(long[-1])
    assert text.startswith("4")


def test_an_overlong_turn_is_named():
    with pytest.raises(MessageError) as refused:
        refuse_overlong(message("c:a", "a:bbbb"), limit=3)
    assert refused.value.field == "turns.1.text"


@pytest.mark.parametrize(
    "text", ["Hello, are you there?", "在吗在吗", "您好在吗", "订单号：A-10023", "😀", "OK!!"]
)
def test_what_says_nothing_of_the_matter_is_a_fragment(text: str):
    assert is_fragment(text)


@pytest.mark.parametrize(
    "text", ["谢谢", "退款", "订单没到", "thanks", "where is it", "think", "好的谢谢"]
)
def test_what_says_something_is_no_fragment(text: str):
    assert not is_fragment(text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("cabs"),
            st.sampled_from(
                ["在吗", "?", "退款没到", "您好，请问有什么可以帮您？", "", "ok", "明天到"]
            )
            | st.text(max_size=5),
        ),
        max_size=10,
    ),
    st.sampled_from(["", "还没到", "?"]),
)
def test_a_request_of_any_conversation_is_made_of_the_customers_own_turns(
    spoken: list[tuple[str, str]], text: str
):
    request = request_of(message(*(f"{role}:{said}" for role, said in spoken), text=text))
    own = {said for role, said in spoken if role == "c"} | {text}
    assert request.contacts >= 0
    assert request.text in own or set(request.text.split("\n")) <= set("\n".join(own).split("\n"))
    assert request.text.endswith(text)
