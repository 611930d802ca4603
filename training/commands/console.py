"""What the training commands show on the way: progress bars and the file of rejected rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from training.features import Stage
    from triage.privacy import Redactor
    from triage.records import Reject


@contextmanager
def progress(console: Console) -> Iterator[Callable[[Stage], None]]:
    """Yield a function that draws one bar for each stage of a run."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:18}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: Stage) -> None:
            if stage.name not in tasks:
                tasks[stage.name] = bar.add_task(stage.name, total=stage.total)
            bar.update(tasks[stage.name], completed=stage.done)

        yield report


def write_rejects(
    console: Console,
    rejects: Sequence[Reject],
    source: Path,
    *,
    redactor: Redactor | None = None,
) -> None:
    """Write ``rejects`` beside ``source`` as JSON lines, redacted if asked, and say so."""
    from training.commands.personal import hidden_rejects
    from training.corpus import commonest
    from triage.records import whole_file, write_jsonl

    rejects = hidden_rejects(rejects, redactor)
    path = source.with_name(f"{source.stem}.rejects.jsonl")
    with whole_file(path) as stream:
        for reject in rejects:
            write_jsonl(
                stream, {"line": reject.line, "reason": reject.reason, "content": reject.content}
            )
    reject, _ = commonest(rejects)
    rows = "1 row" if len(rejects) == 1 else f"{len(rejects)} rows"
    console.print(
        f"{rows} rejected, most often: {reject.reason} (line {reject.line}); see {path}",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
