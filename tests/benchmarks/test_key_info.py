"""Key information: exact-span F1 on labelled messages, and speed; figures for docs/quality.md.

KEY_INFO=FILE measures on another file of the same form.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from training.corpus import read_corpus
from training.spans import (
    MICRO,
    SpanFigure,
    development,
    extraction_figures,
    held_back,
    read_labelled,
)
from triage.extraction import KeyInfoExtractor
from triage.settings import default_datasets_dir

FLOORS = {"development": 0.95, "held back": 0.85}
MESSAGES_A_SECOND = 4_000


def _shown(title: str, figures: Mapping[str, SpanFigure]) -> None:
    print(f"\n{title}")  # noqa: T201
    for name, f in figures.items():
        print(  # noqa: T201
            f"{name:12} F1 {f.f1.value:.3f} ({f.f1.low:.3f} to {f.f1.high:.3f})  "
            f"precision {f.precision:.3f}  recall {f.recall:.3f}  labelled {f.labelled}  "
            f"found {f.found}  right {f.hits}  right values {f.right_values}"
        )


@pytest.mark.parametrize("half", FLOORS)
def test_spans_of_labelled_messages(half: str) -> None:
    path = Path(os.environ.get("KEY_INFO") or default_datasets_dir() / "key_info.jsonl")
    if not path.is_file():
        pytest.skip(f"{path} is absent: no labelled messages to measure on")
    choose = development if half == "development" else held_back
    messages = choose(read_labelled(path))
    figures = extraction_figures(KeyInfoExtractor(), messages)
    _shown(f"key information, {half} half, {len(messages)} messages", figures)
    assert figures[MICRO].f1.value >= FLOORS[half]


def test_messages_a_second_on_one_core() -> None:
    tickets = read_corpus(default_datasets_dir() / "tickets.jsonl").tickets
    texts = [ticket.text for ticket in tickets]
    times = [datetime(2026, 11, 21, 10)] * len(texts)  # noqa: DTZ001
    extractor = KeyInfoExtractor()
    extractor.extract(texts[:200], times=times[:200])
    start = time.process_time()
    extractor.extract(texts, times=times)
    speed = len(texts) / (time.process_time() - start)
    print(f"\nkey information alone: {speed:.0f} messages a second")  # noqa: T201
    assert speed >= MESSAGES_A_SECOND
