from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import Priority
from triage.errors import ConfigError
from triage.policy_file import read_policy

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """\
[levels]
normal = 30
high = 60
urgent = 80
[sla_minutes]
urgent = 15
high = 120
normal = 480
low = 960
[tiers]
VIP = 10
[[signal]]
name = "late"
weight = 12
zh = ['没到']
en = ['late\\b']
[[signal]]
name = "fire"
weight = 40
floor = "urgent"
patterns = [
  '着火',
  'fire',
]
unless = ['fire tv']
[[combination]]
name = "both"
all = ["late", "fire"]
weight = 5
[deadline]
wording = ['DATE前']
[[deadline.step]]
name = "soon"
within_hours = 24
weight = 20
[[deadline.step]]
name = "later"
within_hours = 72
weight = 10
[amount]
weight = 4
above = { CNY = 1000 }
[contacts]
weight = 4
most = 12
[sentiment]
weight = 3
above = 0.8
[[promotion]]
name = "sale"
from = 2026-11-01
until = 2026-11-11
[[promotion]]
name = "new year"
from = 2026-12-28
until = 2027-01-03
[promotion.weights]
late = 3
"""
VALUES = ("3", "-1", "true", "'x'", "[]", "{}", "[3]", "['(']", "2026-11-05", "1e9", "[[signal]]",
          "nan", "[levels.high]", "[zebra]", "[[zebra]]", "{ CNY = -1 }", "")  # fmt: skip
FAULTS = [
    ("high = 60\n", "", 1, "levels.high is missing"),
    ("high = 60", "high = 20", 1, "[30, 20, 80]"),
    ("high = 60", "high = 20", 1, "rise"),
    ("urgent = 80", "urgent = 180", 4, "levels.urgent is 180"),
    ("VIP = 10", "VIP = 'ten'", 11, "tiers.VIP is 'ten'"),
    ("weight = 12", "weight = true", 14, "signal 'late': weight is True"),
    ("weight = 12\n", "", 12, "signal 'late': weight is missing"),
    ("weight = 12", "weight = 1.5", 14, "1.5"),
    ('floor = "urgent"', 'floor = "top"', 20, "signal 'fire': floor is 'top'"),
    ('floor = "urgent"', 'flor = "urgent"', 20, "did you mean 'floor'?"),
    ("[tiers]", "[tires]", 10, "did you mean 'tiers'?"),
    ("[tiers]", "[zebra]", 10, "use one of levels, sla_minutes"),
    ("VIP = 10\n", "VIP = 10\n[learnt]\nlift = 9\n", 13, "learnt.lift is 9"),
    ("VIP = 10\n", "VIP = 10\n[learnt.reach]\nhigh = 1.0\n", 13, "learnt.reach.high is 1.0"),
    ("'fire',", "'(fire',", 23, "no regular expression"),
    ("'fire',", "'fire|',", 23, "fits every text"),
    ("en = ['late", "en = ['Late", 16, "small letters"),
    ("zh = ['没到']\nen = ['late\\b']\n", "", 12, "'late' has no patterns"),
    ('name = "later"', 'name = "soon"', 37, "a second time"),
    ('name = "later"', 'name = "customer_tier"', 37, "a second time"),
    ('all = ["late", "fire"]', 'all = ["late", "fier"]', 28, "did you mean 'fire'?"),
    ("normal = 480", "normal = 60", 5, "must not wait longer"),
    ("within_hours = 72", "within_hours = 12", 38, "put the nearest first"),
    ("above = { CNY = 1000 }", "above = { yuan = 1000 }", 42, "amount.above"),
    ("until = 2026-11-11", "until = 2026-10-11", 51, "exchange the two"),
    ("until = 2026-11-11", "until = 'soon'", 52, "until is 'soon'"),
    ("from = 2026-12-28", "from = 2026-11-11", 55, "inside 'sale' (2026-11-01 to 2026-11-11)"),
    ("late = 3", "lat = 3", 58, "did you mean 'late'?"),
    ("[promotion.weights]", "[promotion.wieghts]", 57, "did you mean 'weights'?"),
    (
        "[promotion.weights]\nlate = 3",
        "[promotion.levels]\nhigh = 90",
        57,
        "promotion 'new year': levels are [30, 90, 80]",
    ),
]  # fmt: skip


