"""``triage models``: list, show, compare, promote and roll back bundles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from triage.registry import Registry

app = typer.Typer(
    help="List, show, compare, promote and roll back trained models.", no_args_is_help=True
)


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """List the bundles in the models folder, oldest first; * marks the promoted one.

    Example:

        triage models list --json
    """
    from rich.console import Console
    from rich.table import Table

    from triage.errors import BundleError

    registry = _registry()
    try:
        current = registry.current()
    except BundleError:
        current = ""
    if as_json:
        for manifest in registry.versions():
            typer.echo(json.dumps({"version": manifest.version, "created": manifest.created,
                                   "current": manifest.version == current}))  # fmt: skip
        return
    table = Table("", "version", "created", "tickets", "category accuracy (out-of-fold)")
    for manifest in registry.versions():
        figures = manifest.metrics.get("category", {}).get("all", {})
        table.add_row(
            "*" if manifest.version == current else "",
            manifest.version,
            manifest.created,
            str(figures.get("rows", "")),
            str(figures.get("accuracy", "")),
        )
    Console().print(table)


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="A version, or 'current'.")] = "current",
) -> None:
    """Print a bundle's manifest as JSON.

    Example:

        triage models show current | jq .metrics
    """
    from triage.bundle import read_manifest

    manifest = asdict(read_manifest(_registry().path(version)))
    typer.echo(json.dumps(manifest, ensure_ascii=False, indent=2))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="The version to serve from now on.")],
    on: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="TICKETS",
            help="Labelled tickets to compare on; default: those the version was trained on.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote although the gate refuses or cannot run.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why, for the history; needed where --force is.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Make a version the current one, unless it is worse; servers take it at their next start.

    Both models answer the same labelled tickets, each ticket from before it was trained on. A
    version is refused (exit code 1, nothing changes) when it is significantly worse on category or
    on a label with at least 10 tickets, or lacks a label that 1 % of the tickets carry.

    Examples:

        triage models promote shop-2026.11

        triage models promote shop-2026.11 --on held-out.jsonl --json | jq .comparison.refusals

        triage models promote shop-2026.11 --force --reason "new categories from Monday"
    """  # fmt: skip
    from rich.console import Console

    from training.commands.gate import print_ruling, rule

    console, registry = Console(stderr=True), _registry()
    ruling = rule(registry, version, on=on, console=console)
    if ruling.fault and not force:
        raise ruling.fault
    if not as_json:
        print_ruling(console, ruling)
    forced = force and not ruling.passed
    if forced and not (reason or "").strip():
        raise typer.BadParameter("say why with --reason", param_hint="--force")
    promoted = ruling.passed or forced
    if promoted:
        record = {"by": _user(), "reason": reason, "forced": forced, **ruling.record()}
        registry.promote(version, record=record)
    if as_json:
        found = {"comparison": ruling.comparison.to_dict()} if ruling.comparison else {}
        _print_json({"version": version, "promoted": promoted, "forced": forced,
                     **ruling.record(), **found})  # fmt: skip
    elif promoted:
        typer.echo(f"{version} is current")
    if not promoted:
        raise typer.Exit(1)


@app.command()
def rollback() -> None:
    """Make the version current again that the present one replaced; again goes further back.

    Example:

        triage models rollback
    """
    typer.echo(f"{_registry().rollback(record={'by': _user()})} is current again")


@app.command()
def history(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """List promotions and rollbacks, oldest first, with who, why and what the gate found.

    Example:

        triage models history --json | jq 'select(.forced)'
    """
    from training.commands.panels import history_table

    entries = _registry().history()
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(entry, ensure_ascii=False))
        return
    _print_table(history_table(entries))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A version, or 'current'.")],
    after: Annotated[str, typer.Argument(metavar="B", help="A version, or 'current'.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the difference as JSON.")] = False,
) -> None:
    """Show what changed from one bundle to another: tickets, labels, figures, thresholds.

    Example:

        triage models diff current shop-2026.11
    """
    from training.commands.panels import difference_tables
    from training.difference import difference_of
    from triage.bundle import read_manifest

    registry = _registry()
    found = difference_of(read_manifest(registry.path(before)), read_manifest(registry.path(after)))
    if as_json:
        _print_json(found.to_dict())
        return
    for table in difference_tables(found):
        _print_table(table)
    if not found.same_tickets:
        typer.echo("The figures are of different tickets; to compare on the same ones: "
                   f"triage models promote {found.after} --on TICKETS", err=True)  # fmt: skip


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


def _print_table(table: Table) -> None:
    from rich.console import Console

    Console().print(table)


def _user() -> str:
    """Return who runs the command, as the system calls them."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "unknown"


def _registry() -> Registry:
    from triage.registry import Registry
    from triage.settings import load_settings

    return Registry(load_settings().models_dir)
