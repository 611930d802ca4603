"""The paths of the service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Request, Response
from pydantic import ValidationError

from api.decisions import health, record, repeated
from api.errors import TOO_LARGE, JsonResponse, message_problem, problem, problems_of, refusal
from api.schemas import EXAMPLE_EN, EXAMPLE_ZH, BatchIn, BatchOut, ErrorOut, MessageIn, ResultOut
from api.strict import StrictJsonRoute
from triage.domain import Message
from triage.errors import MessageError

if TYPE_CHECKING:
    from triage.domain import TriageResult
    from triage.engine import TriageEngine

_REFUSALS: dict[int | str, dict[str, Any]] = {
    413: {"model": ErrorOut, "description": "Body, text or batch over its limit."},
    422: {"model": ErrorOut, "description": "Not JSON, or a field is missing, unknown or wrong."},
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
    asked = message.to_message()
    recorded = await record(request, [(message.id, asked)], await _triage(request, [asked]))
    return JsonResponse(recorded[0].result, headers=repeated(recorded))


@router.post("/v1/triage/batch", response_model=BatchOut, responses=_REFUSALS, tags=["triage"])
async def triage_batch(batch: BatchIn, request: Request) -> Response:
    """Triage several messages; answers in order, a bad message gets an ``error`` of its own."""
    limit = request.app.state.settings.max_batch
    if len(batch.messages) > limit:
        fault = f"has {len(batch.messages)} messages, the limit is {limit}"
        found = problem("messages", fault, remedy="split the batch")
        return refusal(TOO_LARGE, "too_large", [found])
    engine: TriageEngine = request.app.state.engine
    checked = [_checked(engine, m, number) for number, m in enumerate(batch.messages, start=1)]
    asked = [m for m in checked if isinstance(m, Message)]
    named = [(_own_id(given), m) for given, m in zip(batch.messages, checked, strict=True)]
    keyed = [(name, m) for name, m in named if isinstance(m, Message)]
    recorded = await record(request, keyed, await _triage(request, asked))
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
    """Answer once the model is loaded; name it, and say how the log of decisions does.

    The service is ready while the log is `away`: it answers, with `decision_id` null.
    """
    state = request.app.state
    return {"status": "ready", "model": state.engine.model, "decisions": health(state.decisions)}


async def _triage(request: Request, messages: Sequence[Message]) -> list[TriageResult]:
    """Run the engine off the event loop, on at most as many threads as there are cores."""
    if not messages:
        return []
    state = request.app.state
    results: list[TriageResult] = await to_thread.run_sync(
        state.engine.triage, messages, limiter=state.limiter
    )
    return results


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
