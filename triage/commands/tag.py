"""``triage tag``: a file of messages in, the same rows with their results out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from triage.domain import Message
    from triage.engine import TriageEngine
    from triage.privacy import Redactor
    from triage.records import Reject, Row

CHUNK = 256


def tag(
    source: Annotated[
        str, typer.Argument(help="JSONL, CSV, Excel or Parquet with a text field; - reads JSONL.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="JSONL to write; - writes to stdout.")],
    model: Annotated[str | None, typer.Option(help="A version or a bundle folder.")] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Write personal details as tokens such as [PHONE_1].")
    ] = False,
) -> None:
    """Tag every message of a file.

    Rows need `text`, or `turns` with the customer's; `id`, `subject`, `channel`, `customer`,
    `created_at` and `fields` are used when there. Each row gives one row, in order; a bad row
    gives its line and the reason under `error`, and the command then ends with exit code 1.

    Examples:

        triage tag messages.jsonl -o tagged.jsonl

        triage tag messages.jsonl -o shared.jsonl --redact

        zcat old.jsonl.gz | triage tag - -o - | jq -c '[.id, .category.label]'
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from triage.engine import load_engine
    from triage.privacy import Redactor
    from triage.records import STDIO, read_rows, whole_file, write_jsonl

    rows = read_rows(source)
    first = next(rows, None)  # an unreadable file is told before the model is loaded
    engine = load_engine(model)
    redactor = Redactor() if redact else None
    rejected = done = 0
    console = Console(stderr=True)
    target: AbstractContextManager[IO[bytes]] = (
        nullcontext(sys.stdout.buffer) if out == STDIO else whole_file(Path(out))
    )
    columns = (
        TextColumn("tagging"),
        BarColumn(),
        TextColumn("{task.completed} rows, {task.speed:.0f}/s"),
        TimeElapsedColumn(),
    )
    with (
        target as stream,
        Progress(*columns, console=console, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("tagging", total=None)
        for chunk in chunks(iter([] if first is None else [first]), rows):
            for record in _tagged(engine, chunk, start=done, redactor=redactor):
                rejected += "error" in record
                write_jsonl(stream, record)
            done += len(chunk)
            bar.update(task, completed=done)
    console.print(f"{done} rows, {rejected} rejected", highlight=False)
    if rejected:
        raise typer.Exit(1)


def chunks(*sources: Iterator[Row | Reject]) -> Iterator[list[Row | Reject]]:
    """Yield the rows of all sources, one after the other, some at a time."""
    rows = (row for source in sources for row in source)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _tagged(
    engine: TriageEngine, chunk: list[Row | Reject], *, start: int, redactor: Redactor | None
) -> Iterator[dict[str, Any]]:
    """Yield one record per row: its result, or what is wrong with it."""
    from triage.privacy import redact_result
    from triage.records import Reject, id_of

    checked = [_checked(engine, row, start + n) for n, row in enumerate(chunk, start=1)]
    results = iter(engine.triage([m for m in checked if not isinstance(m, Reject)]))
    for row, message in zip(chunk, checked, strict=True):
        if isinstance(message, Reject):
            reason = redactor.redact(message.reason).text if redactor else message.reason
            record = {"line": message.line, "error": reason}
            own = id_of(row.fields) if not isinstance(row, Reject) else None
            yield {"id": own, **record}
        else:
            record = next(results).to_dict()
            yield redact_result(record, message.text, redactor) if redactor else record


def _checked(engine: TriageEngine, row: Row | Reject, number: int) -> Message | Reject:
    from triage.errors import MessageError
    from triage.records import Reject

    if isinstance(row, Reject):
        return row
    try:
        return engine.message(row.fields, number=number)
    except MessageError as fault:
        return Reject(row.line, str(fault), str(row.fields.get("text"))[:200])
