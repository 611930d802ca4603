"""A reviewer's answers put into effect: labels replaced, tickets dropped, the rest rejected.

The table comes from ``suspects``; any table with its columns id, line, task and corrected will do.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.corpus import LABEL_FIELDS, Corpus
from training.suspects import unguarded
from triage.domain import Priority, Sentiment
from triage.engine import CATEGORY, INTENT
from triage.errors import RecordError
from triage.privacy import Redactor
from triage.records import Reject, Row, id_of, read_rows
from triage.text import normalise

if TYPE_CHECKING:
    from training.corpus import Ticket

DROP = "drop"
CORRECTED = "corrected"


def apply_corrections(corpus: Corpus, path: Path) -> Corpus:
    """Return ``corpus`` with the filled rows of a review put into effect.

    A row with a label under ``corrected`` gives its ticket that label for the row's ``task``
    (category where none is named); ``drop`` leaves the ticket out. The ticket is found by ``id``,
    or by ``line`` where the row has no id or several tickets have it. A corrected intent moves
    the ticket to the intent's category; a corrected category clears an intent of another
    category. Rows that do not fit the tickets join the rejects, with the reason.

    Args:
        corpus: the tickets that were reviewed, repeats included.
        path: the review, a table with a column ``corrected``.

    Raises:
        RecordError: the file cannot be read, has no such column, or every ticket was dropped.
    """
    tickets = _Tickets.of(corpus)
    edits: dict[int, _Edit] = {}
    rejects: list[Reject] = []
    for row in read_rows(path):
        reason = _entered(row, tickets, edits, path=path)
        if reason:
            content = row.content if isinstance(row, Reject) else _cell(row.fields, "text")
            rejects.append(Reject(row.line, f"{path.name}: {reason}", content[:200]))
    kept = []
    for number, ticket in enumerate(corpus.tickets):
        edit = edits.get(number)
        if edit is None or not edit.dropped:
            kept.append(ticket if edit is None else relabelled(ticket, edit.labels))
    if not kept:
        raise RecordError(f"{path} drops every ticket; nothing is left to train on")
    return replace(corpus, tickets=tuple(kept), rejects=(*corpus.rejects, *rejects))


def holds_corrections(path: Path) -> bool:
    """Tell whether a reviewer has filled a row of ``path`` already; an absent file holds none."""
    return path.is_file() and any(
        isinstance(row, Row) and _cell(row.fields, CORRECTED) for row in read_rows(path)
    )


@dataclass(slots=True)
class _Edit:
    """What becomes of one ticket; grows while a review is read."""

    dropped: bool = False
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Tickets:
    """The reviewed tickets with the ways to find them, and the labels that there are."""

    tickets: Sequence[Ticket]
    by_id: Mapping[str, list[int]]
    by_line: Mapping[int, int]
    known: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, corpus: Corpus) -> _Tickets:
        by_id: dict[str, list[int]] = {}
        for number, ticket in enumerate(corpus.tickets):
            by_id.setdefault(ticket.id, []).append(number)
        known = {
            task: frozenset(la for t in corpus.tickets if (la := t.labels[task]) is not None)
            for task in LABEL_FIELDS
        }
        known |= {"priority": frozenset(Priority), "sentiment": frozenset(Sentiment)}
        by_line = {ticket.line: number for number, ticket in enumerate(corpus.tickets)}
        return cls(corpus.tickets, by_id, by_line, known)

    def find(self, fields: Mapping[str, Any]) -> int | str:
        """Return the position of a row's ticket, or why there is none."""
        name, line = unguarded(id_of(fields) or "").strip(), _cell(fields, "line")
        on_line = self.by_line.get(int(line)) if line.isdecimal() else None
        if not name:
            missing = f"no ticket stands on line {line!r}; give the id of the ticket"
            return missing if on_line is None else on_line
        named = self.by_id.get(name, [])
        if len(named) == 1:
            return named[0]
        if on_line in named:
            return on_line
        if not named:
            return f"no ticket has the id {name!r}; was the review made from another file?"
        lines = ", ".join(str(self.tickets[i].line) for i in named)
        return f"the id {name!r} stands on lines {lines}; give the line of the one that is meant"


def _entered(
    row: Row | Reject, tickets: _Tickets, edits: dict[int, _Edit], *, path: Path
) -> str | None:
    """Enter one row into ``edits``, or return why it cannot be."""
    if isinstance(row, Reject):
        return row.reason
    if CORRECTED not in row.fields:
        raise RecordError(
            f"{path} has no column {CORRECTED!r}; give a review that triage audit made"
        )
    answer = _cell(row.fields, CORRECTED)
    if not answer:
        return None
    number = tickets.find(row.fields)
    if isinstance(number, str):
        return number
    task = _cell(row.fields, "task") or CATEGORY
    if reason := _misfit(row.fields, tickets.tickets[number], task=task):
        return reason
    edit = edits.setdefault(number, _Edit())
    if answer.lower() == DROP:
        edit.dropped = True
        return None
    if answer not in tickets.known[task]:
        return f"no ticket has the {task} {answer!r}; correct the spelling, or write {DROP!r}"
    if edit.labels.setdefault(task, answer) != answer:
        return f"an earlier row corrects the same {task} to {edit.labels[task]!r}; keep one of them"
    return _split(edit.labels)


def _misfit(fields: Mapping[str, Any], ticket: Ticket, *, task: str) -> str | None:
    """Return how a row contradicts the ticket that it names."""
    if task not in LABEL_FIELDS:
        return f"task is {task!r}; use one of {', '.join(LABEL_FIELDS)}"
    text, given = _cell(fields, "text"), _cell(fields, "given")
    if text and not _is_text_of(text, ticket):
        return f"ticket {ticket.id} has another text now; audit the file again"
    now = ticket.labels[task]
    if given and given != (now or "").strip():
        return f"ticket {ticket.id} has the {task} {now!r} now, not {given!r}; audit the file again"
    return None


def _is_text_of(text: str, ticket: Ticket) -> bool:
    """Tell whether a review shows a ticket's text, as it is or as ``audit --redact`` wrote it."""
    if normalise(text) == ticket.normalised:
        return True
    return "[" in text and text == _redactor().redact(ticket.text).text.strip()


@functools.cache
def _redactor() -> Redactor:
    return Redactor()


def _split(labels: dict[str, str]) -> str | None:
    """Take back and name a corrected intent that lies under another than the corrected category."""
    category, intent = labels.get(CATEGORY), labels.get(INTENT)
    if not category or not intent or intent.partition("/")[0] == category:
        return None
    del labels[INTENT]
    return f"intent {intent!r} does not lie under the corrected category {category!r}"


def relabelled(ticket: Ticket, changes: Mapping[str, str]) -> Ticket:
    """Return ``ticket`` with other labels, so that its intent lies under its category."""
    labels = {**ticket.labels, **changes}
    category, intent = labels[CATEGORY], labels[INTENT]
    if category and intent and intent.partition("/")[0] != category:
        if INTENT in changes:
            labels[CATEGORY] = intent.partition("/")[0]
        else:
            labels[INTENT] = None
    return replace(ticket, labels=labels)


def _cell(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else unguarded(str(value)).strip()
