"""A run of tagging: from sources through taggers into an output; an interrupted one goes on."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any

import orjson

from triage.errors import RecordError
from triage.packed import ending_of
from triage.records import STDIO, Reject, whole_file
from triage.tables import as_text
from triage.tagging.checkpoint import Checkpoint, Progress
from triage.tagging.fields import Shape, cut, guarded, originals, parquet_schema, typed
from triage.tagging.pool import Lines, Tagged, Window, tagged_by, tagged_here
from triage.writers import table_writer

if TYPE_CHECKING:
    from triage.privacy import Redactor
    from triage.tagging.sources import Given, Source

WINDOW = 512  # rows; enough for batches of one length
PART, REJECTS = "part", "rejects.part"
JSON_LINES = (".jsonl", ".ndjson", ".json")
_GUARDED = (".csv", ".tsv")
_SHOWN = 200  # characters of a rejected row


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where and how results are written.

    Attributes:
        out: a path, or ``-``.
        kind: a file name with the ending that tells the kind; that of ``out`` by default.
        rejects: where rows with an error are listed besides.
        guard: cells that a spreadsheet would calculate are written as text, in CSV and TSV.
        redactor: of what is listed in ``rejects``.
        files: each row names its file, as there are several.
    """

    out: str
    kind: Path
    shape: Shape
    rejects: Path | None = None
    guard: bool = True
    redactor: Redactor | None = None
    files: bool = False

    @property
    def plain(self) -> bool:
        """Whether finished rows are the output as they are, with nothing to be made of them."""
        return self.kind.suffix.lower() in JSON_LINES

    def line(self, given: Given, line: bytes) -> bytes | None:
        """Return a record's line as it is kept, or ``None`` where the record is not wanted."""
        if not self.files and self.shape == Shape(flat=False):
            return line
        record = orjson.loads(line)
        if self.files:
            record["file"] = given.file
        if not self.shape.wants(record):
            return None
        return orjson.dumps(self.shape.row(record, given.fields), default=as_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is tagged by whom.

    Attributes:
        make: makes a tagger, given the time of messages that have none; picklable, as is the rest.
        workers: processes; 0 tags in this one.
        run: what must be the same for an interrupted run to go on, by its name for people; empty
            where it cannot, as with standard input.
        now: the time of messages that have none.
    """

    sources: tuple[Source, ...]
    make: Callable[[datetime], Lines]
    workers: int = 0
    run: Mapping[str, str]
    now: datetime
    window: int = WINDOW


Report = Callable[[Progress], None]


def tag_rows(
    work: Work, target: Target, *, restart: bool = False, report: Report = lambda done: None
) -> Progress:
    """Tag all rows and write the output; return what was done.

    Args:
        restart: forget an interrupted run instead of going on with it.
        report: told how far the run is, first of all where it resumes.

    Raises:
        ConfigError: an interrupted run with the same output was another one.
        RecordError: an input cannot be read, or the output cannot be written.
    """
    if target.out != STDIO:
        return _to_file(work, target, Path(target.out), restart=restart, report=report)
    if target.plain:
        return _to_stream(work, target, sys.stdout.buffer, report=report)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / target.kind.name
        done = _to_file(replace(work, run={}), target, out, restart=False, report=report)
        with out.open("rb") as stream:
            copyfileobj(stream, sys.stdout.buffer)
    return done


def _to_stream(work: Work, target: Target, stream: IO[bytes], *, report: Report) -> Progress:
    done = _begun(work)
    with _written_rejects(target) as rejects:
        for tagged in _tagged(work, done):
            done = _written(tagged, target, done, streams={PART: stream, **rejects})
            report(done)
    return done


def _to_file(work: Work, target: Target, out: Path, *, restart: bool, report: Report) -> Progress:
    if out.is_dir():
        raise RecordError(f"{out} cannot be written: it is a folder; name another file")
    checkpoint = Checkpoint(out, kinds=(PART, REJECTS) if target.rejects else (PART,))
    if restart or not work.run:
        checkpoint.remove()
    done = checkpoint.found(work.run) or _begun(work)
    report(done)
    try:
        with checkpoint.opened(done) as streams:
            for tagged in _tagged(work, done):
                done = _written(tagged, target, done, streams=streams)
                done = checkpoint.save(done) if work.run else done
                report(done)
        _finish(checkpoint, target, out, done)
    except BaseException:
        if not work.run:
            checkpoint.remove()
        raise
    return done


def _begun(work: Work) -> Progress:
    return Progress(run=work.run, now=work.now.isoformat())


def _tagged(work: Work, done: Progress) -> Iterator[Tagged]:
    rows = islice((given for source in work.sources for given in source.rows()), done.rows, None)
    windows = _windows(rows, first=done.rows + 1, size=work.window)
    make = partial(work.make, datetime.fromisoformat(done.now))
    return tagged_by(work.workers, windows, make) if work.workers else tagged_here(windows, make)


def _windows(rows: Iterator[Given], *, first: int, size: int) -> Iterator[Window]:
    while window := list(islice(rows, size)):
        yield Window(first, window)
        first += len(window)


def _written(
    tagged: Tagged, target: Target, done: Progress, *, streams: Mapping[str, IO[bytes]]
) -> Progress:
    """Write a window's rows and return how far that is."""
    window, lines = tagged
    rejected, seen = 0, dict.fromkeys(done.seen)
    for given, line in zip(window.rows, lines, strict=True):
        wrong = b'"error":' in line and "error" in orjson.loads(line)
        rejected += wrong
        if wrong and REJECTS in streams:
            streams[REJECTS].write(_reject(given, orjson.loads(line), target) + b"\n")
        if target.shape.keep and given.fields is not None:
            seen |= dict.fromkeys(originals(given.fields))
        if (made := target.line(given, line)) is not None:
            streams[PART].write(made + b"\n")
    return replace(
        done, rows=done.rows + len(lines), rejected=done.rejected + rejected, seen=tuple(seen)
    )


def _reject(given: Given, record: Mapping[str, Any], target: Target) -> bytes:
    content = given.row.content if isinstance(given.row, Reject) else str(given.fields)[:_SHOWN]
    if target.redactor is not None:
        content = target.redactor.redact(content).text
    fields = {"file": given.file, "line": record["line"], "reason": record["error"]}
    return orjson.dumps({**fields, "content": content})


@contextlib.contextmanager
def _written_rejects(target: Target) -> Iterator[dict[str, IO[bytes]]]:
    if target.rejects is None:
        yield {}
    else:
        with whole_file(target.rejects) as stream:
            yield {REJECTS: stream}


def _finish(checkpoint: Checkpoint, target: Target, out: Path, done: Progress) -> None:
    """Make the output of the finished rows."""
    if target.rejects is not None:
        with whole_file(target.rejects) as stream, checkpoint.path(REJECTS).open("rb") as rows:
            copyfileobj(rows, stream)
    if target.plain:
        checkpoint.path(PART).replace(out)
    else:
        with whole_file(out) as stream, checkpoint.path(PART).open("rb") as rows:
            _write_table(map(orjson.loads, rows), target, done.seen, stream)
    checkpoint.remove()


def _write_table(
    rows: Iterable[dict[str, Any]], target: Target, seen: tuple[str, ...], stream: IO[bytes]
) -> None:
    ending = ending_of(target.kind)
    columns = target.shape.columns(seen, files=target.files)
    schema = None
    if ending == ".parquet":
        schema = parquet_schema(target.shape, seen, files=target.files)
        rows = map(typed, rows)
    elif ending == ".xlsx":
        rows = map(cut, rows)
    elif ending in _GUARDED and target.guard:
        rows = map(guarded, rows)
    with table_writer(stream, target.kind, columns=columns, schema=schema) as write:
        for row in rows:
            write(row)
