from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
from fakes import NOW_UTC

from triage.circumstances import Case
from triage.domain import Message
from triage.engine import Parts, TriageEngine
from triage.errors import ConfigError
from triage.policy_source import PolicySource
from triage.sentiment import load_flags
from triage.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from fakes import FakeEncoder

    from triage.bundle import Bundle
    from triage.extraction import KeyInfoExtractor

LEVELS = "[levels]\nnormal = 30\nhigh = 60\nurgent = 80\n"
SIGNAL = '[[signal]]\nname = "late"\nweight = {}\npatterns = ["late"]\n'


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    write(path, SIGNAL.format(5))
    return path


def write(path: Path, content: str, *, version: int = 1) -> None:
    path.write_text(LEVELS + content, encoding="utf-8")
    os.utime(path, ns=(version, version))


def score(source: PolicySource) -> int:
    return source.judge(Case("late")).score


def test_a_changed_file_is_read_again_after_a_second(path: Path, clock: Clock):
    source = PolicySource(path, clock=clock)
    write(path, SIGNAL.format(9), version=2)
    clock.now += 0.9
    assert score(source) == 35
    clock.now += 0.1
    assert score(source) == 39
    assert source.assess(Case("late")).total == 39


def test_an_unchanged_file_is_not_read_again(path: Path, clock: Clock):
    source = PolicySource(path, clock=clock)
    policy = source.current()
    clock.now += 5
    assert source.current() is policy


def test_a_broken_file_leaves_the_last_good_policy_and_tells_its_fault_once(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
):
    source = PolicySource(path, clock=clock)
    assert source.fault is None
    write(path, SIGNAL.format("'x'"), version=2)
    with caplog.at_level(logging.WARNING, logger="triage.policy_source"):
        for _ in range(3):
            clock.now += 2
            assert score(source) == 35
    (record,) = caplog.records
    assert "line 7" in record.getMessage()
    assert source.fault is not None
    assert "line 7" in source.fault
    write(path, SIGNAL.format("'yy'"), version=3)
    clock.now += 2
    with caplog.at_level(logging.WARNING, logger="triage.policy_source"):
        assert score(source) == 35
    assert len(caplog.records) == 2


def test_a_mended_file_is_in_use_again(path: Path, clock: Clock):
    source = PolicySource(path, clock=clock)
    write(path, "[oops]\n", version=2)
    clock.now += 2
    assert source.fault is not None
    write(path, SIGNAL.format(7), version=3)
    clock.now += 2
    assert source.fault is None
    assert score(source) == 37


def test_a_file_that_vanishes_leaves_the_last_good_policy(path: Path, clock: Clock):
    source = PolicySource(path, clock=clock)
    path.unlink()
    clock.now += 2
    assert score(source) == 35
    assert source.fault is not None
    assert "check the path" in source.fault


def test_no_customer_text_is_logged(path: Path, clock: Clock, caplog: pytest.LogCaptureFixture):
    source = PolicySource(path, clock=clock)
    write(path, "[oops]\n", version=2)
    clock.now += 2
    with caplog.at_level(logging.DEBUG):
        source.judge(Case("late, says Ms Secret"))
    assert caplog.records
    assert "Secret" not in caplog.text


def test_a_file_that_is_broken_at_the_start_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="check the path"):
        PolicySource(tmp_path / "absent.toml")


def test_an_engine_follows_the_file_and_counts_earlier_messages(
    path: Path, clock: Clock, bundle: Bundle, encoder: FakeEncoder, extractor: KeyInfoExtractor
):
    parts = Parts(
        bundle=bundle,
        encoder=encoder,
        extractor=extractor,
        policy=PolicySource(path, clock=clock),
        sentiment=load_flags(),
    )
    engine = TriageEngine(parts, Settings(), clock=lambda: NOW_UTC)
    write(path, "[contacts]\nweight = 2\nmost = 10\n", version=2)
    clock.now += 2
    message = Message(id="m", text="where is it", contacts=3)
    (result,) = engine.triage([message])
    assert result.to_dict()["priority"]["reasons"] == [
        {"signal": "earlier_contacts", "evidence": "3", "start": None, "end": None}
    ]
    assert engine.assess_priority(message).score == result.priority.score
