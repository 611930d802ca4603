from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from training.metrics import (
    accuracy,
    confusions,
    expected_calibration_error,
    macro_f1,
    review_threshold,
    with_interval,
)

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1)


def test_accuracy_is_the_share_of_equal_labels():
    assert accuracy(np.array(list("abca")), np.array(list("abba"))) == 0.75


@given(LABELS)
def test_macro_f1_equals_that_of_scikit_learn(pairs: list[tuple[str, str]]):
    true, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    expected = f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)
    assert macro_f1(true, predicted) == pytest.approx(expected)


def test_an_interval_contains_its_value_and_narrows_with_more_rows():
    rng = np.random.default_rng(1)
    true = rng.choice(list("ab"), size=900)
    predicted = np.where(rng.random(900) < 0.8, true, "c")
    few = with_interval(accuracy, true[:60], predicted[:60])
    many = with_interval(accuracy, true, predicted)
    for estimate in (few, many):
        assert 0 < estimate.low < estimate.value < estimate.high < 1
    # Normal approximation: 1.96 * sqrt(p (1 - p) / n) on either side.
    half = 1.96 * np.sqrt(many.value * (1 - many.value) / 900)
    assert many.high - many.low == pytest.approx(2 * half, rel=0.15)
    assert few.high - few.low > 2 * (many.high - many.low)


def test_an_interval_depends_on_the_seed_alone():
    true, predicted = np.array(list("aabbab" * 5)), np.array(list("abbbaa" * 5))
    assert with_interval(accuracy, true, predicted) == with_interval(accuracy, true, predicted)
    assert with_interval(accuracy, true, true).low == 1.0


@pytest.mark.parametrize(
    ("confidence", "right", "error"),
    [
        ([0.95, 0.95, 0.55, 0.55], [1, 1, 1, 0], 0.5 * 0.05 + 0.5 * 0.05),
        ([1.0, 1.0], [1, 1], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([0.9, 0.9, 0.9, 0.9], [1, 1, 0, 0], 0.4),
    ],
)
def test_calibration_error_of_known_rows_is_known(
    confidence: list[float], right: list[int], error: float
):
    found = expected_calibration_error(np.array(confidence, np.float32), np.array(right, bool))
    assert found == pytest.approx(error, abs=1e-6)


def test_confusions_are_counted_commonest_first_with_three_examples():
    true, predicted = list("aaaaabc"), list("bbbbaca")
    found = confusions(true, predicted, [f"t{i}" for i in range(7)])
    assert found[0] == ("a", "b", 4, ["t0", "t1", "t2"])
    assert found[1:] == [("b", "c", 1, ["t5"]), ("c", "a", 1, ["t6"])]
    assert confusions(true, predicted, [""] * 7, limit=1) == [("a", "b", 4, ["", "", ""])]


@pytest.mark.parametrize(("max_error", "threshold"), [(0.1, 0.8), (0.25, 0.6), (0.4, 0.6)])
def test_the_review_threshold_of_known_rows_is_known(max_error: float, threshold: float):
    confidence = np.array([0.7, 0.9, 0.6, 0.8], np.float32)
    right = np.array([False, True, True, True])
    assert review_threshold(confidence, right, max_error=max_error) == pytest.approx(threshold)


def test_when_no_row_is_right_everything_is_reviewed():
    confidence = np.array([0.9, 0.8], np.float32)
    assert review_threshold(confidence, np.array([False, False]), max_error=0.1) == 1.0


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.8]), st.booleans()), min_size=1))
def test_rows_at_or_above_the_review_threshold_keep_to_the_error_rate(
    rows: list[tuple[float, bool]],
):
    confidence = np.array([c for c, _ in rows])
    right = np.array([r for _, r in rows])
    accepted = right[confidence >= review_threshold(confidence, right, max_error=0.2)]
    assert not len(accepted) or (~accepted).mean() <= 0.2
