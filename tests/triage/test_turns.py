from __future__ import annotations

from datetime import datetime

import pytest

from triage.domain import Role, Turn
from triage.errors import MessageError
from triage.records import message_from
from triage.turns import role_of, turns_from


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("customer", Role.CUSTOMER),
        (" User ", Role.CUSTOMER),
        ("买家", Role.CUSTOMER),
        ("顧客", Role.CUSTOMER),
        ("客服", Role.AGENT),
        ("ASSISTANT", Role.AGENT),
        ("坐席", Role.AGENT),
        ("商家", Role.AGENT),
        ("机器人", Role.BOT),
        ("自动回复", Role.BOT),
        ("系统", Role.SYSTEM),
    ],
)
def test_roles_are_known_by_the_names_that_exports_use(name: str, role: Role):
    assert role_of(name) is role


def test_turns_are_made_of_their_fields():
    spoken = [
        {"role": "用户", "text": "在吗", "at": "2026-11-11T09:30:00"},
        {"role": "agent", "text": "", "id": 7},
        Turn(Role.BOT, "hi"),
    ]
    assert turns_from(spoken) == (
        Turn(Role.CUSTOMER, "在吗", datetime(2026, 11, 11, 9, 30)),  # noqa: DTZ001
        Turn(Role.AGENT, ""),
        Turn(Role.BOT, "hi"),
    )
    assert turns_from(None) == turns_from("") == turns_from([]) == ()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("hello", "turns"),
        ({"role": "user"}, "turns"),
        ([{"role": "user", "text": "a"}, "b"], "turns.1"),
        ([{"role": "alien", "text": "a"}], "turns.0.role"),
        ([{"text": "a"}], "turns.0.role"),
        ([{"role": 5, "text": "a"}], "turns.0.role"),
        ([{"role": "user"}], "turns.0.text"),
        ([{"role": "user", "text": 5}], "turns.0.text"),
        ([{"role": "user", "text": "a", "at": "soon"}], "turns.0.at"),
    ],
)
def test_an_unusable_turn_is_named_with_a_remedy(value: object, field: str):
    with pytest.raises(MessageError) as refused:
        turns_from(value)
    assert refused.value.field == field
    assert refused.value.remedy in str(refused.value)


def test_a_record_may_carry_turns_instead_of_a_text():
    spoken = [{"role": "user", "text": "没到"}]
    made = message_from({"turns": spoken}, default_id="m-1")
    assert (made.text, made.turns) == ("", (Turn(Role.CUSTOMER, "没到"),))
    both = message_from({"turns": spoken, "text": "还没到"}, default_id="m-1")
    assert both.text == "还没到"


@pytest.mark.parametrize(
    "fields",
    [
        {"turns": []},
        {"turns": [{"role": "agent", "text": "hi"}]},
        {"turns": [{"role": "user", "text": " "}]},
        {"turns": [{"role": "user", "text": "a"}], "text": " "},
    ],
)
def test_a_record_in_which_the_customer_says_nothing_is_refused(fields: dict[str, object]):
    with pytest.raises(MessageError) as refused:
        message_from(fields, default_id="m-1")
    assert refused.value.field == "text"
