"""Blocks of README.md below the comment ``<!-- tested -->`` do what they show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARKED = re.compile(
    r"^<!-- tested -->[ \t]*\n\s*^```(bash|python|json)\n(.*?)^```", re.MULTILINE | re.DOTALL
)


def find_blocks(text: str) -> list[tuple[str, str]]:
    """Return language and content of every marked block."""
    return [(found[1], found[2]) for found in MARKED.finditer(text)]


BLOCKS = find_blocks((ROOT / "README.md").read_text(encoding="utf-8"))


def run_block(language: str, content: str) -> None:
    """Execute a block; a failure of it is raised."""
    if language == "json":
        json.loads(content)
    elif language == "python":
        subprocess.run([sys.executable, "-W", "error", "-c", content], cwd=ROOT, check=True)
    elif content.startswith("triage ask"):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", content]
        subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"PATH": path})
    else:
        pytest.skip("only `triage ask` is run here")


@pytest.mark.parametrize(
    ("language", "content"),
    BLOCKS or [pytest.param("", "", marks=pytest.mark.skip("README.md marks no block yet"))],
)
def test_a_marked_block_works(language: str, content: str) -> None:
    run_block(language, content)


def test_only_marked_blocks_are_found() -> None:
    text = "```bash\nno\n```\n<!-- tested -->\n```bash\nyes\n```\n"
    text += "\n<!-- tested -->\n\n```json\n{}\n```\n"
    assert find_blocks(text) == [("bash", "yes\n"), ("json", "{}\n")]


@pytest.mark.parametrize(
    ("language", "content"),
    [("python", "raise SystemExit(3)"), ("bash", "triage ask ''"), ("json", "{,}")],
)
def test_a_block_that_does_not_work_is_noticed(language: str, content: str) -> None:
    with pytest.raises((subprocess.CalledProcessError, ValueError)):
        run_block(language, content)
