from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from training.judged import MIN_REPORTED, Judged


def judged(*, zh: int = 0) -> Judged:
    """Return ten English answers, eight of them right, and ``zh`` Chinese ones, all right."""
    count = 10 + zh
    predicted = np.array([0] * 5 + [1] * 5 + [0] * zh)
    true = predicted.copy()
    true[[0, 9]] = [1, -1]  # the last label is one that the head does not know
    return Judged(
        np.arange(count) * 2,
        ("a", "b"),
        true,
        predicted,
        np.full(count, 0.8, dtype=np.float32),
        np.array(["en"] * 10 + ["zh"] * zh),
    )


def test_an_answer_is_right_when_it_is_the_label_and_never_for_an_unknown_one():
    assert_array_equal(judged().right, [False] + [True] * 8 + [False])


def test_the_figures_of_known_answers_are_known():
    found = judged().take(np.arange(10) != 9).figures()
    assert found["rows"] == 9
    assert found["accuracy"] == pytest.approx(8 / 9, abs=1e-4)
    low, high = found["accuracy_95"]
    assert low < found["accuracy"] < high
    # a: precision 4/5, recall 1; b: precision 1, recall 4/5.
    assert found["macro_f1"] == pytest.approx(8 / 9, abs=1e-4)
    assert found["ece"] == pytest.approx(8 / 9 - 0.8, abs=1e-4)
    assert found["reliability"] == [[0.8, 0.8889, 9.0]]


def test_a_subset_keeps_what_belongs_to_its_answers():
    part = judged(zh=2).take(np.arange(12) >= 9)
    assert_array_equal(part.positions, [18, 20, 22])
    assert_array_equal(part.languages, ["en", "zh", "zh"])
    assert_array_equal(part.right, [False, True, True])
    assert part.labels == ("a", "b")


@pytest.mark.parametrize(
    ("zh", "groups"), [(MIN_REPORTED - 1, {"all"}), (MIN_REPORTED, {"all", "zh"})]
)
def test_a_language_with_enough_answers_has_figures_of_its_own(zh: int, groups: set[str]):
    found = judged(zh=zh).take(np.arange(10 + zh) != 9).by_language()
    assert set(found) == groups
    assert found["all"]["rows"] == 9 + zh
    if "zh" in found:
        assert (found["zh"]["rows"], found["zh"]["accuracy"]) == (zh, 1.0)
