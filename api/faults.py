"""What nobody foresaw: one line in the log without a customer's words, one answer in shape."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from api.errors import problem, refusal
from api.logs import places

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

INTERNAL = 500
_log = logging.getLogger(__name__)


class Faults:
    """ASGI middleware that answers 500 to an exception.

    The server would write the exception with its message, which may quote the text at which it was
    raised; so only its kind and the places in the code are logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; an exception ends here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as fault:  # noqa: BLE001  # whatever it is, its message stays out of the log
            remedy = "try again; the service's log tells what failed"
            answer = refusal(
                INTERNAL, "internal_error", [problem("service", "failed", remedy=remedy)]
            )
            _log.error("%s %s at %s", answer.instance, type(fault).__name__, places(fault))
            if started:
                raise ConnectionError("the answer was cut off by a fault") from None
            await answer(scope, receive, send)
