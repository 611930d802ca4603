from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import prediction

from triage.domain import Sentiment
from triage.errors import ConfigError
from triage.sentiment import load_flags

if TYPE_CHECKING:
    from pathlib import Path


def test_the_label_and_its_probability_are_the_heads():
    verdict = load_flags().judge("hi", prediction(negative=0.125, neutral=0.625, positive=0.25))
    assert (verdict.label, verdict.confidence) == (Sentiment.NEUTRAL, 0.625)
    assert verdict.flags == ()


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("怎么还没到", "impatient"),
        ("怎麼還沒到", "impatient"),
        ("I am furious", "angry"),
        ("有点担心", "worried"),
        ("thanks for nothing", "sarcastic"),
        ("再也不买了", "threatening_to_leave"),
        ("我要找律师", "threatening_legal_or_media"),
    ],
)
def test_finer_flags_are_read_from_the_words(text: str, flag: str):
    verdict = load_flags().judge(text, prediction(negative=0.9, neutral=0.1, positive=0.0))
    assert flag in verdict.flags


def test_a_flag_never_contradicts_the_label():
    text = "太好了 awesome, but I am angry"
    negative = load_flags().judge(text, prediction(negative=0.9, neutral=0.1, positive=0.0))
    positive = load_flags().judge(text, prediction(negative=0.1, neutral=0.0, positive=0.9))
    assert negative.flags == ("angry",)
    assert positive.flags == ("praising",)


def test_a_signal_table_that_is_no_list_is_refused(tmp_path: Path):
    path = tmp_path / "flags.toml"
    path.write_text("[signal]\nname = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[\[signal\]\]"):
        load_flags(path)
