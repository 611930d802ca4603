"""``triage bursts``: tagged messages in, the incidents among them out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from triage.bursts import Calendar, Event, Incident, Period, Sensitivity
    from triage.bursts.rows import Reading

_CHUNK = 2048
_COLOURS = {"cluster": "bold red", "intent": "yellow", "category": "cyan"}


def bursts(  # noqa: PLR0913, PLR0917  # an argument an option
    tagged: Annotated[
        str, typer.Argument(help="What `triage tag` wrote: JSONL, CSV, Excel or Parquet.")
    ],
    history: Annotated[
        Path | None, typer.Option(help="Earlier tagged messages, to learn what is usual.")
    ] = None,
    promotions: Annotated[
        Path | None,
        typer.Option(help="TOML with [[promotion]] tables; default: the priority policy in use."),
    ] = None,
    alarms_per_week: Annotated[
        float, typer.Option(help="False alarms to live with; fewer find less.")
    ] = 1.0,
    time: Annotated[str, typer.Option(help="Column with the time.")] = "created_at",
    originals: Annotated[
        Path | None,
        typer.Option(help="The file that was tagged, for times and texts that TAGGED lacks."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of times without one, as Asia/Shanghai.")
    ] = None,
    similar: Annotated[
        bool, typer.Option("--similar/--no-similar", help="Look for similar messages too.")
    ] = True,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Measure false alarms on shuffled messages.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Find incidents: topics that suddenly bring more messages than the hour of the week explains.

    A topic is a category, an intent, or messages much alike. Rows need a time and `category`,
    `intent` or a text; `triage tag --keep` keeps time and text, else name the file that was tagged
    with `--originals`. The first three days, of the history where there is one, only teach. On
    promotion days, and whenever everything rises together, more is expected of all topics alike.
    Personal details in the messages shown are redacted.

    On a terminal a table is printed, into a pipe one JSON object a line. Rows that cannot be used
    are counted on stderr, and the command then ends with exit code 1.

    Examples:

        triage bursts tagged.jsonl

        triage bursts today.jsonl --history last-month.parquet --alarms-per-week 0.5

        triage bursts tagged.csv --originals tickets.csv --zone Asia/Shanghai --json | jq .title
    """
    from rich.console import Console

    from triage.bursts import Calendar, Sensitivity
    from triage.bursts.rows import read_events

    console = Console(stderr=True)
    sensitivity = Sensitivity(alarms_per_week=alarms_per_week)
    named = _zone(zone)
    now = read_events(tagged, time=time, originals=originals, zone=named)
    before = (
        read_events(history, time=time, originals=originals, zone=named or now.zone)
        if history
        else None
    )
    calendar = Calendar(now.zone, _periods(promotions))
    readings = [reading for reading in (before, now) if reading is not None]
    parts = [_with_vectors(r.events, console) if similar else list(r.events) for r in readings]
    told = _told(parts, sensitivity, calendar)
    if as_json or not sys.stdout.isatty():
        for incident in told:
            typer.echo(json.dumps(incident.to_dict(), ensure_ascii=False))
    else:
        _print_table(told)
    _conclude(console, parts, told)
    if check:
        _print_check(console, parts[0], sensitivity, calendar)
    _end(console, readings)


def _told(
    parts: Sequence[Sequence[Event]], sensitivity: Sensitivity, calendar: Calendar
) -> list[Incident]:
    """Return what is told of the last part, after the others have taught what is usual."""
    from triage.bursts import BurstDetector
    from triage.bursts.replay import replay
    from triage.privacy import Redactor

    redactor = Redactor()
    detector = BurstDetector(
        sensitivity, calendar=calendar, redact=lambda text: redactor.redact(text).text
    )
    *earlier, last = parts
    for events in earlier:
        replay(events, detector)
    first = last[0].at
    return [i for i in replay(last, detector) if i.last_at >= first]


def _periods(path: Path | None) -> tuple[Period, ...]:
    from triage.bursts import read_periods
    from triage.policy_file import DEFAULT_POLICY
    from triage.settings import load_settings

    return read_periods(path or load_settings().priority_policy or DEFAULT_POLICY)


def _zone(name: str | None) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from triage.errors import ConfigError

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ConfigError(f"--zone {name!r} is no time zone; give one as Asia/Shanghai") from fault


def _with_vectors(events: Sequence[Event], console: Console) -> list[Event]:
    """Return the events with the vectors of their texts, equal texts encoded once."""
    import numpy as np
    from rich.progress import track

    from triage.encoder import load_encoder
    from triage.text import normalise

    texts = list(dict.fromkeys(event.text for event in events if event.text))
    if not texts:
        console.print("no texts: similar messages are not looked for; see --originals")
        return list(events)
    encoder = load_encoder()
    vectors: dict[str, Sequence[float]] = {}
    chunks = list(_chunks(texts))
    for chunk in track(chunks, "encoding", console=console, disable=not console.is_terminal):
        rows = encoder.encode([normalise(text) for text in chunk]).astype(np.float16)
        vectors.update(zip(chunk, rows, strict=True))
    return [replace(event, vector=vectors.get(event.text or "")) for event in events]


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    left = iter(texts)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


def _print_table(told: Sequence[Incident]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("state", "topic", "title", "start", "told", "size", "expected", "score")
    for incident in told:
        label = incident.intent or "" if incident.topic.kind == "cluster" else incident.topic.label
        table.add_row(
            Text("open", "bold red") if incident.open else Text("closed", "dim"),
            Text(f"{incident.topic.kind} {label}", _COLOURS[incident.topic.kind]),
            Text(incident.title[:60]),
            f"{incident.started_at:%Y-%m-%d %H:%M}",
            f"{incident.detected_at:%H:%M}",
            str(incident.size),
            f"{incident.expected:.1f}",
            f"{incident.score:.1f}",
        )
    Console().print(table if told else "No incidents.")


def _conclude(console: Console, parts: Sequence[Sequence[Event]], told: Sequence[Incident]) -> None:
    last = parts[-1]
    days = (last[-1].at - last[0].at).total_seconds() / 86_400
    opened = sum(incident.open for incident in told)
    console.print(
        f"{len(last)} messages in {days:.1f} days: {len(told)} incidents, {opened} of them open",
        highlight=False,
    )


def _print_check(
    console: Console, events: Sequence[Event], sensitivity: Sensitivity, calendar: Calendar
) -> None:
    from triage.bursts.replay import false_alarms

    found = false_alarms(events, sensitivity, calendar=calendar)
    if found.weeks <= 0:
        console.print("too few days to measure false alarms; give more with --history")
        return
    console.print(
        f"false alarms on the same messages shuffled over the days: {found.per_week:.2f} a week "
        f"({found.alarms} in {found.weeks:.1f} weeks), {sensitivity.alarms_per_week:g} allowed",
        highlight=False,
    )


def _end(console: Console, readings: Sequence[Reading]) -> None:
    rejects = [reject for reading in readings for reject in reading.rejects]
    if rejects:
        first = rejects[0]
        console.print(
            f"{len(rejects)} rows could not be used; line {first.line}: {first.reason}",
            highlight=False,
            markup=False,
        )
        raise typer.Exit(1)
