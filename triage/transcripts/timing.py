"""How long the customer waited: first response and longest wait, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from triage.domain import Role, Turn


def waits_of(turns: Sequence[Turn]) -> tuple[float | None, float | None]:
    """Return seconds to the first response and of the longest wait.

    A wait runs from the first unanswered words of the customer to the next turn of an agent; what a
    bot says answers nothing. A wait that nobody ended is not measured. Both are ``None`` where a
    time is missing, or where some turns are in local time and others in a zone.
    """
    since: datetime | None = None
    waiting = False
    waits: list[float | None] = []
    for turn in turns:
        if turn.role is Role.CUSTOMER and not waiting and turn.text.strip():
            since, waiting = turn.at, True
        elif turn.role is Role.AGENT and waiting:
            waits.append(seconds_between(since, turn.at))
            waiting = False
    known = [wait for wait in waits if wait is not None]
    whole = len(known) == len(waits) and bool(waits)
    return (waits[0] if waits else None), (max(known) if whole else None)


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds from one time to a later one; ``None`` where there is no telling."""
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    return max(0.0, (end - start).total_seconds())
