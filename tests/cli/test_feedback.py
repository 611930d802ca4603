"""``triage feedback``: exports and figures of what agents said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from decided import decision, result, suggestion
from typer.testing import CliRunner

from triage.commands.feedback import app
from triage.decisions import DecisionStore, Feedback, acceptance
from triage.errors import ConfigError

Run = Callable[..., Any]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'd.db'}"


@pytest.fixture
def store(url: str) -> Iterator[DecisionStore]:
    """Return a log of five decisions, four of them with feedback."""
    store = DecisionStore(url)
    swapped = result(suggestions=[suggestion("kb-delay", "b"), suggestion("kb-refund", "a")])
    store.add([decision(n) for n in range(1, 5)] + [decision(5, result=swapped)])
    for number, chosen, share, labels in (
        (1, "kb-refund", 0.2, {}),
        (2, "kb-refund", 0.4, {"intent": "refund/apply", "priority": "low"}),
        (3, None, None, {"category": "order"}),
        (5, "kb-other", None, {}),
    ):
        said = Feedback(decision_id=f"{number:032x}", chosen=chosen, edit_share=share,
                        labels=labels, created_at=decision(1).created_at)  # fmt: skip
        store.add_feedback(said)
    yield store
    store.close()


@pytest.fixture
def run() -> Run:
    def command(*arguments: str) -> Any:
        return CliRunner().invoke(app, arguments, catch_exceptions=False)

    return command


def test_stats_count_what_was_shown_sent_and_edited(
    store: DecisionStore, url: str, run: Run
) -> None:
    figures = json.loads(run("stats", "--json", "--log", url).stdout)
    articles = figures.pop("articles")
    assert figures == {
        "decisions": store.count(),
        "with_feedback": 4,
        "sent_a_suggestion": 2,
        "corrected": {"category": 1, "intent": 1, "priority": 1, "sentiment": 0},
    }
    assert articles == {
        "kb-refund": {"shown": 4, "accepted": 2, "picked": 0, "edit_share": 0.3},
        "kb-delay": {"shown": 4, "accepted": 0, "picked": 0, "edit_share": None},
        "kb-other": {"shown": 0, "accepted": 0, "picked": 1, "edit_share": None},
    }
    table = run("stats", "--log", url).stdout
    assert "kb-refund" in table
    assert "50%" in table


def test_acceptance_counts_first_suggestions_alone(store: DecisionStore) -> None:
    assert acceptance(store) == {"kb-refund": (3, 2), "kb-delay": (1, 0)}


@pytest.mark.usefixtures("store")
def test_an_export_holds_the_latest_feedback_of_each_decision(
    url: str, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "feedback.jsonl"
    assert "4 decisions" in run("export", "-o", str(out), "--log", url).stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["chosen"] for row in rows] == ["kb-refund", "kb-refund", None, "kb-other"]
    assert rows[1]["intent"] == "refund/apply"
    assert rows[1]["shown"] == ["kb-refund", "kb-delay"]
    assert "intent" not in rows[0]
    printed = run("export", "--corrected", "-o", "-", "--log", url).stdout
    assert [json.loads(line)["id"][-1] for line in printed.splitlines()] == ["2", "3"]


def test_a_log_without_feedback_has_no_figures(url: str, run: Run) -> None:
    DecisionStore(url).add([decision(1)])
    assert "1 decisions, 0 with feedback" in run("stats", "--log", url).stdout


def test_a_log_that_is_switched_off_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_DECISIONS", "off")
    with pytest.raises(ConfigError, match="--log"):
        run("stats")


@pytest.mark.parametrize("command", ["export", "stats"])
def test_help_shows_examples(command: str) -> None:
    whole = typer.Typer()
    whole.add_typer(app, name="feedback")
    shown = CliRunner().invoke(whole, ["feedback", command, "--help"]).stdout
    assert f"triage feedback {command}" in shown
