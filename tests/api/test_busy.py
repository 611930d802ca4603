"""Over HTTP: a full service, deadlines, degraded answers, the reload."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from counted import CountedEngine, as_engine
from fastapi.testclient import TestClient

from api.app import create_app
from triage.settings import Settings

LOCAL = ("127.0.0.1", 50_000)


@pytest.fixture
def counted_engine() -> CountedEngine:
    return CountedEngine()


@pytest.fixture
def busy(counted_engine: CountedEngine) -> Iterator[TestClient]:
    """Return a client of a service with room for one message, whose engine stands still."""
    app = create_app(Settings(queue_messages=1), engine=as_engine(counted_engine))
    with TestClient(app, client=LOCAL) as client, ThreadPoolExecutor(2) as others:
        counted_engine.busy.clear()
        counted_engine.free.clear()
        others.submit(client.post, "/v1/triage", json={"text": "one"})
        assert counted_engine.busy.wait(10)
        others.submit(client.post, "/v1/triage", json={"text": "two"})
        while not app.state.desk.waiting["normal"]:
            time.sleep(0.001)
        yield client
        counted_engine.free.set()


def test_a_full_service_says_when_to_come_again(busy: TestClient) -> None:
    answer = busy.post("/v1/triage", json={"text": "three"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["code"] == "busy"


def test_whoever_allows_it_gets_a_degraded_answer(busy: TestClient) -> None:
    one = busy.post("/v1/triage", json={"text": "three", "allow_degraded": True})
    assert one.status_code == 200
    assert one.json()["degraded"] is True
    batch: dict[str, Any] = {"messages": [{"text": "a"}, {"text": "b"}], "allow_degraded": True}
    results = busy.post("/v1/triage/batch", json=batch).json()["results"]
    assert [r["degraded"] for r in results] == [True, True]


def test_the_health_of_a_busy_service_tells_who_waits(busy: TestClient) -> None:
    assert busy.get("/health/ready").json()["waiting"] == {"urgent": 0, "normal": 1}


def test_a_deadline_that_passes_in_the_queue_is_told(
    busy: TestClient, counted_engine: CountedEngine
) -> None:
    vip = {"text": "three", "customer": {"tier": "vip"}}
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(
            busy.post, "/v1/triage", json=vip, headers={"Request-Timeout": "0.001"}
        )
        while not busy.get("/health/ready").json()["waiting"]["urgent"]:
            time.sleep(0.001)
        counted_engine.free.set()
        assert answer.result().status_code == 504
        assert answer.result().json()["code"] == "deadline_passed"


@pytest.mark.parametrize("wrong", ["soon", "-1", "0", "nan", "inf"])
def test_a_deadline_that_is_no_time_is_refused(client: TestClient, wrong: str) -> None:
    answer = client.post("/v1/triage", json={"text": "hi"}, headers={"Request-Timeout": wrong})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "Request-Timeout"


def test_a_reload_from_this_machine_names_what_is_in_use(counted_engine: CountedEngine) -> None:
    with TestClient(
        create_app(Settings(), engine=as_engine(counted_engine)), client=LOCAL
    ) as client:
        content = client.post("/v1/admin/reload").json()
    assert content["before"] == content["model"] == "fake-1"
    assert content["reload_fault"] is None


def test_a_reload_from_elsewhere_needs_a_key(client: TestClient) -> None:
    answer = client.post("/v1/admin/reload", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
