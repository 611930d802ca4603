"""``triage kb import``: other systems' articles into the shop's own knowledge base."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.imports.formats import Format

if TYPE_CHECKING:
    from rich.console import Console

    from triage.imports.draft import Unread
    from triage.imports.reader import Found
    from triage.intake import Intake, Model

_PANEL = "Columns of a table (guessed by name; '' leaves a field out)"
_APART = re.compile(r"[^\w.-]+")
_REJECTS_SHOWN = 5
_SLOTS_SHOWN = 12
_STYLES = {"+": "green", "-": "red"}


def _column(what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        help=what, metavar="COLUMN", rich_help_panel=_PANEL
    )
    return option


Columns = list[str] | None


def import_articles(  # noqa: PLR0913, PLR0917  # an argument an option
    path: Annotated[Path, typer.Argument(help="A file, or a folder of Markdown or of pages.")],
    kind: Annotated[Format, typer.Option("--format", help="What PATH holds.")] = Format.AUTO,
    source: Annotated[
        str | None, typer.Option(help="A name for the source; default: the file's.")
    ] = None,
    intent: Annotated[
        str, typer.Option(help="For articles without an intent, as category/name.")
    ] = "",
    keep_missing: Annotated[
        bool, typer.Option("--keep-missing", help="Keep articles that the source no longer has.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
    question_column: Annotated[Columns, _column("Questions; repeat it for more languages.")] = None,
    answer_column: Annotated[Columns, _column("Answers; repeat it for more languages.")] = None,
    title_column: Annotated[Columns, _column("Titles; repeat it for more languages.")] = None,
    id_column: Annotated[Columns, _column("The article's id.")] = None,
    category_column: Annotated[Columns, _column("The category.")] = None,
    intent_column: Annotated[Columns, _column("The intent.")] = None,
    tags_column: Annotated[Columns, _column("Tags or keywords.")] = None,
    language_column: Annotated[Columns, _column("The language; else it is told.")] = None,
) -> None:
    """Import articles: Markdown, tables, Zendesk's pages, Bitext's responses, our own JSON lines.

    Shows what was taken for what, then what is new, changed, retired. Importing a source again
    changes only what differs there; an article that is gone from it is retired, not deleted, and
    comes back with it. Articles without an intent that the model knows get its guess. Entries that
    cannot be used are listed in a rejects file beside PATH, and the exit code is then 1.

    Examples:

        triage kb import help-centre/ --dry-run

        triage kb import 常见问题.xlsx --question-column 问法 --answer-column 话术

        triage kb import pages/ --format zendesk --source zendesk --json | jq .changed
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from triage.article_store import read_store, write_store
    from triage.imports.draft import intent_of
    from triage.imports.reader import read_source
    from triage.intake import plan_import
    from triage.settings import load_settings

    console = Console(stderr=True)
    folder = load_settings().kb_folder
    name = source or source_of(path)
    chosen = {
        "question": question_column,
        "answer": answer_column,
        "title": title_column,
        "id": id_column,
        "category": category_column,
        "intent": intent_column,
        "tags": tags_column,
        "language": language_column,
    }
    with console.status(f"reading {path.name}") as status:
        found = read_source(
            path,
            source=name,
            kind=kind,
            chosen={field: columns for field, columns in chosen.items() if columns},
            report=lambda n: status.update(f"reading {path.name}: {n} articles"),
        )
    _show_found(console, found, path=path, source=name)
    intake = plan_import(
        found,
        read_store(folder),
        source=name,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        model=lambda: _model(console),
        intent=intent_of("", intent),
        keep_missing=keep_missing,
    )
    if as_json:
        typer.echo(json.dumps(_summary(intake, found, source=name), ensure_ascii=False, indent=2))
    else:
        _print_changes(intake)
    if intake.changes_store and not dry_run:
        write_store(folder, intake.revision.stored)
        _say(console, f"Written to {folder}; serve it with: triage kb build --promote")
    elif dry_run:
        _say(console, "Nothing was written")
    if intake.rejects:
        _tell_rejects(console, intake.rejects, path, write=not dry_run)
        raise typer.Exit(1)


def source_of(path: Path) -> str:
    """Return a source's name by its file: ``faq`` for ``faq.csv.gz``, ``help`` for ``help/``."""
    name = path.resolve().name
    stem = name if path.is_dir() else name.partition(".")[0] or name
    return _APART.sub("-", stem).strip("-") or "kb"


