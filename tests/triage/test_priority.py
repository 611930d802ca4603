from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fakes import prediction
from hypothesis import given
from hypothesis import strategies as st

from triage.circumstances import Case
from triage.domain import Customer, Priority, Reason
from triage.priority import PriorityPolicy, load_policy

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("low", "normal", "high", "urgent")
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
    verdict = policy.judge(Case("hello"))
    assert (verdict.level, verdict.score) == (Priority.NORMAL, 30)
    assert verdict.reasons == (Reason("learnt_normal", ""),)


def test_signals_add_their_weights_strongest_first(policy: PriorityPolicy):
    verdict = policy.judge(Case("late, and now a fire"))
    assert verdict.score == 30 + 12 + 40
    assert [r.signal for r in verdict.reasons] == ["fire", "late"]
    assert verdict.level is Priority.URGENT


def test_a_floor_lifts_a_low_message_to_its_level(policy: PriorityPolicy):
    verdict = policy.judge(
        Case("fire"), learnt=prediction(low=1.0, normal=0.0, high=0.0, urgent=0.0)
    )
    assert (verdict.level, verdict.score) == (Priority.URGENT, 80)


def test_the_score_ends_at_a_hundred(policy: PriorityPolicy):
    learnt = prediction(low=0.0, normal=0.0, high=0.0, urgent=1.0)
    assert policy.judge(Case("fire and late"), learnt=learnt).score == 100


def test_a_negative_weight_never_drops_a_score_below_zero(policy: PriorityPolicy):
    verdict = policy.judge(Case("thanks"))
    assert (verdict.level, verdict.score) == (Priority.LOW, 0)


@pytest.mark.parametrize(
    ("probabilities", "level", "score"),
    [
        ((1.0, 0.0, 0.0, 0.0), Priority.LOW, 0),
        ((0.75, 0.125, 0.125, 0.0), Priority.LOW, int(29 * 0.5)),
        ((0.5, 0.25, 0.25, 0.0), Priority.NORMAL, 30 + int(29 * 0.5)),
        ((0.0, 0.625, 0.25, 0.125), Priority.NORMAL, 30 + int(29 * 0.75)),
        ((0.25, 0.0, 0.5, 0.25), Priority.HIGH, 60 + int(19 * 0.5)),
        ((0.0, 0.25, 0.0, 0.75), Priority.URGENT, 80 + int(20 * 0.5)),
        ((0.0, 0.0, 0.0, 1.0), Priority.URGENT, 100),
    ],
)
def test_the_learnt_median_gives_a_score_inside_its_band(
    policy: PriorityPolicy, probabilities: tuple[float, ...], level: Priority, score: int
):
    learnt = prediction(**dict(zip(LEVELS, probabilities, strict=True)))
    verdict = policy.judge(Case("hello"), learnt=learnt)
    assert (verdict.level, verdict.score) == (level, score)
    assert verdict.reasons[0].signal == f"learnt_{level}"


