"""``triage kb gaps``: what customers ask and no article answers, and how the articles fare."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.article_health import OLD, SOON
from training.commands.tickets import KINDS
from training.gaps import BELOW, MIN_SIZE

if TYPE_CHECKING:
    from rich.console import Console

    from training.article_texts import ArticleTexts
    from training.exchanges import Exchange, Triage
    from training.gap_report import Health
    from training.gaps import GapPlan, Gaps
    from triage.article_store import StoredArticle
    from triage.bundle import Bundle
    from triage.settings import Settings
    from triage.tables import Reject

_STDIN = "-"


def gaps(  # noqa: PLR0913, PLR0917  # an argument an option
    messages: Annotated[
        list[str], typer.Argument(help=f"Messages, with results or without: {KINDS}; - is stdin.")
    ],
    results: Annotated[
        Path | None, typer.Option(help="What `triage tag` wrote of these messages, row for row.")
    ] = None,
    below: Annotated[
        float, typer.Option(min=0, max=1, help="A less confident suggestion is no answer.")
    ] = BELOW,
    min_size: Annotated[int, typer.Option(min=1, help="Messages that make a cluster.")] = MIN_SIZE,
    drafts: Annotated[
        Path | None, typer.Option(help="Write drafts to fill into this folder; none is replaced.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of each list to show or draft.")] = 10,
    feedback: Annotated[
        Path | None, typer.Option(help="Rows with `chosen`: articles that agents sent.")
    ] = None,
    soon_days: Annotated[
        int, typer.Option(min=0, help="Tell when validity ends within so many days.")
    ] = SOON,
    old_days: Annotated[
        int, typer.Option(min=1, help="Tell when a text is older than so many days.")
    ] = OLD,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page for the browser here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    redact: Annotated[
        bool,
        typer.Option("--redact/--no-redact", help="Show customers' texts with tokens, or whole."),
    ] = True,
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
) -> None:
    """Find what customers ask and no article answers.

    Messages without a confident reply are gathered to clusters, Chinese and English together; each
    is named by its typical message. Rows that carry a result of `triage tag` keep it. Then it shows
    articles with the same question, articles that may contradict each other, articles out of date,
    and articles that no message needed. Drafts are always redacted; they are Markdown for
    `triage kb import`, which takes them once an answer is written and their draft mark is gone.

    Examples:

        triage kb gaps last-month.jsonl

        triage kb gaps last-month.csv --results tagged.jsonl --drafts help-centre/new/

        triage kb gaps march.jsonl april.jsonl -o gaps.html --json | jq '.clusters[0]'
    """
    from rich.console import Console

    from training.commands.console import write_rejects
    from training.commands.gap_tables import print_report
    from training.gap_report import report_fields
    from training.gaps import GapPlan
    from triage.privacy import Redactor

    console = Console(stderr=True)
    plan = GapPlan(below=below, min_size=min_size)
    examined = _examine(
        console,
        messages,
        results,
        plan=plan,
        chosen=_chosen_by_agents(feedback),
        days=(soon_days, old_days),
        model=model,
    )
    found, rejects = examined.gaps, examined.rejects
    hidden = _hidden(Redactor())
    shown = hidden if redact else _as_written
    fields = report_fields(found, examined.health, examined.articles, hidden=shown)
    if as_json:
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=2))
    else:
        print_report(fields, top=top)
    if out is not None:
        _write_page(console, fields, out)
    if drafts is not None:
        _write_drafts(console, found, drafts, top=top, hidden=hidden)
    if rejects:
        first = messages[0] if messages[0] != _STDIN else "messages"
        write_rejects(console, rejects, Path(first), redactor=Redactor() if redact else None)
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examined:
    """Everything that was found, before any of it is shown."""

    gaps: Gaps
    health: Health
    articles: ArticleTexts
    rejects: list[Reject]


def _examine(  # an argument an option
    console: Console,
    sources: Sequence[str],
    results: Path | None,
    *,
    plan: GapPlan,
    chosen: set[str] | None,
    days: tuple[int, int],
    model: str | None,
) -> _Examined:
    """Read messages, load model and articles, look for gaps; ``days``: ending soon, and old."""
    from datetime import UTC, datetime

    from training.article_texts import texts_of
    from training.commands.console import progress
    from training.features import Stage
    from training.gap_report import health_of
    from training.gaps import encoded, find_gaps
    from training.rebuild import chosen_articles
    from triage.article_store import live, read_store
    from triage.encoder import load_encoder
    from triage.settings import load_settings

    settings = load_settings()
    with progress(console) as report:
        exchanges, rejects = _exchanges(
            sources, results, model=model, report=lambda rows: report(Stage("reading", rows, rows))
        )
        stored = read_store(settings.kb_folder)
        bundle = _bundle(settings, model)
        encoder = load_encoder(bundle.encoder_source, threads=settings.threads)
        served = list(bundle.knowledge.articles.values())
        articles = texts_of(
            chosen_articles(served, live(stored.values()), stored=stored.keys()),
            lambda texts: encoded(texts, encoder, report=report, name="articles"),
        )
        found = find_gaps(exchanges, articles, encoder, plan=plan, report=report)
        health = health_of(
            articles,
            encoder.encode,
            used=_used(exchanges, chosen),
            updated=_updated(stored),
            today=datetime.now(UTC).date(),
            soon=days[0],
            old=days[1],
        )
    return _Examined(gaps=found, health=health, articles=articles, rejects=rejects)


def _exchanges(
    sources: Sequence[str],
    results: Path | None,
    *,
    model: str | None,
    report: Callable[[int], None],
) -> tuple[list[Exchange], list[Reject]]:
    """Read the messages; the engine is loaded only for rows without a result."""
    from training.exchanges import read_exchanges
    from triage.engine import load_engine

    def triage() -> Triage:
        return load_engine(model).triage

    return read_exchanges(sources, triage=triage, results=results, report=report)


def _bundle(settings: Settings, model: str | None) -> Bundle:
    from triage.bundle import load_bundle
    from triage.registry import Registry

    return load_bundle(Registry(settings.models_dir).path(model or settings.model))


def _updated(stored: dict[str, StoredArticle]) -> dict[str, str]:
    return {name: record.updated for name, record in stored.items()}


def _used(exchanges: Sequence[Exchange], chosen: set[str] | None) -> set[str] | None:
    """Return the articles that were suggested or chosen; ``None`` where nobody asked anything."""
    if not exchanges and chosen is None:
        return None
    return {name for e in exchanges for name in e.suggested} | (chosen or set())


def _chosen_by_agents(path: Path | None) -> set[str] | None:
    """Return the ids of articles that feedback names as chosen.

    Raises:
        RecordError: no row has the field, so that it is another file.
    """
    from triage.errors import RecordError
    from triage.tables import Row, read_rows

    if path is None:
        return None
    rows = [row.fields for row in read_rows(path) if isinstance(row, Row)]
    if rows and not any("chosen" in fields for fields in rows):
        raise RecordError(f"{path}: no row has a field 'chosen'; give an export of feedback")
    return {str(fields["chosen"]) for fields in rows if fields.get("chosen")}


def _hidden(redactor: Any) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def hidden(text: str) -> str:
        if text not in known:
            known[text] = redactor.redact(text).text
        return known[text]

    return hidden


def _as_written(text: str) -> str:
    return text


def _write_page(console: Console, fields: dict[str, Any], path: Path) -> None:
    from training.gap_report import render_page
    from triage.records import whole_file

    with whole_file(path) as stream:
        stream.write(render_page(fields).encode("utf-8", "replace"))
    _say(console, f"Page written to {path}")


def _write_drafts(
    console: Console, found: Gaps, folder: Path, *, top: int, hidden: Callable[[str], str]
) -> None:
    from training.stubs import stubs_of, write_stubs

    stubs = [stub for gap in found.clusters[:top] for stub in stubs_of(gap, hidden=hidden)]
    written, kept = write_stubs(stubs, folder)
    there = f", {len(kept)} were there already" if kept else ""
    _say(console, f"{len(written)} drafts written to {folder}{there}")
    if written:
        _say(console, f"Fill them, then: triage kb import {folder}")


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, markup=False, highlight=False)
