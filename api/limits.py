"""Limits that hold before a request is understood: its head, kind, size, pace and depth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import orjson

from api.errors import TOO_LARGE, problem, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.errors import Refusal

MAX_URL_BYTES = 2_048
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16_384
MAX_DEPTH = 32
_TOO_SLOW, _URI_TOO_LONG, _MEDIA_TYPE, _HEADERS = 408, 414, 415, 431
_WITH_BODY = ("POST", "PUT", "PATCH")
_JSON_KINDS = frozenset({"application/json", "application/json;charset=utf-8"})


class HeadLimit:
    """ASGI middleware that refuses long addresses, many headers and bodies that are not JSON.

    The server's parser has no limit on them, so they are held in memory by then; the limit keeps
    them from everything behind it. A reverse proxy bounds them earlier: docs/security.md.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refused = _head_fault(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)


class BodyLimit:
    """ASGI middleware that answers 413 to a body over ``max_bytes``, without reading it all.

    Args:
        app: what is behind it.
        max_bytes: largest size of a body.
        seconds: how long a body may take to arrive; 408 after that.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, seconds: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body read, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await self._too_large()(scope, receive, send)
            return
        body: bytes | Refusal | None = None
        with anyio.move_on_after(self._seconds) as timer:
            body = await self._read(receive)
        if timer.cancelled_caught:
            body = self._too_slow()
        if isinstance(body, bytes):
            await self._app(scope, _replay(body, receive), send)
        elif body is not None:
            await body(scope, receive, send)

    async def _read(self, receive: Receive) -> bytes | Refusal | None:
        """Return the body, what to answer instead, or ``None`` where the client is gone."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._max_bytes:
                return self._too_large()
            if not message.get("more_body"):
                return b"".join(chunks)

    def _too_large(self) -> Refusal:
        limit = f"the limit is {self._max_bytes} bytes"
        found = problem("body", f"is too large; {limit}", remedy="send fewer messages at once")
        return refusal(TOO_LARGE, "too_large", [found])

    def _too_slow(self) -> Refusal:
        fault = f"did not arrive within {self._seconds:g} seconds"
        found = problem("body", fault, remedy="send it again, all at once")
        return refusal(_TOO_SLOW, "too_slow", [found], headers={"Connection": "close"})


def parse_json(body: bytes) -> Any:
    """Return what a JSON body says: UTF-8 without NaN and lone surrogates.

    Raises:
        json.JSONDecodeError: it is something else, or nested deeper than ``MAX_DEPTH``.
    """
    content = orjson.loads(body)
    layer = [content] if isinstance(content, dict | list) else []
    for _ in range(MAX_DEPTH):
        inner = (v for c in layer for v in (c.values() if isinstance(c, dict) else c))
        layer = [value for value in inner if isinstance(value, dict | list)]
        if not layer:
            return content
    raise json.JSONDecodeError(f"nested deeper than {MAX_DEPTH} levels", "", 0)


def _head_fault(scope: Scope) -> Refusal | None:
    headers = scope["headers"]
    url_bytes = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
    if url_bytes > MAX_URL_BYTES:
        fault = f"the address has {url_bytes} bytes, the limit is {MAX_URL_BYTES}"
        found = problem("url", fault, remedy="send what there is to say in the body")
        return refusal(_URI_TOO_LONG, "too_large", [found])
    header_bytes = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or header_bytes > MAX_HEADER_BYTES:
        fault = f"{len(headers)} headers with {header_bytes} bytes are over the limits"
        remedy = f"send at most {MAX_HEADERS} headers with {MAX_HEADER_BYTES} bytes"
        return refusal(_HEADERS, "too_large", [problem("headers", fault, remedy=remedy)])
    return _kind_fault(dict(headers)) if scope["method"] in _WITH_BODY else None


def _kind_fault(headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse bodies of another kind; no page of another origin can send JSON without asking."""
    packed = headers.get(b"content-encoding", b"identity").decode("latin-1")
    if packed.strip().lower() != "identity":
        remedy = "send the body as it is, without Content-Encoding"
        found = problem("content-encoding", "is not accepted", value=packed, remedy=remedy)
        # RFC 9110, 15.5.16: so the client learns that the encoding is at fault, not the kind.
        identity = {"Accept-Encoding": "identity"}
        return refusal(_MEDIA_TYPE, "unsupported_media_type", [found], headers=identity)
    kind = headers.get(b"content-type", b"").decode("latin-1")
    empty = b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") == b"0"
    if not kind and empty:
        return None  # no body is of no kind; it is refused as missing
    if kind.lower().replace(" ", "").replace('"', "") not in _JSON_KINDS:
        remedy = "send JSON in UTF-8 with Content-Type: application/json"
        found = problem("content-type", "is not JSON", value=kind or None, remedy=remedy)
        return refusal(_MEDIA_TYPE, "unsupported_media_type", [found])
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive function that hands out ``body`` once, then what the server sends."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
