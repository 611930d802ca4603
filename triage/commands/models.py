"""``triage models``: list, show, promote and roll back bundles."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from triage.registry import Registry

app = typer.Typer(help="List, show, promote and roll back trained models.", no_args_is_help=True)


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
) -> None:
    """Make a version the current one; running servers take it at their next start.

    Example:

        triage models promote shop-2026.11
    """
    _registry().promote(version)
    typer.echo(f"{version} is current")


@app.command()
def rollback() -> None:
    """Make the version current again that the present one replaced; again goes further back.

    Example:

        triage models rollback
    """
    typer.echo(f"{_registry().rollback()} is current again")


def _registry() -> Registry:
    from triage.registry import Registry
    from triage.settings import load_settings

    return Registry(load_settings().models_dir)
