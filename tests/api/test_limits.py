"""Limits of the head, the kind, the pace and the depth of a request; headers of every answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.headers import SECURITY_HEADERS
from api.limits import MAX_DEPTH, BodyLimit, parse_json
from tests.api.guarded import client_of

Refused = Callable[..., list[dict[str, Any]]]
PATH = "/v1/triage"
BODY = b'{"text": "where is my parcel"}'


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
    ],
)
def test_json_is_read_by_any_of_its_names(client: TestClient, kind: str) -> None:
    assert client.post(PATH, content=BODY, headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gb18030",
        "application/jsonp",
        "application/json, text/plain",
    ],
)
def test_a_body_of_another_kind_is_refused(
    client: TestClient, refused: Refused, kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    (problem,) = refused(client.post(PATH, content=BODY, headers=headers), 415)
    assert problem["field"] == "content-type"
    assert problem["value"] == kind


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "identity, gzip"])
def test_a_packed_body_is_refused(client: TestClient, refused: Refused, encoding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    answer = client.post(PATH, content=BODY, headers=headers)
    refused(answer, 415, field="content-encoding")
    assert answer.headers["accept-encoding"] == "identity"


def test_a_long_address_is_refused_over_real_http(server: httpx.Client, refused: Refused) -> None:
    refused(server.get("/health/live", params={"q": "x" * 3_000}), 414, field="url")
    refused(server.get("/v1/" + "x" * 3_000), 414, field="url")
    assert server.get("/health/live", params={"q": "x" * 1_900}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{f"X-{n}": "a" for n in range(70)}, {"X-Long": "a" * 20_000}], ids=["many", "long"]
)
def test_many_and_long_headers_are_refused_over_real_http(
    server: httpx.Client, refused: Refused, headers: dict[str, str]
) -> None:
    refused(server.get("/health/live", headers=headers), 431, field="headers")


def test_a_body_that_does_not_arrive_is_given_up_over_real_http(slow_port: int) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", slow_port), timeout=30) as connection:
        connection.sendall(head.encode() + BODY[:5])
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert received.startswith(b"HTTP/1.1 408")
    assert b'"type":"/problems/too_slow"' in received


@given(depth=st.integers(0, 60), objects=st.booleans())
def test_json_is_read_up_to_the_depth_that_is_allowed(depth: int, *, objects: bool) -> None:
    opening, closing = ('{"a":', "}") if objects else ("[", "]")
    body = (opening * depth + "1" + closing * depth).encode()
    if depth <= MAX_DEPTH:
        assert parse_json(body) == json.loads(body)
    else:
        with pytest.raises(json.JSONDecodeError, match="nested deeper"):
            parse_json(body)


def test_a_deep_body_is_refused_as_such(client: TestClient, refused: Refused) -> None:
    body = b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}"
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    (problem,) = refused(answer, 422, field="body")
    assert "nested deeper" in problem["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200), ("GET", "/openapi.json", 200), ("POST", "/v1/triage", 422),
        ("GET", "/v1/nothing", 404), ("GET", "/v1/triage", 405), ("GET", "/x?" + "y" * 3_000, 414),
    ],
)  # fmt: skip
def test_every_answer_over_real_http_bears_the_security_headers(
    server: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = server.request(method, path)
    assert answer.status_code == status
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name.decode()] == value.decode()
    assert "server" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/v1/triage", "/health/live", "/openapi.json"])
def test_other_origins_get_no_leave(client: TestClient, method: str, path: str) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.request(method, path, headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    if method == "OPTIONS":
        assert answer.status_code == 405


def test_an_answers_own_header_is_kept(tmp_path: Path) -> None:
    client, _ = client_of(tmp_path)
    answer = client.get("/v1/triage")
    assert answer.headers.get_list("cache-control") == ["no-store"]


def test_a_slow_limit_is_no_wait_for_what_is_there(tmp_path: Path) -> None:
    client, _ = client_of(tmp_path, body_timeout_s=0.001)
    assert client.post("/v1/triage").status_code == 200


def test_an_application_that_is_not_http_is_passed_on() -> None:
    import anyio

    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        seen.append(scope["type"])

    limit = BodyLimit(inner, max_bytes=1, seconds=1)
    anyio.run(limit, {"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]
