"""The command ``triage``: gathers its subcommands from the entry points ``triage.commands``.

Each door owns its commands (``triage.commands``, ``training.commands``, ``api.cli``), so this
module imports none of them; their heavy imports wait until a command runs. An entry ``kb.build``
is a command of the group ``kb``, whichever door it is from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from triage.errors import TriageError

GROUP = "triage.commands"
EXIT_REJECTS = 1
EXIT_UNUSABLE = 2
_ORDER = (
    "ask", "serve", "tag", "transcripts", "report", "bursts", "redact", "audit", "train",
    "evaluate", "models", "priority", "kb", "feedback", "keys", "doctor",
)  # fmt: skip


def make_app(entries: Iterable[EntryPoint] | None = None) -> typer.Typer:
    """Return the command-line application with the subcommands of ``entries``, or all installed."""
    app = typer.Typer(
        help="Category, priority, sentiment, key information and replies for customer messages.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    entries = entry_points(group=GROUP) if entries is None else entries
    found = {entry.name: entry for entry in entries}
    groups: dict[str, typer.Typer] = {}
    for name in sorted(found, key=lambda n: (_ORDER.index(n) if n in _ORDER else len(_ORDER), n)):
        command = found[name].load()
        group, _, member = name.partition(".")
        if member:
            if all(known.name != member for known in groups[group].registered_commands):
                groups[group].command(member)(command)
        elif isinstance(command, typer.Typer):
            groups[name] = command
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """Run the command line; errors of Triage become one line and exit code 2."""
    try:
        make_app()()
    except TriageError as fault:
        Console(stderr=True).print(
            f"[bold red]error:[/] {escape(str(fault))}", highlight=False, soft_wrap=True
        )
        sys.exit(EXIT_UNUSABLE)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer passes it by position
    if wanted:
        typer.echo(f"triage {version('support-triage')}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
