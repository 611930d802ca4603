"""Routes that read JSON strictly."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.limits import parse_json


class StrictJsonRequest(Request):
    """Reads JSON with orjson, which refuses invalid UTF-8, NaN and lone surrogates."""

    async def json(self) -> Any:
        """Return the parsed body."""
        return parse_json(await self.body())  # FastAPI makes its JSONDecodeError a refusal


class StrictJsonRoute(APIRoute):
    """A route whose requests are ``StrictJsonRequest``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route's handler over strict requests."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(StrictJsonRequest(request.scope, request.receive))

        return handle
