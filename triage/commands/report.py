"""``triage report``: tagged rows in, a page with charts out, and its figures as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.reporting.page import PageLanguage

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from triage.policy import Policy
    from triage.reporting.tally import Tally


def report(  # an argument an option
    tagged: Annotated[
        str, typer.Argument(metavar="TAGGED", help="What tag or transcripts wrote; - reads JSONL.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="HTML page to write.")],
    language: Annotated[PageLanguage, typer.Option(help="Of the page's words.")] = PageLanguage.EN,
    figures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write the figures as JSON and CSV.")
    ] = None,
    period: Annotated[
        int | None,
        typer.Option(min=1, metavar="DAYS", help="Compare so many last days; default: 7."),
    ] = None,
    time_column: Annotated[
        str, typer.Option(metavar="COLUMN", help="When a message was written.")
    ] = "created_at",
    zone: Annotated[
        str | None, typer.Option(help="Time zone of the page, such as Asia/Shanghai.")
    ] = None,
) -> None:
    """Report on tagged messages or conversations.

    One HTML page that opens offline: volume, busiest hours, categories and intents with their
    change against the period before, tone, priority, response times, topics without a reply,
    rising intents and agents. `triage tag --keep` keeps the time that charts by day need; what
    is missing is named on the page. Promotion days are those of the priority policy. Rows are
    counted as they are read, so memory does not grow with their number.

    Examples:

        triage report tagged.jsonl -o report.html

        triage report tagged.parquet -o 报告.html --language zh --zone Asia/Shanghai

        triage report conversations.csv -o report.html --figures figures --period 30
    """
    from rich.console import Console

    from triage.records import whole_file
    from triage.reporting.figures import figures_of
    from triage.reporting.page import render_report

    tally, rejected = _counted(tagged, time_column=time_column, zone=_zone(zone))
    found = figures_of(tally, period=period)
    name = None if tagged == "-" else Path(tagged).name
    page = render_report(found, language=language, file=name, time_column=time_column)
    with whole_file(out) as stream:
        stream.write(page.encode())
    if figures is not None:
        _write_figures(figures, found)
    Console(stderr=True).print(f"{tally.rows} rows, {rejected} rejected", highlight=False)
    if rejected:
        raise typer.Exit(1)


def _zone(name: str | None) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from triage.errors import ConfigError

    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ConfigError(
            f"--zone {name!r} is no time zone; name one such as Asia/Shanghai"
        ) from fault


def _counted(source: str, *, time_column: str, zone: ZoneInfo | None) -> tuple[Tally, int]:
    """Return the tally of a file's rows, and how many could not be used."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from triage.errors import MessageError
    from triage.records import Reject, read_rows
    from triage.reporting.entry import entry_of
    from triage.reporting.tally import Tally

    policy = _policy()

    def promoted(at: datetime) -> str | None:
        promotion = policy.promotion_at(at)
        return None if promotion is None else promotion.name

    tally = Tally(promoted=promoted)
    console = Console(stderr=True)
    rejected = 0
    columns = (TextColumn("counting"), TextColumn("{task.completed} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("counting", total=None)
        for row in read_rows(source):
            bar.advance(task)
            if isinstance(row, Reject):
                rejected += 1
            elif row.fields.get("error"):
                tally.errors += 1
            else:
                try:
                    tally.add(entry_of(row.fields, time_column=time_column, zone=zone))
                except MessageError:
                    rejected += 1
    return tally, rejected


def _policy() -> Policy:
    from triage.priority import load_policy
    from triage.settings import load_settings

    return load_policy(load_settings().priority_policy).policy


def _write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write ``figures.json``, and each list of figures as a CSV of its name."""
    import orjson

    from triage.records import whole_file
    from triage.writers import table_writer

    with whole_file(folder / "figures.json") as stream:
        stream.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    for name, rows in _tables(figures):
        path = folder / f"{name}.csv"
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with whole_file(path) as stream, table_writer(stream, path) as write:
            for row in rows:
                write({column: row.get(column, 0) for column in columns})


def _tables(figures: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    for name, value in figures.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield name, value
    if figures["responses"]:
        yield "responses", figures["responses"]["days"]
    if figures["heat"]:
        lines = [*figures["heat"]["weekdays"]]
        promotion = figures["heat"]["promotion"]
        named = [(str(n), line) for n, line in enumerate(lines, start=1)]
        named += [("promotion", promotion)] if promotion else []
        yield (
            "heat",
            [
                {"weekday": day, **{f"{hour:02}": mean for hour, mean in enumerate(line)}}
                for day, line in named
            ],
        )
