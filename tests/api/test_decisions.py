"""Every answer stands in the log before it is sent; a repeated delivery gets the same one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from triage.decisions import DecisionLog
from triage.engine import TriageEngine
from triage.errors import ConfigError
from triage.settings import Settings

PATH = "/v1/triage"
MESSAGE: dict[str, Any] = {"id": "m-1", "text": "退款怎么还没到账，电话13800138000"}
Serve = Callable[..., TestClient]


@pytest.fixture
def serve(engine: TriageEngine, tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a service with a log of its own."""
    stack = ExitStack()

    def start(url: str | None = None, **settings: Any) -> TestClient:
        url = url or f"sqlite:///{tmp_path / 'd.db'}"
        chosen = Settings(decisions=url, decisions_key="k", **settings)
        client = TestClient(create_app(chosen, engine=engine), raise_server_exceptions=False)
        return stack.enter_context(client)

    with stack:
        yield start


def log_of(client: TestClient) -> DecisionLog:
    app = client.app
    assert isinstance(app, FastAPI)
    log = app.state.decisions
    assert isinstance(log, DecisionLog)
    return log


def test_an_answer_carries_the_id_under_which_it_is_stored(
    serve: Serve, engine: TriageEngine
) -> None:
    client = serve()
    answer = client.post(PATH, json=MESSAGE)
    assert "Triage-Repeated" not in answer.headers
    found = log_of(client).store.decision(answer.json()["decision_id"])
    assert found is not None
    assert (found.request_key, found.model) == ("m-1", engine.model)
    assert len(found.kb_version) == 12
    assert found.result["category"] == answer.json()["category"]
    assert "13800138000" not in f"{found.text}{found.result}"


def test_a_repeated_delivery_gets_the_same_answer_and_says_so(serve: Serve) -> None:
    client = serve()
    first, again = (client.post(PATH, json=MESSAGE) for _ in range(2))
    assert again.headers["Triage-Repeated"] == "true"
    assert again.json() == first.json()
    assert "13800138000" in str(again.json()["key_info"])


def test_a_repeated_delivery_is_known_after_a_restart(serve: Serve) -> None:
    first, again = (serve().post(PATH, json=MESSAGE) for _ in range(2))
    assert again.headers["Triage-Repeated"] == "true"
    assert again.json() == first.json()


def test_the_same_id_with_other_words_is_a_new_decision(serve: Serve) -> None:
    client = serve()
    first = client.post(PATH, json=MESSAGE).json()
    other = client.post(PATH, json=MESSAGE | {"text": "快递到哪了"})
    assert "Triage-Repeated" not in other.headers
    assert other.json()["decision_id"] != first["decision_id"]
    assert other.json()["category"]["label"] == "logistics"


def test_messages_without_an_id_are_new_each_time(serve: Serve) -> None:
    client = serve()
    answers = [client.post(PATH, json={"text": "快递到哪了"}) for _ in range(2)]
    assert len({answer.json()["decision_id"] for answer in answers}) == 2
    assert all("Triage-Repeated" not in answer.headers for answer in answers)


def test_each_message_of_a_batch_has_a_decision_and_a_bad_one_has_none(serve: Serve) -> None:
    client = serve()
    first = client.post(PATH, json=MESSAGE).json()
    given = [{"text": "快递到哪了"}, {"text": ""}, MESSAGE, MESSAGE | {"id": "m-2"}]
    answer = client.post(f"{PATH}/batch", json={"messages": given})
    fresh, bad, again, other = answer.json()["results"]
    assert set(bad) == {"id", "error"}
    assert again == first
    assert len({one["decision_id"] for one in (fresh, again, other)}) == 3
    assert "Triage-Repeated" not in answer.headers
    whole = client.post(f"{PATH}/batch", json={"messages": [MESSAGE, MESSAGE]})
    assert whole.headers["Triage-Repeated"] == "true"


def test_while_the_database_is_away_the_service_answers_and_says_so(serve: Serve) -> None:
    client = serve("postgresql://shop:geheim@127.0.0.1:1/triage")
    answers = [client.post(PATH, json=MESSAGE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["decision_id"] for answer in answers] == [None, None, None]
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["decisions"] == {"state": "away", "recorded": 0, "unrecorded": 3}
    assert "geheim" not in ready.text


def test_a_database_that_accepts_and_never_answers_keeps_nobody_waiting(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = serve(f"postgresql://shop@127.0.0.1:{silent.getsockname()[1]}/triage")
        answers = [client.post(PATH, json=MESSAGE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["decision_id"] for answer in answers] == [None, None]
    assert client.get("/health/ready").json()["decisions"]["state"] == "away"


def test_a_healthy_log_counts_what_it_recorded(serve: Serve) -> None:
    client = serve()
    client.post(PATH, json=MESSAGE)
    ready = client.get("/health/ready").json()
    assert ready["decisions"] == {"state": "writing", "recorded": 1, "unrecorded": 0}


def test_a_service_whose_log_is_no_url_does_not_start(serve: Serve) -> None:
    with pytest.raises(ConfigError, match="decisions"):
        serve("nonsense")
