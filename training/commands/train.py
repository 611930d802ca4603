"""``triage train``: labelled tickets in, a model out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    version_stem,
)

if TYPE_CHECKING:
    from rich.console import Console

    from training.corpus import Corpus
    from triage.bundle import Manifest


def train(  # noqa: PLR0913, PLR0917  # an argument an option
    tickets: Annotated[Path, typer.Argument(help=f"Labelled tickets: {KINDS}.")],
    articles: Annotated[
        Path | None, typer.Option(help="Articles (.jsonl); default: the starter's.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Version to write; default: by file and day.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Another encoder: folder or sentence-transformers name.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the folds and solvers.")] = 13,
    max_error: Annotated[
        float,
        typer.Option(min=0.001, max=0.5, help="Error rate aimed at where no review is asked."),
    ] = 0.1,
    corrections: Annotated[
        Path | None,
        typer.Option(help="A review by `triage audit` with its column `corrected` filled."),
    ] = None,
    promote: Annotated[bool, typer.Option(help="Serve the new model from now on.")] = False,
    text_column: TextColumn = None,
    subject_column: SubjectColumn = None,
    category_column: CategoryColumn = None,
    intent_column: IntentColumn = None,
    priority_column: PriorityColumn = None,
    sentiment_column: SentimentColumn = None,
    id_column: IdColumn = None,
) -> None:
    """Train a model on labelled tickets and write it to the models folder.

    Rows need a text, `category`, `intent` (as `category/name`), `priority` and `sentiment`; a label
    may be empty in some rows. Columns are known by usual names, in Chinese and English, or named by
    options; what was taken for what is shown first. Rows that cannot be used are listed in a
    rejects file beside the input, and the command then ends with exit code 1. The first model of a
    folder is promoted.

    Examples:

        triage train datasets/tickets.jsonl

        triage train tickets.csv --name shop-2026.11 --promote

        triage train export.xlsx --text-column 留言 --category-column 处理组

        triage train zendesk.jsonl --category-column custom_fields.360001234

        triage train tickets.csv --corrections tickets.review.csv
    """
    from rich.console import Console

    from training.commands.console import progress, write_rejects
    from training.corrections import apply_corrections
    from training.fit import FitOptions
    from training.train import TrainingPlan, next_version, now_utc, train_bundle
    from triage.bundle import save_bundle
    from triage.encoder import load_encoder
    from triage.records import read_articles, sha256_of
    from triage.registry import CURRENT, Registry, check_version
    from triage.settings import load_settings

    console = Console(stderr=True)
    settings = load_settings()
    created = now_utc()
    version = check_version(
        name or next_version(settings.models_dir, version_stem(tickets), created)
    )
    chosen = {
        "text": text_column,
        "subject": subject_column,
        "category": category_column,
        "intent": intent_column,
        "priority": priority_column,
        "sentiment": sentiment_column,
        "id": id_column,
    }
    corpus = read_tickets(console, tickets, chosen=chosen, keep_repeats=corrections is not None)
    if corrections is not None:
        corpus = apply_corrections(corpus, corrections).without_repeats()
    articles = articles or settings.datasets_dir / "articles.jsonl"
    known = read_articles(articles)
    data = {
        "tickets": {
            "file": tickets.name,
            "sha256": sha256_of(tickets),
            "rows": len(corpus.tickets),
        },
        "articles": {"file": articles.name, "sha256": sha256_of(articles), "rows": len(known)},
    }
    if corrections is not None:
        data["corrections"] = {"file": corrections.name, "sha256": sha256_of(corrections)}
    plan = TrainingPlan(
        version=version,
        options=FitOptions(seed=seed),
        data=data,
        created=created,
        max_error=max_error,
        encoder_source=encoder,
    )
    with progress(console) as report:
        bundle = train_bundle(
            corpus, known, load_encoder(encoder, threads=settings.threads), plan=plan, report=report
        )
    folder = settings.models_dir / version
    save_bundle(bundle, folder)
    _print_summary(console, bundle.manifest, corpus)
    console.print(f"Model written to {folder}", soft_wrap=True, markup=False)
    registry = Registry(settings.models_dir)
    if promote or not (settings.models_dir / CURRENT).is_file():
        registry.promote(version)
        console.print(f"{version} is current")
    else:
        console.print(f"Serve it with: triage models promote {version}")
    if corpus.rejects:
        write_rejects(console, corpus.rejects, tickets)
        raise typer.Exit(1)


def _print_summary(console: Console, manifest: Manifest, corpus: Corpus) -> None:
    from rich.table import Table

    table = Table("task", "language", "tickets", "accuracy (95 %)", "macro-F1", "calibration error",
                  title=f"{manifest.version}: out-of-fold figures")  # fmt: skip
    for task, groups in manifest.metrics.items():
        if isinstance(groups, dict):
            for group, figures in groups.items():
                low, high = figures["accuracy_95"]
                table.add_row(
                    task,
                    group,
                    str(figures["rows"]),
                    f"{figures['accuracy']:.3f} ({low:.3f}-{high:.3f})",
                    f"{figures['macro_f1']:.3f}",
                    f"{figures['ece']:.3f}",
                )
    console.print(table)
    if corpus.repeats:
        console.print(f"{corpus.repeats} repeated tickets were left out")
