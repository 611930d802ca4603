"""``triage audit``: what is wrong with labelled tickets, before a model learns it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.commands.personal import RedactOption, hidden_findings, redactor_if

if TYPE_CHECKING:
    from rich.table import Table

    from training.audit import Audit, Judgement
    from training.corpus import Corpus, Ticket
    from training.profile import Drift
    from training.suspects import Suspect

TOP = 20
_SHOWN = 60  # characters of a text in a table


class Task(StrEnum):
    """The labels that can be judged."""

    CATEGORY = "category"
    INTENT = "intent"
    PRIORITY = "priority"
    SENTIMENT = "sentiment"


def audit(  # noqa: PLR0913, PLR0917  # an argument an option
    tickets: Annotated[
        Path, typer.Argument(help="Labelled tickets: .jsonl or .csv.", metavar="TICKETS")
    ],
    task: Annotated[
        list[Task] | None, typer.Option(help="Labels to judge, may be repeated; default: category.")
    ] = None,
    review: Annotated[
        Path | None, typer.Option(help="CSV for the reviewer; default: NAME.review.csv beside it.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model to compare the file with; default: the promoted one.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Another encoder: folder or sentence-transformers name.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the folds and solvers.")] = 13,
    top: Annotated[int, typer.Option(min=1, help="Rows shown of each list.")] = TOP,
    as_json: Annotated[bool, typer.Option("--json", help="Print every finding as JSON.")] = False,
    redact: RedactOption = False,
) -> None:
    """Look for wrong labels in a file of tickets.

    Models that have seen neither a ticket nor its near-duplicates judge its label. The report
    ranks the labels that look wrong, and shows near-duplicates with different labels, labels with
    too few tickets, labels that are often read as another, and how the file differs from the data
    that the model was trained on. Each label to look at is a row of the review file: write the
    right label under `corrected`, or `drop` to leave the ticket out, and give the file to
    `triage train --corrections`. The tickets themselves are never changed.

    Examples:

        triage audit tickets.jsonl

        triage audit tickets.csv --task category --task intent --review look.csv

        triage audit tickets.csv --json | jq '.tasks[0].doubts[:5]'
    """
    from rich.console import Console

    from training.audit import audit_corpus
    from training.commands.console import progress, write_rejects
    from training.corpus import read_corpus
    from training.experts import FitOptions
    from training.suspects import find_suspects, write_suspects
    from triage.encoder import load_encoder
    from triage.settings import load_settings

    console = Console(stderr=True)
    settings = load_settings()
    place = _free_place(review or tickets.with_name(f"{tickets.stem}.review.csv"), tickets)
    corpus = read_corpus(tickets, keep_repeats=True)
    changes, note = _compared(corpus, model, folder=settings.models_dir)
    with progress(console) as report:
        found = audit_corpus(
            corpus,
            load_encoder(encoder, threads=settings.threads),
            tasks=[t.value for t in dict.fromkeys(task or [Task.CATEGORY])],
            options=FitOptions(seed=seed),
            report=report,
        )
    redactor = redactor_if(redact)
    found, suspects = hidden_findings(found, find_suspects(found), redactor)
    if as_json:
        findings = _as_fields(corpus, found, suspects, changes=changes, note=note)
        typer.echo(json.dumps(findings | {"review": str(place)}, ensure_ascii=False, indent=2))
    else:
        _print_report(corpus, found, suspects, top=top)
        _print_drift(changes, note, top=top)
    write_suspects(suspects, place)
    console.print(
        f"{len(suspects)} labels to look at in {place}; fill its column 'corrected', then: "
        f"triage train {tickets} --corrections {place}",
        soft_wrap=True, markup=False, highlight=False,
    )  # fmt: skip
    if corpus.rejects:
        write_rejects(console, corpus.rejects, tickets, redactor=redactor)
        raise typer.Exit(1)


def _free_place(review: Path, tickets: Path) -> Path:
    """Return ``review`` if writing there loses nothing."""
    from training.corrections import holds_corrections
    from triage.errors import RecordError

    if review.suffix.lower() != ".csv":
        raise RecordError(f"a review is a .csv file, not {review.name!r}; name another by --review")
    if review.resolve() == tickets.resolve():
        raise RecordError(f"{review} holds the tickets themselves; name another file by --review")
    if holds_corrections(review):
        raise RecordError(
            f"{review} holds a reviewer's corrections; use them with `triage train --corrections`, "
            "then move the file away or name another by --review"
        )
    return review


def _compared(corpus: Corpus, model: str | None, *, folder: Path) -> tuple[Drift | None, str]:
    """Return the drift since the model's training, or none and the reason why."""
    from training.profile import PROFILE, drift
    from triage.bundle import read_manifest
    from triage.registry import CURRENT, Registry

    if model is None and not (folder / CURRENT).is_file():
        return None, f"no model is promoted in {folder}, so the file is compared with none"
    manifest = read_manifest(Registry(folder).path(model))
    changes = drift(manifest.data.get(PROFILE), corpus)
    if changes is None:
        return None, (
            f"model {manifest.version} keeps no profile of its training data, so the file is not "
            "compared with it; models trained from now on keep one"
        )
    return changes, f"compared with the training data of {manifest.version}"


def _print_report(corpus: Corpus, found: Audit, suspects: Sequence[Suspect], *, top: int) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    for line in _counts(corpus, found, suspects):
        console.print(line)
    for table, total in _tables(found, top=top):
        console.print(table)
        if total > table.row_count:
            console.print(f"{total - table.row_count} more; --top shows more of each list")


