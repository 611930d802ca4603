"""What a tagged row says for a report, nested or flat, from ``triage tag`` or ``transcripts``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from triage.errors import MessageError
from triage.transcripts.moments import moment_of

_TRUE = ("true", "1", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row; ``None`` stands for what the row does not tell.

    Attributes:
        at: by the clock that the report is in.
        answered: whether a reply was suggested.
        response: seconds to the first response.
    """

    at: datetime | None = None
    category: str | None = None
    intent: str | None = None
    priority: str | None = None
    sentiment: str | None = None
    needs_review: bool | None = None
    answered: bool | None = None
    agent: str | None = None
    response: float | None = None
    resolved: bool | None = None


def entry_of(
    row: Mapping[str, Any], *, time_column: str | None = None, zone: ZoneInfo | None = None
) -> Entry:
    """Read a row; original columns that ``--keep`` left are looked at too.

    Args:
        time_column: in which the time stands; ``created_at`` by default.
        zone: that times with a zone of their own are brought into.

    Raises:
        MessageError: the time is none.
    """
    at = moment_of(_own(row, time_column or "created_at"), field=time_column or "created_at")
    if at is not None and at.tzinfo is not None:
        at = (at.astimezone(zone) if zone else at).replace(tzinfo=None)
    category = row.get("category")
    nested = category if isinstance(category, Mapping) else {}
    return Entry(
        at=at,
        category=_text(nested.get("label") if nested else category),
        intent=_text(nested.get("intent") if nested else row.get("intent")),
        priority=_label(row.get("priority"), "level"),
        sentiment=_label(row.get("sentiment"), "label"),
        needs_review=_truth(row.get("needs_review")),
        answered=_answered(row),
        agent=_text(_own(row, "agent")),
        response=_number(_own(row, "first_response_seconds")),
        resolved=_truth(_resolved(row)),
    )


def _own(row: Mapping[str, Any], name: str) -> Any:
    """Return a column of the row, or the original one that lies under ``input``."""
    kept = row.get("input")
    places = (row.get(name), kept.get(name) if isinstance(kept, Mapping) else None,
              row.get(f"input_{name}"))  # fmt: skip
    return next((value for value in places if value not in (None, "")), None)


def _answered(row: Mapping[str, Any]) -> bool | None:
    for name in ("suggestions", "reply_1_article", "reply_1"):
        if name in row:
            return row[name] not in (None, "", "[]", [])
    return None


def _resolved(row: Mapping[str, Any]) -> Any:
    resolution = row.get("resolution")
    return resolution.get("resolved") if isinstance(resolution, Mapping) else row.get("resolved")


def _label(value: Any, key: str) -> str | None:
    return _text(value.get(key) if isinstance(value, Mapping) else value)


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _truth(value: Any) -> bool | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, bool) else str(value).lower() in _TRUE


def _number(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as fault:
        raise MessageError(
            "first_response_seconds", f"is {value!r:.40}", remedy="give seconds"
        ) from fault
