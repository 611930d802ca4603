"""``triage keys``: the key on stdout once, never again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from triage.commands.keys import app
from triage.errors import ConfigError
from triage.keys import KeyFile, Scope


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyFile:
    path = tmp_path / "keys.jsonl"
    monkeypatch.setenv("TRIAGE_KEYS_FILE", str(path))
    return KeyFile(path)


def run(*arguments: str) -> tuple[str, str]:
    finished = CliRunner().invoke(app, arguments)
    if isinstance(finished.exception, Exception):
        raise finished.exception
    assert finished.exit_code == 0, finished.output
    return finished.stdout, finished.stderr


def test_a_made_key_alone_goes_to_stdout_and_a_note_to_stderr(file: KeyFile) -> None:
    out, err = run("create", "desk", "--scope", "read", "--scope", "feedback")
    found = file.find(out.strip())
    assert found is not None
    assert found.scopes == {Scope.READ, Scope.FEEDBACK}
    assert out.count("\n") == 1
    assert found.id in err
    assert out.strip() not in err


def test_a_key_reads_unless_told_otherwise_and_ends_when_told(file: KeyFile) -> None:
    run("create", "desk", "--expires", "2127-01-01")
    (key,) = file.known()
    assert key.scopes == {Scope.READ}
    assert key.expires is not None
    assert key.expires.isoformat() == "2127-01-01T00:00:00+00:00"


def test_keys_are_listed_without_their_hashes(file: KeyFile) -> None:
    secret = run("create", "desk")[0].strip()
    (key,) = file.known()
    (shown,) = json.loads(run("list", "--json")[0])
    assert (shown["id"], shown["name"], shown["state"]) == (key.id, "desk", "valid")
    for listed in (json.dumps(shown), run("list")[0]):
        assert key.id in listed
        assert key.digest[:10] not in listed
        assert secret not in listed


def test_a_revoked_key_is_listed_as_such(file: KeyFile) -> None:
    secret = run("create", "desk")[0].strip()
    run("revoke", file.known()[0].id)
    assert file.find(secret) is None
    assert "revoked" in run("list")[0]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("create", "desk", "--expires", "soon"), "soon"),
        (("create", "desk", "--expires", "2001-01-01"), "passed"),
        (("revoke", "abc"), "abc"),
    ],
)
@pytest.mark.usefixtures("file")
def test_what_is_unusable_is_told(arguments: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        run(*arguments)


def test_help_shows_examples() -> None:
    group = typer.main.get_command(app)
    for name in ("create", "list", "revoke"):
        assert f"triage keys {name}" in (group.commands[name].help or "")  # type: ignore[attr-defined]
