from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from training.selective import area_under_risk_coverage, risk_coverage, separation

SCORES = st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9]), min_size=1, max_size=30)
ROWS = st.lists(
    st.tuples(st.sampled_from([0.2, 0.4, 0.6, 0.8]), st.booleans()), min_size=1, max_size=30
)


def test_the_error_of_the_most_confident_rows_is_known():
    confidence = np.array([0.6, 0.9, 0.7, 0.8])
    right = np.array([False, True, False, True])
    assert risk_coverage(confidence, right) == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert area_under_risk_coverage(confidence, right) == pytest.approx((1 / 3 + 1 / 2) / 4)


def test_rows_of_equal_confidence_share_their_errors():
    risk = risk_coverage(np.array([0.9, 0.5, 0.5]), np.array([True, False, True]))
    assert risk == pytest.approx([0, 0.25, 1 / 3])


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_risk(rows: list[tuple[float, bool]], random: Random):
    shuffled = random.sample(rows, len(rows))
    curves = [
        risk_coverage(np.array([c for c, _ in part]), np.array([r for _, r in part]))
        for part in (rows, shuffled)
    ]
    assert curves[0] == pytest.approx(curves[1])
    assert curves[0][-1] == pytest.approx(np.mean([not r for _, r in rows]))


@given(SCORES, SCORES)
def test_auroc_equals_that_of_scikit_learn_ties_included(inside: list[float], outside: list[float]):
    found, _ = separation(np.array(inside), np.array(outside))
    truth = [1] * len(inside) + [0] * len(outside)
    assert found.value == pytest.approx(roc_auc_score(truth, inside + outside))


@given(SCORES, SCORES)
def test_recall_of_strangers_equals_one_less_the_false_positive_rate_of_scikit_learn(
    inside: list[float], outside: list[float]
):
    _, found = separation(np.array(inside), np.array(outside))
    truth = [1] * len(inside) + [0] * len(outside)
    false, accepted, _ = roc_curve(truth, inside + outside, drop_intermediate=False)
    assert found.value == pytest.approx(1 - false[np.argmax(accepted >= 0.95 - 1e-9)])


def test_recall_of_strangers_is_known_where_a_twentieth_may_be_lost():
    inside = np.arange(20) / 20  # the lowest, 0, may be lost; 0.05 is the score to reach
    _, found = separation(inside, np.array([0.01, 0.02, 0.04, 0.05]))
    assert found.value == 0.75


def test_the_interval_of_auroc_holds_its_value_and_is_sure_of_what_is_apart():
    rng = np.random.default_rng(5)
    auroc, _ = separation(rng.normal(1, 1, 200), rng.normal(0, 1, 100))
    assert 0.6 < auroc.low < auroc.value < auroc.high < 0.95
    apart, refused = separation(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    assert (apart.value, apart.low, apart.high) == (1, 1, 1)
    assert (refused.value, refused.low) == (1, 1)
