"""A customer's words are in no log and in no refusal, whatever fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.faults import Faults
from tests.api.conftest import serving
from tests.api.guarded import guarded_app
from triage.domain import Message
from triage.engine import TriageEngine
from triage.settings import Settings

CANARY = "金丝雀canary7f3a"
JSON = {"Content-Type": "application/json"}
PLACES: tuple[dict[str, Any], ...] = (
    {"text": CANARY},
    {"text": [CANARY]},
    {"text": {"a": CANARY}},
    {"text": CANARY * 500},
    {"txet": CANARY},
    {"text": "hi", "subject": [CANARY]},
    {"text": "hi", "subject": CANARY * 200},
    {"text": "hi", "customer": CANARY},
    {"text": "hi", "customer": {"name": [CANARY]}},
    {"text": "hi", "customer": {"note": CANARY}},
    {"text": "hi", "fields": [CANARY]},
    {"text": "hi", "fields": {"order_id": [CANARY]}},
    {"text": "hi", "id": [CANARY]},
    {"text": "hi", "id": CANARY * 50},
    {"text": "hi", "channel": {"a": CANARY}},
    {"text": "hi", "created_at": [CANARY]},
    {"text": "hi", "turns": CANARY},
    {"text": "hi", "turns": [CANARY]},
    {"text": "hi", "turns": [{"role": "user", "text": [CANARY]}]},
    {"turns": [{"role": "agent", "text": CANARY}]},
    {"turns": [{"role": "alien", "text": CANARY}]},
)
BODIES = (
    *(("/v1/triage", orjson.dumps(place)) for place in PLACES),
    *(("/v1/triage/batch", orjson.dumps({"messages": [place, "x"]})) for place in PLACES),
    ("/v1/triage/batch", orjson.dumps({"messages": [CANARY, [CANARY]]})),
    ("/v1/triage/batch", orjson.dumps({"messages": CANARY})),
    ("/v1/triage/batch", orjson.dumps({"messages": [{"text": CANARY}] * 41})),
    ("/v1/triage/batch", orjson.dumps({"messages": [], "note": CANARY})),
    ("/v1/triage", f'{{"text": "{CANARY}'.encode()),
    ("/v1/triage", f'{{"text": "{CANARY}" "x"}}'.encode()),
    ("/v1/triage", f"{{{CANARY}}}".encode()),
    ("/v1/triage", CANARY.encode()),
    ("/v1/triage", orjson.dumps(CANARY)),
    ("/v1/triage", orjson.dumps([CANARY])),
    ("/v1/triage", CANARY.encode("gb18030")),
    ("/v1/feedback", orjson.dumps({"text": CANARY})),
    ("/v1/admin/reload", orjson.dumps({"text": CANARY})),
    ("/health/ready", orjson.dumps({"text": CANARY})),
    ("/metrics", orjson.dumps({"text": CANARY})),
    ("/v1/nothing", orjson.dumps({"text": CANARY})),
)


class FailingEngine:
    """Fails on every message, quoting it, as a library might."""

    model = "failing-1"

    def triage(self, messages: Sequence[Any]) -> list[Any]:
        if isinstance(messages[0], str):
            return []  # the warm-up
        raise ValueError(f"cannot parse {messages[0].text!r}")

    def message(self, given: Message, *, number: int = 1) -> Message:
        del number
        return given


def refusals_in(content: Any) -> list[Any]:
    """Return what is said of refused requests and messages."""
    if not isinstance(content, dict):
        return []
    if "problems" in content:
        return [content]
    return [entry["error"] for entry in content.get("results", ()) if "error" in entry]


@pytest.mark.parametrize(("path", "body"), BODIES, ids=range(len(BODIES)))
def test_no_refusal_and_no_log_quotes_a_customer(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, body: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = client.post(path, content=body, headers=JSON)
    for refusal in refusals_in(answer.json()):
        assert CANARY not in orjson.dumps(refusal).decode()
    assert CANARY not in "".join(map(str, (r.getMessage() for r in caplog.records)))


def test_a_value_that_can_be_no_customers_words_is_told_to_its_sender(client: TestClient) -> None:
    answer = client.post("/v1/triage", json={"text": "hi", "created_at": "soon", "contacts": -1})
    values = {problem["field"]: problem["value"] for problem in answer.json()["problems"]}
    assert values == {"created_at": "soon", "contacts": "-1"}


def test_of_other_values_kind_and_size_are_told(client: TestClient) -> None:
    message = {"text": ["a"], "id": 13800138000, "subject": {}, "txet": "我的电话", "channel": True}
    problems = client.post("/v1/triage", json=message).json()["problems"]
    assert {problem["field"]: problem["value"] for problem in problems} == {
        "text": "an array of 1",
        "id": "a number",
        "subject": "an object of 0",
        "txet": "text of 4 characters",
        "channel": "true",
    }


def test_a_long_name_of_a_field_is_cut(client: TestClient) -> None:
    answer = client.post("/v1/triage", json={"text": "hi", "x" * 5_000: 1})
    assert len(answer.content) < 1_500


def test_a_fault_is_logged_by_kind_and_place_over_real_http(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    app = create_app(Settings(), engine=FailingEngine())  # type: ignore[arg-type]
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/v1/triage"
        answer = httpx.post(url, json={"text": CANARY})
    assert answer.status_code == 500
    content = answer.json()
    assert content["type"] == "/problems/internal_error"
    (record,) = [r for r in caplog.records if r.name == "api.faults"]
    assert "ValueError at test_silence.py:" in record.getMessage()
    assert content["instance"] in record.getMessage()
    everything = caplog.text + "".join(capfd.readouterr())
    assert CANARY not in everything
    assert CANARY not in answer.text


async def _cut_off(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError(CANARY)


def test_a_fault_after_the_answer_began_ends_the_connection_without_a_word(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(Faults(_cut_off)) as port, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{port}/")
    logged = caplog.text + "".join(capfd.readouterr())
    assert "ValueError at test_silence.py:" in logged
    assert CANARY not in logged


def test_a_fault_bears_the_shape_and_the_headers_of_every_answer(tmp_path: Path) -> None:
    client = TestClient(guarded_app(Settings(keys_file=tmp_path / "keys.jsonl")))
    answer = client.post("/v1/triage/fail", headers={"Content-Length": "0"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "卡号" not in answer.text


def test_a_result_does_quote_the_message_that_it_is_of(
    client: TestClient, engine: TriageEngine, refused: Callable[..., Any]
) -> None:
    # The test above would hold for a service that answers nothing.
    del engine, refused
    answer = client.post("/v1/triage", json={"text": "订单 202611110042 没到"})
    assert "202611110042" in answer.text
