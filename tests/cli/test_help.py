"""Every command explains itself with an example."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Triage = Callable[..., Any]
COMMANDS = (
    "ask", "serve", "tag", "train", "evaluate", "models list", "models show", "models promote",
    "models rollback", "models history", "models diff", "audit", "priority explain",
    "priority check", "redact", "kb list", "kb import", "kb show", "kb export", "kb retire",
    "kb restore", "kb build", "kb gaps", "feedback export", "feedback stats",
    "keys create", "keys list", "keys revoke", "transcripts", "report",
    "doctor", "bursts",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_of_the_command(triage: Triage, command: str) -> None:
    run = triage(*command.split(), "--help")
    assert run.code == 0
    assert "Example" in run.out
    assert run.out.count(f"triage {command}") >= 2, "once as usage and once as an example"


@pytest.mark.parametrize("group", ["", "models", "priority", "kb", "feedback", "keys"])
def test_a_group_lists_its_commands(triage: Triage, group: str) -> None:
    run = triage(*group.split(), "--help")
    assert run.code == 0
    prefix = f"{group} " if group else ""
    for command in COMMANDS:
        if command.startswith(prefix):
            assert command.removeprefix(prefix).split()[0] in run.out


def test_an_unknown_command_is_a_usage_error(triage: Triage) -> None:
    run = triage("frobnicate")
    assert run.code == 2
    assert "frobnicate" in run.err


def test_an_unknown_option_is_a_usage_error(triage: Triage) -> None:
    assert triage("ask", "hi", "--colour").code == 2


def test_the_installed_script_tells_its_version(script: str) -> None:
    run = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("triage ")


def test_the_installed_script_tells_errors_in_one_line(script: str) -> None:
    run = subprocess.run([script, "models", "show", "none"], capture_output=True, text=True)  # noqa: PLW1510
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("error: ")
    assert "Traceback" not in run.stderr
