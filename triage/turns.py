"""What the ``turns`` of a record mean: who spoke, what and when; they are merged elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from triage.domain import Role, Turn
from triage.errors import MessageError
from triage.resource import read_resource


def turns_from(value: Any) -> tuple[Turn, ...]:
    """Make turns of a list of objects with ``role``, ``text`` and, where known, ``at``.

    Raises:
        MessageError: a turn is unusable; the field is named by position, as ``turns.2.role``.
    """
    if value is None or value == "":
        return ()
    if not isinstance(value, list | tuple):
        raise MessageError(
            "turns", f"is {_shown(value)}", remedy="give a list of {role, text, at}, oldest first"
        )
    return tuple(_turn_from(turn, place=f"turns.{i}") for i, turn in enumerate(value))


def role_of(name: str) -> Role:
    """Return the role that ``name`` means in English or Chinese, in any case.

    Raises:
        ValueError: nobody is called so; the message lists the four roles.
    """
    role = _roles().get(name.strip().casefold())
    if role is None:
        raise ValueError(f"give one of {', '.join(Role)}")
    return role


def asks_something(turns: Sequence[Turn]) -> bool:
    """Tell whether the customer says anything in ``turns``."""
    return any(turn.role is Role.CUSTOMER and turn.text.strip() for turn in turns)


def moment_from(value: Any, *, field: str) -> datetime | None:
    """Read ISO 8601 text; nothing and empty text are ``None``.

    Raises:
        MessageError: it is no date; named by ``field``.
    """
    if value is None or value == "":
        return None
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as fault:
        raise MessageError(
            field, f"is {_shown(value)}", remedy="give ISO 8601, as 2026-11-11T09:30:00"
        ) from fault


def _turn_from(value: Any, *, place: str) -> Turn:
    if isinstance(value, Turn):
        return value
    if not isinstance(value, Mapping):
        raise MessageError(place, f"is {_shown(value)}", remedy="give {role, text, at}")
    name, text = value.get("role"), value.get("text")
    try:
        role = role_of(name) if isinstance(name, str) else None
    except ValueError:
        role = None
    if role is None:
        raise MessageError(
            f"{place}.role", f"is {_shown(name)}", remedy=f"give one of {', '.join(Role)}"
        )
    if not isinstance(text, str):
        raise MessageError(f"{place}.text", f"is {_shown(text)}", remedy="give the words as text")
    return Turn(role, text, moment_from(value.get("at"), field=f"{place}.at"))


@functools.cache
def _roles() -> dict[str, Role]:
    names = read_resource("conversation")["roles"]
    return {name.casefold(): Role(role) for role, aliases in names.items() for name in aliases}


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.60}"
