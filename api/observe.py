"""Around every request: its id, its span, its place in the metrics and its line in the log.

What a customer wrote, and the path as it was sent, go into none of these.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from api.logs import Call, call

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.metrics import Metrics
    from api.tracing import Tracing

REQUEST_ID = b"x-request-id"
GONE, FAULT = 499, 500  # the client had left (as nginx writes it); an exception came through
OTHER = "other"
_SANE = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header; later versions may append fields.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
_log = logging.getLogger("api.requests")


class Observe:
    """ASGI middleware that names, times, counts and logs each request."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        tracing: Tracing | None = None,
        logged: bool = True,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = set(_QUIET)
        self._tracing = tracing
        self._logged = logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with ``X-Request-Id``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        known = Call(request_id(headers.get(REQUEST_ID)), trace_id(headers.get(b"traceparent")))
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        status, start = GONE, time.perf_counter()

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (REQUEST_ID, known.request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), own]}
            await send(message)

        token = call.set(known)
        with ExitStack() as ending:
            ending.callback(call.reset, token)
            span = None
            if self._tracing is not None:
                span = ending.enter_context(self._tracing.request(method, _carried(headers)))
            try:
                await self._app(scope, receive, told)
            except BaseException:
                status = FAULT
                raise
            finally:
                route = self._route(scope)
                self._metrics.request(
                    method, route, status=status, seconds=time.perf_counter() - start
                )
                if span is not None:
                    span.end(route, status, request_id=known.request_id)
                if self._logged:
                    _tell(method, route, status=status, seconds=time.perf_counter() - start)

    def _route(self, scope: Scope) -> str:
        """Return the template of the path, or ``other``.

        What was refused before it was routed bears its own path if that has been a route's before:
        paths as they come would be a series each.
        """
        if (path := getattr(scope.get("route"), "path", None)) is not None:
            self._routes.add(path)
            return str(path)
        return scope["path"] if scope["path"] in self._routes else OTHER


def install(
    app: FastAPI, metrics: Metrics, *, tracing: Tracing | None = None, logged: bool = True
) -> None:
    """Put it around ``app``, outside the middleware that stands: what is added last comes first.

    Args:
        logged: whether each request gets a line in the log.
    """
    app.add_middleware(Observe, metrics=metrics, tracing=tracing, logged=logged)


def request_id(given: bytes | None) -> str:
    """Return the id that the caller gave if it is one, or a new one."""
    return given.decode() if given and _SANE.fullmatch(given) else secrets.token_hex(16)


def trace_id(traceparent: bytes | None) -> str | None:
    """Return the trace's id of a valid ``traceparent``, else ``None``."""
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return found[1].decode()


def _carried(headers: dict[bytes, bytes]) -> dict[str, str]:
    names = (b"traceparent", b"tracestate")
    return {n.decode(): headers[n].decode("latin-1") for n in names if n in headers}


def _tell(method: str, route: str, *, status: int, seconds: float) -> None:
    quiet = route in _QUIET and status < FAULT
    _log.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s %d",
        method,
        route,
        status,
        extra={"fields": {"status": status, "route": route, "ms": round(seconds * 1000, 1)}},
    )
