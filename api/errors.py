"""Every refusal in one shape: problem details (RFC 9457) with a code and the problems.

A problem names field, value and remedy. Its value goes to the sender alone and only where it cannot
be a customer's words; of other fields it tells kind and size. Nothing of it is logged.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
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
PROBLEM_JSON = "application/problem+json"
# What each code means; its type is the relative reference /problems/<code>: docs/api.md.
TITLES = {
    "invalid_request": "The request is not one that this service understands.",
    "too_large": "The request is over a limit.",
    "too_slow": "The request took too long to arrive.",
    "unsupported_media_type": "The body is of a kind that this service does not read.",
    "unauthorized": "The request bears no valid key.",
    "forbidden": "The key does not open this path.",
    "rate_limited": "The key or address has sent more requests than its limit.",
    "keys_unreadable": "The service cannot read its keys.",
    "unknown_decision": "No decision has this id.",
    "decisions_off": "The log of decisions is switched off.",
    "decisions_away": "The log of decisions cannot be reached.",
    "internal_error": "The service has failed.",
}
# Fields of which the value is shown: none of them holds a customer's words.
_SHOWN = frozenset({"created_at", "at", "role", "contacts", "path", "content-type",
                    "content-encoding", "decision_id"})  # fmt: skip
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


class Refusal(JsonResponse):
    """A 4xx or 5xx answer as problem details.

    https://www.rfc-editor.org/rfc/rfc9457: a code without an entry in ``TITLES`` means no more than
    its status, which the type ``about:blank`` says.

    Attributes:
        instance: URI that names this one answer.
    """

    media_type = PROBLEM_JSON

    def __init__(
        self,
        status: int,
        code: str,
        problems: list[dict[str, Any]],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.instance = f"urn:uuid:{uuid.uuid4()}"
        content = {
            "type": f"/problems/{code}" if code in TITLES else "about:blank",
            "title": TITLES.get(code) or HTTPStatus(status).phrase,
            "status": status,
            "detail": _detail(problems),
            "instance": self.instance,
            "code": code,
            "problems": problems,
        }
        super().__init__(content, status_code=status, headers=dict(headers or {}))


def problem(
    field: str, message: str, *, value: object = None, remedy: str = "see /openapi.json"
) -> dict[str, Any]:
    """Return one problem in its wire form."""
    return {
        "field": _cut(field),
        "message": message,
        "value": _shown(value, field=field),
        "remedy": remedy,
    }


def problems_of(errors: Sequence[Mapping[str, Any]], *, prefix: str = "") -> list[dict[str, Any]]:
    """Return Pydantic's errors in the wire form."""
    found = []
    for error in errors:
        if error["type"] == "json_invalid":
            reason = f"not usable JSON: {error['ctx']['error']}"
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


def refusal(
    status: int,
    code: str,
    problems: list[dict[str, Any]],
    *,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Return a 4xx or 5xx answer."""
    return Refusal(status, code, problems, headers=headers)


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
    return refusal(fault.status_code, "http_error", [found], headers=fault.headers)


def _detail(problems: Sequence[Mapping[str, Any]]) -> str:
    """Return the first problem as a sentence, and how many there are beside it."""
    if not problems:
        return ""
    first, *others = problems
    message = str(first["message"])
    named = message if message.startswith(first["field"]) else f"{first['field']}: {message}"
    more = f" ({len(others)} more)" if others else ""
    return f"{named}; {first['remedy']}{more}"


def _shown(value: object, *, field: str) -> str | None:
    """Return what was sent, or of what may be a customer's words its kind and size."""
    if value is None:
        return None
    if isinstance(value, str) and field.rpartition(".")[2] in _SHOWN:
        return _cut(value)
    return _kind(value, shown=field.rpartition(".")[2] in _SHOWN)


def _kind(value: object, *, shown: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:SHOWN_CHARS] if shown else "a number"
    if isinstance(value, str | bytes):
        return f"text of {len(value)} characters"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    return f"an object of {len(value)}" if isinstance(value, dict) else "a value"


def _cut(text: str) -> str:
    """Return ``text`` short, and such that it can be written as UTF-8."""
    cut = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
    return cut.encode("utf-8", "replace").decode()
