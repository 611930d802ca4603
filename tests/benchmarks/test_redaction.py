"""Recall of redaction on planted personal details; figures for docs/quality.md.

The goal is 0.98. Rules were written on datasets/redaction.jsonl, whose recall proves little: the
floors tell whether it gets worse. The held-back messages are another author's; nobody has looked at
what is missed there, so their recall is the one to quote.
"""

from __future__ import annotations

import time

import pytest
from redaction_figures import REDACTION, figures, half, held_back, shown

from triage.privacy import Redactor

pytestmark = pytest.mark.skipif(
    not REDACTION.is_file(), reason="datasets/redaction.jsonl is not there"
)


@pytest.mark.parametrize(("which", "floor"), [(0, 0.98), (1, 0.98)], ids=["even", "odd"])
def test_recall_does_not_fall_and_numbers_to_keep_are_not_harmed(which: int, floor: float) -> None:
    told = figures(half(which))
    print(f"\n{shown(told)}")  # noqa: T201
    assert told.recall >= floor
    assert told.harmed <= 0.05 * told.kept


def test_recall_on_messages_that_no_rule_was_written_on() -> None:
    told = figures(held_back())
    print(f"\n{shown(told)}")  # noqa: T201
    assert told.harmed <= 0.02 * told.kept


def test_speed_is_told_in_messages_a_second() -> None:
    texts = [row["text"] for row in half(0)] * 4
    redactor = Redactor()
    redactor.redact(texts[0])
    start = time.process_time()
    for text in texts:
        redactor.redact(text)
    speed = len(texts) / (time.process_time() - start)
    print(f"\n{speed:.0f} messages a second on one core")  # noqa: T201
