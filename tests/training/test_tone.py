from __future__ import annotations

import numpy as np
import pytest

from training.tone import Heard, cross_joined, fit_tone, joined, shown_by
from triage.cue_file import read_cues

CUES = read_cues()
NAMES = [cue.name for cue in CUES.cues]
LABELS = ("negative", "neutral", "positive")


def heard(*, angry: int, plain: int) -> Heard:
    """Return messages about which the head is always unsure; the angry ones are negative."""
    texts = ["I am angry"] * angry + ["hello there"] * plain
    shares = np.tile(np.array([0.4, 0.5, 0.1], dtype=np.float32), (len(texts), 1))
    target = np.array([0] * angry + [1] * plain)
    return Heard(labels=LABELS, probabilities=shares, shown=shown_by(CUES, texts), target=target)


def test_cues_are_counted_by_column_stronger_behind_an_intensifier():
    shown = shown_by(CUES, ["I am angry", "I am so angry", "hello"])
    assert shown[:, NAMES.index("anger")].tolist() == [1.0, CUES.times, 0.0]
    assert shown[2].sum() == 0


def test_a_cue_of_negative_messages_gets_a_larger_weight_the_more_there_are():
    few, many = (fit_tone(heard(angry=n, plain=50), CUES, penalty=1.0) for n in (5, 500))
    prior = CUES.cues[NAMES.index("anger")].weights["negative"]
    assert many["anger"]["negative"] > few["anger"]["negative"] > prior


def test_a_cue_that_no_message_shows_keeps_the_files_weights():
    weights = fit_tone(heard(angry=0, plain=20), CUES)
    for cue in CUES.cues:
        assert weights[cue.name] == pytest.approx(dict(cue.weights), abs=1e-3)


def test_the_weights_make_the_right_labels_likelier():
    messages = heard(angry=40, plain=40)
    found = joined(messages, CUES, fit_tone(messages, CUES))
    right = np.arange(80), messages.target
    assert np.log(found[right]).mean() > np.log(messages.probabilities[right]).mean()
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_fold_is_judged_by_the_weights_of_the_others():
    messages = heard(angry=40, plain=40)
    fold = np.arange(80) % 2
    found = cross_joined(messages, CUES, fold)
    first = fold == 0
    weights = fit_tone(messages.take(~first), CUES)
    assert (found[first] == joined(messages.take(first), CUES, weights)).all()
