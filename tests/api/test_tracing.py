"""Spans of requests, queue and inference, kept in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import observe
from api.metrics import Metrics
from api.tracing import ENDPOINTS, Tracing, tracing_from_environment

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ROOT = Path(__file__).resolve().parents[2]
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Traced:
    """A small service whose spans are kept."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracing = Tracing(provider)
        self.metrics = Metrics(tracing=self.tracing)
        self.app = FastAPI()
        self.app.get("/asked")(self._asked)
        self.app.get("/broken")(self._broken)
        observe.install(self.app, self.metrics, tracing=self.tracing)

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._kept.get_finished_spans() if span.name == name]

    async def _asked(self) -> str:
        context = copy_context()

        def judge() -> None:  # as the desk's thread does for a request's turn
            context.run(self.metrics.wait, 0.5)
            self.metrics.batch(1)

        thread = threading.Thread(target=judge)
        thread.start()
        thread.join()
        return "done"

    async def _broken(self) -> None:
        raise ValueError("电话13800138000")


@pytest.fixture
def traced() -> Iterator[Traced]:
    traced = Traced()
    yield traced
    traced.tracing.close()


def test_queue_and_inference_hang_below_the_request_and_it_below_the_caller(
    traced: Traced,
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "r-1"}
    with TestClient(traced.app) as client:
        client.get("/asked", headers=headers)
    (request,) = traced.spans("GET /asked")
    assert request.context.trace_id == int(TRACE, 16)
    assert request.parent is not None
    assert request.parent.span_id == int(CALLER, 16)
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/asked",
        "http.response.status_code": 200,
        "triage.request_id": "r-1",
    }
    for name in ("queue", "inference"):
        (span,) = traced.spans(name)
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id
    (queue,) = traced.spans("queue")
    assert queue.start_time is not None
    assert queue.end_time is not None
    assert queue.end_time - queue.start_time == 500_000_000


def test_a_batch_without_known_requests_stands_alone(traced: Traced) -> None:
    traced.metrics.wait(0.1)
    traced.metrics.batch(3)
    (span,) = traced.spans("inference")
    assert span.parent is None
    assert dict(span.attributes or {}) == {"triage.batch.messages": 3}
    assert traced.spans("queue") == []


def test_a_fault_marks_the_span_and_leaves_its_message_out(traced: Traced) -> None:
    with TestClient(traced.app, raise_server_exceptions=False) as client:
        client.get("/broken")
    (span,) = traced.spans("GET /broken")
    assert not span.status.is_ok
    assert "13800138000" not in span.to_json()


def test_without_an_endpoint_there_is_no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert tracing_from_environment() is None


def test_an_endpoint_switches_tracing_on_unless_it_is_disabled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
    tracing = tracing_from_environment()
    assert tracing is not None
    tracing.close()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracing_from_environment() is None


def test_nothing_that_sends_spans_is_imported_without_an_endpoint() -> None:
    """FastAPI itself imports the interface, which does nothing alone."""
    env = {k: v for k, v in os.environ.items() if k not in ENDPOINTS} | {"PYTHONPATH": str(ROOT)}
    code = (
        "import sys, api.app; api.app.create_app();"
        "sys.exit(any(m.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))"
        " for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
