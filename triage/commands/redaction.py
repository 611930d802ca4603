"""A run of ``triage redact``: rows or text through a redactor or out of a vault; its summary."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from triage.commands.personal_columns import Chosen
    from triage.privacy import Redactor
    from triage.records import Reject, Row
    from triage.vault import Key, Vault

_CHUNK = 256  # rows


@dataclass(frozen=True, slots=True)
class Secrets:
    """A key with the vault that it opens, and the place where that is written again."""

    key: Key | None
    vault: Vault | None
    place: Path | None

    def save(self) -> None:
        """Write the vault, if there is one to write."""
        from triage.vault import save_vault

        if self.key is not None and self.vault is not None and self.place is not None:
            save_vault(self.vault, self.place, self.key)


@dataclass(slots=True)
class Job:
    """One run: where it reads and writes, and what it counts."""

    console: Console
    source: str
    out: str
    secrets: Secrets
    columns: str | None
    conversation: str | None
    counts: Counter[str] = field(default_factory=Counter)
    distinct: set[tuple[str, str]] = field(default_factory=set)
    rejects: list[Reject] = field(default_factory=list)
    rows: int = 0
    left: tuple[str, ...] = ()

    def redact(self, types: tuple[str, ...], *, plain: bool) -> None:
        """Write the input with tokens in place of what is personal."""
        from triage.commands.personal_columns import text_columns
        from triage.commands.plain_text import looks_plain
        from triage.privacy import Redactor

        redactor = Redactor(types=types, key=self.secrets.key, vault=self.secrets.vault)

        def change(text: str, conversation: str | None, whole: str | None = None) -> str:
            redacted = redactor.redact(text, conversation, whole=whole)
            for span in redacted.spans:
                self.counts[span.type] += 1
                self.distinct.add((f"{conversation}", span.token))
            return redacted.text

        if plain or looks_plain(self.source):
            self._text(lambda text: change(text, "text"))
            return

        def of(sample: list[Row]) -> Chosen:
            return text_columns(sample, named=self.columns, conversation=self.conversation)

        self._rows(of, change, redactor)

    def restore(self, *, plain: bool) -> None:
        """Put the originals back in every column."""
        from triage.commands.personal_columns import every_column
        from triage.commands.plain_text import looks_plain

        vault = self.secrets.vault
        if vault is None:
            return

        def change(text: str, _conversation: str | None = None, _whole: str | None = None) -> str:
            back = vault.restore(text)
            self.counts["restored"] += back != text
            return back

        if plain or looks_plain(self.source):
            self._text(change)
        else:
            self._rows(every_column, change, None)

    def _text(self, change: Callable[[str], str]) -> None:
        from triage.commands.plain_text import read_plain

        with self._target() as stream:
            for charset, part in read_plain(self.source):
                stream.write(change(part).encode(charset, "surrogateescape"))
                self.rows += 1
            self.secrets.save()

    def _rows(
        self,
        columns_of: Callable[[list[Row]], Chosen],
        change: Callable[..., str],
        redactor: Redactor | None,
    ) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from triage.records import STDIO, Reject, read_rows
        from triage.writers import kind_of, table_writer

        place = Path("rows.jsonl" if self.out == STDIO else self.out)
        kind_of(place)
        bars = (TextColumn("redacting"), BarColumn(), TextColumn("{task.completed} rows"),
                TextColumn("{task.speed:.0f}/s"), TimeElapsedColumn())  # fmt: skip
        chosen: Chosen | None = None
        with (
            self._target() as stream,
            table_writer(stream, place) as write,
            Progress(*bars, console=self.console, disable=not self.console.is_terminal) as bar,
        ):
            task = bar.add_task("redacting", total=None)
            rows = read_rows(self.source)
            while chunk := list(islice(rows, _CHUNK)):
                good = [row for row in chunk if not isinstance(row, Reject)]
                if chosen is None and good:
                    chosen = columns_of(good)
                    self.left = chosen.left
                for row in chunk:
                    if isinstance(row, Reject) or chosen is None:
                        self._reject(row, change)
                    else:
                        write(chosen.changed(row, change, redactor))
                self.rows += len(chunk)
                bar.update(task, completed=self.rows)
            self.secrets.save()

    def _reject(self, row: Row | Reject, change: Callable[..., str]) -> None:
        from triage.records import Reject

        if isinstance(row, Reject):
            self.rejects.append(Reject(row.line, row.reason, change(row.content, None)))

    def _target(self) -> AbstractContextManager[IO[bytes]]:
        from triage.records import STDIO, whole_file

        return nullcontext(sys.stdout.buffer) if self.out == STDIO else whole_file(Path(self.out))

    def conclude(self, *, as_json: bool) -> None:
        """Tell what was done; end with exit code 1 where rows were rejected."""
        from triage.records import STDIO, whole_file, write_jsonl

        if as_json:
            found = {t: {"places": n, "values": self._values(t)} for t, n in self.counts.items()}
            summary = {"rows": self.rows, "rejected": len(self.rejects), "types": found,
                       "left": list(self.left)}  # fmt: skip
            typer.echo(json.dumps(summary, ensure_ascii=False), err=self.out == STDIO)
        else:
            self._print_summary()
        if self.rejects:
            if self.out != STDIO:
                place = Path(self.out).with_name(f"{Path(self.out).stem}.rejects.jsonl")
                with whole_file(place) as stream:
                    for r in self.rejects:
                        write_jsonl(stream, {"line": r.line, "reason": r.reason,
                                             "content": r.content})  # fmt: skip
                say(self.console, f"Rejected rows, redacted, are in {place}")
            raise typer.Exit(1)

    def _print_summary(self) -> None:
        from rich.table import Table

        table = Table("type", "places", "values")
        for type_, places in self.counts.most_common():
            table.add_row(type_, str(places), str(self._values(type_)))
        if self.counts:
            self.console.print(table)
        if self.left:
            say(self.console, f"Left as they are: {', '.join(self.left)}; --fields names others")
        if self.secrets.place is not None and self.secrets.vault is not None:
            say(self.console, f"Vault: {self.secrets.place}, {len(self.secrets.vault)} originals")
        say(self.console, f"{self.rows} rows, {len(self.rejects)} rejected")

    def _values(self, type_: str) -> int:
        start = f"[{type_.upper()}_"
        if self.secrets.key is not None:
            return len({t for _, t in self.distinct if t.startswith(start)})
        return sum(token.startswith(start) for _, token in self.distinct)


def say(console: Console, line: str) -> None:
    """Print a line as it is, however long."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
