"""``triage keys``: make, list and revoke the keys that the HTTP API asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from triage.errors import ConfigError
from triage.keys import KeyFile, Scope

if TYPE_CHECKING:
    from triage.keys import ApiKey

app = typer.Typer(help="Make, list and revoke the keys of the HTTP API.", no_args_is_help=True)
_STYLES = {"valid": "green", "expired": "dim", "revoked": "red"}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what uses the key.")],
    scope: Annotated[
        list[Scope], typer.Option(help="What it opens; may be given several times.")
    ] = [Scope.READ],  # noqa: B006  # typer copies it
    expires: Annotated[
        str | None,
        typer.Option(
            help="When it ends, ISO 8601; a date alone: its midnight UTC. Default: never."
        ),
    ] = None,
) -> None:
    """Make a key and print it; it is shown once and kept only as a hash.

    A running service takes it at once. For a rotation make the new key, let the helpdesk use it,
    then revoke the old one.

    Examples:

        triage keys create helpdesk --scope read --scope feedback

        triage keys create "release job" --scope admin --expires 2027-01-01 > key.txt
    """
    from rich.console import Console

    file = _key_file()
    key, secret = file.create(name, scopes=scope, expires=_moment(expires))
    typer.echo(secret)
    ends = f", until {key.expires.isoformat()}" if key.expires else ""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"Key {key.id} for {key.name!r} opens {', '.join(sorted(key.scopes))}{ends}. It is shown "
        f"this once; {file.path} keeps a hash of it.",
        markup=False,
    )


@app.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print the keys as JSON.")] = False,
) -> None:
    """List the keys with their scopes, never the keys themselves.

    Examples:

        triage keys list

        triage keys list --json | jq '.[] | select(.state == "valid") | .name'
    """
    keys, now = _key_file().known(), datetime.now(UTC)
    if as_json:
        typer.echo(json.dumps([_shown(key, now) for key in keys], ensure_ascii=False, indent=2))
    else:
        _print_table(keys, now)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `triage keys list` shows it.")],
) -> None:
    """Make a key open nothing, from the next request on.

    Examples:

        triage keys revoke 3f9a2b1c
    """
    key = _key_file().revoke(key_id)
    typer.echo(f"Key {key.id} ({key.name}) opens nothing any more.")


def _key_file() -> KeyFile:
    from triage.settings import load_settings

    return KeyFile(load_settings().keys_path)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ConfigError(
            f"--expires {text!r} is no time; give ISO 8601, as 2027-01-01 or 2027-01-01T09:00+08:00"
        ) from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _shown(key: ApiKey, now: datetime) -> dict[str, object]:
    fields = key.to_dict()
    del fields["digest"]
    return fields | {"state": key.state(now)}


def _print_table(keys: tuple[ApiKey, ...], now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "name", "scopes", "created", "expires", "state")
    for key in keys:
        state = key.state(now)
        table.add_row(
            key.id,
            Text(key.name),
            ", ".join(sorted(key.scopes)),
            f"{key.created:%Y-%m-%d}",
            f"{key.expires:%Y-%m-%d %H:%M%z}" if key.expires else "never",
            Text(state, _STYLES[state]),
        )
    Console().print(table)
