"""One engine, one client in this process and one real server for all tests of the API."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from api.app import create_app
from tests.golden.__main__ import starter_engine
from triage.engine import TriageEngine
from triage.settings import Settings

START_SECONDS = 30


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serve ``app`` as ``triage serve`` does, on a free port, which is yielded."""
    config = uvicorn.Config(app, port=0, ws="none", log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server ended while it started"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(START_SECONDS)
    assert not thread.is_alive(), "the server did not stop"


@pytest.fixture(scope="session")
def limits() -> Settings:
    """Return settings with limits low enough to reach them quickly, and no log of decisions."""
    return Settings(max_text_chars=2_000, max_batch=40, max_body_bytes=400_000, decisions="off")


@pytest.fixture(scope="session")
def engine(limits: Settings) -> TriageEngine:
    return starter_engine(limits)


@pytest.fixture(scope="session")
def app(limits: Settings, engine: TriageEngine) -> FastAPI:
    return create_app(limits, engine=engine)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return a client in this process; a fault of the service shows as status 500."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def server(limits: Settings, engine: TriageEngine) -> Iterator[httpx.Client]:
    """Return a client of a real server that listens on a free port."""
    with (
        serving(create_app(limits, engine=engine)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def slow_port(engine: TriageEngine) -> Iterator[int]:
    """Return the port of a real server that waits a fifth of a second for a body."""
    with serving(create_app(Settings(body_timeout_s=0.2), engine=engine)) as port:
        yield port


@pytest.fixture(scope="session")
def refused() -> Callable[..., list[dict[str, Any]]]:
    """Return a check that an answer is a refusal in the documented shape; it gives its problems."""

    def check(answer: Any, status: int | None = None, *, field: str | None = None) -> Any:
        assert 400 <= answer.status_code < 500, answer.text
        assert status in (None, answer.status_code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        content = answer.json()
        assert set(content) == {
            "type", "title", "status", "detail", "instance", "code", "problems",
        }  # fmt: skip
        assert content["status"] == answer.status_code
        assert content["code"]
        assert content["problems"]
        for problem in content["problems"]:
            assert {"field", "message", "remedy"} <= set(problem)
            assert all(problem[name] for name in ("field", "message", "remedy")), problem
        if field is not None:
            assert field in {problem["field"] for problem in content["problems"]}, content
        return content["problems"]

    return check
