"""``triage redact``: a file of messages in, the same without personal details out, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from triage.commands.redaction import Secrets

_PANEL = "Keys and going back"


def redact(  # noqa: PLR0913, PLR0917  # an argument an option
    source: Annotated[
        str | None,
        typer.Argument(help="JSONL, CSV, Excel, Parquet or plain text; - reads stdin."),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", "-o", help="File to write, of any of these; - is stdout.")
    ] = "-",
    fields: Annotated[
        str | None, typer.Option(help="Columns to redact, as text,subject; default: all of text.")
    ] = None,
    conversation: Annotated[
        str | None, typer.Option(help="Column by which rows share their tokens.", metavar="COLUMN")
    ] = None,
    types: Annotated[
        str | None, typer.Option(help="Only these types, as phone,email; default: all personal.")
    ] = None,
    also: Annotated[str | None, typer.Option(help="Besides: order_id,tracking_no.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A type to leave in clear, may be repeated.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="The input is plain text whatever it looks like.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    key: Annotated[
        Path | None,
        typer.Option(
            help="Key for tokens that are the same in every file.", rich_help_panel=_PANEL
        ),
    ] = None,
    vault: Annotated[
        Path | None,
        typer.Option(
            help="Where the originals lie, encrypted; default: OUT.vault.", rich_help_panel=_PANEL
        ),
    ] = None,
    restore: Annotated[
        bool,
        typer.Option("--restore", help="Put the originals back.", rich_help_panel=_PANEL),
    ] = False,
    new_key: Annotated[
        Path | None, typer.Option(help="Make a key file and stop.", rich_help_panel=_PANEL)
    ] = None,
) -> None:
    """Replace personal details by tokens such as `[PHONE_1]`.

    Phone numbers, e-mail, ID, passport, card and tax numbers, addresses, names, chat accounts,
    licence plates, dates of birth and passwords go; order and tracking numbers stay unless `--also`
    names them. One value has one token in a conversation, however it is written. Rows that cannot
    be read are listed in a rejects file beside the output, and the command then ends with exit
    code 1.

    With `--key` tokens are the same in every conversation and file, and the originals lie encrypted
    in a vault: whoever has key and vault can restore them, nobody else.

    Examples:

        triage redact tickets.csv -o shared.csv --conversation ticket_id

        echo '我叫李娜，电话13800138000' | triage redact -

        triage redact --new-key shop.key

        triage redact tickets.jsonl -o shared.jsonl --key shop.key

        triage redact shared.jsonl -o back.jsonl --restore --key shop.key --vault shared.jsonl.vault
    """
    from rich.console import Console

    from triage.commands.redaction import Job, say
    from triage.vault import new_key as make_key

    console = Console(stderr=True)
    if new_key is not None:
        make_key(new_key)
        say(console, f"Key written to {new_key}; whoever has it can restore, so keep it apart")
        return
    if source is None:
        raise typer.BadParameter("name a file to redact, or - for standard input")
    chosen = _chosen_types(types, also, keep)
    secrets = _secrets(key, vault, restore=restore, source=source, out=out)
    job = Job(console, source, out, secrets, columns=fields, conversation=conversation)
    if restore:
        job.restore(plain=plain)
    else:
        job.redact(chosen, plain=plain)
    job.conclude(as_json=as_json)


def _chosen_types(types: str | None, also: str | None, keep: list[str] | None) -> tuple[str, ...]:
    from triage.errors import ConfigError
    from triage.personal import PERSONAL
    from triage.privacy import TYPES

    wanted = _listed(types) if types is not None else list(PERSONAL)
    kept = [name for part in keep or [] for name in _listed(part)]
    chosen = [t for t in (*wanted, *_listed(also or "")) if t not in kept]
    if unknown := [t for t in (*chosen, *kept) if t not in TYPES]:
        raise ConfigError(f"unknown type {unknown[0]!r}; choose from {', '.join(TYPES)}")
    if not chosen:
        raise ConfigError("no type is left to redact; take one from --keep or name it in --types")
    return tuple(dict.fromkeys(chosen))


def _secrets(
    key: Path | None, vault: Path | None, *, restore: bool, source: str, out: str
) -> Secrets:
    from triage.commands.redaction import Secrets
    from triage.records import STDIO
    from triage.vault import Vault, load_key, load_vault

    if key is None:
        if restore or vault is not None:
            raise typer.BadParameter("a vault opens only with its key; name it with --key")
        return Secrets(None, None, None)
    known = load_key(key)
    beside = source if restore else out
    place = vault or (None if beside == STDIO else Path(f"{beside}.vault"))
    if restore:
        if place is None:
            raise typer.BadParameter("name the vault with --vault, since the input has no name")
        return Secrets(known, load_vault(place, known), None)
    if place is None:
        return Secrets(known, None, None)
    old = load_vault(place, known) if place.exists() else Vault()
    return Secrets(known, old, place)


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
