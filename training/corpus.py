"""Labelled tickets: read from files, checked row by row, freed of repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.domain import Priority, Sentiment
from triage.errors import RecordError
from triage.records import Reject, id_of, read_rows
from triage.text import normalise

LABEL_FIELDS = ("category", "intent", "priority", "sentiment", "article_id")
_CLOSED = {"priority": tuple(Priority), "sentiment": tuple(Sentiment)}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A message with its labels; ``None`` where a labeller gave none.

    Attributes:
        normalised: the text as models see it.
        author: who wrote or sent it, if known; evaluation can hold out whole authors.
        line: where the row starts in its file, from 1.
    """

    id: str
    text: str
    normalised: str
    labels: Mapping[str, str | None]
    author: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Corpus:
    """Usable tickets, unusable lines, and the number of exact repeats left out."""

    tickets: tuple[Ticket, ...]
    rejects: tuple[Reject, ...]
    repeats: int

    def with_label(self, task: str) -> list[Ticket]:
        """Return the tickets that are labelled for ``task``."""
        return [t for t in self.tickets if t.labels[task] is not None]

    def without_repeats(self) -> Corpus:
        """Leave out each ticket whose normalised text an earlier one has; the first stays."""
        first = {t.normalised: t for t in reversed(self.tickets)}
        kept = tuple(t for t in self.tickets if first[t.normalised] is t)
        return Corpus(kept, self.rejects, self.repeats + len(self.tickets) - len(kept))


def read_corpus(path: Path, *, keep_repeats: bool = False) -> Corpus:
    """Read labelled tickets from a JSONL or CSV file.

    Two tickets repeat each other when their normalised texts are equal; the first stays.

    Args:
        keep_repeats: leave repeats in, as an evaluation of real traffic wants.

    Raises:
        RecordError: the file cannot be read, or no row of it is usable.
    """
    tickets: list[Ticket] = []
    rejects: list[Reject] = []
    for row in read_rows(path):
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        ticket = _ticket_from(row.fields, line=row.line)
        if isinstance(ticket, Reject):
            rejects.append(ticket)
        else:
            tickets.append(ticket)
    if not tickets:
        first = f"; line {rejects[0].line}: {rejects[0].reason}" if rejects else ""
        raise RecordError(f"{path} holds no usable ticket{first}; rows need 'text' and 'category'")
    corpus = Corpus(tuple(tickets), tuple(rejects), repeats=0)
    return corpus if keep_repeats else corpus.without_repeats()


def shares(tickets: Sequence[Ticket], task: str) -> dict[str, int]:
    """Return how many tickets carry each label of ``task``, most frequent first."""
    counts: dict[str, int] = {}
    for ticket in tickets:
        if (label := ticket.labels[task]) is not None:
            counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _ticket_from(fields: Mapping[str, Any], *, line: int) -> Ticket | Reject:
    text = fields.get("text")
    if not isinstance(text, str) or not text.strip():
        return Reject(line, "field 'text' is missing or empty", str(dict(fields))[:200])
    labels: dict[str, str | None] = {}
    for name in LABEL_FIELDS:
        value = fields.get(name) or None
        if value is not None and not isinstance(value, str):
            return Reject(line, f"field {name!r} is {value!r}, not text", text[:200])
        if value is not None and value not in _CLOSED.get(name, (value,)):
            known = ", ".join(_CLOSED[name])
            return Reject(line, f"field {name!r} is {value!r}; use one of {known}", text[:200])
        labels[name] = value
    if all(value is None for value in labels.values()):
        return Reject(line, f"carries no label ({', '.join(LABEL_FIELDS)})", text[:200])
    intent, category = labels["intent"], labels["category"]
    if intent and category and intent.partition("/")[0] != category:
        return Reject(
            line, f"intent {intent!r} does not lie under category {category!r}", text[:200]
        )
    return Ticket(
        id=id_of(fields) or f"line-{line}",
        text=text,
        normalised=normalise(text),
        labels=labels,
        author=fields.get("author"),
        line=line,
    )
