"""``triage report``: tagged rows in, a page and its figures out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from fakes import write_rows
from typer.testing import CliRunner

from triage.commands.report import report

POLICY = Path(__file__).resolve().parents[2] / "triage" / "resources" / "priority.toml"


def _run(*arguments: object, env: dict[str, str] | None = None) -> Any:
    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, [*map(str, arguments)], env=env)


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": f"m-{day}-{number}",
            "created_at": f"2026-11-{day:02}T10:00:00",
            "category": {"label": "refund", "intent": "refund/apply"},
            "priority": {"level": "normal"},
            "sentiment": {"label": "neutral"},
            "needs_review": number == 0,
            "suggestions": [{"article_id": "kb-1"}],
        }
        for day in range(1, 15)
        for number in range(3)
    ]


def test_a_page_and_figures_are_written(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    promotion = '\n[[promotion]]\nname = "11.11"\nfrom = 2026-11-10\nuntil = 2026-11-11\n'
    policy.write_text(POLICY.read_text(encoding="utf-8") + promotion, encoding="utf-8")
    tagged = write_rows(tmp_path / "t.jsonl", [*_rows(), {"id": "x", "line": 9, "error": "bad"}])
    out, folder = tmp_path / "page.html", tmp_path / "figures"
    done = _run(tagged, "-o", out, "--figures", folder, "--language", "zh",
                env={"TRIAGE_PRIORITY_POLICY": str(policy)})  # fmt: skip
    assert done.exit_code == 0
    assert "t.jsonl" in out.read_text(encoding="utf-8")
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert (figures["rows"], figures["errors"]) == (42, 1)
    assert figures["needs_review"] == pytest.approx(1 / 3, abs=1e-4)
    with (folder / "days.csv").open(encoding="utf-8-sig", newline="") as stream:
        days = list(csv.DictReader(stream))
    assert [day["rows"] for day in days] == ["3"] * 14
    assert [day["day"] for day in days if day["promotion"]] == ["2026-11-10", "2026-11-11"]
    with (folder / "heat.csv").open(encoding="utf-8-sig", newline="") as stream:
        *weekdays, promoted = csv.DictReader(stream)
    assert len(weekdays) == 7
    assert (promoted["weekday"], promoted["10"]) == ("promotion", "3")


def test_rows_that_cannot_be_counted_are_told_by_the_exit_code(tmp_path: Path) -> None:
    tagged = tmp_path / "t.jsonl"
    tagged.write_text('{"id": 1}\n{oops\n{"id": 2, "created_at": "soon"}\n', encoding="utf-8")
    done = _run(tagged, "-o", tmp_path / "page.html")
    assert done.exit_code == 1
    assert "1 rows, 2 rejected" in done.output


def test_an_unknown_zone_is_told_with_the_remedy(tmp_path: Path) -> None:
    tagged = write_rows(tmp_path / "t.jsonl", _rows())
    done = _run(tagged, "-o", tmp_path / "page.html", "--zone", "Mars/Base")
    assert "Asia/Shanghai" in str(done.exception)
