"""Times as exports write them: ISO 8601, with slashes or 年月日, or seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from triage.errors import MessageError
from triage.turns import moment_from

# A time that stands beside a speaker's name; a clock without a day says no date.
TIME = (
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]{0,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
    r"(?:Z|[+-]\d{2}:?\d{2})?"
)
_LOOSE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]{0,2}(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_MILLISECONDS = 1e11


def moment_of(value: Any, *, field: str) -> datetime | None:
    """Read a time; nothing and empty text are ``None``. Seconds since 1970 are in UTC.

    Raises:
        MessageError: it is no time; named by ``field``.
    """
    text = str(value).strip() if isinstance(value, str | int | float) else value
    if isinstance(text, str) and _EPOCH.fullmatch(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
    if isinstance(text, str) and (match := _LOOSE.fullmatch(text)) is not None:
        parts = [int(part or 0) for part in match.groups()]
        try:
            return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # the shop's own clock
        except ValueError as fault:
            raise MessageError(field, f"is {text!r}", remedy="give a day that exists") from fault
    return moment_from(text, field=field)
