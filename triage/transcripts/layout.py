"""Which columns of a file mean what, in which of the three forms it is, and rows made transcripts.

Grouping rows of one message each is left to ``gathering``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from triage.columns import listed, plain_name
from triage.domain import Turn
from triage.errors import ConfigError, MessageError, RecordError
from triage.resource import read_resource
from triage.transcripts.moments import moment_of
from triage.transcripts.plain_text import turns_in
from triage.transcripts.signs import RESOURCE
from triage.transcripts.transcript import Transcript
from triage.turns import turns_from

_LISTED = 30


class Form(StrEnum):
    """How a file holds conversations."""

    TURNS = "turns"  # one row a conversation, a column of turns
    MESSAGES = "messages"  # one row a message, a column that names the conversation
    TEXT = "text"  # one row a conversation, speakers named in the text


@dataclass(frozen=True, slots=True)
class Layout:
    """The form of a file and the column of each field."""

    form: Form
    columns: Mapping[str, str]

    def value(self, row: Mapping[str, Any], field: str) -> Any:
        """Return what a row holds for a field; ``None`` where it holds nothing."""
        column = self.columns.get(field)
        value = None if column is None else row.get(column)
        return None if value == "" else value

    def transcript(self, row: Mapping[str, Any], *, line: int) -> Transcript:
        """Make a transcript of a row that holds a whole conversation.

        Raises:
            MessageError: a turn, a time or the text cannot be used.
        """
        if self.form is Form.TURNS:
            turns = turns_of(self.value(row, "turns"))
        else:
            turns = turns_in(_text(self.value(row, "text")))
        if not turns:
            raise MessageError("turns", "are none", remedy="give at least one turn")
        name = self.value(row, "id")
        return self.about(row, name=f"t-{line}" if name is None else str(name), turns=turns,
                          line=line)  # fmt: skip

    def turn(self, row: Mapping[str, Any]) -> Turn:
        """Make a turn of a row that holds one message; raises MessageError."""
        at = self.value(row, "at")
        told = {"role": self.value(row, "role"), "text": self.value(row, "text") or "", "at": at}
        return turns_of([told])[0]

    def about(
        self, row: Mapping[str, Any], *, name: str, turns: tuple[Turn, ...], line: int
    ) -> Transcript:
        """Return the transcript of turns with what a row tells about the conversation."""
        return Transcript(
            id=name,
            turns=turns,
            line=line,
            customer=_named(self.value(row, "customer")),
            agent=_named(self.value(row, "agent")),
            channel=_named(self.value(row, "channel")),
            started_at=moment_of(self.value(row, "at"), field="at"),
        )


def layout_of(
    sample: Sequence[Mapping[str, Any]],
    *,
    chosen: Mapping[str, str | None] | None = None,
    form: Form | None = None,
    source: str = "the file",
) -> Layout:
    """Find the form of a file and its columns in a sample of rows; flags go before guesses.

    Raises:
        RecordError: no form fits the columns.
        ConfigError: a chosen column is not there.
    """
    known = list(dict.fromkeys(name for row in sample for name in row))
    wanted = {field: column for field, column in (chosen or {}).items() if column}
    for field, column in wanted.items():
        if column not in known:
            raise ConfigError(
                f"{source}: --{field}-column names {column!r}, which is not there; "
                f"the columns are {listed(known, most=_LISTED)}"
            )
    columns = {**_guessed(known, sample), **wanted}
    form = form or _form_of(columns)
    needs = {Form.TURNS: ("turns",), Form.MESSAGES: ("conversation", "role", "text"),
             Form.TEXT: ("text",), None: ("turns",)}[form]  # fmt: skip
    if missing := [field for field in needs if field not in columns]:
        raise RecordError(
            f"{source}: no column is known to hold the {missing[0]}; name it with "
            f"--{missing[0]}-column; the columns are {listed(known, most=_LISTED)}"
        )
    return Layout(form or Form.TURNS, columns)


def turns_of(value: Any) -> tuple[Turn, ...]:
    """Make turns of a list of objects, or of its JSON; keys may have other usual names.

    Raises:
        MessageError: a turn is unusable; the field is named by position.
    """
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return turns_in(value)
    if not isinstance(value, list | tuple):
        return turns_from(value)
    return turns_from([_plain_turn(turn, place) for place, turn in enumerate(value)])


def _plain_turn(turn: Any, place: int) -> Any:
    if not isinstance(turn, Mapping):
        return turn
    keys = read_resource(RESOURCE)["turn_keys"]
    found = {
        field: next((turn[name] for name in names if turn.get(name) not in (None, "")), None)
        for field, names in keys.items()
    }
    at = moment_of(found["at"], field=f"turns.{place}.at")
    text = "" if found["text"] is None else found["text"]
    return {"role": found["role"], "text": text, "at": at.isoformat() if at else None}


def _form_of(columns: Mapping[str, str]) -> Form | None:
    if "turns" in columns:
        return Form.TURNS
    if {"conversation", "role", "text"} <= set(columns):
        return Form.MESSAGES
    return Form.TEXT if "text" in columns else None


def _guessed(known: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    plain = {plain_name(name): name for name in reversed(known)}
    found: dict[str, str] = {}
    for field, names in read_resource(RESOURCE)["columns"].items():
        column = next((plain[p] for name in names if (p := plain_name(name)) in plain), None)
        if column is not None:
            found[field] = column
    if "turns" in found and not any(_holds_turns(row.get(found["turns"])) for row in sample):
        del found["turns"]  # a column of that name with words in it: a text
    return found


def _holds_turns(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and value.lstrip().startswith("["))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MessageError("text", f"is {value!r:.60}", remedy="give the conversation as text")
    return value


def _named(value: Any) -> str | None:
    """Return an id or a name; of an object, such as ``customer``, its id or name."""
    if isinstance(value, Mapping):
        value = value.get("id") or value.get("name")
    return None if value in (None, "") else str(value)
