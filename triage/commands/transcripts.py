"""``triage transcripts``: conversations in, one record a conversation out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from triage.commands.options import GUESSED, column
from triage.transcripts.layout import Form

if TYPE_CHECKING:
    from triage.records import Reject
    from triage.transcripts.tagger import TranscriptTagger
    from triage.transcripts.transcript import Transcript

_CHUNK = 64  # conversations whose bursts are triaged together
_column = partial(column, panel=GUESSED)


def transcripts(  # noqa: PLR0913, PLR0917  # an argument an option
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN", help="JSONL, CSV, Excel, Parquet; .txt or a folder of them; - is JSONL."
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="JSONL, CSV, TSV, Excel or Parquet; - is JSONL.")
    ],
    model: Annotated[str | None, typer.Option(help="A version or a bundle folder.")] = None,
    form: Annotated[
        Form | None,
        typer.Option(help="turns or text: a row a conversation; messages: a row a message."),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option("--sorted", help="Rows of one conversation stand together: no scratch file."),
    ] = False,
    messages: Annotated[
        bool, typer.Option("--messages", help="Also tag each message of the customer.")
    ] = False,
    now: Annotated[
        str | None,
        typer.Option(help="Time of conversations that have none; default: when IN was written."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=0, help="Days within which a further contact is a repeated one.")
    ] = 14,
    conversation_column: Annotated[
        str | None, _column("The conversation's id.", panel=GUESSED)
    ] = None,
    turns_column: Annotated[
        str | None, _column("A list of turns, or its JSON.", panel=GUESSED)
    ] = None,
    text_column: Annotated[
        str | None, _column("A message, or a whole conversation.", panel=GUESSED)
    ] = None,
    role_column: Annotated[str | None, _column("Who speaks.")] = None,
    at_column: Annotated[str | None, _column("When it was written.")] = None,
    id_column: Annotated[
        str | None, _column("The id of a row that is a conversation.", panel=GUESSED)
    ] = None,
    customer_column: Annotated[str | None, _column("The customer's id.")] = None,
    agent_column: Annotated[str | None, _column("Who answered.")] = None,
) -> None:
    """Tag whole conversations.

    Per conversation: category, intents in order, sentiment at start, worst and end, key
    information, response times, repeated contact, whether it was resolved, and how the agent
    conducted it, each with the words that show it. Three forms are read: a row with `turns`, a
    row a message with a conversation id, and plain text such as `客服: … 用户: …`.

    Dates such as "tomorrow" are counted from the turn's time, or that of the conversation.

    Rows of one message are gathered through a scratch file in TMPDIR; with `--sorted` they are
    read as they come. Rows that cannot be used give their line and the reason under `error`, and
    the command then ends with exit code 1.

    Examples:

        triage transcripts chats.jsonl -o tagged.jsonl

        triage transcripts messages.csv -o tagged.csv --sorted --days 7

        triage transcripts folder-of-texts -o - | jq -c '[.id, .resolution.resolved]'
    """
    from rich.console import Console

    from triage.engine import load_engine
    from triage.records import STDIO, whole_file
    from triage.transcripts.contacts import ContactBook
    from triage.transcripts.moments import moment_of
    from triage.transcripts.reading import Reading, read_transcripts
    from triage.transcripts.tagger import TranscriptTagger
    from triage.writers import kind_of

    chosen = {
        "conversation": conversation_column, "turns": turns_column, "text": text_column,
        "role": role_column, "at": at_column, "id": id_column, "customer": customer_column,
        "agent": agent_column,
    }  # fmt: skip
    path = Path("out.jsonl") if out == STDIO else Path(out)
    kind_of(path)
    found = read_transcripts(source, Reading(form=form, columns=chosen, in_order=in_order))
    moment = moment_of(now, field="--now") or _written(source)
    first = list(islice(found, 1))  # an unreadable file is told before the model is loaded
    engine = load_engine(model)
    console = Console(stderr=True)
    target: AbstractContextManager[IO[bytes]] = (
        nullcontext(sys.stdout.buffer) if out == STDIO else whole_file(path)
    )
    with ContactBook(days) as contacts, target as stream:
        tagger = TranscriptTagger(engine, contacts, messages=messages, now=moment)
        done, rejected = _write(_records(tagger, first, found), stream, path, console=console)
    console.print(f"{done} conversations, {rejected} rejected", highlight=False)
    if rejected:
        raise typer.Exit(1)


def _written(source: str) -> datetime | None:
    """Return when a file was written; ``None`` for standard input, which is read now."""
    path = Path(source)
    if source == "-" or not path.exists():
        return None
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def _records(
    tagger: TranscriptTagger,
    first: list[Transcript | Reject],
    rest: Iterator[Transcript | Reject],
) -> Iterator[dict[str, Any]]:
    from triage.records import Reject
    from triage.transcripts.record import record_of

    chunk = [*first, *islice(rest, _CHUNK - len(first))]
    while chunk:
        for tagged in tagger.tag(chunk):
            if isinstance(tagged, Reject):
                yield {"id": None, "line": tagged.line, "error": tagged.reason}
            else:
                yield record_of(tagged)
        chunk = list(islice(rest, _CHUNK))


def _write(
    records: Iterator[dict[str, Any]], stream: IO[bytes], path: Path, *, console: Any
) -> tuple[int, int]:
    """Write records as the output is named; return how many conversations and rejects there are."""
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from triage.transcripts.record import flat
    from triage.writers import kind_of, table_writer

    nested = kind_of(path) in (".jsonl", ".ndjson", ".json")
    done = rejected = 0
    columns = (
        TextColumn("tagging"),
        TextColumn("{task.completed} conversations, {task.speed:.0f}/s"),
        TimeElapsedColumn(),
    )
    with (
        table_writer(stream, path) as write,
        Progress(*columns, console=console, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("tagging", total=None)
        for record in records:
            write(record if nested else flat(record))
            bad = "error" in record
            rejected, done = rejected + bad, done + (not bad)
            bar.update(task, completed=done)
    return done, rejected
