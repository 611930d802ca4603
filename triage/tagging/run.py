"""A run of tagging: from sources through taggers into an output; an interrupted one goes on."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Protocol

import orjson

from triage.errors import RecordError
from triage.places import is_url, put
from triage.records import STDIO, whole_file
from triage.tagging.checkpoint import Checkpoint, Progress
from triage.tagging.pool import Lines, Window, tagged_by, tagged_here
from triage.tagging.target import Made, Target, write_table

if TYPE_CHECKING:
    from triage.tagging.sources import Given, Source

__all__ = ["WINDOW", "Across", "Report", "Target", "Work", "tag_rows", "windows_of"]

WINDOW = 512  # rows; enough for batches of one length
PART, REJECTS = "part", "rejects.part"


class Across(Protocol):
    """Tags elsewhere than in processes of this machine; ``cluster.RayCluster`` does."""

    def made(self, work: Work, target: Target, *, done: Progress) -> Iterator[Made]:
        """Yield what the rows behind those that are done have become, window by window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is tagged by whom.

    Attributes:
        make: makes a tagger, given the time of messages that have none; picklable, as is the rest.
        workers: processes; 0 tags in this one.
        across: tags elsewhere instead.
        run: what must be the same for an interrupted run to go on, by its name for people; empty
            where it cannot, as with standard input.
        now: the time of messages that have none.
    """

    sources: tuple[Source, ...]
    make: Callable[[datetime], Lines]
    workers: int = 0
    across: Across | None = None
    run: Mapping[str, str]
    now: datetime
    window: int = WINDOW


Report = Callable[[Progress], None]


def tag_rows(
    work: Work, target: Target, *, restart: bool = False, report: Report = lambda done: None
) -> Progress:
    """Tag all rows and write the output; return what was done.

    What is finished of an output at a URL lies in the current folder until all is.

    Args:
        restart: forget an interrupted run instead of going on with it.
        report: told how far the run is, first of all where it resumes.

    Raises:
        ConfigError: an interrupted run with the same output was another one.
        RecordError: an input cannot be read, or the output cannot be written.
    """
    if is_url(target.out):
        local = Path(f"{target.out.rpartition('/')[2]}.upload")
        done = _to_file(work, target, local, restart=restart, report=report)
        put(local, target.out)
        local.unlink()
        return done
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


def windows_of(rows: Iterator[Given], *, first: int, size: int) -> Iterator[Window]:
    """Yield rows in windows of ``size``; ``first`` is the number of the first row."""
    while window := list(islice(rows, size)):
        yield Window(first, window)
        first += len(window)


def _to_stream(work: Work, target: Target, stream: IO[bytes], *, report: Report) -> Progress:
    done = _begun(work)
    with _written_rejects(target) as rejects:
        for made in _made(work, target, done):
            done = _written(made, done, streams={PART: stream, **rejects})
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
        with (
            checkpoint.opened(done) as streams,
            contextlib.closing(_made(work, target, done)) as windows,
        ):
            for made in windows:
                done = _written(made, done, streams=streams)
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


def _made(work: Work, target: Target, done: Progress) -> Generator[Made, None, None]:
    """Yield what rows have become, behind those that are done."""
    if work.across is not None:
        yield from work.across.made(work, target, done=done)
        return
    windows = windows_of(_rows(work.sources, done.rows), first=done.rows + 1, size=work.window)
    make = partial(work.make, datetime.fromisoformat(done.now))
    many = work.workers
    tagged = tagged_by(many, windows, make) if many else tagged_here(windows, make)
    yield from map(target.made, tagged)


def _rows(sources: tuple[Source, ...], skip: int) -> Iterator[Given]:
    """Yield the rows of all sources behind ``skip`` of them."""
    if len(sources) == 1:
        return sources[0].rows(skip=skip)
    return islice((given for source in sources for given in source.rows()), skip, None)


def _written(made: Made, done: Progress, *, streams: Mapping[str, IO[bytes]]) -> Progress:
    """Write a window's rows and return how far that is."""
    streams[PART].write(made.part)
    if REJECTS in streams:
        streams[REJECTS].write(made.rejects)
    return replace(
        done,
        rows=done.rows + made.rows,
        rejected=done.rejected + made.rejected,
        seen=tuple(dict.fromkeys((*done.seen, *made.seen))),
    )


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
            write_table(map(orjson.loads, rows), target, done.seen, stream)
    checkpoint.remove()
