"""``triage doctor``: its lines, its JSON and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from api.doctor import doctor
from triage.settings import CONFIG_FILE


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an installation where all is well."""
    monkeypatch.setenv("TRIAGE_CONFIG", str(tmp_path / CONFIG_FILE))
    (tmp_path / CONFIG_FILE).write_text("port = 0\n", encoding="utf-8")
    monkeypatch.setenv("TRIAGE_DECISIONS", f"sqlite:///{tmp_path / 'd.db'}")
    return CliRunner()


def asked(run: CliRunner, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(doctor)
    return run.invoke(app, arguments)


def test_every_part_is_told_in_a_line(run: CliRunner) -> None:
    result = asked(run)
    assert result.exit_code in (0, 1), result.output  # a test machine may be short of memory
    parts = [
        line.split()[1] for line in result.output.splitlines() if line.startswith(("ok", "warn"))
    ]
    assert parts == [
        "python", "packages", "encoding", "variables", "settings", "memory", "cores", "state",
        "decisions", "port", "door", "policy", "catalogue", "kb", "model", "encoder", "vectors",
    ]  # fmt: skip


def test_the_json_says_the_same(run: CliRunner) -> None:
    found = json.loads(asked(run, "--json").stdout)
    assert len(found["findings"]) == 17
    assert all(set(f) == {"part", "grade", "told", "remedy"} for f in found["findings"])
    assert found["verdict"] in ("ok", "warn")


def test_a_warning_ends_with_1(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_PROT", "1")
    result = asked(run)
    assert result.exit_code == 1
    assert "did you mean TRIAGE_PORT?" in result.output


def test_what_keeps_the_service_from_working_ends_with_2(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_MODEL", "none")
    result = asked(run, "--json")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert found["verdict"] == "fail"
    (model,) = [f for f in found["findings"] if f["part"] == "model"]
    assert "triage models list" in model["remedy"]


def test_a_service_that_nobody_could_call_ends_with_2(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRIAGE_HOST", "0.0.0.0")
    monkeypatch.setenv("TRIAGE_KEYS_FILE", str(tmp_path / "keys.jsonl"))
    result = asked(run)
    assert result.exit_code == 2
    assert "triage keys create" in result.output
