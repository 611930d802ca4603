"""The paths of the service."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from api.errors import TOO_LARGE, JsonResponse, message_problem, problem, problems_of, refusal
from api.limits import parse_json
from api.schemas import EXAMPLE_EN, EXAMPLE_ZH, BatchIn, BatchOut, ErrorOut, MessageIn, ResultOut
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


class _StrictJsonRequest(Request):
    """Reads JSON with orjson, which refuses invalid UTF-8, NaN and lone surrogates."""

    async def json(self) -> Any:
        """Return the parsed body."""
        return parse_json(await self.body())  # FastAPI makes its JSONDecodeError a refusal


class _StrictJsonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_StrictJsonRequest(request.scope, request.receive))

        return handle


router = APIRouter(route_class=_StrictJsonRoute)


@router.post("/v1/triage", response_model=ResultOut, responses=_REFUSALS, tags=["triage"])
async def triage_one(
    message: Annotated[MessageIn, Body(openapi_examples=_EXAMPLES)],
    request: Request,
) -> Response:
    """Triage one message: category, priority, sentiment, key information, team and replies."""
    (result,) = await _triage(request, [message.to_message()])
    return JsonResponse(result.to_dict())


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
    results = iter(await _triage(request, [m for m in checked if isinstance(m, Message)]))
    entries = [next(results).to_dict() if isinstance(m, Message) else m for m in checked]
    rejected = sum(not isinstance(m, Message) for m in checked)
    return JsonResponse({"results": entries, "rejected": rejected})


@router.get("/health/live", tags=["health"])
async def live() -> dict[str, str]:
    """Answer while the process runs."""
    return {"status": "live"}


@router.get("/health/ready", tags=["health"])
async def ready(request: Request) -> dict[str, str]:
    """Answer once the model is loaded, and name it."""
    return {"status": "ready", "model": request.app.state.engine.model}


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
    named = given.get("id") if isinstance(given, dict) else None
    error = {"code": "invalid_request", "problems": found}
    return {"id": named if isinstance(named, str) else None, "error": error}
