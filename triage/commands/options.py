"""Options that several commands share."""

from __future__ import annotations

import typer

GUESSED = "Columns (guessed by name)"
OPTIONAL = "Columns (guessed by name; '' leaves a field out)"


def column(what: str, *, panel: str = OPTIONAL) -> typer.models.OptionInfo:
    """Return an option that names a column; ``what`` says what the column holds."""
    option: typer.models.OptionInfo = typer.Option(
        help=what, metavar="COLUMN", rich_help_panel=panel
    )
    return option
