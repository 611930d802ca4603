"""A run of ``triage tag``: what its options mean, what people are shown on the way."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.commands.redaction import say

if TYPE_CHECKING:
    from rich.console import Console

    from triage.tagging.checkpoint import Progress
    from triage.tagging.run import Target, Work
    from triage.tagging.sources import Source

INTERRUPTED = 130  # as a shell tells a program that Ctrl-C ended
_NESTED = (".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is written, and which columns were named."""

    fields: str | None
    keep: bool
    needs_review: bool
    redact: bool
    form: str | None
    guard: bool
    rejects: Path | None
    columns: Mapping[str, str | None]
    now: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command."""

    names: tuple[str, ...]
    out: str
    choice: Choice
    model: str | None
    stdin_format: str
    address: str | None = None  # of a Ray cluster; by default rows are tagged by processes here

    def tag(self, *, workers: int | None, restart: bool) -> int:
        """Do the run and return its exit code.

        Raises:
            TriageError: an option, an input or the output is unusable.
        """
        from rich.console import Console

        from triage.tagging.run import tag_rows

        console = Console(stderr=True)
        target = self._target()
        with self._sources(target) as (sources, signed):
            self._show(console, sources)
            target = replace(target, files=len(sources) > 1)
            work = self._work(sources, signed, workers=workers)
            rows: list[int] = [0]
            try:
                with _bar(console, [source.name for source in sources]) as draw:

                    def report(done: Progress) -> None:
                        rows[0] = done.rows
                        draw(done)

                    done = tag_rows(work, target, restart=restart, report=report)
            except KeyboardInterrupt:
                self._interrupted(console, rows[0], again=bool(work.run))
                return INTERRUPTED
        say(console, f"{done.rows} rows, {done.rejected} rejected")
        return 1 if done.rejected else 0

    def _target(self) -> Target:
        from triage.packed import ending_of
        from triage.privacy import Redactor
        from triage.records import STDIO
        from triage.tagging.fields import Shape, chosen_fields
        from triage.tagging.run import Target
        from triage.writers import kind_of

        choice = self.choice
        named = "rows.jsonl" if self.out == STDIO else Path(self.out).name
        kind = Path(f"rows.{choice.form.lstrip('.')}" if choice.form else named)
        kind_of(kind)
        flat = ending_of(kind) not in _NESTED
        chosen = chosen_fields(choice.fields, flat=flat) if choice.fields is not None else ()
        return Target(
            out=self.out,
            kind=kind,
            shape=Shape(flat, chosen, keep=choice.keep, needs_review=choice.needs_review),
            rejects=choice.rejects,
            guard=choice.guard,
            redactor=Redactor() if choice.redact and choice.rejects else None,
        )

    @contextmanager
    def _sources(self, target: Target) -> Iterator[tuple[tuple[Source, ...], str | None]]:
        """Yield the sources, and what tells whether they are the same in another run."""
        from triage.records import STDIO
        from triage.tagging.sources import Source, find_sources, fingerprint

        apart = [Path(self.out), *([target.rejects] if target.rejects else [])]
        names = find_sources(self.names, apart=apart)
        stable = list(names)
        with tempfile.TemporaryDirectory() as folder:
            if STDIO in names and self.stdin_format != "jsonl":
                held = Path(folder) / f"stdin.{self.stdin_format.lstrip('.')}"
                with held.open("wb") as stream:
                    shutil.copyfileobj(sys.stdin.buffer, stream)
                names = [str(held) if name == STDIO else name for name in names]
            sources = tuple(Source(name, chosen=self.choice.columns) for name in names)
            yield sources, fingerprint(stable)

    def _work(
        self, sources: tuple[Source, ...], signed: str | None, *, workers: int | None
    ) -> Work:
        from triage.settings import load_settings
        from triage.tagging.checkpoint import described
        from triage.tagging.cluster import RayCluster
        from triage.tagging.loading import LoadTagger, model_version, portable, settings_digest
        from triage.tagging.run import Work

        version = model_version(self.model)
        across = RayCluster(self.address, workers, prepare=_quiet) if self.address else None
        small = all(source.short for source in sources) and len(sources) == 1
        count = workers or (1 if small else _cores())
        alone = count == 1
        choice = self.choice
        options: dict[str, Any] = {
            name: getattr(choice, name) for name in type(choice).__dataclass_fields__
        }
        run = {
            "input": signed,
            "model": version,
            "set of options": described(options),
            "set of settings": settings_digest(load_settings()),
        }
        make = LoadTagger(model=self.model, redact=choice.redact, threads=None if alone else 1)
        if across:
            make = replace(make, settings=portable(load_settings()), version=version)
        return Work(
            sources=sources,
            make=make,
            now=self._now(sources, choice.now),
            workers=0 if alone else count,
            across=across,
            run={name: value for name, value in run.items() if value} if signed else {},
        )

    @staticmethod
    def _now(sources: tuple[Source, ...], named: str | None) -> datetime:
        from triage.errors import ConfigError
        from triage.tagging.sources import newest

        if named is None:
            return newest([source.name for source in sources])
        try:
            return datetime.fromisoformat(named)
        except ValueError as fault:
            raise ConfigError(
                f"--now: {named!r} is no time; give ISO 8601, as 2026-11-11T09:30"
            ) from fault

    @staticmethod
    def _show(console: Console, sources: tuple[Source, ...]) -> None:
        told: dict[str, list[str]] = {}
        for source in sources:
            told.setdefault(source.mapped.told(), []).append(source.name)
        for columns, names in told.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            say(console, f"{names[0]}{more}: {columns}")

    def _interrupted(self, console: Console, rows: int, *, again: bool) -> None:
        how = (
            "give the same command again to go on from there, or with --restart to begin anew"
            if again
            else "nothing is kept, since standard input cannot be read again"
        )
        say(console, f"Interrupted after {rows:,} rows; {how}")


@contextmanager
def _bar(console: Console, names: list[str]) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that draws how far a run is, and tells first where it goes on."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from triage.tagging.sources import count_rows

    total = count_rows(names) if console.is_terminal else None
    columns = (
        TextColumn("tagging"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows, {task.fields[rate]:.0f}/s,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("tagging", total=total, rate=0.0)
        begun: list[int] = []

        def draw(done: Progress) -> None:
            if not begun:
                begun.append(done.rows)
                if done.rows:
                    of = f" of {total:,}" if total else ""
                    say(console, f"Resuming at row {done.rows + 1:,}{of}")
            elapsed = bar.tasks[0].elapsed or 0
            rate = (done.rows - begun[0]) / elapsed if elapsed else 0.0
            bar.update(task, completed=done.rows, rate=rate)

        yield draw


def _quiet() -> None:
    """Leave the terminal to the bar of the run; Ray tells of its own on it."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no affinity
        return os.cpu_count() or 1
