"""``triage evaluate``: how good a model is on labelled tickets that it has not seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.commands.personal import RedactOption, redactor_if
from training.commands.tickets import (
    KINDS,
    CategoryColumn,
    IdColumn,
    IntentColumn,
    PriorityColumn,
    SentimentColumn,
    SubjectColumn,
    TextColumn,
    read_tickets,
)
from training.phrases import PageLanguage

if TYPE_CHECKING:
    from rich.console import Console


def evaluate(  # noqa: PLR0913, PLR0917  # an argument an option
    tickets: Annotated[Path, typer.Argument(help=f"Labelled tickets: {KINDS}.", metavar="DATA")],
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a report for the browser here, charts included.")
    ] = None,
    lang: Annotated[PageLanguage, typer.Option(help="Language of the report.")] = PageLanguage.EN,
    out_of_scope: Annotated[
        str | None,
        typer.Option(
            help="Category of rows that no category fits; default: out_of_scope or oos, unless "
            "the model was taught it."
        ),
    ] = None,
    redact: RedactOption = False,
    text_column: TextColumn = None,
    subject_column: SubjectColumn = None,
    category_column: CategoryColumn = None,
    intent_column: IntentColumn = None,
    priority_column: PriorityColumn = None,
    sentiment_column: SentimentColumn = None,
    id_column: IdColumn = None,
) -> None:
    """Measure a model on labelled tickets that it has not seen.

    Prints accuracy and F1 with 95 % intervals for every label that the rows carry, by language, the
    weakest labels, the commonest confusions, whether stated confidence is honest, what is decided
    without a human and how often that is wrong. Rows that no category fits show how well such
    messages are recognised; rows with an `article_id` measure the retrieval of replies. Columns
    are known by usual names, in Chinese and English, or named by options; what was taken for what
    is shown first.

    Examples:

        triage evaluate held-out.jsonl

        triage evaluate held-out.jsonl --html report.html --lang zh

        triage evaluate held-out.csv --model shop-2026.11 --json | jq .tasks.category.by_language

        triage evaluate export.xlsx --text-column 留言 --category-column 处理组
    """
    from rich.console import Console

    from training.commands.console import progress, write_rejects
    from training.commands.figures import print_figures
    from training.evaluate import evaluate_engine
    from triage.engine import load_engine

    console = Console(stderr=True)
    chosen = {
        "text": text_column,
        "subject": subject_column,
        "category": category_column,
        "intent": intent_column,
        "priority": priority_column,
        "sentiment": sentiment_column,
        "id": id_column,
    }
    redactor = redactor_if(redact)
    corpus = read_tickets(console, tickets, chosen=chosen, keep_repeats=True, redactor=redactor)
    with progress(console) as report:
        figures = evaluate_engine(
            load_engine(model),
            corpus,
            out_of_scope={out_of_scope} if out_of_scope else None,
            report=report,
        )
    figures = {"file": tickets.name} | figures
    if html is not None:
        _write_page(console, figures, html, language=lang)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        print_figures(figures)
    if corpus.rejects:
        write_rejects(console, corpus.rejects, tickets, redactor=redactor)
        raise typer.Exit(1)


def _write_page(
    console: Console, figures: dict[str, Any], path: Path, *, language: PageLanguage
) -> None:
    from training.report import render_report
    from triage.records import whole_file

    page = render_report(figures, language=language)
    with whole_file(path) as stream:
        # Ids from JSON may hold lone surrogates, which no encoding can write.
        stream.write(page.encode("utf-8", "replace"))
    console.print(f"Report written to {path}", soft_wrap=True, markup=False)