@given(
    masses=st.lists(st.integers(1, 50), min_size=4, max_size=4),
    moved=st.floats(0, 1),
    step=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_the_base_never_falls_when_probability_moves_to_a_higher_level(
    masses: list[int], moved: float, step: tuple[int, int]
):
    policy = load_policy()
    before = [mass / sum(masses) for mass in masses]
    low, high = sorted(step)
    after = list(before)
    after[low] -= moved * before[low]
    after[high] += moved * before[low]
    base = [
        policy.assess(Case("hi"), learnt=prediction(**dict(zip(LEVELS, p, strict=True)))).base
        for p in (before, after)
    ]
    # One point: float32 sums may round down across a whole number.
    assert base[1] >= base[0] - 1


def test_a_smaller_reach_gives_more_messages_a_level(tmp_path: Path):
    content = POLICY + "[learnt.reach]\nurgent = 0.25\n"
    learnt = prediction(low=0.0, normal=0.5, high=0.25, urgent=0.25)
    assert (
        load_policy(written(tmp_path, content)).judge(Case("hi"), learnt=learnt).level == "urgent"
    )
    assert load_policy(written(tmp_path, POLICY)).judge(Case("hi"), learnt=learnt).level == "high"


def test_points_without_a_floor_lift_one_level_and_never_to_urgent(tmp_path: Path):
    policy = load_policy(written(tmp_path, POLICY.replace("weight = 12", "weight = 100")))
    low, normal, high = (
        prediction(**(dict.fromkeys(LEVELS, 0.0) | {level: 1.0}))
        for level in ("low", "normal", "high")
    )
    levels = [policy.judge(Case("late"), learnt=p).level for p in (low, normal, high)]
    assert levels == [Priority.NORMAL, Priority.HIGH, Priority.HIGH]
    assert policy.judge(Case("late")).level is Priority.HIGH


def test_how_far_points_lift_is_the_files_to_say(tmp_path: Path):
    content = POLICY.replace("weight = 12", "weight = 100")
    content += '[learnt]\nlift = 3\nlift_to = "urgent"\n'
    assert load_policy(written(tmp_path, content)).judge(Case("late")).level is Priority.URGENT


def test_points_lower_no_learnt_level_that_is_above_their_limit(policy: PriorityPolicy):
    learnt = prediction(low=0.0, normal=0.0, high=0.0, urgent=1.0)
    assert policy.judge(Case("late"), learnt=learnt).level is Priority.URGENT


def test_a_floor_wins_against_points_that_lower(policy: PriorityPolicy):
    learnt = prediction(low=1.0, normal=0.0, high=0.0, urgent=0.0)
    verdict = policy.judge(Case("fire, thanks"), learnt=learnt)
    assert (verdict.level, verdict.score) == (Priority.URGENT, 80)


def test_the_reason_with_the_highest_floor_is_told_first(tmp_path: Path):
    policy = load_policy(written(tmp_path, POLICY.replace("weight = 40", "weight = 1")))
    assert [r.signal for r in policy.judge(Case("late fire")).reasons] == ["fire", "late"]


def test_a_reason_says_where_its_words_stand(policy: PriorityPolicy):
    text = "東西 LATE，快著火了"
    for reason in policy.judge(Case(text)).reasons:
        assert reason.evidence
        assert text[reason.start : reason.end] == reason.evidence


def test_the_words_of_a_learnt_level_are_placed_too(policy: PriorityPolicy):
    verdict = policy.judge(Case("the words here"), evidence=lambda level: "words")
    assert verdict.reasons == (Reason("learnt_normal", "words", 4, 9),)


def test_signals_of_a_combination_add_its_weight_and_floor(tmp_path: Path):
    content = POLICY + (
        '[[combination]]\nname = "both"\nall = ["late", "thanks"]\nweight = 7\nfloor = "high"\n'
    )
    policy = load_policy(written(tmp_path, content))
    verdict = policy.judge(Case("late, no thanks"))
    assert (verdict.level, verdict.score) == (Priority.HIGH, 60)
    assert verdict.reasons[0] == Reason("both", "late", 0, 4)
    assert policy.assess(Case("late, no thanks")).total == 30 + 12 - 50 + 7
    assert policy.judge(Case("late")).level is Priority.NORMAL


def test_minutes_to_the_first_answer_follow_the_level(tmp_path: Path):
    content = POLICY + "[sla_minutes]\nurgent = 5\nhigh = 60\nnormal = 240\nlow = 960\n"
    policy = load_policy(written(tmp_path, content))
    assert policy.judge(Case("fire")).sla_minutes == 5
    assert policy.judge(Case("hi")).sla_minutes == 240
    assert load_policy(written(tmp_path, POLICY)).judge(Case("hi")).sla_minutes is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), (None, Priority.HIGH, None)),
        (datetime(2026, 11, 1, 0, 0, tzinfo=UTC), ("sale", Priority.NORMAL, 30)),
        (datetime(2026, 11, 11, 23, 59, tzinfo=UTC), ("sale", Priority.NORMAL, 30)),
        (datetime(2026, 11, 12, 0, 0, tzinfo=UTC), (None, Priority.HIGH, None)),
        (None, (None, Priority.HIGH, None)),
    ],
)
def test_a_promotion_holds_from_its_first_day_to_its_last(
    tmp_path: Path, day: datetime | None, expected: tuple[str | None, Priority, int | None]
):
    content = POLICY.replace("weight = 12", "weight = 30") + (
        '[[promotion]]\nname = "sale"\nfrom = 2026-11-01\nuntil = 2026-11-11\n'
        "levels = { high = 70 }\nweights = { late = 35 }\n"
        "sla_minutes = { urgent = 5, high = 10, normal = 30, low = 60 }\n"
    )
    found = load_policy(written(tmp_path, content)).assess(Case("late", now=day))
    assert (found.promotion, found.level, found.sla_minutes) == expected
    assert found.findings[0].points == (35 if expected[0] else 30)


def test_words_are_asked_for_only_when_no_signal_gives_a_reason(policy: PriorityPolicy):
    asked: list[str] = []

    def evidence(level: str) -> str:
        asked.append(level)
        return "words"

    learnt = prediction(low=0.0, normal=0.0, high=1.0, urgent=0.0)
    assert policy.judge(Case("hi"), learnt=learnt, evidence=evidence).reasons == (
        Reason("learnt_high", "words"),
    )
    policy.judge(Case("late"), learnt=learnt, evidence=evidence)
    assert asked == ["high"]


def test_the_customers_tier_adds_points_in_any_case(policy: PriorityPolicy):
    verdict = policy.judge(Case("hi", customer=Customer(tier="ViP")))
    assert verdict.score == 40
    assert verdict.reasons == (Reason("customer_tier", "vip"),)
    assert policy.judge(Case("hi", customer=Customer(tier="gold"))).score == 30


def test_a_tier_that_weighs_more_than_a_signal_is_named_before_it(tmp_path: Path):
    policy = load_policy(written(tmp_path, POLICY.replace("VIP = 10", "VIP = 30")))
    verdict = policy.judge(Case("late", customer=Customer(tier="vip")))
    assert [r.signal for r in verdict.reasons] == ["customer_tier", "late"]