def written(folder: Path, content: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_sound_file_gives_what_it_says(tmp_path: Path):
    policy = read_policy(written(tmp_path, POLICY))
    assert policy.terms.thresholds == {"low": 0, "normal": 30, "high": 60, "urgent": 80}
    assert policy.terms.weights == {
        "late": 12, "fire": 40, "both": 5, "soon": 20, "later": 10,
        "amount_at_stake": 4, "earlier_contacts": 4, "negative_sentiment": 3,
    }  # fmt: skip
    assert policy.floors == {"fire": Priority.URGENT}
    assert policy.tiers == {"vip": 10}
    sale, new_year = policy.promotions
    assert (sale.first, sale.last) == (date(2026, 11, 1), date(2026, 11, 11))
    assert new_year.terms.weights == policy.terms.weights | {"late": 3}
    assert new_year.terms.sla_minutes == policy.terms.sla_minutes


@pytest.mark.parametrize(("old", "new", "line", "named"), FAULTS)
def test_a_mistake_is_told_with_file_line_key_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, named: str
):
    assert old in POLICY
    path = written(tmp_path, POLICY.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        read_policy(path)
    assert str(refused.value).startswith(f"{path}, line {line}: ")
    assert named in str(refused.value)


def test_mistakes_of_one_table_are_told_beside_each_other(tmp_path: Path):
    content = POLICY.replace("weight = 4\nmost = 12\n", "")
    with pytest.raises(ConfigError) as refused:
        read_policy(written(tmp_path, content))
    told = [line.strip() for line in str(refused.value).splitlines()[1:]]
    assert [line.partition(" is")[0] for line in told] == [
        "line 43: contacts.most", "line 43: contacts.weight",
    ]  # fmt: skip


def test_all_mistakes_are_told_at_once_in_the_files_order(tmp_path: Path):
    content = POLICY.replace("weight = 40", "wait = 40").replace("high = 60", "high = 'x'")
    with pytest.raises(ConfigError) as refused:
        read_policy(written(tmp_path, content))
    first, *told = str(refused.value).splitlines()
    assert first.endswith("policy.toml has 3 mistakes:")
    assert [line.split(":")[0].strip() for line in told] == ["line 3", "line 17", "line 19"]


@given(line=st.integers(0, POLICY.count("\n") - 1), value=st.sampled_from(VALUES))
def test_any_value_in_any_place_is_read_or_refused_with_a_line(
    tmp_path_factory: pytest.TempPathFactory, line: int, value: str
):
    lines = POLICY.splitlines()
    key, found, _ = lines[line].partition(" = ")
    lines[line] = f"{key} = {value}" if found else value
    path = written(tmp_path_factory.mktemp("policy"), "\n".join(lines))
    told = "no fault"
    try:
        read_policy(path)
    except ConfigError as fault:
        told = str(fault)
    assert re.search("no fault|line [0-9]|at end of document", told)


def test_a_file_of_only_levels_is_enough(tmp_path: Path):
    policy = read_policy(written(tmp_path, "[levels]\nnormal = 1\nhigh = 2\nurgent = 3\n"))
    assert policy.signals == ()
    assert policy.terms.sla_minutes == {}


def test_a_byte_order_mark_of_an_editor_is_passed_over(tmp_path: Path):
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8-sig")
    assert read_policy(path).tiers == {"vip": 10}


def test_the_shipped_file_is_sound_and_keeps_the_names_of_its_signals():
    policy = read_policy()
    assert set(policy.terms.weights) >= {
        "safety", "fraud_or_takeover", "legal_or_media", "deadline_today", "overdue",
        "repeated_contact", "goods_fault", "outage", "strong_emotion",
    }  # fmt: skip
    assert set(policy.terms.sla_minutes) == set(Priority)
