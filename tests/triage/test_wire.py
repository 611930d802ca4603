"""What crosses HTTP comes out as what went in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from api.schemas import MessageIn
from tests.golden.__main__ import RESULTS
from triage.domain import Customer, Message, Priority, Role, Sentiment, Turn
from triage.wire import message_json, result_from

GOLDEN: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
FULL = Message(
    id="m-1",
    text="where is it",
    subject="parcel",
    channel="mail",
    customer=Customer(name="Ann", tier="vip"),
    created_at=datetime(2026, 11, 11, 9, 30, tzinfo=UTC),
    fields={"order_id": "1"},
    contacts=2,
    turns=(Turn(Role.BOT, "hello"), Turn(Role.CUSTOMER, "hi", datetime(2026, 11, 11, tzinfo=UTC))),
)


@pytest.mark.parametrize("content", GOLDEN, ids=lambda content: content["id"])
def test_a_result_survives_json(content: dict[str, Any]) -> None:
    result = result_from(content)
    assert result.to_dict() == content
    assert isinstance(result.priority.level, Priority)
    assert isinstance(result.sentiment.label, Sentiment)
    assert hash(result.category.prediction_set) is not None


def test_members_that_are_new_are_left_out() -> None:
    newer = GOLDEN[0] | {"weather": "fine", "team": "logistics"}
    newer["category"] = newer["category"] | {"mood": 1}
    assert result_from(newer).to_dict() == GOLDEN[0] | {"team": "logistics"}


def test_a_result_that_lacks_a_member_is_refused_by_name_without_its_content() -> None:
    with pytest.raises(ValueError, match="team") as caught:
        result_from({k: v for k, v in GOLDEN[0].items() if k != "team"} | {"key_info": "秘密"})
    assert "key_info" in str(caught.value)
    assert "秘密" not in str(caught.value)


@pytest.mark.parametrize("message", [FULL, Message(id="m-2", text="hi")], ids=["full", "short"])
def test_a_message_is_read_by_the_service_as_it_was(message: Message) -> None:
    body = json.loads(json.dumps(message_json(message)))
    assert MessageIn.model_validate(body).to_message() == message


def test_a_text_and_a_mapping_are_messages_too() -> None:
    assert message_json("hi") == {"text": "hi"}
    assert message_json({"text": "hi", "zz": 1}) == {"text": "hi", "zz": 1}
