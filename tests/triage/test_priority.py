from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import prediction

from triage.domain import Customer, Priority, Reason
from triage.errors import ConfigError
from triage.priority import PriorityPolicy, load_policy

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """
[levels]
normal = 30
high = 60
urgent = 80
[tiers]
VIP = 10
[[signal]]
name = "late"
weight = 12
patterns = ['没到', 'late']
[[signal]]
name = "fire"
weight = 40
floor = "urgent"
patterns = ['着火', 'fire']
[[signal]]
name = "thanks"
weight = -50
patterns = ['thanks']
"""


@pytest.fixture
def policy(tmp_path: Path) -> PriorityPolicy:
    return load_policy(written(tmp_path, POLICY))


def written(folder: Path, content: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_without_signals_or_prediction_a_message_is_normal(policy: PriorityPolicy):
    verdict = policy.judge("hello")
    assert (verdict.level, verdict.score) == (Priority.NORMAL, 30)
    assert verdict.reasons == (Reason("learnt_normal", ""),)


def test_signals_add_their_weights_strongest_first(policy: PriorityPolicy):
    verdict = policy.judge("late, and now a fire")
    assert verdict.score == 30 + 12 + 40
    assert [r.signal for r in verdict.reasons] == ["fire", "late"]
    assert verdict.level is Priority.URGENT


def test_a_floor_lifts_a_low_message_to_its_level(policy: PriorityPolicy):
    verdict = policy.judge("fire", learnt=prediction(low=1.0, normal=0.0, high=0.0, urgent=0.0))
    assert (verdict.level, verdict.score) == (Priority.URGENT, 80)


def test_the_score_ends_at_a_hundred(policy: PriorityPolicy):
    learnt = prediction(low=0.0, normal=0.0, high=0.0, urgent=1.0)
    assert policy.judge("fire and late", learnt=learnt).score == 100


def test_a_negative_weight_never_drops_a_score_below_zero(policy: PriorityPolicy):
    verdict = policy.judge("thanks")
    assert (verdict.level, verdict.score) == (Priority.LOW, 0)


@pytest.mark.parametrize(
    ("probabilities", "score"),
    [
        ({"low": 1.0, "normal": 0.0, "high": 0.0, "urgent": 0.0}, 0),
        ({"low": 0.5, "normal": 0.25, "high": 0.25, "urgent": 0.0}, int(29 * 0.5)),
        ({"low": 0.0, "normal": 0.6, "high": 0.25, "urgent": 0.15}, 30 + int(29 * 0.4)),
        ({"low": 0.25, "normal": 0.0, "high": 0.5, "urgent": 0.25}, 60 + int(19 * 0.25)),
        ({"low": 0.0, "normal": 0.25, "high": 0.0, "urgent": 0.75}, 80 + int(19 * 0.75)),
    ],
)
def test_the_learnt_level_gives_a_score_inside_its_band(
    policy: PriorityPolicy, probabilities: dict[str, float], score: int
):
    learnt = prediction(**probabilities)
    verdict = policy.judge("hello", learnt=learnt)
    assert verdict.score == score
    assert verdict.level == learnt.best


def test_words_are_asked_for_only_when_no_signal_gives_a_reason(policy: PriorityPolicy):
    asked: list[str] = []

    def evidence(level: str) -> str:
        asked.append(level)
        return "words"

    learnt = prediction(low=0.0, normal=0.0, high=1.0, urgent=0.0)
    assert policy.judge("hi", learnt=learnt, evidence=evidence).reasons == (
        Reason("learnt_high", "words"),
    )
    policy.judge("late", learnt=learnt, evidence=evidence)
    assert asked == ["high"]


def test_the_customers_tier_adds_points_in_any_case(policy: PriorityPolicy):
    verdict = policy.judge("hi", customer=Customer(tier="ViP"))
    assert verdict.score == 40
    assert verdict.reasons == (Reason("customer_tier", "vip"),)
    assert policy.judge("hi", customer=Customer(tier="gold")).score == 30


def test_a_tier_that_weighs_more_than_a_signal_is_named_before_it(tmp_path: Path):
    policy = load_policy(written(tmp_path, POLICY.replace("VIP = 10", "VIP = 30")))
    verdict = policy.judge("late", customer=Customer(tier="vip"))
    assert [r.signal for r in verdict.reasons] == ["customer_tier", "late"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("high = 60", "", "levels"),
        ("high = 60", "high = 20", "rise"),
        ("urgent = 80", "urgent = 180", "180"),
        ("VIP = 10", "VIP = 'ten'", "tiers.VIP"),
        ("weight = 12", "weight = true", "'late'"),
        ("weight = 12", "", "'late'"),
        ('floor = "urgent"', 'floor = "top"', "'top'"),
        ('floor = "urgent"', 'flor = "urgent"', "'flor'"),
        ("[tiers]", "[tires]", "'tires'"),
        ("'着火'", "'(着火'", "'fire'"),
    ],
)
def test_an_unusable_policy_is_refused_naming_file_and_entry(
    tmp_path: Path, old: str, new: str, named: str
):
    path = written(tmp_path, POLICY.replace(old, new))
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    assert "policy.toml" in str(refused.value)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("充电器冒烟了", "safety"),
        ("充電器冒煙了", "safety"),
        ("my card was used by a hacker", "fraud_or_takeover"),
        ("再不处理我打12315", "legal_or_media"),
        ("I will see you in court", "legal_or_media"),
    ],
)
def test_the_shipped_policy_makes_dangers_urgent(text: str, signal: str):
    verdict = load_policy().judge(text)
    assert verdict.level is Priority.URGENT
    assert verdict.reasons[0].signal == signal
    assert verdict.reasons[0].evidence in text


def test_the_shipped_policy_leaves_a_plain_question_normal():
    assert load_policy().judge("请问有红色的吗").level is Priority.NORMAL
