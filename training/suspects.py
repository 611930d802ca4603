"""Labels that a reviewer should look at, and the table in which the answers are written.

``corrections`` reads the table back.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from triage.records import whole_file

if TYPE_CHECKING:
    from training.audit import Audit, Conflict, Judgement, TaskAudit
    from training.corpus import Ticket

COLUMNS = (
    "rank", "id", "line", "text", "task", "given", "suggested", "score", "reason", "corrected",
)  # fmt: skip
# Spreadsheets take a cell that begins so for a formula, some the full-width signs too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_GUARD = "'"


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label to be looked at.

    Attributes:
        suggested: the label that models or twins speak for; empty where they disagree.
        score: how well the given label fits, from 0 to 1.
    """

    rank: int
    task: str
    ticket: Ticket
    given: str
    suggested: str
    score: float
    reason: str


def find_suspects(audit: Audit) -> list[Suspect]:
    """Return the doubtful labels and those on which near-duplicates differ, worst fit first.

    Of twins that disagree, those outside the majority are listed; all, where there is none.
    """
    found = []
    for part in audit.tasks:
        twins = {id(t): (c, _majority(c)) for c in part.conflicts for t in c.tickets}
        for judgement in part.ranking:
            conflict, majority = twins.get(id(judgement.ticket), (None, ""))
            reasons = [_doubt(judgement)] if judgement.doubtful else []
            if conflict is not None and judgement.given != majority:
                reasons.append(_disagreement(conflict, judgement, majority))
            if reasons:
                found.append(_suspect(part, judgement, majority, reasons=reasons))
    found.sort(key=lambda s: (s.score, s.ticket.line, s.task))
    return [replace(suspect, rank=rank) for rank, suspect in enumerate(found, start=1)]


def write_suspects(suspects: Sequence[Suspect], path: Path) -> None:
    """Write one row for each suspect, with an empty column ``corrected``, all at once.

    UTF-8 with BOM, by which Excel knows the encoding. Cells that a spreadsheet would run as a
    formula begin with an apostrophe: https://owasp.org/www-community/attacks/CSV_Injection

    Raises:
        RecordError: the place cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for s in suspects:
        named = (s.ticket.id, s.ticket.line, s.ticket.text, s.task, s.given, s.suggested)
        cells = (s.rank, *named, f"{s.score:.4f}", s.reason, "")
        writer.writerow([guarded(c) if isinstance(c, str) else c for c in cells])
    with whole_file(path) as stream:
        stream.write(table.getvalue().encode("utf-8-sig", "replace"))


def guarded(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet takes it for a formula."""
    return _GUARD + cell if cell.startswith((*_FORMULA, _GUARD)) else cell


def unguarded(cell: str) -> str:
    """Return what ``guarded`` was given."""
    plain = cell.removeprefix(_GUARD)
    return plain if plain.startswith((*_FORMULA, _GUARD)) else cell


def _suspect(
    part: TaskAudit, judgement: Judgement, majority: str, *, reasons: Sequence[str]
) -> Suspect:
    suggested = majority if majority != judgement.given else ""
    return Suspect(
        rank=0,
        task=part.task,
        ticket=judgement.ticket,
        given=judgement.given,
        suggested=suggested or (judgement.suggested if judgement.doubtful else ""),
        score=judgement.quality,
        reason="; ".join(reasons),
    )


def _majority(conflict: Conflict) -> str:
    """Return the label that more than half of the twins carry, or an empty text."""
    counts = Counter(str(t.labels[conflict.task]) for t in conflict.tickets)
    ((label, most),) = counts.most_common(1)
    return label if most * 2 > len(conflict.tickets) else ""


def _doubt(judgement: Judgement) -> str:
    return (
        f"reads like {judgement.suggested!r} ({judgement.suggested_probability:.0%}), "
        f"not {judgement.given!r} ({judgement.given_probability:.0%})"
    )


def _disagreement(conflict: Conflict, judgement: Judgement, majority: str) -> str:
    labels = [str(t.labels[conflict.task]) for t in conflict.tickets]
    wanted = majority or next(label for label in labels if label != judgement.given)
    other = conflict.tickets[labels.index(wanted)]
    return f"nearly the same text as {other.id} (line {other.line}), labelled {wanted!r}"
