"""``triage bursts``: incidents of a file, as a table or as JSON lines."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from arrivals import START, Plan, Sort, simulate
from typer.testing import CliRunner, Result

from triage.commands.bursts import bursts
from triage.errors import ConfigError, RecordError
from triage.writers import table_writer

BASE = 5  # days


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(bursts)
    return CliRunner().invoke(
        app, [str(a) for a in arguments], catch_exceptions=False, env={"COLUMNS": "200"}
    )


def rows(*, trouble: bool = True) -> list[dict[str, Any]]:
    """Five days of 20 intents, and twelve of one kind on the last at 10:00."""
    sorts = [Sort(f"question {n}", f"c{n % 5}", f"c{n % 5}/i{n % 20}") for n in range(200)]
    events = simulate(sorts, {}, plan=Plan(days=BASE, per_day=400, incidents=0), seed=3).events
    made = [
        {
            "id": e.id,
            "created_at": e.at.isoformat(),
            "category": {"label": e.category, "intent": e.intent},
            "text": e.text,
        }
        for e in events
    ]
    start = START + timedelta(days=BASE - 1, hours=10)
    for n in range(25 if trouble else 0):
        made.insert(
            0,
            {
                "id": f"x{n}",
                "created_at": (start + timedelta(minutes=n)).isoformat(),
                "category": {"label": "c1", "intent": "c1/i1"},
                "text": f"the till is broken, call 1380013800{n % 10}",
            },
        )
    return made


def written(path: Path, content: list[dict[str, Any]]) -> Path:
    with path.open("wb") as stream, table_writer(stream, path) as write:
        for row in content:
            write(row)
    return path


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("bursts") / "tagged.jsonl", rows())


def test_an_incident_comes_out_as_a_line_of_json_with_redacted_evidence(tagged: Path) -> None:
    run_ = run(tagged, "--no-similar")
    (incident,) = [json.loads(line) for line in run_.stdout.splitlines()]
    assert run_.exit_code == 0
    assert incident["topic"] == {"kind": "intent", "label": "c1/i1"}
    assert incident["state"] == "closed"
    assert "[PHONE_1]" in incident["title"]
    assert "13800138000" not in run_.stdout
    assert "1 incidents, 0 of them open" in run_.stderr
    assert "false alarms on the same messages shuffled" in run_.stderr


def test_similar_messages_are_found_by_the_encoder(tmp_path: Path) -> None:
    bare = [{k: v for k, v in row.items() if k != "category"} for row in rows()]
    run_ = run(written(tmp_path / "bare.jsonl", bare), "--no-check")
    told = [json.loads(line) for line in run_.stdout.splitlines()]
    assert any(i["topic"]["kind"] == "cluster" and "till" in i["title"] for i in told)


def test_history_teaches_and_is_not_told_of(tmp_path: Path) -> None:
    everything = sorted(rows(), key=lambda row: row["created_at"])
    day = (START + timedelta(days=BASE - 1)).isoformat()
    before = written(tmp_path / "b.jsonl", [r for r in everything if r["created_at"] < day])
    today = written(tmp_path / "t.jsonl", [r for r in everything if r["created_at"] >= day])
    alone = run(today, "--no-similar", "--no-check")
    assert alone.stdout == "", "one day only teaches"
    taught = run(today, "--history", before, "--no-similar", "--no-check", "--json")
    assert [json.loads(line)["intent"] for line in taught.stdout.splitlines()] == ["c1/i1"]


def test_a_promotion_file_is_read(tagged: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "promotions.toml"
    wrong.write_text("[[promotion]]\nfrom = 2026-03-01\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="until is None"):
        run(tagged, "--promotions", wrong, "--no-similar")


def test_parquet_is_read_and_times_may_stand_in_another_column(tmp_path: Path) -> None:
    flat = [
        {"id": r["id"], "sent": r["created_at"], **r["category"], "text": r["text"]} for r in rows()
    ]
    flat = [{"category" if k == "label" else k: v for k, v in row.items()} for row in flat]
    path = written(tmp_path / "tagged.parquet", flat)
    run_ = run(path, "--time", "sent", "--no-similar", "--no-check")
    assert json.loads(run_.stdout)["topic"]["label"] == "c1/i1"
    with pytest.raises(RecordError, match="no time in 'created_at'"):
        run(path)


def test_rows_that_cannot_be_used_end_with_exit_code_1(tmp_path: Path) -> None:
    path = written(tmp_path / "some.jsonl", [*rows(), {"id": "z", "text": "when?"}])
    run_ = run(path, "--no-similar", "--no-check")
    assert run_.exit_code == 1
    assert "1 rows could not be used; line" in run_.stderr
    assert run_.stdout


def test_an_unknown_zone_is_refused(tagged: Path) -> None:
    with pytest.raises(ConfigError, match="'Mars/Olympus' is no time zone"):
        run(tagged, "--zone", "Mars/Olympus")


def test_alarms_per_week_out_of_range_are_refused(tagged: Path) -> None:
    with pytest.raises(ConfigError, match=r"alarms_per_week is -1\.0"):
        run(tagged, "--alarms-per-week=-1")


def test_a_few_days_are_too_few_to_measure_false_alarms(tmp_path: Path) -> None:
    path = written(tmp_path / "day.jsonl", rows()[-300:])
    assert "too few days to measure" in run(path, "--no-similar").stderr
