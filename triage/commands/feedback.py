"""``triage feedback``: what agents made of answers, as a file and as figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from triage.decisions import DecisionStore, Judgement
    from triage.decisions.judgement import Tally

app = typer.Typer(help="What agents made of answers.", no_args_is_help=True)
Log = Annotated[
    str | None,
    typer.Option("--log", metavar="URL", help="The log of decisions; default: of the settings."),
]


@app.command()
def export(
    out: Annotated[str, typer.Option("-o", "--out", help="JSONL to write; - writes to stdout.")],
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Only decisions whose labels were corrected.")
    ] = False,
    log: Log = None,
) -> None:
    """Write every decision that has feedback, with the latest, as JSON lines.

    Texts are as the log keeps them, redacted by default. Corrected labels stand where a ticket's
    do, so `--corrected` writes a file that `triage train` reads as tickets; `--feedback` reads
    either. Feedback is deleted with its decision after `retention_days`: export it in time.

    Examples:

        triage feedback export -o feedback.jsonl

        triage feedback export --corrected -o - | jq -c '[.text, .intent]'

        triage feedback export -o all.jsonl --log postgresql://triage@db/triage
    """
    import sys

    from triage.decisions.judgement import judgements
    from triage.records import STDIO, whole_file, write_jsonl

    count = 0
    with _opened(log) as store:
        chosen = (one for one in judgements(store) if one.labels or not corrected)
        if out == STDIO:
            for one in chosen:
                write_jsonl(sys.stdout.buffer, one.to_dict())
            return
        with whole_file(Path(out)) as stream:
            for one in chosen:
                write_jsonl(stream, one.to_dict())
                count += 1
    typer.echo(f"{count} decisions with feedback written to {out}", err=True)


@app.command()
def stats(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    log: Log = None,
) -> None:
    """Show how often each article was suggested, sent and edited, and which labels were wrong.

    Examples:

        triage feedback stats

        triage feedback stats --json | jq .articles
    """
    from triage.decisions.judgement import judgements, tally

    with _opened(log) as store:
        decisions, given = store.count(), list(judgements(store))
    articles = tally(given)
    if as_json:
        typer.echo(json.dumps(_figures(decisions, given, articles), ensure_ascii=False, indent=1))
        return
    _print(decisions, given, articles)


@contextmanager
def _opened(log: str | None) -> Iterator[DecisionStore]:
    from triage.decisions import DecisionStore
    from triage.errors import ConfigError
    from triage.settings import load_settings

    url = log or load_settings().decisions_url
    if url is None:
        raise ConfigError("the log of decisions is switched off; name one with --log")
    store = DecisionStore(url)
    try:
        yield store
    finally:
        store.close()


def _figures(decisions: int, given: list[Judgement], articles: dict[str, Tally]) -> dict[str, Any]:
    return {
        "decisions": decisions,
        "with_feedback": len(given),
        "sent_a_suggestion": sum(one.chosen in one.shown for one in given),
        "corrected": _corrected(given),
        "articles": {
            name: {
                "shown": one.shown,
                "accepted": one.accepted,
                "picked": one.picked,
                "edit_share": None if one.edit_share is None else round(one.edit_share, 4),
            }
            for name, one in articles.items()
        },
    }


def _corrected(given: list[Judgement]) -> dict[str, int]:
    from triage.decisions.judgement import TASKS

    return {task: sum(task in one.labels for one in given) for task in TASKS}


def _print(decisions: int, given: list[Judgement], articles: dict[str, Tally]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    sent = sum(one.chosen in one.shown for one in given)
    corrected = ", ".join(f"{task} {count}" for task, count in _corrected(given).items() if count)
    console.print(f"{decisions} decisions, {len(given)} with feedback; a suggestion sent in {sent}")
    console.print(f"Corrected labels: {corrected or 'none'}")
    if not articles:
        return
    table = Table("article", "shown", "accepted", "share", "picked otherwise", "words edited")
    for name, one in sorted(articles.items(), key=lambda item: -item[1].shown):
        share = f"{one.accepted / one.shown:.0%}" if one.shown else ""
        edited = "" if one.edit_share is None else f"{one.edit_share:.0%}"
        counts = (str(one.shown), str(one.accepted), share, str(one.picked), edited)
        table.add_row(escape(name), *counts)
    console.print(table)
