"""Why a request is not served now, as exceptions, and the answers that they become."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastapi import Request, Response

from api.errors import problem, refusal

if TYPE_CHECKING:
    from fastapi import FastAPI

GONE, BUSY, CLOSING, LATE = 499, 429, 503, 504
DEADLINE = "Request-Timeout"  # header: seconds, decimals allowed, from the request's arrival


class TurnedAwayError(Exception):
    """A request that gets no result; the service is well."""


class BusyError(TurnedAwayError):
    """Its lane is full; ``seconds`` until there is likely to be room."""

    def __init__(self, lane: str, seconds: float) -> None:
        super().__init__(f"the {lane} lane is full")
        self.lane = lane
        self.seconds = seconds


class ClosingError(TurnedAwayError):
    """The service is shutting down."""


class LateError(TurnedAwayError):
    """Its deadline passed before its turn."""


class GoneError(TurnedAwayError):
    """Its client has left."""


def install(app: FastAPI) -> None:
    """Register the handler that turns these exceptions into answers."""
    app.add_exception_handler(TurnedAwayError, _on_turned_away)


async def _on_turned_away(_: Request, fault: Exception) -> Response:
    if isinstance(fault, BusyError):
        return busy(fault)
    if isinstance(fault, ClosingError):
        told = problem("service", "is shutting down", remedy="try again in a moment")
        answer: Response = refusal(CLOSING, "shutting_down", [told])
        answer.headers["Retry-After"] = "1"
        return answer
    if isinstance(fault, LateError):
        told = problem(DEADLINE, "passed before the request had its turn", remedy="give more time")
        return refusal(LATE, "deadline_passed", [told])
    if isinstance(fault, GoneError):
        return Response(status_code=GONE)  # nobody reads it
    raise fault


def busy(fault: BusyError) -> Response:
    """Return 429 with the seconds after which there is likely to be room."""
    seconds = max(1, math.ceil(fault.seconds))
    remedy = f"try again in {seconds} s, or send allow_degraded to get an answer by words alone"
    answer = refusal(BUSY, "busy", [problem("service", str(fault), remedy=remedy)])
    answer.headers["Retry-After"] = str(seconds)
    return answer
