"""The OpenAPI description: what FastAPI sees in the routes, with what the guards add.

``python -m api.openapi`` prints it; tests/api/openapi.json is what it printed last.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import orjson

from api.access import OPEN_PATHS, scopes_of
from api.errors import PROBLEM_JSON, TITLES

if TYPE_CHECKING:
    from fastapi import FastAPI

_ERROR = {"$ref": "#/components/schemas/ErrorOut"}
# status -> code and what it means, of refusals that any guarded path can give
_GUARDED = {
    "401": ("unauthorized", "No key, or one that is unknown, expired or revoked."),
    "403": ("forbidden", "The key lacks the scope of this path."),
    "414": ("too_large", "The address is over its limit."),
    "429": ("rate_limited", "More requests than the limit of the key or address."),
    "431": ("too_large", "Headers over their limits."),
    "500": ("internal_error", "The service failed; its log tells where."),
    "503": ("keys_unreadable", "The file of keys cannot be read."),
}
_WITH_BODY = {
    "408": ("too_slow", "The body took too long to arrive."),
    "413": ("too_large", "Body, text or batch over its limit."),
    "415": ("unsupported_media_type", "The body is packed, or not application/json."),
    "422": ("invalid_request", "Not JSON, or a field is missing, unknown or wrong."),
}
# the same, of refusals that one path alone gives
_OWN = {
    "/v1/feedback": {
        "404": ("unknown_decision", "No decision has that id."),
        "409": ("decisions_off", "The log of decisions is switched off."),
        "503": ("decisions_away", "The log of decisions is away; or the keys cannot be read."),
    },
}
_OPEN = ("414", "431", "500")
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer KEY"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}
_RETRY = {
    "Retry-After": {
        "description": "seconds to wait",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def install(app: FastAPI) -> None:
    """Make ``app`` describe its guards too."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # the way FastAPI documents


def snapshot(app: FastAPI) -> bytes:
    """Return the description as sorted, indented JSON, without the version of this installation."""
    content = app.openapi() | {"info": app.openapi()["info"] | {"version": "v1"}}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(content, option=options)


def _completed(description: dict[str, Any]) -> dict[str, Any]:
    description.setdefault("components", {})["securitySchemes"] = _SECURITY
    for path, operations in description["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    return description


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add to one operation who may call it, and every refusal with its example."""
    known = _GUARDED | (_WITH_BODY if "requestBody" in operation else {}) | _OWN.get(path, {})
    if path in OPEN_PATHS:
        known = {status: _GUARDED[status] for status in _OPEN}
        operation["security"] = []
    else:
        names = " or ".join(scopes_of(path))
        # Nothing (on this machine), or a key by either header.
        operation["security"] = [{}, *({scheme: []} for scheme in _SECURITY)]
        operation["description"] = f"{operation['description']}\n\nScope of the key: {names}."
    responses = operation["responses"]
    for status, (code, meaning) in known.items():
        _complete_refusal(responses.setdefault(status, {}), (status, code, meaning))
    for status in [s for s in responses if s >= "400"]:
        content = responses[status].get("content", {})
        if "application/json" in content:
            content[PROBLEM_JSON] = content.pop("application/json")
    operation["responses"] = dict(sorted(responses.items()))


def _complete_refusal(answer: dict[str, Any], told: tuple[str, str, str]) -> None:
    status, code, meaning = told
    answer.setdefault("description", meaning)
    remedy = "see docs/api.md"
    example = {
        "type": f"/problems/{code}",
        "title": TITLES[code],
        "status": int(status),
        "detail": meaning,
        "instance": "urn:uuid:6f2c1a52-5a7f-4f0e-9f0e-1c1f5c3b7a10",
        "code": code,
        "problems": [{"field": "body", "message": meaning, "value": None, "remedy": remedy}],
    }
    answer["content"] = {PROBLEM_JSON: {"schema": _ERROR, "example": example}}
    if status in ("429", "503"):
        answer["headers"] = _RETRY | answer.get("headers", {})


if __name__ == "__main__":
    from api.app import create_app
    from triage.settings import Settings

    sys.stdout.buffer.write(snapshot(create_app(Settings())))
