"""Labelled tickets for a command: the options that name columns, and what was understood of a file.

How columns are found is decided in ``training.columns``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from triage.commands.options import column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from training.corpus import Corpus
    from triage.privacy import Redactor

KINDS = ".jsonl, .csv, .tsv, .xlsx, .xls or .parquet, text also as .gz"
_LABELS = ("category", "intent", "priority", "sentiment")
_WORDS_SHOWN = 6
_STEM = 60  # characters


TextColumn = Annotated[str | None, column("The customer's words.")]
SubjectColumn = Annotated[str | None, column("A subject, read before the text.")]
CategoryColumn = Annotated[
    str | None,
    column("The category; also a path (custom_fields.12) or tags (tag:refund,delivery)."),
]
IntentColumn = Annotated[str | None, column("The intent, as category/name or name alone.")]
PriorityColumn = Annotated[str | None, column("The priority, in words.")]
SentimentColumn = Annotated[str | None, column("The sentiment, in words.")]
IdColumn = Annotated[str | None, column("The ticket's id.")]


def read_tickets(
    console: Console,
    path: Path,
    *,
    chosen: Mapping[str, str | None],
    keep_repeats: bool = False,
    redactor: Redactor | None = None,
) -> Corpus:
    """Read a file of labelled tickets and show on ``console`` which column was taken for what.

    Args:
        redactor: hides personal details of the examples shown.
    """
    from training.columns import columns_of
    from training.corpus import read_corpus

    with console.status(f"reading {path.name}"):
        corpus = read_corpus(
            path, columns=columns_of(path, chosen=chosen), keep_repeats=keep_repeats
        )
    title = f"{path.name}: {len(corpus.tickets)} tickets"
    _show_columns(console, corpus, title=title, redactor=redactor)
    return corpus


def version_stem(path: Path) -> str:
    """Return a file's name as the beginning of a version's name, which is ASCII at its start."""
    stem = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    plain = re.sub(r"[^\w.+-]+", "-", stem)[:_STEM].strip("-")
    return plain if re.match(r"[A-Za-z0-9]", plain) else f"tickets-{plain}".strip("-")


def _show_columns(
    console: Console, corpus: Corpus, *, title: str, redactor: Redactor | None
) -> None:
    from rich.markup import escape
    from rich.table import Table

    from training.corpus import shares

    columns = corpus.columns
    table = Table("field", "column", "example", "labels", "read as ours", title=escape(title))
    missing = []
    for name in (*columns.paths, *(label for label in _LABELS if label not in columns.paths)):
        labels = len(shares(corpus.tickets, name)) if name in _LABELS else 0
        if name not in columns.paths and not labels:
            missing.append(name)
            continue
        source = columns.paths.get(name, "from intent" if name == "category" else "from category")
        example = columns.examples.get(name, "")
        if redactor is not None:
            example = redactor.redact(example).text
        cells = (source, example, str(labels or ""), _words(corpus, name))
        table.add_row(name, *map(escape, cells))
    console.print(table)
    if missing:
        flags = ", ".join(f"--{name}-column" for name in missing)
        _say(console, f"No column for {', '.join(missing)}; name one with {flags}")
    if columns.unused:
        _say(console, f"Not used: {', '.join(columns.unused)}")


def _words(corpus: Corpus, name: str) -> str:
    words = [f"{theirs} → {ours}" for theirs, ours in corpus.mapped.get(name, {}).items()]
    more = f", {len(words) - _WORDS_SHOWN} more" if len(words) > _WORDS_SHOWN else ""
    return ", ".join(words[:_WORDS_SHOWN]) + more


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, markup=False, highlight=False)
