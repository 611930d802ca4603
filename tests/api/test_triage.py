"""POST /v1/triage: one message in, one result out, refusals that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from triage.engine import TriageEngine
from triage.settings import Settings

Refused = Callable[..., list[dict[str, Any]]]
PATH = "/v1/triage"
JSON = {"Content-Type": "application/json"}
MESSAGE = {
    "id": "m-7",
    "text": "我昨天下的单 202611110042 怎么还没发货？电话 13800138000",
    "created_at": "2026-11-12T09:30:00+08:00",
}
SHAPE = {
    "id", "language", "model", "category", "team", "priority", "sentiment", "key_info",
    "suggestions", "needs_review", "review_reasons",
}  # fmt: skip


def test_a_message_over_real_http_gets_a_result_with_every_fixed_field(
    server: httpx.Client,
) -> None:
    answer = server.post(PATH, json=MESSAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    result = answer.json()
    assert set(result) >= SHAPE
    assert set(result["category"]) == {
        "label", "intent", "confidence", "alternatives", "set", "familiarity",
    }  # fmt: skip
    assert set(result["priority"]) == {"level", "score", "reasons", "sla_minutes"}
    assert set(result["sentiment"]) == {"label", "confidence", "flags", "cues"}
    assert result["id"] == "m-7"
    assert result["language"] == "zh"
    assert result["category"]["intent"].startswith(result["category"]["label"] + "/")


def test_the_api_answers_what_the_library_answers(client: TestClient, engine: TriageEngine) -> None:
    answer = client.post(PATH, json=MESSAGE).json()
    assert answer == engine.triage([MESSAGE])[0].to_dict() | {"decision_id": None}


def test_a_message_without_an_id_gets_one(client: TestClient) -> None:
    assert client.post(PATH, json={"text": "where is my parcel"}).json()["id"] == "m-1"


def test_spans_of_key_information_lie_in_the_text_as_sent(client: TestClient) -> None:
    found = client.post(PATH, json=MESSAGE).json()["key_info"]
    assert {info["type"] for info in found} >= {"order_id", "phone"}
    for info in found:
        assert MESSAGE["text"][info["start"] : info["end"]] == info["text"]


def test_relative_dates_are_counted_from_the_day_the_message_was_written(
    client: TestClient,
) -> None:
    found = client.post(PATH, json=MESSAGE).json()["key_info"]
    dates = [info["value"] for info in found if info["text"] == "昨天"]
    assert [value[:10] for value in dates] == ["2026-11-11"]


def test_a_known_name_fills_the_slot_of_a_reply(client: TestClient) -> None:
    facts = {"order_id": "QX-1", "carrier": "快快物流", "tracking_no": "TN-5", "date": "明早"}
    message = {"text": "我的快递三天没动了，到底什么时候能到？"}
    plain = client.post(PATH, json=message).json()["suggestions"]
    filled = client.post(PATH, json=message | {"fields": facts}).json()["suggestions"]
    assert any("carrier" in s["missing_slots"] for s in plain)
    assert all("carrier" not in s["missing_slots"] for s in filled)
    assert any("快快物流" in s["reply"] for s in filled)


def test_a_vip_scores_higher_and_the_reason_says_so(client: TestClient) -> None:
    message = {"text": "请问这款耳机有蓝色吗"}
    plain = client.post(PATH, json=message).json()["priority"]
    vip = client.post(PATH, json=message | {"customer": {"tier": "VIP"}}).json()["priority"]
    assert vip["score"] > plain["score"]
    assert "customer_tier" in {reason["signal"] for reason in vip["reasons"]}


def test_a_french_message_is_marked_for_review_as_unsupported(client: TestClient) -> None:
    text = "Bonjour, je n'ai toujours pas reçu ma commande, pouvez-vous m'aider s'il vous plaît ?"
    result = client.post(PATH, json={"text": text}).json()
    assert result["language"] == "fr"
    assert result["needs_review"] is True
    assert "language not supported: French (fr)" in result["review_reasons"]


@pytest.mark.parametrize("text", ["", " ", "\n\t  \r\n", "\u3000\u3000"])
def test_empty_text_is_refused_by_name(client: TestClient, refused: Refused, text: str) -> None:
    refused(client.post(PATH, json={"text": text}), 422, field="text")


def test_over_long_text_is_refused_with_the_limit(
    client: TestClient, refused: Refused, limits: Settings
) -> None:
    long = "长" * (limits.max_text_chars + 1)
    (problem,) = refused(client.post(PATH, json={"text": long}), 413, field="text")
    assert str(limits.max_text_chars) in problem["message"]


def test_text_at_the_limit_is_answered(client: TestClient, limits: Settings) -> None:
    text = ("where is my parcel? " * limits.max_text_chars)[: limits.max_text_chars]
    assert client.post(PATH, json={"text": text}).status_code == 200


def test_a_missing_text_is_asked_for(client: TestClient, refused: Refused) -> None:
    (problem,) = refused(client.post(PATH, json={"id": "a"}), 422, field="text")
    assert "the customer's words" in problem["remedy"]


def test_an_unknown_field_is_named_and_to_be_removed(client: TestClient, refused: Refused) -> None:
    (problem,) = refused(client.post(PATH, json={"text": "hi", "txet": 1}), 422, field="txet")
    assert "remove" in problem["remedy"]


def test_every_fault_of_a_message_is_told_at_once(client: TestClient, refused: Refused) -> None:
    problems = refused(client.post(PATH, json={"text": 1, "id": 2, "zz": 3}), 422)
    assert {problem["field"] for problem in problems} == {"text", "id", "zz"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5), ("text", None), ("text", ["hi"]), ("text", {"a": 1}), ("text", True),
        ("id", 7), ("id", ""), ("subject", 1), ("channel", []), ("customer", "Ann"),
        ("customer.tier", {"tier": 3}), ("customer.rank", {"rank": "a"}), ("fields", [1]),
        ("fields.a", {"a": 1}), ("created_at", "yesterday"), ("created_at", 1_700_000_000),
    ],
)  # fmt: skip
def test_a_wrong_type_is_named_with_its_field(
    client: TestClient, refused: Refused, field: str, value: object
) -> None:
    refused(
        client.post(PATH, json={"text": "hi", field.partition(".")[0]: value}), 422, field=field
    )


def test_a_time_that_the_library_refuses_is_refused_by_the_api(
    client: TestClient, refused: Refused
) -> None:
    message = {"text": "hi", "created_at": "1700000000"}
    refused(client.post(PATH, json=message), 422, field="created_at")


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\xff\xfe"}',
        b'{"text": "a"',
        b"text=hello",
        b'{"text": NaN}',
        b'{"text": "\\ud83d"}',
    ],
    ids=["invalid UTF-8", "truncated", "a form", "NaN", "lone surrogate"],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused_as_such(
    client: TestClient, refused: Refused, body: bytes
) -> None:
    (problem,) = refused(client.post(PATH, content=body, headers=JSON), 422, field="body")
    assert "JSON" in problem["remedy"]


def test_an_absent_body_is_refused(client: TestClient, refused: Refused) -> None:
    refused(client.post(PATH, content=b"", headers=JSON), 422, field="body")


def test_a_refusal_quotes_no_more_than_a_little_of_what_was_sent(
    client: TestClient, refused: Refused
) -> None:
    (problem,) = refused(client.post(PATH, json={"text": ["x" * 5000]}), 422, field="text")
    assert len(problem["value"]) <= 100


def test_a_body_over_the_limit_is_refused_over_real_http(
    server: httpx.Client, refused: Refused, limits: Settings
) -> None:
    body = b" " * (limits.max_body_bytes + 1)
    refused(server.post(PATH, content=body, headers=JSON), 413, field="body")


def test_a_chunked_body_over_the_limit_is_refused_over_real_http(
    server: httpx.Client, refused: Refused, limits: Settings
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(limits.max_body_bytes // 10_000 + 2):
            yield b" " * 10_000

    answer = server.post(PATH, content=chunks(), headers=JSON)
    assert "content-length" not in answer.request.headers
    refused(answer, 413, field="body")


def test_a_chunked_body_below_the_limit_is_answered_over_real_http(server: httpx.Client) -> None:
    answer = server.post(PATH, content=iter([b'{"text": ', b'"where is my parcel"}']), headers=JSON)
    assert answer.json()["category"]["label"] == "logistics"


def test_a_wrong_method_is_refused_in_the_same_shape(client: TestClient, refused: Refused) -> None:
    refused(client.get(PATH), 405)


def test_an_unknown_path_is_refused_in_the_same_shape(
    server: httpx.Client, refused: Refused
) -> None:
    (problem,) = refused(server.post("/v1/nothing", json=MESSAGE), 404, field="path")
    assert "openapi.json" in problem["remedy"]


def test_a_conversation_is_understood_like_the_librarys(
    client: TestClient, engine: TriageEngine
) -> None:
    spoken = [{"role": "buyer", "text": "在吗"}, {"role": "用户", "text": "我的快递没到"}]
    given = {"id": "c-1", "turns": spoken}
    answer = client.post(PATH, json=given).json()
    assert answer["understood_text"] == "在吗\n我的快递没到"
    assert answer["languages"] == {"zh": 1.0}
    assert answer == engine.triage([given])[0].to_dict() | {"decision_id": None}


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([{"role": "alien", "text": "x"}], "turns.0.role"),
        ([{"role": "user"}], "turns.0.text"),
        ([{"role": "user", "text": "x", "at": "soon"}], "turns.0.at"),
        ([{"role": "user", "text": "x", "mood": "bad"}], "turns.0.mood"),
        ([{"role": "user", "text": "x"}] * 201, "turns"),
        ([{"role": "agent", "text": "x"}], "text"),
        ([], "text"),
    ],
)
def test_an_unusable_conversation_is_refused_by_field(
    client: TestClient, refused: Refused, turns: list[Any], field: str
) -> None:
    refused(client.post(PATH, json={"turns": turns}), 422, field=field)
