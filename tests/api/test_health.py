"""Liveness and readiness."""

from __future__ import annotations

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from triage.engine import TriageEngine
from triage.errors import BundleError
from triage.settings import Settings


def test_live_answers_over_real_http(server: httpx.Client) -> None:
    answer = server.get("/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"status": "live"}


def test_ready_names_the_model_over_real_http(server: httpx.Client, engine: TriageEngine) -> None:
    answer = server.get("/health/ready")
    assert answer.status_code == 200
    content = answer.json()
    assert content["status"] == "ready"
    assert content["model"] == engine.model
    assert len(content["policy"]) == len(content["knowledge"]) == 12
    assert content["reload_fault"] is content["policy_fault"] is None
    assert content["waiting"] == {"urgent": 0, "normal": 0}
    assert content["decisions"] == {"state": "off", "recorded": 0, "unrecorded": 0}


def test_the_model_that_is_ready_is_the_one_in_results(client: TestClient) -> None:
    ready = client.get("/health/ready").json()
    assert client.post("/v1/triage", json={"text": "hi"}).json()["model"] == ready["model"]


def test_a_service_whose_model_is_absent_does_not_start() -> None:
    with (
        pytest.raises(BundleError, match="nowhere"),
        TestClient(create_app(Settings(model="nowhere"))),
    ):
        pass
