"""Messages and results as JSON that crosses HTTP, for the side that calls."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from triage.domain import Message, TriageResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def message_json(message: Message | Mapping[str, Any] | str) -> dict[str, Any]:
    """Return the body of POST /v1/triage for ``message``; empty fields are left out."""
    if isinstance(message, str):
        return {"text": message}
    if not isinstance(message, Message):
        return dict(message)
    fields = {name: value for name, value in asdict(message).items() if value not in (None, "", {})}
    if message.customer:
        fields["customer"] = {k: v for k, v in fields["customer"].items() if v is not None}
    if message.created_at:
        fields["created_at"] = message.created_at.isoformat()
    fields["turns"] = [
        {"role": t.role.value, "text": t.text} | ({"at": t.at.isoformat()} if t.at else {})
        for t in message.turns
    ]
    return fields


def result_from(content: Mapping[str, Any]) -> TriageResult:
    """Return the result whose ``to_dict`` is ``content``; members that it does not know are left.

    Raises:
        ValueError: a member is missing or of a wrong type; its name is told, not what it holds.
    """
    from pydantic import ValidationError

    category = dict(content.get("category") or {})
    category["prediction_set"] = category.pop("set", None)
    try:
        return _adapter().validate_python({**content, "category": category})
    except ValidationError as fault:
        errors = fault.errors(include_input=False, include_context=False)
    named = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
    raise ValueError("; ".join(named))


@functools.cache
def _adapter() -> TypeAdapter[TriageResult]:
    from pydantic import TypeAdapter

    return TypeAdapter(TriageResult)
