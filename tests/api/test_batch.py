"""POST /v1/triage/batch: answers in order; a bad message spoils no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from triage.settings import Settings

Refused = Callable[..., list[dict[str, Any]]]
PATH = "/v1/triage/batch"
GOOD: list[dict[str, Any]] = [
    {"id": "b-1", "text": "我的快递到哪了", "created_at": "2026-11-12T09:30:00+08:00"},
    {"id": "b-2", "text": "I want a refund for order A-10023", "created_at": "2026-11-12T09:30:00"},
    {"id": "b-3", "text": "發票可以補開嗎", "customer": {"tier": "vip"}},
    {"id": "b-4", "text": "app 一直闪退 can't log in"},
]
BAD: list[Any] = [
    {"id": "x-1", "text": ""},
    {"id": "x-2"},
    {"id": "x-3", "text": "hi", "colour": "red"},
    {"id": 4, "text": "hi"},
    "only a text",
    None,
    [],
]


def test_a_batch_over_real_http_is_answered_in_order(server: httpx.Client) -> None:
    answer = server.post(PATH, json={"messages": GOOD})
    assert answer.status_code == 200
    content = answer.json()
    assert [entry["id"] for entry in content["results"]] == ["b-1", "b-2", "b-3", "b-4"]
    assert content["rejected"] == 0


def test_a_batch_equals_its_messages_sent_one_by_one(client: TestClient) -> None:
    batch = client.post(PATH, json={"messages": GOOD}).json()["results"]
    assert batch == [client.post("/v1/triage", json=message).json() for message in GOOD]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_bad_message_in_the_middle_leaves_its_neighbours_answered(
    client: TestClient, bad: object
) -> None:
    answer = client.post(PATH, json={"messages": [GOOD[0], bad, GOOD[1]]})
    assert answer.status_code == 200
    first, refusal, last = answer.json()["results"]
    assert (first["id"], last["id"]) == ("b-1", "b-2")
    assert first["category"]["label"] == "logistics"
    assert last["category"]["label"] == "refund"
    assert answer.json()["rejected"] == 1
    assert set(refusal) == {"id", "error"}
    assert refusal["error"]["code"]
    for problem in refusal["error"]["problems"]:
        assert problem["field"].startswith("messages.1")
        assert problem["message"]
        assert problem["remedy"]


def test_a_bad_message_keeps_its_id_where_it_has_one(client: TestClient) -> None:
    entries = client.post(PATH, json={"messages": BAD}).json()["results"]
    assert [entry["id"] for entry in entries] == ["x-1", "x-2", "x-3", None, None, None, None]


def test_an_over_long_text_in_a_batch_is_refused_alone(
    client: TestClient, limits: Settings
) -> None:
    long = {"id": "long", "text": "长" * (limits.max_text_chars + 1)}
    entries = client.post(PATH, json={"messages": [long, GOOD[0]]}).json()["results"]
    assert entries[0]["error"]["problems"][0]["field"] == "messages.0.text"
    assert entries[1]["id"] == "b-1"


def test_messages_without_ids_are_numbered_by_their_place(client: TestClient) -> None:
    messages = [{"text": "hello"}, {"text": ""}, {"text": "my parcel is late"}]
    entries = client.post(PATH, json={"messages": messages}).json()["results"]
    assert (entries[0]["id"], entries[2]["id"]) == ("m-1", "m-3")


def test_a_batch_over_its_limit_is_refused(
    client: TestClient, refused: Refused, limits: Settings
) -> None:
    messages = [{"text": "hi"}] * (limits.max_batch + 1)
    (problem,) = refused(client.post(PATH, json={"messages": messages}), 413, field="messages")
    assert str(limits.max_batch) in problem["message"]
    assert "split" in problem["remedy"]


def test_a_batch_at_its_limit_is_answered(client: TestClient, limits: Settings) -> None:
    messages = [{"text": f"where is parcel {n}"} for n in range(limits.max_batch)]
    entries = client.post(PATH, json={"messages": messages}).json()["results"]
    assert len(entries) == limits.max_batch


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": {"text": "hi"}}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({}, "messages"),
        ({"messages": [{"text": "hi"}], "mode": "fast"}, "mode"),
        ([{"text": "hi"}], "body"),
        (None, "body"),
    ],
    ids=str,
)
def test_a_body_that_is_no_batch_is_refused_by_name(
    client: TestClient, refused: Refused, body: object, field: str
) -> None:
    refused(client.post(PATH, json=body), 422, field=field)


def test_a_body_over_the_limit_is_refused_before_it_is_read(
    server: httpx.Client, refused: Refused, limits: Settings
) -> None:
    messages = [{"text": "x" * limits.max_body_bytes}]
    refused(server.post(PATH, json={"messages": messages}), 413, field="body")
