"""The client against the real service, and against one that fails as networks do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from tests.api.conftest import serving
from triage.client import AsyncTriageClient, Rejected, TriageClient
from triage.domain import Customer, Message, TriageResult
from triage.engine import TriageEngine
from triage.errors import ServiceError
from triage.keys import KeyFile, Scope
from triage.patience import Patience, seconds_of
from triage.settings import Settings

QUICK = Patience(first_wait=0.001, longest_wait=1.0, jitter=0.001)
TEXT = "我的快递 202611110042 到哪了？"
Answer = tuple[int, dict[str, str], bytes]
CLOSED: Answer = (0, {}, b"")  # the connection ends without an answer


@pytest.fixture(scope="module")
def url(server: httpx.Client) -> str:
    return str(server.base_url)


@contextmanager
def flaky(*answers: Answer) -> Iterator[tuple[str, list[Any]]]:
    """Serve ``answers`` one after the other, the last for ever; yield the address and requests."""
    given = iter(answers)
    last = [answers[-1]]
    seen: list[Any] = []

    class Scripted(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the library calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((dict(self.headers), orjson.loads(body)))
            status, headers, content = next(given, last[0])
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True  # closed on purpose

        def finish(self) -> None:
            if not self.wfile.closed:
                super().finish()

    service = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    thread = threading.Thread(target=service.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{service.server_address[1]}", seen
    finally:
        service.shutdown()
        thread.join()
        service.server_close()


@pytest.fixture(scope="module")
def good(engine: TriageEngine) -> Answer:
    (result,) = engine.triage([{"id": "m-1", "text": TEXT}])
    return 200, {"Content-Type": "application/json"}, orjson.dumps(result.to_dict())


def busy(status: int = 503, **headers: str) -> Answer:
    content = {"code": "busy", "problems": [], "detail": "the queue is full"}
    return status, headers, orjson.dumps(content)


def call_async(url: str, message: Any, **options: Any) -> TriageResult:
    async def call() -> TriageResult:
        async with AsyncTriageClient(url, **options) as client:
            return await client.triage(message)

    return asyncio.run(call())


def call_plain(url: str, message: Any, **options: Any) -> TriageResult:
    with TriageClient(url, **options) as client:
        return client.triage(message)


Call = Callable[..., TriageResult]
both = pytest.mark.parametrize("call", [call_plain, call_async], ids=["plain", "asynchronous"])


@both
@pytest.mark.parametrize(
    "message",
    [
        {"id": "m-1", "text": TEXT},
        Message(id="m-1", text=TEXT, customer=Customer(tier="vip")),
    ],
    ids=["a mapping", "a message"],
)
def test_the_client_gives_the_results_of_the_library(
    url: str, engine: TriageEngine, call: Call, message: Any
) -> None:
    (expected,) = engine.triage([message])
    assert call(url, message).to_dict() == expected.to_dict()


@both
def test_a_text_gets_an_id_of_its_own(url: str, call: Call) -> None:
    first, second = call(url, TEXT), call(url, TEXT)
    assert first.id.startswith("c-")
    assert first.id != second.id


@both
def test_a_refusal_is_raised_with_its_problems(url: str, call: Call) -> None:
    with pytest.raises(ServiceError, match="422") as caught:
        call(url, {"text": "", "zz": "秘密"})
    assert caught.value.status == 422
    assert caught.value.code == "invalid_request"
    assert {problem["field"] for problem in caught.value.problems} == {"text", "zz"}
    assert "秘密" not in str(caught.value)


def test_a_batch_of_any_length_comes_back_in_order(url: str) -> None:
    messages = [{"id": f"b-{n}", "text": f"parcel {n} is late"} for n in range(7)]
    messages[3] = {"id": "b-3", "text": ""}
    with TriageClient(url) as client:
        entries = client.triage_batch(messages, size=3)
    assert [entry.id for entry in entries] == [f"b-{n}" for n in range(7)]
    rejected = entries.pop(3)
    assert isinstance(rejected, Rejected)
    assert rejected.problems[0]["field"] == "messages.0.text"
    assert all(isinstance(entry, TriageResult) for entry in entries)


def test_the_asynchronous_client_batches_as_the_plain_one(url: str) -> None:
    messages = [{"id": f"b-{n}", "text": f"parcel {n} is late"} for n in range(5)]

    async def call() -> list[TriageResult | Rejected]:
        async with AsyncTriageClient(url) as client:
            assert (await client.ready())["status"] == "ready"
            return await client.triage_batch(messages, size=2)

    with TriageClient(url) as client:
        assert client.triage_batch(messages, size=4) == asyncio.run(call())
        assert client.triage_batch([]) == []
        assert client.ready()["status"] == "ready"
        with pytest.raises(ValueError, match="size is 0"):
            client.triage_batch(messages, size=0)


@both
def test_a_key_opens_a_service_that_asks_for_one(
    engine: TriageEngine, tmp_path: Path, call: Call
) -> None:
    settings = Settings(auth="required", keys_file=tmp_path / "keys.jsonl")
    secret = KeyFile(settings.keys_path).create("desk", scopes=[Scope.READ])[1]
    with serving(create_app(settings, engine=engine)) as port:
        url = f"http://127.0.0.1:{port}"
        assert call(url, TEXT, api_key=secret).category.label == "logistics"
        with pytest.raises(ServiceError) as caught:
            call(url, TEXT)
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")


@both
@pytest.mark.parametrize(
    "first",
    [busy(503), busy(429), (502, {}, b"<html>bad gateway</html>"), (504, {}, b""), CLOSED],
    ids=["503", "429", "502", "504", "closed"],
)
def test_what_passes_is_tried_again_with_the_same_id(
    good: Answer, call: Call, first: Answer
) -> None:
    with flaky(first, first, good) as (url, seen):
        assert call(url, TEXT, patience=QUICK).category.label == "logistics"
    assert len(seen) == 3
    assert len({body["id"] for _, body in seen}) == 1


@both
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 500])
def test_what_does_not_pass_is_not_tried_again(call: Call, status: int) -> None:
    with (
        flaky(busy(status)) as (url, seen),
        pytest.raises(ServiceError, match="the queue is full") as caught,
    ):
        call(url, TEXT, patience=QUICK)
    assert caught.value.status == status
    assert len(seen) == 1


@both
def test_a_client_gives_up_after_its_attempts(call: Call) -> None:
    patience = Patience(attempts=3, first_wait=0.001, jitter=0.0)
    with flaky(busy(503)) as (url, seen), pytest.raises(ServiceError, match="503"):
        call(url, TEXT, patience=patience)
    assert len(seen) == 3


@both
def test_a_service_that_is_not_there_is_told_with_a_remedy(call: Call) -> None:
    with flaky(CLOSED) as (url, _):
        pass
    with pytest.raises(ServiceError, match="triage serve") as caught:
        call(url, TEXT, patience=QUICK)
    assert caught.value.status is None
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


@both
def test_a_retry_after_that_is_too_long_is_left_to_the_caller(call: Call) -> None:
    with (
        flaky(busy(429, **{"Retry-After": "60"})) as (url, seen),
        pytest.raises(ServiceError) as caught,
    ):
        call(url, TEXT, patience=QUICK)
    assert caught.value.retry_after == 60
    assert len(seen) == 1


@both
def test_an_answer_that_is_no_result_is_told_without_its_content(call: Call) -> None:
    with (
        flaky((200, {}, b'{"team": ["\xe7\xa7\x98"]}')) as (url, _),
        pytest.raises(ServiceError, match="renew this client") as caught,
    ):
        call(url, TEXT, patience=QUICK)
    assert "秘" not in str(caught.value)
    with flaky((200, {}, b"[]")) as (url, _), pytest.raises(ServiceError, match="answered 200"):
        call(url, TEXT, patience=QUICK)


@given(seconds=st.floats(0, 10), jitter=st.floats(0, 2))
def test_a_retry_after_is_waited_out_with_jitter(seconds: float, jitter: float) -> None:
    patience = Patience(jitter=jitter, longest_wait=10.0)
    waited = patience.next_wait(ServiceError("busy", status=429, retry_after=seconds))
    assert not isinstance(waited, bool)
    assert seconds <= waited <= seconds + jitter


def test_only_faults_of_the_service_are_waited_for() -> None:
    assert Patience().next_wait(ServiceError("away")) is True
    assert Patience().next_wait(ServiceError("bad", status=422, retry_after=1)) is False
    assert Patience().next_wait(KeyError("x")) is False


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, None), ("7", 7), (" 7 ", 7), ("soon", None), ("-1", None)]
)
def test_retry_after_is_read(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_a_date_of_retry_after_is_read() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert seconds_of(later) == pytest.approx(3_600, abs=60)
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_key_is_in_no_representation() -> None:
    with TriageClient(api_key="triage_secret") as client:
        assert "triage_secret" not in repr(vars(client))


def test_stamina_is_switched_on_in_tests() -> None:
    assert stamina.is_active()


def test_importing_the_client_loads_no_model_library() -> None:
    code = (
        "import sys, triage.client; "
        "heavy = {'numpy', 'torch', 'openvino', 'spacy', 'sklearn', 'scipy', 'faiss', 'fastapi', "
        "'pydantic_settings'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: PLW1510
    assert run.returncode == 0, run.stderr