def _model(console: Console) -> Model | None:
    """Load the promoted model for guesses; ``None`` where there is none."""
    from triage.bundle import load_bundle
    from triage.encoder import load_encoder
    from triage.errors import BundleError
    from triage.intake import Model
    from triage.intents import guess_intents
    from triage.registry import Registry
    from triage.settings import load_settings

    settings = load_settings()
    try:
        folder = Registry(settings.models_dir).path(settings.model)
    except BundleError as fault:
        _say(console, f"No intent can be guessed: {fault}")
        return None
    with console.status("loading the model, for articles without a known intent"):
        bundle = load_bundle(folder)
        encoder = load_encoder(bundle.encoder_source, threads=settings.threads)
    return Model(
        intents=frozenset(bundle.classifier.labels()["intent"]),
        guess=lambda articles: guess_intents(articles, bundle.classifier, encoder),
    )


def _show_found(console: Console, found: Found, *, path: Path, source: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    _say(
        console,
        f"{path.name}: {len(found.drafts)} articles, read as {found.format.value}, "
        f"source {source!r}",
    )
    if found.columns is not None:
        table = Table("field", "column", "example")
        for field, column in found.columns.taken():
            table.add_row(field, *map(escape, (column, found.columns.examples.get(column, ""))))
        console.print(table)
        if found.columns.unused:
            _say(console, f"Not used: {', '.join(found.columns.unused)}")
    if found.open_slots:
        listed = [f"{slot} ({n})" for slot, n in found.open_slots.items()]
        more = f" and {len(listed) - _SLOTS_SHOWN} more" if len(listed) > _SLOTS_SHOWN else ""
        shown = ", ".join(listed[:_SLOTS_SHOWN])
        _say(console, f"Slots that stay as they are, since none of ours is meant: {shown}{more}")


def _summary(intake: Intake, found: Found, *, source: str) -> dict[str, Any]:
    from triage.revision import Status

    columns = found.columns
    changes: dict[str, Any] = {
        status.value: [_change(c, intake) for c in intake.revision.of(status)]
        for status in Status
        if status is not Status.UNCHANGED
    }
    return {
        "source": source,
        "format": found.format.value,
        "columns": {column: field for field, column in columns.taken()} if columns else {},
        "open_slots": dict(found.open_slots),
        **changes,
        "unchanged": len(intake.revision.of(Status.UNCHANGED)),
        "rejected": [_unread(u) for u in intake.rejects],
        "left_out": [_unread(u) for u in intake.unread if not u.fault],
    }


def _change(change: Any, intake: Intake) -> dict[str, Any]:
    shown = {"id": change.id, "title": change.title}
    if change.fields:
        shown |= {"fields": list(change.fields), "diff": list(change.diff)}
    guess = intake.guessed.get(change.id)
    return shown | ({"guessed_intent": guess} if guess else {})


def _unread(unread: Unread) -> dict[str, Any]:
    return {"place": unread.place, "reason": unread.reason, "content": unread.content}


def _print_changes(intake: Intake) -> None:
    from rich.console import Console
    from rich.text import Text

    from triage.revision import Status

    console = Console(highlight=False, soft_wrap=True)
    for status in Status:
        if status is Status.UNCHANGED:
            continue
        for change in intake.revision.of(status):
            guess = intake.guessed.get(change.id)
            line = f"{status.value:9} {change.id}  {change.title}"
            line += f"  [intent guessed: {guess}]" if guess else ""
            console.print(Text(line + (f"  ({', '.join(change.fields)})" if change.fields else "")))
            for part in change.diff:
                console.print(Text(f"    {part}", _STYLES.get(part[0], "")))
    counts = [f"{len(intake.revision.of(s))} {s.value}" for s in Status if s is not Status.MISSING]
    left_out = len(intake.unread) - len(intake.rejects)
    counts += [f"{len(intake.rejects)} rejected", f"{left_out} left out"]
    if kept := len(intake.revision.of(Status.MISSING)):
        counts.append(f"{kept} missing but kept")
    console.print(Text(", ".join(counts)))


def _tell_rejects(
    console: Console, rejects: tuple[Unread, ...], source: Path, *, write: bool
) -> None:
    """Say what was rejected; write it beside the source as JSON lines."""
    from triage.records import whole_file, write_jsonl

    for reject in rejects[:_REJECTS_SHOWN]:
        _say(console, f"{reject.place}: {reject.reason}")
    entries = "1 entry" if len(rejects) == 1 else f"{len(rejects)} entries"
    told = f"{entries} rejected, so that nothing is retired"
    if write:
        whole = source.resolve()
        stem = whole.name if whole.is_dir() else whole.stem
        path = whole.with_name(f"{stem}.rejects.jsonl")
        with whole_file(path) as stream:
            for reject in rejects:
                write_jsonl(stream, _unread(reject))
        told += f"; see {path}"
    _say(console, told)


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, markup=False, highlight=False)
