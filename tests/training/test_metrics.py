from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as confusion_matrix_of_scikit_learn
from sklearn.metrics import f1_score, precision_recall_fscore_support

from training.metrics import (
    accuracy,
    by_label,
    clopper_pearson,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    macro_f1,
    ordinal_agreement,
    reliability,
    weighted_f1,
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


@given(LABELS)
def test_weighted_f1_equals_that_of_scikit_learn(pairs: list[tuple[str, str]]):
    true, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    expected = f1_score(true, predicted, average="weighted", zero_division=0)
    assert weighted_f1(true, predicted) == pytest.approx(expected)


@given(LABELS)
def test_figures_by_label_equal_those_of_scikit_learn(pairs: list[tuple[str, str]]):
    true, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    found = by_label(true, predicted)
    expected = precision_recall_fscore_support(true, predicted, zero_division=0)
    assert [e.precision or 0 for e in found] == pytest.approx(expected[0])
    assert [e.recall.value if e.recall else 0 for e in found] == pytest.approx(expected[1])
    assert [e.f1 for e in found] == pytest.approx(expected[2])
    assert [e.support for e in found] == list(expected[3])


def test_a_label_never_predicted_has_no_precision_and_one_never_given_no_recall():
    given_only, predicted_only = by_label(np.array(["a", "a"]), np.array(["b", "b"]))
    assert (given_only.label, given_only.precision, given_only.support) == ("a", None, 2)
    assert (predicted_only.label, predicted_only.recall, predicted_only.support) == ("b", None, 0)


def test_the_exact_interval_of_known_shares_is_known():
    # 1 - 0.025 ** (1 / 10) is the closed form for no hit in ten rows.
    none, half = clopper_pearson(0, 10), clopper_pearson(5, 10)
    assert (none.low, none.high) == (0, pytest.approx(1 - 0.025**0.1))
    # Table of Clopper and Pearson for five of ten.
    assert (half.low, half.high) == (
        pytest.approx(0.1871, abs=1e-4),
        pytest.approx(0.8129, abs=1e-4),
    )


def test_the_interval_of_macro_f1_is_that_of_resampled_rows():
    rng = np.random.default_rng(3)
    true = rng.choice(list("aabc"), size=150)
    predicted = np.where(rng.random(150) < 0.7, true, rng.choice(list("abc"), size=150))
    draws = rng.integers(0, 150, size=(1000, 150))
    low, high = np.percentile([macro_f1(true[d], predicted[d]) for d in draws], [2.5, 97.5])
    found = with_interval(macro_f1, true, predicted)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))


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


def test_confusions_are_counted_commonest_first_with_five_examples():
    true, predicted = list("aaaaaaabc"), list("bbbbbbaca")
    found = confusions(true, predicted, [f"t{i}" for i in range(9)])
    assert found[0] == ("a", "b", 6, ["t0", "t1", "t2", "t3", "t4"])
    assert found[1:] == [("b", "c", 1, ["t7"]), ("c", "a", 1, ["t8"])]
    assert confusions(true, predicted, [""] * 9, limit=1) == [("a", "b", 6, [""] * 5)]


@given(LABELS)
def test_the_confusion_matrix_equals_that_of_scikit_learn(pairs: list[tuple[str, str]]):
    true, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    labels, counts = confusion_matrix(true, predicted)
    # An absent label beside them: scikit-learn warns of a single one.
    expected = confusion_matrix_of_scikit_learn(true, predicted, labels=[*labels, "absent"])
    assert counts.tolist() == expected[:-1, :-1].tolist()


def test_of_many_labels_the_confusion_matrix_keeps_those_with_most_mistakes():
    true, predicted = np.array(list("aabbccd")), np.array(list("aabcbbd"))
    labels, counts = confusion_matrix(true, predicted, limit=2)
    assert labels == ["b", "c"]
    assert counts.tolist() == [[1, 1], [2, 0]]


def test_reliability_of_known_rows_is_known_and_empty_bins_are_left_out():
    confidence = np.array([0.05, 0.15, 0.91, 0.93, 1.0])
    right = np.array([False, True, True, False, True])
    low, second, high = reliability(confidence, right, bins=10)
    assert low == (0.05, 0.0, 1)
    assert second == (0.15, 1.0, 1)
    assert high == (pytest.approx(2.84 / 3), pytest.approx(2 / 3), 3)


def test_ordinal_agreement_minds_how_many_levels_an_answer_is_off():
    order = ("low", "normal", "high")
    true = np.array(["low", "low", "normal", "high"])
    near = np.array(["low", "normal", "normal", "high"])
    far = np.array(["low", "high", "normal", "high"])
    # Worked by hand: 1 - observed / chance disagreement, squared distances.
    assert ordinal_agreement(true, near, order=order) == pytest.approx(1 - 1 / (20 / 4))
    assert ordinal_agreement(true, far, order=order) == pytest.approx(1 - 4 / (26 / 4))
    assert ordinal_agreement(true, true, order=order) == pytest.approx(1)


def test_ordinal_agreement_is_unknown_where_one_level_is_all_that_occurs():
    only = np.array(["low", "low"])
    assert ordinal_agreement(only, only, order=("low", "high")) is None
