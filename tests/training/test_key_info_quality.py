"""Key information on the messages that people labelled: the half whose errors may be looked at."""

from __future__ import annotations

import pytest

from training.spans import MICRO, development, extraction_figures, read_labelled
from triage.extraction import KeyInfoExtractor
from triage.settings import default_datasets_dir

FLOOR = 0.95


def test_key_information_of_the_development_half_is_found(extractor: KeyInfoExtractor):
    path = default_datasets_dir() / "key_info.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is absent: no labelled messages to measure on")
    figures = extraction_figures(extractor, development(read_labelled(path)))
    assert figures[MICRO].f1.value >= FLOOR, figures
