"""Ids of requests, their lines in the log, and what never stands in it."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api import observe
from api.logs import Call, JsonFormatter, TextFormatter, call, log_config
from api.metrics import Metrics
from api.observe import request_id, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WORDS = "退款怎么还没到账，电话13800138000"


class Lines(logging.Handler):
    """Keeps what is logged, as the service would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("httpx"):  # the test's own client
            self.written.append(self.format(record))

    @property
    def requests(self) -> list[dict[str, object]]:
        read = [json.loads(line) for line in self.written]
        return [line for line in read if line["logger"] == "api.requests"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_callers_id_comes_back_and_stands_in_the_log(client: TestClient, lines: Lines) -> None:
    headers = {"X-Request-Id": "shop-7/42", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = client.post("/v1/triage", json={"text": WORDS}, headers=headers)
    assert answer.headers["X-Request-Id"] == "shop-7/42"
    (line,) = lines.requests
    assert line["request_id"] == "shop-7/42"
    assert line["trace_id"] == TRACE
    assert (line["route"], line["status"], line["level"]) == ("/v1/triage", 200, "info")
    assert line["message"] == "POST /v1/triage 200"
    assert isinstance(line["ms"], float)


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "姓王".encode(), 'a"b', "a\tb"])
def test_an_id_that_is_none_is_replaced(given: str | bytes) -> None:
    raw = given if isinstance(given, bytes) else given.encode()
    made = request_id(raw)
    assert len(made) == 32
    assert made != request_id(raw)


def test_a_refusal_bears_an_id_too(client: TestClient) -> None:
    assert len(client.post("/v1/triage", content=b"{").headers["X-Request-Id"]) == 32
    assert len(client.get("/nowhere").headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-later", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-00f067aa0ba902b7", None),
        ("", None),
    ],
)
def test_traceparent_is_read_as_w3c_writes_it(given: str, expected: str | None) -> None:
    assert trace_id(given.encode()) == expected


def test_no_word_of_a_customer_is_logged(client: TestClient, lines: Lines) -> None:
    client.post("/v1/triage", json={"text": WORDS, "customer": {"name": "王女士"}})
    client.post("/v1/triage", json={"text": WORDS, "priority": WORDS})
    client.post("/v1/triage/batch", json={"messages": [{"text": WORDS}, {"words": WORDS}]})
    client.get(f"/v1/{WORDS}", params={"text": WORDS})
    assert len(lines.requests) == 4
    written = "\n".join(lines.written)
    assert "13800138000" not in written
    assert "退款" not in written
    assert "王女士" not in written
    assert "%E9%80%80" not in written


def test_health_is_asked_too_often_to_be_logged(client: TestClient, lines: Lines) -> None:
    client.get("/health/live")
    client.get("/metrics")
    assert lines.requests == []


class Broken:
    """An application that fails with a customer's words in its message."""

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        logging.getLogger("api.inside").warning("before the fault")
        raise ValueError(WORDS)


def test_a_fault_is_counted_and_told_without_its_message(lines: Lines) -> None:
    app, metrics = FastAPI(), Metrics()
    app.mount("/broken", Broken())
    observe.install(app, metrics)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.get("/broken", headers={"X-Request-Id": "r-1"})
    labels = {"method": "GET", "route": "other", "status": "500"}
    assert metrics.registry.get_sample_value("triage_requests_total", labels) == 1
    inside = [json.loads(line) for line in lines.written if "before the fault" in line]
    assert [line["request_id"] for line in inside] == ["r-1"]


def test_an_exception_is_told_by_kind_and_place() -> None:
    with pytest.raises(ValueError, match="退款") as raised:
        raise ValueError(WORDS)
    info = (raised.type, raised.value, raised.tb)
    record = logging.getLogger("x").makeRecord("x", 40, __file__, 1, "it %s", ("failed",), info)
    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "it failed"
    assert line["exception"] == "ValueError"
    assert "test_observe.py" in line["at"]
    assert WORDS not in JsonFormatter().format(record)
    assert WORDS not in TextFormatter().format(record)
    assert "exception=ValueError" in TextFormatter().format(record)


def test_a_line_outside_a_request_bears_no_id() -> None:
    record = logging.makeLogRecord({"msg": "hello", "name": "x", "levelname": "INFO"})
    assert "request_id" not in json.loads(JsonFormatter().format(record))
    token = call.set(Call("r-2"))
    assert json.loads(JsonFormatter().format(record))["request_id"] == "r-2"
    call.reset(token)


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_configuration_is_one_that_logging_takes(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    config = log_config("json" if form == "json" else "text")
    try:
        logging.config.dictConfig(config)
        logging.getLogger("uvicorn.error").info("up")
        logging.getLogger("elsewhere").info("not told")
        logging.getLogger("elsewhere").warning("told")
    finally:
        root.handlers[:], root.level = kept
        for name in config["loggers"]:
            logging.getLogger(name).setLevel(logging.NOTSET)
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    if form == "json":
        assert [json.loads(line)["message"] for line in err] == ["up", "told"]
    else:
        assert err[0].endswith("info    up")
