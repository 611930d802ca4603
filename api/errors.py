"""Every refusal in one shape: a code and the problems, each with field, value and remedy."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from triage.errors import MessageError

if TYPE_CHECKING:
    from fastapi import FastAPI

UNPROCESSABLE = 422
TOO_LARGE = 413
SHOWN_CHARS = 80
_REMEDIES = {
    "missing": "add the field",
    "extra_forbidden": "remove the field, or correct its name",
    "json_invalid": "send one JSON object in UTF-8",
    "string_type": "send a JSON string",
    "string_too_short": "send at least one character",
    "string_too_long": "shorten it",
    "too_long": "send fewer entries",
    "too_short": "send at least one entry",
    "list_type": "send a JSON array",
    "dict_type": "send a JSON object",
    "model_attributes_type": "send a JSON object with Content-Type: application/json",
    "model_type": "send a JSON object",
}


class JsonResponse(Response):
    """A JSON body written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return ``content`` as UTF-8 JSON."""
        return orjson.dumps(content)


def problem(
    field: str, message: str, *, value: object = None, remedy: str = "see /openapi.json"
) -> dict[str, Any]:
    """Return one problem in its wire form."""
    return {"field": field, "message": message, "value": _shown(value), "remedy": remedy}


def problems_of(errors: Sequence[Mapping[str, Any]], *, prefix: str = "") -> list[dict[str, Any]]:
    """Return Pydantic's errors in the wire form."""
    found = []
    for error in errors:
        if error["type"] == "json_invalid":
            reason = f"not JSON: {error['ctx']['error']}"
            found.append(problem("body", reason, remedy=_REMEDIES["json_invalid"]))
            continue
        place = [str(part) for part in error["loc"] if part != "body"]
        found.append(
            problem(
                ".".join([prefix, *place] if prefix else place) or "body",
                str(error["msg"]),
                value=None if error["type"] == "missing" else error.get("input"),
                remedy=_REMEDIES.get(error["type"], "correct the value; see /openapi.json"),
            )
        )
    return found


def refusal(status: int, code: str, problems: list[dict[str, Any]]) -> JsonResponse:
    """Return a 4xx or 5xx answer."""
    return JsonResponse({"code": code, "problems": problems}, status_code=status)


def message_problem(fault: MessageError, *, prefix: str = "") -> dict[str, Any]:
    """Return a fault of one message in the wire form."""
    field = f"{prefix}.{fault.field}" if prefix else fault.field
    return problem(field, f"{fault.field} {fault.fault}", remedy=fault.remedy)


def install(app: FastAPI) -> None:
    """Register the handlers that turn exceptions into refusals."""
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(MessageError, _on_message)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_invalid(_: Request, fault: Exception) -> Response:
    errors = fault.errors() if isinstance(fault, RequestValidationError) else []
    return refusal(UNPROCESSABLE, "invalid_request", problems_of(errors))


async def _on_message(_: Request, fault: Exception) -> Response:
    if not isinstance(fault, MessageError):
        raise fault
    status = TOO_LARGE if "limit" in fault.fault else UNPROCESSABLE
    code = "too_large" if status == TOO_LARGE else "invalid_request"
    return refusal(status, code, [message_problem(fault)])


async def _on_http(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, HTTPException):
        raise fault
    remedies = {404: "see /openapi.json for the paths", 405: "see /openapi.json for the methods"}
    remedy = remedies.get(fault.status_code, "correct the request")
    found = problem("path", str(fault.detail), value=request.url.path, remedy=remedy)
    return refusal(fault.status_code, "http_error", [found])


def _shown(value: object) -> str | None:
    """Return what was sent as short text that can be written as UTF-8."""
    if value is None:
        return None
    text = value if isinstance(value, str) else reprlib.repr(value)  # bounded in depth too
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
    cut = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
    return cut.encode("utf-8", "replace").decode()
