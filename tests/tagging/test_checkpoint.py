"""Interrupted runs: killed at random, resumed, and equal to the byte."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tagging.fake_run import Echo, run_echo, target_of, work_of

from triage.errors import ConfigError
from triage.tagging.checkpoint import Progress
from triage.tagging.run import tag_rows

ROOT = Path(__file__).resolve().parents[2]
ROWS = 700
KILLS = int(os.environ.get("TRIAGE_TEST_KILLS", "6"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "in.jsonl"
    lines = (f'{{"text": "row {n}"}}\n' if n % 9 else "{oops\n" for n in range(ROWS))
    place.write_text("".join(lines))
    return place


def _stopped(source: Path, out: Path, *, rows: int, echo: Echo | None = None) -> None:
    def report(done: Progress) -> None:
        if done.rows >= rows:
            raise KeyboardInterrupt

    target = target_of(out, rejects=out.with_name("rejects.jsonl"))
    with pytest.raises(KeyboardInterrupt):
        tag_rows(work_of([source], echo=echo), target, report=report)


def test_a_run_killed_at_random_points_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole" / "out.jsonl", tmp_path / "killed" / "out.jsonl"
    run_echo(source, whole)
    chance = random.Random(20261124)
    program = [sys.executable, str(ROOT / "tests" / "tagging" / "fake_run.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    killed = 0
    while killed < KILLS:
        process = subprocess.Popen([*program, source, out, "0.01"], env=environment)
        part = out.with_name("out.jsonl.part")
        before = part.stat().st_size if part.exists() else -1
        while process.poll() is None and (part.stat().st_size if part.exists() else -1) <= before:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
        process.kill()
        killed += process.wait() != 0
        if process.returncode == 0:
            break
    assert killed > 2
    if not out.exists():
        run_echo(source, out)
    assert out.read_bytes() == whole.read_bytes()
    for place in (whole, out):
        assert sorted(p.name for p in place.parent.iterdir()) == ["out.jsonl", "rejects.jsonl"]
    assert out.with_name("rejects.jsonl").read_bytes() == (
        whole.with_name("rejects.jsonl").read_bytes()
    )


@pytest.mark.parametrize("kind", ["jsonl", "csv.gz", "jsonl.zst", "parquet"])
def test_what_was_half_written_when_a_run_ended_is_written_again(
    source: Path, tmp_path: Path, kind: str
) -> None:
    whole, out = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    run_echo(source, whole)
    _stopped(source, out, rows=200)
    with out.with_name(f"{out.name}.part").open("ab") as stream:
        stream.write(b'{"id": "half')
    seen: list[Progress] = []
    tag_rows(
        work_of([source]),
        target_of(out, rejects=tmp_path / "rejects.jsonl"),
        report=seen.append,
    )
    assert seen[0].rows == 208
    assert out.read_bytes() == whole.read_bytes()


def test_an_interrupted_run_is_not_gone_on_with_for_another_model(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    _stopped(source, out, rows=100)
    with pytest.raises(ConfigError, match=r"another model; begin anew with --restart"):
        run_echo(source, out, echo=Echo(version="echo-2"))
    assert out.with_name("out.jsonl.part").exists()


def test_an_interrupted_run_is_not_gone_on_with_for_another_input(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    _stopped(source, out, rows=100)
    source.write_text('{"text": "new"}\n')
    with pytest.raises(ConfigError, match="another input"):
        run_echo(source, out)
    done = tag_rows(work_of([source]), target_of(out), restart=True)
    assert done.rows == 1
    assert json.loads(out.read_text())["understood_text"] == "new"


def test_a_partial_file_that_was_cut_is_told(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    _stopped(source, out, rows=100)
    out.with_name("out.jsonl.part").write_bytes(b"")
    with pytest.raises(ConfigError, match="no longer there"):
        run_echo(source, out)


def test_processes_give_the_rows_in_order(source: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    run_echo(source, one)
    tag_rows(work_of([source], workers=2), target_of(two))
    assert two.read_bytes() == one.read_bytes()
