"""``triage train``: labelled tickets in, a model out."""

from __future__ import annotations

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
    version_stem,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from training.corpus import Corpus
    from training.train import TrainingPlan
    from triage.article import Article
    from triage.bundle import Bundle
    from triage.registry import Registry
    from triage.suggestion import Past


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
    base: Annotated[
        str | None,
        typer.Option(help="Where tasks without labels come from; default: the promoted model."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the folds and solvers.")] = 13,
    max_error: Annotated[
        float,
        typer.Option(min=0.001, max=0.5, help="Error rate stated of answers without review."),
    ] = 0.1,
    sure: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Confidence with which it is stated.")
    ] = 0.95,
    calibration_share: Annotated[
        float,
        typer.Option(min=0.0, max=0.5, help="Tickets kept from the heads to state it exactly."),
    ] = 0.0,
    balance: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="How far rare labels weigh more: 0 not, 1 all alike."),
    ] = 0.0,
    most_tickets: Annotated[
        int, typer.Option(min=100, help="More are thinned out, rare labels last.")
    ] = 50_000,
    corrections: Annotated[
        Path | None,
        typer.Option(help="A review by `triage audit` with its column `corrected` filled."),
    ] = None,
    feedback: Annotated[
        str | None,
        typer.Option(
            metavar="URL|FILE|log",
            help="Agents' feedback: a log of decisions, what `triage feedback export` wrote, or "
            "`log` for the log of the settings.",
        ),
    ] = None,
    tune_encoder: Annotated[
        bool,
        typer.Option("--tune-encoder", help="Tune the encoder on the tickets; kept if it wins."),
    ] = False,
    tune_minutes: Annotated[
        float, typer.Option(min=0.1, help="Time for tuning at most, without the comparison.")
    ] = 10.0,
    promote: Annotated[bool, typer.Option(help="Serve the new model from now on.")] = False,
    redact: RedactOption = False,
    text_column: TextColumn = None,
    subject_column: SubjectColumn = None,
    category_column: CategoryColumn = None,
    intent_column: IntentColumn = None,
    priority_column: PriorityColumn = None,
    sentiment_column: SentimentColumn = None,
    id_column: IdColumn = None,
) -> None:
    """Train a model on labelled tickets and write it to the models folder.

    Rows need a text and at least one label: `category`, `intent` (as `category/name`), `priority`
    or `sentiment`. A task that the file does not label comes from the promoted model. Columns are
    known by usual names, in Chinese and English, or named by options; what was taken for what is
    shown first. Rows that cannot be used are listed in a rejects file beside the input, and the
    command then ends with exit code 1. The first model of a folder is promoted.

    Answers below a confidence ask for a human. It is set so that of the others at most
    `--max-error` are wrong, with the confidence `--sure`, as far as the tickets resemble what will
    come. `--calibration-share 0.2` makes that exact, at the price of tickets to learn from.

    `--tune-encoder` moves texts of one intent (or category) together and keeps the result only if
    it is significantly better on tickets that it has not seen; the model then carries an encoder
    of its own. It needs the extra `encoders` and labels for every task.

    Examples:

        triage train datasets/tickets.jsonl

        triage train tickets.csv --name shop-2026.11 --max-error 0.05 --promote

        triage train export.xlsx --text-column 留言 --category-column 处理组

        triage train zendesk.jsonl --category-column custom_fields.360001234

        triage train tickets.csv --corrections tickets.review.csv

        triage train tickets.csv --feedback log

        triage train tickets.jsonl --tune-encoder --tune-minutes 20
    """
    from rich.console import Console

    from training.abstain import Standard
    from training.asked import OUT_OF_SCOPE, read_out_of_scope
    from training.card import write_card
    from training.commands.console import write_rejects
    from training.commands.summary import print_summary
    from training.corrections import apply_corrections
    from training.experts import FitOptions
    from training.train import TrainingPlan, next_version, now_utc
    from triage.records import read_articles
    from triage.registry import Registry, check_version
    from triage.settings import load_settings

    console = Console(stderr=True)
    settings = load_settings()
    registry = Registry(settings.models_dir)
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
    redactor = redactor_if(redact)
    corpus = read_tickets(
        console, tickets, chosen=chosen, keep_repeats=corrections is not None, redactor=redactor
    )
    if corrections is not None:
        corpus = apply_corrections(corpus, corrections).without_repeats()
    corpus, origin, past = _with_feedback(console, corpus, feedback)
    articles = articles or settings.datasets_dir / "articles.jsonl"
    known = read_articles(articles)
    files = {"tickets": tickets, "articles": articles, "corrections": corrections}
    files |= {"out_of_scope": settings.datasets_dir / OUT_OF_SCOPE}
    plan = TrainingPlan(
        version=version,
        options=FitOptions(seed=seed, balance=balance),
        data=_origin(files, settings.models_dir, rows=(len(corpus.tickets), len(known))) | origin,
        created=created,
        standard=Standard(max_error=max_error, sure=sure),
        calibration_share=calibration_share,
        most_tickets=most_tickets,
        encoder_source=_source(encoder),
        base=_base(corpus, registry, base),
        out_of_scope=read_out_of_scope(settings.datasets_dir),
        past=past,
    )
    folder = settings.models_dir / version
    minutes = tune_minutes if tune_encoder else None
    bundle = _written(console, corpus, known, plan=plan, folder=folder, minutes=minutes)
    write_card(bundle.manifest, folder)
    print_summary(console, bundle.manifest, corpus)
    console.print(f"Model written to {folder}, with its card", soft_wrap=True, markup=False)
    refused = _promoted(console, registry, version, asked=promote)
    if corpus.rejects:
        write_rejects(console, corpus.rejects, tickets, redactor=redactor)
    if corpus.rejects or refused:
        raise typer.Exit(1)


