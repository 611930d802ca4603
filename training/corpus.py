"""Labelled tickets: read from files, checked row by row, freed of repeats."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from training.columns import LABEL_FIELDS, Columns, columns_of
from training.labels import LabelReader, Labels
from triage.errors import RecordError
from triage.tables import Reject, Row, as_text, read_rows
from triage.text import normalise

__all__ = ["LABEL_FIELDS", "Corpus", "Ticket", "commonest", "read_corpus", "shares"]

_PROBE = 1000  # rows after which a file that is mostly unusable is refused
_NO_LABEL = f"carries no label ({', '.join(LABEL_FIELDS)})"
_OWN_WORDS = re.compile(r"'[^']*'|\d+")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A message with its labels; ``None`` where a labeller gave none.

    Attributes:
        text: subject, if any, a line break, and the customer's words.
        normalised: the text as models see it.
        labels: shared with other tickets of the same labels.
        author: who wrote or sent it, if known; evaluation can hold out whole authors.
        created_at: when it was written, as the file has it.
        line: where the row starts in its file, from 1.
    """

    id: str
    text: str
    normalised: str
    labels: Labels
    author: str | None = None
    created_at: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Corpus:
    """Usable tickets, unusable lines, and the number of exact repeats left out.

    Attributes:
        columns: which column each field was read from.
        mapped: field to the file's words that were read as ours.
    """

    tickets: tuple[Ticket, ...]
    rejects: tuple[Reject, ...]
    repeats: int
    columns: Columns = field(default_factory=lambda: Columns(paths={}))
    mapped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def with_label(self, task: str) -> list[Ticket]:
        """Return the tickets that are labelled for ``task``."""
        return [t for t in self.tickets if t.labels[task] is not None]

    def without_repeats(self) -> Corpus:
        """Leave out each ticket whose normalised text an earlier one has; the first stays."""
        first = {t.normalised: t for t in reversed(self.tickets)}
        kept = tuple(t for t in self.tickets if first[t.normalised] is t)
        repeats = self.repeats + len(self.tickets) - len(kept)
        return replace(self, tickets=kept, repeats=repeats)


def read_corpus(
    path: Path, *, columns: Columns | None = None, keep_repeats: bool = False
) -> Corpus:
    """Read labelled tickets from any file that ``triage.tables`` reads.

    Two tickets repeat each other when their normalised texts are equal; the first stays.

    Args:
        columns: which column means what; guessed by the columns' names if not given.
        keep_repeats: leave repeats in, as an evaluation of real traffic wants.

    Raises:
        RecordError: the file cannot be read, no column is known to hold text or labels, no row is
            usable, or most of the first thousand rows are wrong (rows without label are not).
    """
    columns = columns or columns_of(path)
    labels = LabelReader(columns)
    tickets: list[Ticket] = []
    rejects: list[Reject] = []
    for number, row in enumerate(read_rows(path), start=1):
        ticket = _ticket_from(row, columns, labels) if isinstance(row, Row) else row
        if isinstance(ticket, Reject):
            rejects.append(ticket)
        else:
            tickets.append(ticket)
        if number == _PROBE:
            _check_start(path, rejects)
    if not tickets:
        raise RecordError(f"{path} holds no usable ticket; {_main_reason(rejects)}")
    corpus = Corpus(tuple(tickets), tuple(rejects), 0, columns, labels.mapped)
    return corpus if keep_repeats else corpus.without_repeats()


def shares(tickets: Sequence[Ticket], task: str) -> dict[str, int]:
    """Return how many tickets carry each label of ``task``, most frequent first."""
    counts: dict[str, int] = {}
    for ticket in tickets:
        if (label := ticket.labels[task]) is not None:
            counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def commonest(rejects: Sequence[Reject]) -> tuple[Reject, int]:
    """Return the first reject of the commonest kind, and how many are of that kind.

    Rejects are of one kind when their reasons differ in values and numbers only.
    """
    kinds = Counter(_OWN_WORDS.sub("", reject.reason) for reject in rejects)
    kind, count = kinds.most_common(1)[0]
    return next(r for r in rejects if _OWN_WORDS.sub("", r.reason) == kind), count


def _ticket_from(row: Row, columns: Columns, reader: LabelReader) -> Ticket | Reject:
    words = [columns.value(row.fields, name) for name in ("subject", "text")]
    text = "\n".join(word for word in words if isinstance(word, str) and word.strip())
    if not text:
        reason = f"{columns.named('text')} is missing or empty; give the customer's words"
        return Reject(row.line, reason, str(dict(row.fields))[:200])
    try:
        labels = reader.read(row.fields)
    except RecordError as fault:
        return Reject(row.line, str(fault), text[:200])
    if not any(labels.values()):
        return Reject(row.line, _NO_LABEL, text[:200])
    normalised = normalise(text)
    author = _optional(columns, row.fields, "author")
    return Ticket(
        id=_optional(columns, row.fields, "id") or f"line-{row.line}",
        text=text,
        normalised=text if normalised == text else normalised,
        labels=labels,
        author=author and sys.intern(author),
        created_at=_optional(columns, row.fields, "created_at"),
        line=row.line,
    )


def _optional(columns: Columns, fields: Mapping[str, Any], name: str) -> str | None:
    return str(as_text(columns.value(fields, name))).strip() or None


def _check_start(path: Path, rejects: Sequence[Reject]) -> None:
    wrong = [reject for reject in rejects if reject.reason != _NO_LABEL]
    if len(wrong) > _PROBE // 2:
        raise RecordError(
            f"{path}: {len(wrong)} of the first {_PROBE} rows cannot be used; "
            f"{_main_reason(wrong)}; name other columns ('' leaves a label out) or mend the rows"
        )


def _main_reason(rejects: Sequence[Reject]) -> str:
    needed = "rows need 'text' and a label such as 'category'"
    if not rejects:
        return f"it has no rows; {needed}"
    reject, count = commonest(rejects)
    return f"line {reject.line}: {reject.reason} (and so {count} of {len(rejects)}); {needed}"
