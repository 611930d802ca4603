"""Answers by words alone, snapshots of the engine, and what they leave as it was."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.golden.__main__ import NOW, starter_engine, starter_parts
from triage.degraded import DEGRADED
from triage.domain import Priority
from triage.engine import TriageEngine
from triage.policy_file import DEFAULT_POLICY
from triage.policy_source import PolicySource
from triage.settings import Settings


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return starter_engine()


def test_a_degraded_answer_says_so_and_asks_for_a_human(engine: TriageEngine) -> None:
    (result,) = engine.triage_degraded([{"id": "d-1", "text": "我的快递三天没动了"}])
    assert result.id == "d-1"
    assert result.degraded
    assert result.needs_review
    assert result.review_reasons == (DEGRADED,)
    assert result.suggestions == result.key_info == ()
    assert result.category.label == "logistics"
    assert result.to_dict()["degraded"] is True


def test_danger_is_urgent_by_words_alone(engine: TriageEngine) -> None:
    (result,) = engine.triage_degraded(["充电宝爆炸了，手被烧伤"])
    assert result.priority.level is Priority.URGENT


def test_a_whole_answer_does_not_mention_degradation(engine: TriageEngine) -> None:
    assert "degraded" not in engine.triage(["where is my parcel?"])[0].to_dict()


def test_a_degraded_batch_equals_its_messages_one_by_one(engine: TriageEngine) -> None:
    texts = ["退款还没到账", "I was charged twice", "?", "發票開錯了", "a" * 300]
    singly = [replace(engine.triage_degraded([t])[0], id="") for t in texts]
    assert [replace(r, id="") for r in engine.triage_degraded(texts)] == singly


def test_an_engine_whose_policy_is_fixed_is_its_own_snapshot(engine: TriageEngine) -> None:
    assert engine.snapshot() is engine
    assert engine.policy_source is None
    assert engine.now() == NOW


def test_a_snapshot_keeps_its_policy_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "priority.toml"
    source = DEFAULT_POLICY.read_text(encoding="utf-8")
    file.write_text(source, encoding="utf-8")
    seconds = iter(range(0, 1000, 10))
    policy = PolicySource(file, clock=lambda: next(seconds))
    engine = TriageEngine(
        replace(starter_parts(), policy=policy),
        Settings(),
        clock=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC),
    )
    before = engine.snapshot()
    file.write_text(source.replace("urgent = 15", "urgent = 7", 1), encoding="utf-8")
    os.utime(file, ns=(1, 1))
    after = engine.snapshot()
    assert before.policy is not after.policy
    assert before.snapshot() is before
    assert after.model == before.model
    assert engine.policy_source is policy
