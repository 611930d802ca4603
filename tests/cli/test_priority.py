"""``triage priority``: why a message has its priority, and whether a policy file is sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from triage.commands.priority import app
from triage.errors import ConfigError, MessageError

POLICY = """
[levels]
normal = 30
high = 60
urgent = 80
[sla_minutes]
urgent = 5
high = 50
normal = 500
low = 900
[tiers]
vip = 10
[[signal]]
name = "late"
weight = 12
patterns = ["late"]
[[signal]]
name = "fire"
weight = 10
floor = "urgent"
patterns = ["fire"]
[contacts]
weight = 3
most = 6
[[promotion]]
name = "sale"
from = 2026-11-01
until = 2026-11-11
weights = { late = 20 }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        app, [str(a) for a in arguments], catch_exceptions=False, env={"COLUMNS": "200"}
    )


def explained(*arguments: object) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(run("explain", *arguments, "--json", "--no-model").stdout)
    return content


def test_each_step_is_told_as_json(policy: Path) -> None:
    found = explained(
        "so LATE", "--policy", policy, "--tier", "vip", "--contacts", 1, "--at", "2026-10-01T09:00"
    )
    assert found["base"] == 30
    assert [(s["signal"], s["points"]) for s in found["signals"]] == [
        ("late", 12), ("customer_tier", 10), ("earlier_contacts", 3),
    ]  # fmt: skip
    assert (found["signals"][0]["evidence"], found["signals"][0]["start"]) == ("LATE", 3)
    assert (found["total"], found["score"], found["level"], found["sla_minutes"]) == (
        55, 55, "normal", 500,
    )  # fmt: skip
    assert found["promotion"] is None


def test_the_time_decides_on_promotions(policy: Path) -> None:
    found = explained("late", "--policy", policy, "--at", "2026-11-11")
    assert (found["promotion"], found["total"]) == ("sale", 50)


def test_people_read_evidence_floor_and_first_answer(policy: Path) -> None:
    shown = run("explain", "a fire", "--policy", policy, "--no-model", "--at", "2026-11-05").stdout
    for expected in ("a fire", "base (no model)", "+10", "urgent", "80/100", "within 5 minutes"):
        assert expected in shown
    assert "The sum 40 is lifted to 80: the floor urgent." in shown
    assert "promotion 'sale'" in shown


def test_people_read_why_points_lift_no_further(policy: Path) -> None:
    content = policy.read_text(encoding="utf-8").replace("weight = 12", "weight = 90")
    policy.write_text(content, encoding="utf-8")
    shown = run("explain", "late", "--policy", policy, "--no-model", "--at", "2026-10-05").stdout
    assert "The sum 120 is limited to 79: points lift no further." in shown


def test_a_message_with_console_markup_is_shown_as_it_is(policy: Path) -> None:
    shown = run("explain", "[/bold] late [red]x", "--policy", policy, "--no-model").stdout
    assert "[/bold] late [red]x" in shown


def test_a_deadline_is_found_from_the_given_time() -> None:
    for at, level in (("2026-11-20T09:00", "urgent"), ("2026-11-25T09:00", "normal")):
        found = explained("11月21日之前必须送到", "--at", at)
        assert found["level"] == level


def test_with_the_model_the_base_is_learnt(policy: Path) -> None:
    arguments = ("explain", "谢谢，已经解决了", "--policy", policy, "--json")
    found = json.loads(run(*arguments).stdout)
    assert (found["base_level"], found["signals"]) == ("low", [])
    assert found["sla_minutes"] == 900


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        (("explain", "x", "--at", "noon", "--no-model"), ConfigError, "'noon'"),
        (("explain", " ", "--no-model"), MessageError, "text: is empty"),
        (("explain", "x", "--policy", "absent.toml", "--no-model"), ConfigError, "check the path"),
        (("check", "absent.toml"), ConfigError, "check the path"),
    ],
)
def test_what_cannot_be_used_is_told(
    arguments: tuple[str, ...], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        run(*arguments)


def test_a_number_of_contacts_below_zero_is_a_usage_error() -> None:
    assert run("explain", "x", "--contacts", "-1", "--no-model").exit_code == 2


def test_a_sound_file_is_summed_up(policy: Path) -> None:
    shown = run("check", policy).stdout
    for expected in ("is sound", "late", "+12", "fire", "urgent", "tier vip", "500 min"):
        assert expected in shown
    assert "Promotion sale, 2026-11-01 to 2026-11-11: late 20" in shown


def test_the_summary_is_given_as_json(policy: Path) -> None:
    summary = json.loads(run("check", policy, "--json").stdout)
    assert {"name": "fire", "weight": 10, "floor": "urgent"} in summary["signals"]
    assert summary["sla_minutes"]["urgent"] == 5
    assert summary["promotions"] == [
        {
            "name": "sale",
            "from": "2026-11-01",
            "until": "2026-11-11",
            "changes": {"weights": {"late": 20}},
        }
    ]


def test_the_shipped_policy_is_checked_by_default() -> None:
    assert "priority.toml is sound" in run("check").stdout


def test_every_mistake_of_a_file_is_told(policy: Path) -> None:
    content = POLICY.replace("weight = 12", "wieght = 12").replace("high = 60", "high = 0")
    policy.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        run("check", policy)
    for expected in ("3 mistakes", "line 4: levels.high", "did you mean 'weight'?"):
        assert expected in str(refused.value)


@pytest.mark.parametrize("command", ["explain", "check"])
def test_help_shows_examples(command: str) -> None:
    shown = run(command, "--help").stdout
    assert "Examples" in shown
    assert f"triage priority {command}" in shown
