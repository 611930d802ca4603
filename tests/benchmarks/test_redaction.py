"""Recall of redaction on planted personal data; figures for docs/quality.md."""

from __future__ import annotations

import time

import pytest
from redaction_figures import REDACTION, figures, half, shown

from triage.privacy import Redactor

pytestmark = pytest.mark.skipif(
    not REDACTION.is_file(), reason="datasets/redaction.jsonl is not there"
)


@pytest.mark.parametrize("which", [0, 1], ids=["development", "measured"])
def test_planted_details_are_found_and_numbers_to_keep_are_not_harmed(which: int) -> None:
    told = figures(half(which))
    print(f"\n{shown(told)}")  # noqa: T201
    assert told.recall >= 0.95
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
