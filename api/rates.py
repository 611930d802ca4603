"""How often one caller may call, counted in this process alone."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.access import CALLER, METRICS, OPEN_PATHS, scope_path
from api.errors import problem, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from triage.settings import Settings

OFF = "off"
DEFAULT_ELSEWHERE = "6000/minute"
_TOO_MANY = 429
_NOT_COUNTED = (*OPEN_PATHS, METRICS)


class RateLimit:
    """ASGI middleware that answers 429 to more requests of a caller than ``rate``.

    Two counters a caller, the older weighted by how much of its window still lies within the last
    one: an estimate of a moving window in constant memory
    (https://limits.readthedocs.io/en/stable/strategies.html). A batch counts as one request.
    """

    def __init__(self, app: ASGIApp, *, rate: RateLimitItem) -> None:
        self._app = app
        self._rate = rate
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; either answer tells what is left."""
        if scope["type"] != "http" or scope_path(scope) in _NOT_COUNTED:
            await self._app(scope, receive, send)
            return
        caller = scope["state"][CALLER]
        allowed = self._counts.hit(self._rate, caller)
        stats = self._counts.get_window_stats(self._rate, caller)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        headers = self._headers(stats.remaining, wait)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        await (self._app if allowed else self._refusal(wait))(scope, receive, told)

    def _headers(self, remaining: int, wait: int) -> list[tuple[bytes, bytes]]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-10."""
        policy = f'"default";q={self._rate.amount};w={self._rate.get_expiry()}'
        left = f'"default";r={remaining};t={wait}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]

    def _refusal(self, wait: int) -> ASGIApp:
        fault = f"more than {self._rate.amount} in {self._rate.get_expiry()} seconds"
        found = problem("requests", fault, remedy=f"wait {wait} seconds, or send batches")
        return refusal(_TOO_MANY, "rate_limited", [found], headers={"Retry-After": str(wait)})


def rate_of(settings: Settings) -> RateLimitItem | None:
    """Return what one process allows a caller: its share of the limit; ``None`` for no limit.

    Processes share no counts, and the system spreads connections over them.
    """
    text = settings.rate_limit or (OFF if settings.on_loopback else DEFAULT_ELSEWHERE)
    if text == OFF:
        return None
    whole = parse(text)
    return type(whole)(max(1, whole.amount // settings.workers), whole.multiples)
