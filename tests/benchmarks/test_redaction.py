"""Recall of redaction on planted personal data; figures for docs/quality.md.

The goal is 0.98. The rules were written on the even lines. On the odd lines, which nobody had
read, recall was 148 of 167 = 0.886 [0.829, 0.926] when first measured. Since then their misses were
looked at too: both halves are development now and prove little. The floors tell whether it falls.
"""

from __future__ import annotations

import time

import pytest
from redaction_figures import REDACTION, figures, half, shown

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


def test_speed_is_told_in_messages_a_second() -> None:
    texts = [row["text"] for row in half(0)] * 4
    redactor = Redactor()
    redactor.redact(texts[0])
    start = time.process_time()
    for text in texts:
        redactor.redact(text)
    speed = len(texts) / (time.process_time() - start)
    print(f"\n{speed:.0f} messages a second on one core")  # noqa: T201
    assert speed > 300