def _with_feedback(
    console: Console, corpus: Corpus, source: str | None
) -> tuple[Corpus, dict[str, Any], Past]:
    """Let agents' corrected labels join the tickets.

    Returns:
        The corpus, what the manifest is to say of it, and what became of earlier suggestions.
    """
    from training.feedback import join_feedback, read_feedback
    from triage.decisions import acceptance_of
    from triage.settings import load_settings
    from triage.suggestion import NO_PAST, past_of

    if source is None:
        return corpus, {}, NO_PAST
    name, given = read_feedback(source, load_settings())
    joined = join_feedback(corpus, given)
    console.print(
        f"Feedback of {name}: {len(given)} decisions; {joined.added} tickets added, "
        f"{joined.relabelled} relabelled, {joined.without_text} corrections without a text",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    counts = {"added": joined.added, "relabelled": joined.relabelled}
    origin = {"feedback": {"source": name, "decisions": len(given)} | counts}
    return joined.corpus, origin, past_of(acceptance_of(given))


def _source(encoder: str | None) -> str | None:
    """Return what the manifest says of an encoder; a leading ``./`` would mean the bundle's own."""
    return str(Path(encoder)) if encoder and encoder.startswith("./") else encoder


def _written(
    console: Console,
    corpus: Corpus,
    articles: Sequence[Article],
    *,
    plan: TrainingPlan,
    folder: Path,
    minutes: float | None,
) -> Bundle:
    """Train and save a bundle; tune the encoder for at most ``minutes`` if they are given."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from training.commands.console import progress
    from training.crossfit import Tuning
    from training.train import train_bundle
    from training.tune import TuneRecipe
    from triage.bundle import save_bundle
    from triage.encoder import load_encoder
    from triage.settings import load_settings

    threads = load_settings().threads
    with TemporaryDirectory(prefix="triage-") as scratch:
        if minutes is not None:
            recipe = TuneRecipe(seed=plan.options.seed, threads=threads)
            tuning = Tuning(workplace=Path(scratch), minutes=minutes, recipe=recipe)
            plan = replace(plan, tuning=tuning)
        with progress(console) as report:
            encoder = load_encoder(plan.encoder_source, threads=threads)
            bundle = train_bundle(corpus, articles, encoder, plan=plan, report=report)
        save_bundle(bundle, folder)
    return bundle


def _base(corpus: Corpus, registry: Registry, name: str | None) -> Bundle | None:
    """Load the bundle that gives the tasks which the tickets do not label, if one is needed."""
    from triage.bundle import load_bundle
    from triage.engine import TASKS
    from triage.registry import CURRENT

    labelled = [len({t.labels[task] for t in corpus.tickets} - {None}) > 1 for task in TASKS]
    if all(labelled) or not (name or (registry.folder / CURRENT).is_file()):
        return None
    return load_bundle(registry.path(name))


def _origin(
    files: Mapping[str, Path | None], models: Path, *, rows: tuple[int, int]
) -> dict[str, Any]:
    """Return what the manifest says of the files that were read."""
    import os

    from triage.records import sha256_of

    data: dict[str, Any] = {
        name: {"file": path.name, "sha256": sha256_of(path)}
        for name, path in files.items()
        if path is not None and path.is_file()
    }
    data["tickets"]["rows"], data["articles"]["rows"] = rows
    if tickets := files["tickets"]:
        data["tickets"]["path"] = os.path.relpath(tickets.resolve(), models.resolve())
    return data


def _promoted(console: Console, registry: Registry, version: str, *, asked: bool) -> bool:
    """Promote a first model, or one for which it was asked, past the gate; tell if it refused."""
    from training.commands.gate import carry_out, print_ruling, rule
    from triage.registry import CURRENT

    if not asked and (registry.folder / CURRENT).is_file():
        console.print(f"Serve it with: triage models promote {version}")
        return False
    ruling = rule(registry, version, on=None, console=console)
    print_ruling(console, ruling)
    return not carry_out(ruling, console=console, registry=registry, version=version)
