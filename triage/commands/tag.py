"""``triage tag``: files of messages in, the same rows with their results out, on all cores."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triage.commands.options import column
from triage.commands.tagging import Choice, Run
from triage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRITTEN = "What is written"
_PLACE = "Where it is done"


class Engine(StrEnum):
    """What divides the work."""

    LOCAL = "local"
    RAY = "ray"


def tag(  # noqa: PLR0913, PLR0917  # an argument an option
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...",
            help="JSONL, CSV, TSV, Excel or Parquet, also .gz or .zst; folders, patterns; - is "
            "stdin.",
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="File to write, of any of these; - is stdout.")
    ],
    model: Annotated[str | None, typer.Option(help="A version or a bundle folder.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core for large inputs.")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="Processes of this machine, or Ray, here or on a cluster.",
                     rich_help_panel=_PLACE),
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            help="Ray's: local (this machine), auto (the cluster that runs here), host:6379.",
            rich_help_panel=_PLACE,
        ),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where a run was interrupted.")
    ] = False,
    now: Annotated[
        str | None,
        typer.Option(help="Time of messages that have none; default: when IN was written."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Also list rows that cannot be used here, as JSONL.")
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option(help="Only these, as category,priority.", rich_help_panel=_WRITTEN),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep the original columns.", rich_help_panel=_WRITTEN),
    ] = False,
    only_needs_review: Annotated[
        bool,
        typer.Option(
            "--only-needs-review", help="Only rows a human must see.", rich_help_panel=_WRITTEN
        ),
    ] = False,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Write personal details as tokens such as [PHONE_1].",
            rich_help_panel=_WRITTEN,
        ),
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="jsonl, csv, tsv, xlsx, parquet; default: as OUT is named.",
            rich_help_panel=_WRITTEN,
        ),
    ] = None,
    raw_cells: Annotated[
        bool,
        typer.Option(
            "--raw-cells", help="Write cells beginning with = + - @ into CSV as they are.",
            rich_help_panel=_WRITTEN,
        ),
    ] = False,
    stdin_format: Annotated[
        str, typer.Option(help="What standard input is: jsonl, csv, tsv, xlsx, parquet.")
    ] = "jsonl",
    text_column: Annotated[str | None, column("The customer's words.")] = None,
    turns_column: Annotated[str | None, column("A conversation's turns as JSON.")] = None,
    subject_column: Annotated[str | None, column("A subject, read before the text.")] = None,
    id_column: Annotated[str | None, column("The row's id.")] = None,
    created_at_column: Annotated[str | None, column("When the message was written.")] = None,
    channel_column: Annotated[str | None, column("The channel.")] = None,
    customer_id_column: Annotated[str | None, column("The customer's id.")] = None,
    customer_name_column: Annotated[str | None, column("The customer's name.")] = None,
    tier_column: Annotated[str | None, column("The customer's tier, such as vip.")] = None,
    contacts_column: Annotated[str | None, column("How many earlier messages there were.")] = None,
) -> None:  # fmt: skip
    """Tag every message of files, folders or patterns.

    Rows need `text`, or `turns` with the customer's; `id`, `subject`, `channel`, `customer`,
    `created_at`, `contacts` and `fields` are used when there, also under usual names in English and
    Chinese; what was taken for what is shown first. Each row gives one row, in order; a bad row
    gives its line and the reason under `error`, and the command then ends with exit code 1.

    JSONL and Parquet hold results nested, CSV, TSV and Excel one cell a value. In CSV and TSV a
    cell that a spreadsheet would calculate (it begins with = + - @) begins with ' instead.

    Dates such as "tomorrow" are counted from `created_at`; of a message that has none, from
    `--now`, or else from the time at which the input was written.

    Finished rows lie in OUT.part. An interrupted run goes on where it was when the same command is
    given again, and its output is the same to the byte; `--restart` begins anew.

    Examples:

        triage tag messages.jsonl -o tagged.jsonl

        triage tag 'archive/*.csv.gz' -o tagged.parquet --keep

        triage tag chats.xlsx -o review.csv --only-needs-review --fields category,priority,reasons

        triage tag messages.jsonl -o shared.jsonl --redact

        triage tag s3://shop/2025/*.parquet -o s3://shop/tagged.parquet --engine ray --address auto

        zcat old.jsonl.gz | triage tag - -o - | jq -c '[.id, .category.label]'
    """
    chosen: Mapping[str, str | None] = {
        "text": text_column, "turns": turns_column, "subject": subject_column, "id": id_column,
        "created_at": created_at_column, "channel": channel_column,
        "customer_id": customer_id_column, "customer_name": customer_name_column,
        "tier": tier_column, "contacts": contacts_column,
    }  # fmt: skip
    choice = Choice(
        fields=fields, keep=keep, needs_review=only_needs_review, redact=redact, form=form,
        guard=not raw_cells, rejects=rejects, columns=chosen, now=now,
    )  # fmt: skip
    if address and engine != Engine.RAY:
        raise ConfigError("--address is that of a Ray cluster; give --engine ray with it")
    cluster = (address or "local") if engine == Engine.RAY else None
    run = Run(tuple(sources), out, choice, model=model, stdin_format=stdin_format, address=cluster)
    raise typer.Exit(run.tag(workers=workers, restart=restart))
