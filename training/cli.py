"""``triage train`` and ``triage evaluate``."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from training.corpus import Corpus
    from training.train import Stage
    from triage.bundle import Manifest


def train(
    tickets: Annotated[Path, typer.Argument(help="Labelled tickets: .jsonl or .csv.")],
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
    promote: Annotated[bool, typer.Option(help="Serve the new model from now on.")] = False,
) -> None:
    """Train a model on labelled tickets and write it to the models folder.

    Rows need `text`, `category`, `intent` (as `category/name`), `priority` and `sentiment`; a label
    may be empty in some rows. Rows that cannot be used are listed in a rejects file beside the
    input, and the command then ends with exit code 1. The first model of a folder is promoted.

    Examples:

        triage train datasets/tickets.jsonl

        triage train tickets.csv --name shop-2026.11 --promote
    """
    from rich.console import Console

    from training.corpus import read_corpus
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
    version = check_version(name or next_version(settings.models_dir, tickets.stem, created))
    corpus = read_corpus(tickets)
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
    plan = TrainingPlan(
        version=version,
        options=FitOptions(seed=seed),
        data=data,
        created=created,
        max_error=max_error,
        encoder_source=encoder,
    )
    with _progress(console) as report:
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
        _write_rejects(console, corpus, tickets)
        raise typer.Exit(1)


def evaluate(
    tickets: Annotated[
        Path, typer.Argument(help="Labelled tickets: .jsonl or .csv.", metavar="DATA")
    ],
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure a model on labelled tickets that it has not seen.

    Prints accuracy and macro-F1 with 95 % bootstrap intervals for every label that the rows carry,
    by language, the commonest confusions, and how often a human would be asked to look. Rows with
    an `article_id` measure the retrieval of replies.

    Examples:

        triage evaluate held-out.jsonl

        triage evaluate held-out.csv --model shop-2026.11 --json | jq .category
    """
    from rich.console import Console

    from training.corpus import read_corpus
    from training.evaluate import evaluate_engine
    from triage.engine import load_engine

    console = Console(stderr=True)
    corpus = read_corpus(tickets, keep_repeats=True)
    with _progress(console) as report:
        figures = evaluate_engine(load_engine(model), corpus, report=report)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _print_figures(figures)
    if corpus.rejects:
        _write_rejects(console, corpus, tickets)
        raise typer.Exit(1)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Stage], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:18}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: Stage) -> None:
            if stage.name not in tasks:
                tasks[stage.name] = bar.add_task(stage.name, total=stage.total)
            bar.update(tasks[stage.name], completed=stage.done)

        yield report


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


def _write_rejects(console: Console, corpus: Corpus, source: Path) -> None:
    from triage.records import whole_file, write_jsonl

    path = source.with_name(f"{source.stem}.rejects.jsonl")
    with whole_file(path) as stream:
        for reject in corpus.rejects:
            write_jsonl(
                stream, {"line": reject.line, "reason": reject.reason, "content": reject.content}
            )
    console.print(f"{len(corpus.rejects)} rows rejected, see {path}", soft_wrap=True, markup=False)
