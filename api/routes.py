"""The paths of the service."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import ValidationError

from api.decisions import health, record, repeated
from api.errors import TOO_LARGE, JsonResponse, message_problem, problem, problems_of, refusal
from api.refusals import DEADLINE, BusyError, GoneError
from api.schemas import EXAMPLE_EN, EXAMPLE_ZH, BatchIn, BatchOut, ErrorOut, MessageIn, ResultOut
from api.strict import StrictJsonRoute
from triage.domain import Message
from triage.errors import MessageError

if TYPE_CHECKING:
    from api.desk import Desk
    from triage.domain import TriageResult
    from triage.engine import TriageEngine

_REFUSALS: dict[int | str, dict[str, Any]] = {
    413: {"model": ErrorOut, "description": "Body, text or batch over its limit."},
    422: {"model": ErrorOut, "description": "Not JSON, or a field is missing, unknown or wrong."},
    429: {"model": ErrorOut, "description": "Too many wait; Retry-After says for how long."},
    503: {"model": ErrorOut, "description": "The service is shutting down."},
    504: {"model": ErrorOut, "description": "Request-Timeout passed before the request's turn."},
}
CONFLICT = 409
_ADMIN_REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorOut, "description": "It cannot be loaded; the running engine stays."},
}
_EXAMPLES = {
    "chinese": {"summary": "a late parcel", "value": EXAMPLE_ZH},
    "english": {"summary": "a damaged item", "value": EXAMPLE_EN},
}


router = APIRouter(route_class=StrictJsonRoute)


@router.post("/v1/triage", response_model=ResultOut, responses=_REFUSALS, tags=["triage"])
async def triage_one(
    message: Annotated[MessageIn, Body(openapi_examples=_EXAMPLES)],
    request: Request,
) -> Response:
    """Triage one message: category, priority, sentiment, key information, team and replies.

    A message whose `id` and content were answered before, by the same model and articles, gets that
    answer with its `decision_id` and the header `Triage-Repeated: true`.
    """
    asked = request.app.state.seat.engine.message(message.to_message())
    results = await _triage(request, [asked], allow_degraded=message.allow_degraded)
    recorded = await record(request, [(message.id, asked)], results)
    return JsonResponse(recorded[0].result, headers=repeated(recorded))


@router.post("/v1/triage/batch", response_model=BatchOut, responses=_REFUSALS, tags=["triage"])
async def triage_batch(batch: BatchIn, request: Request) -> Response:
    """Triage several messages; answers in order, a bad message gets an ``error`` of its own."""
    limit = request.app.state.settings.max_batch
    if len(batch.messages) > limit:
        fault = f"has {len(batch.messages)} messages, the limit is {limit}"
        found = problem("messages", fault, remedy="split the batch")
        return refusal(TOO_LARGE, "too_large", [found])
    engine: TriageEngine = request.app.state.seat.engine
    checked = [_checked(engine, m, number) for number, m in enumerate(batch.messages, start=1)]
    asked = [m for m in checked if isinstance(m, Message)]
    named = [(_own_id(given), m) for given, m in zip(batch.messages, checked, strict=True)]
    keyed = [(name, m) for name, m in named if isinstance(m, Message)]
    judged = await _triage(request, asked, allow_degraded=batch.allow_degraded)
    recorded = await record(request, keyed, judged)
    results = iter(recorded)
    entries = [next(results).result if isinstance(m, Message) else m for m in checked]
    content = {"results": entries, "rejected": len(checked) - len(asked)}
    return JsonResponse(content, headers=repeated(recorded))


@router.get("/health/live", tags=["health"])
async def live() -> dict[str, str]:
    """Answer while the process runs."""
    return {"status": "live"}


@router.get("/health/ready", tags=["health"])
async def ready(request: Request) -> dict[str, Any]:
    """Answer once the model is loaded; tell what is in use, since when, and who waits.

    The service is ready while the log of decisions is `away`: it answers, with `decision_id` null.
    """
    state = request.app.state
    return {
        "status": "ready",
        **state.seat.described(),
        "waiting": state.desk.waiting,
        "decisions": health(state.decisions),
    }


@router.post("/v1/admin/reload", responses=_ADMIN_REFUSALS, tags=["admin"])
async def reload(request: Request) -> Response:
    """Load model, policy and knowledge base anew, beside the running ones, and switch.

    It answers once the switch is made, in this worker process; others follow the promoted model
    within a second, and SIGHUP reaches each.
    """
    seat = request.app.state.seat
    before = seat.engine.model
    if not await seat.reload():
        remedy = "mend it and reload; the engine that was in use still is"
        return refusal(CONFLICT, "reload_failed", [problem("model", seat.fault, remedy=remedy)])
    return JsonResponse({"before": before, **seat.described()})


async def _triage(
    request: Request, messages: Sequence[Message], *, allow_degraded: bool
) -> list[TriageResult]:
    """Let the desk judge, as long as the client waits; by words alone where it is full.

    Raises:
        TurnedAwayError: there is no result, and why.
        MessageError: the deadline in the header is no number.
    """
    if not messages:
        return []
    desk: Desk = request.app.state.desk
    try:
        future, job = desk.submit(messages, seconds=_deadline(request))
    except BusyError:
        if not allow_degraded:
            raise
        return await desk.degraded(messages)
    if job is None:
        return await future
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((future, left), return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            desk.forget(job)
            raise GoneError("the client has left")
        return future.result()
    finally:
        left.cancel()


async def _left(request: Request) -> None:
    """Wait until the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _deadline(request: Request) -> float | None:
    given = request.headers.get(DEADLINE)
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise MessageError(DEADLINE, f"is {given!r:.40}", remedy="give seconds above 0, as 2.5")
    return seconds


def _checked(engine: TriageEngine, given: object, number: int) -> Message | dict[str, Any]:
    """Return a message, or the entry that says what is wrong with it."""
    place = f"messages.{number - 1}"
    try:
        message = MessageIn.model_validate(given).to_message(number)
        return engine.message(message)
    except ValidationError as fault:
        found = problems_of(fault.errors(include_url=False), prefix=place)
    except MessageError as fault:
        found = [message_problem(fault, prefix=place)]
    return {"id": _own_id(given), "error": {"code": "invalid_request", "problems": found}}


def _own_id(given: object) -> str | None:
    named = given.get("id") if isinstance(given, dict) else None
    return named if isinstance(named, str) else None
