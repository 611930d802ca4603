from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import prediction
from hypothesis import given
from hypothesis import strategies as st
from known_tones import NEAR_MISSES, SHOWN

from triage.domain import Sentiment
from triage.sentiment import SentimentReader, load_flags

if TYPE_CHECKING:
    from triage.classifier import Prediction

READER = load_flags()
UNSURE = prediction(negative=0.05, neutral=0.9, positive=0.05)
LEANING = prediction(negative=0.4, neutral=0.55, positive=0.05)


def flags_of(text: str, learnt: Prediction = UNSURE) -> tuple[str, ...]:
    return READER.judge(text, learnt).flags


def test_without_cues_the_label_and_its_probability_are_the_heads():
    verdict = READER.judge("hi", prediction(negative=0.125, neutral=0.625, positive=0.25))
    assert (verdict.label, verdict.confidence) == (Sentiment.NEUTRAL, 0.625)
    assert verdict.flags == verdict.cues == ()


@pytest.mark.parametrize(
    ("flag", "text"), [(flag, text) for flag, texts in SHOWN.items() for text in texts]
)
def test_a_message_shows_its_flag(flag: str, text: str):
    assert flag in flags_of(text)


@pytest.mark.parametrize(
    ("flag", "text"), [(flag, text) for flag, texts in NEAR_MISSES.items() for text in texts]
)
def test_a_message_that_only_seems_to_does_not_show_the_flag(flag: str, text: str):
    assert flag not in flags_of(text)


def test_every_flag_has_a_dozen_messages_and_eight_near_misses():
    flags = {cue.flag for cue in READER.cues.cues} - {None}
    assert flags == set(SHOWN) == set(NEAR_MISSES)
    assert min(len(set(texts)) for texts in SHOWN.values()) >= 12
    assert min(len(set(texts)) for texts in NEAR_MISSES.values()) >= 8


def test_a_flag_never_contradicts_the_label():
    text = "太好了 awesome, but I am angry"
    negative = READER.judge(text, prediction(negative=0.9, neutral=0.1, positive=0.0))
    positive = READER.judge("太好了", prediction(negative=0.1, neutral=0.0, positive=0.9))
    assert (negative.label, negative.flags) == (Sentiment.NEGATIVE, ("angry",))
    assert (positive.label, positive.flags) == (Sentiment.POSITIVE, ("praising",))


@pytest.mark.parametrize(
    "text",
    [
        "气死我了",
        "怎么还没到？？",
        "太失望了",
        "再不退我打12315",
        "thanks for nothing",
        "真棒，又崩了",
    ],
)
def test_a_strong_cue_makes_a_narrowly_neutral_message_negative(text: str):
    assert LEANING.best == Sentiment.NEUTRAL
    assert READER.judge(text, LEANING).label is Sentiment.NEGATIVE


@pytest.mark.parametrize(
    "text", ["麻烦查一下物流，谢谢", "請問退款要幾天？謝謝", "Could you check order 12, thanks!"]
)
def test_a_polite_closing_stays_neutral(text: str):
    assert (
        READER.judge(text, prediction(negative=0.2, neutral=0.6, positive=0.2)).label == "neutral"
    )


@pytest.mark.parametrize(
    "text",
    ["东西不错，就是快递太慢了", "Love the colour but the zip broke, very disappointed",
     "客服很好，但是等了半個月"],
)  # fmt: skip
def test_praise_before_a_complaint_is_negative(text: str):
    verdict = READER.judge(text, prediction(negative=0.3, neutral=0.4, positive=0.3))
    assert verdict.label is Sentiment.NEGATIVE
    assert "praising" not in verdict.flags


@pytest.mark.parametrize(
    "text", ["great job as always 🙄", "thanks for nothing", "可真是好服务啊呵呵"]
)
def test_sarcasm_is_negative_however_surely_the_head_hears_praise(text: str):
    learnt = prediction(negative=0.0003, neutral=0.0007, positive=0.999)
    assert READER.judge(text, learnt).label is Sentiment.NEGATIVE


def test_praise_lifts_a_narrowly_neutral_message_to_positive():
    learnt = prediction(negative=0.1, neutral=0.6, positive=0.3)
    assert READER.judge("客服很耐心，太感谢了", learnt).label is Sentiment.POSITIVE


def test_an_intensifier_makes_a_cue_count_more():
    plain, strong = (READER.judge(text, LEANING) for text in ("I am angry", "I am so angry"))
    assert strong.confidence > plain.confidence


def test_the_joined_probabilities_are_the_heads_times_the_cues_odds():
    reader = SentimentReader(READER.cues, {"anger": {"negative": float(np.log(4))}})
    verdict = reader.judge("anger? I am angry", prediction(negative=0.2, neutral=0.6, positive=0.2))
    alone = SentimentReader(READER.cues, {"anger": {}})
    assert alone.judge("angry", UNSURE).confidence == pytest.approx(0.9, abs=1e-5)
    found = reader.judge("angry", prediction(negative=0.2, neutral=0.6, positive=0.2))
    assert found.label is verdict.label is Sentiment.NEGATIVE
    assert found.confidence == pytest.approx(0.8 / 1.6, abs=1e-5)


def test_a_head_without_a_neutral_label_is_joined_too():
    assert READER.judge("angry", prediction(negative=0.4, positive=0.6)).label == "negative"


def test_cues_tell_the_words_of_each_flag_as_written():
    text = "怎麼還沒到？？ I am FURIOUS"
    cues = READER.judge(text, UNSURE).cues
    assert [(c.flag, c.evidence) for c in cues] == [
        ("angry", "FURIOUS"), ("impatient", "怎麼還沒"),
    ]  # fmt: skip
    assert all(text[c.start : c.end] == c.evidence for c in cues)


SNIPPETS = st.sampled_from(
    [text for texts in (*SHOWN.values(), *NEAR_MISSES.values()) for text in texts]
    + ["不", "not ", "??", "😡", "\u0130", "\ud800", "！！！", "\n", "but ", "但是", " "]
)


@given(st.lists(SNIPPETS | st.text(max_size=8), max_size=6).map("".join))
def test_cues_stand_in_the_text_and_are_the_same_each_time(text: str):
    verdict = READER.judge(text, LEANING)
    assert verdict == READER.judge(text, LEANING)
    assert set(verdict.flags) == {cue.flag for cue in verdict.cues}
    assert 1 / 3 <= verdict.confidence <= 1
    for cue in verdict.cues:
        assert cue.evidence
        if cue.start is not None:
            assert text[cue.start : cue.end] == cue.evidence
