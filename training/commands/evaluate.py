"""``triage evaluate``: how good a model is on labelled tickets that it has not seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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

if TYPE_CHECKING:
    from rich.table import Table


def evaluate(  # noqa: PLR0913, PLR0917  # an argument an option
    tickets: Annotated[Path, typer.Argument(help=f"Labelled tickets: {KINDS}.", metavar="DATA")],
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    text_column: TextColumn = None,
    subject_column: SubjectColumn = None,
    category_column: CategoryColumn = None,
    intent_column: IntentColumn = None,
    priority_column: PriorityColumn = None,
    sentiment_column: SentimentColumn = None,
    id_column: IdColumn = None,
) -> None:
    """Measure a model on labelled tickets that it has not seen.

    Prints accuracy and macro-F1 with 95 % bootstrap intervals for every label that the rows carry,
    by language, the commonest confusions, and how often a human would be asked to look. Rows with
    an `article_id` measure the retrieval of replies. Columns are known by usual names, in Chinese
    and English, or named by options; what was taken for what is shown first.

    Examples:

        triage evaluate held-out.jsonl

        triage evaluate held-out.csv --model shop-2026.11 --json | jq .category

        triage evaluate export.xlsx --text-column 留言 --category-column 处理组
    """
    from rich.console import Console

    from training.commands.console import progress, write_rejects
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
    corpus = read_tickets(console, tickets, chosen=chosen, keep_repeats=True)
    with progress(console) as report:
        figures = evaluate_engine(load_engine(model), corpus, report=report)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _print_figures(figures)
    if corpus.rejects:
        write_rejects(console, corpus.rejects, tickets)
        raise typer.Exit(1)


def _print_figures(figures: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("task", "language", "tickets", "accuracy (95 %)", "macro-F1 (95 %)",
                  title=f"model {figures['model']}, encoder {figures['encoder']}")  # fmt: skip
    for task, groups in figures["tasks"].items():
        for group, cell in groups["by_language"].items():
            table.add_row(task, group, str(cell["rows"]), _interval(cell["accuracy"]),
                          _interval(cell["macro_f1"]))  # fmt: skip
    console.print(table)
    for task, groups in figures["tasks"].items():
        confusions = Table(
            "labelled", "predicted", "times", "for example", title=f"{task}: confusions"
        )
        for pair in groups["confusions"]:
            confusions.add_row(
                pair["true"], pair["predicted"], str(pair["count"]), ", ".join(pair["ids"])
            )
        console.print(confusions)
    if figures["retrieval"]:
        console.print(_retrieval_table(figures["retrieval"]))
    for group, cell in figures["review"].items():
        console.print(
            f"{group}: {cell['accepted']:.0%} of categories accepted without review, "
            f"{cell['accepted_accuracy']:.3f} of those right",
            highlight=False,
        )


def _retrieval_table(groups: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table("language", "questions", "recall@1 (95 %)", "recall@3 (95 %)", "reply shown",
                  "shown and right", title="retrieval of the labelled article")  # fmt: skip
    for group, cell in groups.items():
        table.add_row(group, str(cell["rows"]), _interval(cell["recall@1"]),
                      _interval(cell["recall@3"]), f"{cell['shown']:.0%}",
                      f"{cell['shown_right']:.0%}")  # fmt: skip
    return table


def _interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f}-{estimate['high']:.3f})"