def _counts(corpus: Corpus, found: Audit, suspects: Sequence[Suspect]) -> Iterator[str]:
    sizes = found.repeated
    yield f"{len(corpus.tickets)} tickets, {len(corpus.rejects)} rejected rows"
    yield f"{int(sizes.sum())} tickets are near-duplicates of another, in {len(sizes)} groups"
    for part in found.tasks:
        doubts, conflicts = len(part.doubts), len(part.conflicts)
        yield (
            f"{part.task}: {len(part.ranking)} tickets in {len(part.labels)} labels; "
            f"{doubts} labels likely wrong ({doubts / len(part.ranking):.1%}), {conflicts} groups "
            f"of near-duplicates labelled differently, {len(part.few)} labels with too few tickets"
        )
    for task in found.absent:
        yield f"{task}: no ticket carries one"
    yield f"{len(suspects)} labels to look at"


def _tables(found: Audit, *, top: int) -> Iterator[tuple[Table, int]]:
    """Yield each table that has rows, with the number of rows it would have in full."""
    from rich.table import Table

    for part in found.tasks:
        table = Table("rank", "line", "id", "given", "suggested", "fit", "text",
                      title=f"{part.task}: labels likely wrong")  # fmt: skip
        for j in part.doubts[:top]:
            _add(table, j.rank, j.ticket.line, j.ticket.id, f"{j.given} {j.given_probability:.0%}",
                 f"{j.suggested} {j.suggested_probability:.0%}", f"{j.quality:.3f}",
                 _short(j.ticket))  # fmt: skip
        twins = Table("line", "id", "label", "text",
                      title=f"{part.task}: near-duplicates labelled differently")  # fmt: skip
        for conflict in part.conflicts[:top]:
            twins.add_section()
            for ticket in conflict.tickets[:top]:
                _add(twins, ticket.line, ticket.id, ticket.labels[part.task], _short(ticket))
        few = Table("label", "tickets", title=f"{part.task}: labels with too few tickets")
        for label, count in list(part.few.items())[:top]:
            _add(few, label, count)
        alike = Table("label", "other", "read as the other", "and the other way", "tickets",
                      title=f"{part.task}: labels to merge or to tell apart")  # fmt: skip
        for o in part.overlaps[:top]:
            _add(alike, o.first, o.second, f"{o.first_as_second:.0%}", f"{o.second_as_first:.0%}",
                 o.tickets)  # fmt: skip
        in_conflict = sum(len(c.tickets) for c in part.conflicts)
        totals = (len(part.doubts), in_conflict, len(part.few), len(part.overlaps))
        for shown, total in zip((table, twins, few, alike), totals, strict=True):
            if total:
                yield shown, total


def _print_drift(changes: Drift | None, note: str, *, top: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    console.print(note)
    if changes is None:
        return
    table = Table("task", "stability index", "reading", "moved most", title="label shares")
    for shift in changes.labels:
        moved = sorted(
            {*shift.before, *shift.after},
            key=lambda la: -abs(shift.after.get(la, 0) - shift.before.get(la, 0)),
        )
        told = (f"{la} {shift.before.get(la, 0):.1%} to {shift.after.get(la, 0):.1%}"
                for la in moved[: min(3, top)])  # fmt: skip
        _add(table, shift.task, f"{shift.psi:.3f}", shift.reading, ", ".join(told))
    console.print(table)
    low, high = changes.usual_length
    console.print(
        f"{changes.shorter:.1%} of the tickets are shorter than {low:.0f} characters and "
        f"{changes.longer:.1%} longer than {high:.0f}; 5.0% each in training"
    )
    for code, share in changes.strange_languages.items():
        console.print(f"{share:.1%} are in {code!r}, in which the model had hardly a ticket")


def _as_fields(
    corpus: Corpus,
    found: Audit,
    suspects: Sequence[Suspect],
    *,
    changes: Drift | None,
    note: str,
) -> dict[str, Any]:
    sizes = found.repeated
    return {
        "tickets": len(corpus.tickets),
        "rejects": len(corpus.rejects),
        "near_duplicates": {"tickets": int(sizes.sum()), "groups": len(sizes)},
        "suspects": len(suspects),
        "tasks": [
            {
                "task": part.task,
                "tickets": len(part.ranking),
                "labels": part.labels,
                "doubts": [_doubt_fields(j) for j in part.doubts],
                "conflicts": [
                    [_ticket_fields(t) | {"label": t.labels[part.task]} for t in c.tickets]
                    for c in part.conflicts
                ],
                "few": part.few,
                "overlaps": [asdict(o) for o in part.overlaps],
            }
            for part in found.tasks
        ],
        "absent": list(found.absent),
        "drift": None if changes is None else asdict(changes),
        "drift_note": note,
    }


def _doubt_fields(judgement: Judgement) -> dict[str, Any]:
    return {
        "rank": judgement.rank,
        **_ticket_fields(judgement.ticket),
        "given": judgement.given,
        "suggested": judgement.suggested,
        "given_probability": round(judgement.given_probability, 4),
        "suggested_probability": round(judgement.suggested_probability, 4),
        "quality": round(judgement.quality, 4),
    }


def _ticket_fields(ticket: Ticket) -> dict[str, Any]:
    return {"id": ticket.id, "line": ticket.line, "text": ticket.text}


def _short(ticket: Ticket) -> str:
    text = " ".join(ticket.text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _add(table: Table, *cells: object) -> None:
    """Add a row of plain text: a customer's brackets are no markup."""
    from rich.markup import escape

    table.add_row(*(escape(str(cell)) for cell in cells))
