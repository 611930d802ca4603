from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from training.risk import NOTHING, STARTS, Acceptance, accept, rows_needed

RATES = st.floats(0.01, 0.5)
SURE = st.floats(0.5, 0.99)


def falling(count: int) -> np.ndarray:
    """Return ``count`` different confidences, highest first."""
    return np.linspace(0.99, 0.5, count).astype(np.float32)


def all_right(count: int, *, max_error: float, sure: float = 0.95) -> Acceptance:
    return accept(falling(count), np.ones(count, dtype=bool), max_error=max_error, sure=sure)


@pytest.mark.parametrize(
    ("max_error", "sure", "count"),
    # The least n with (1 - max_error)^(n - 1) <= (1 - sure) / 10: one sets the threshold.
    [(0.1, 0.95, 52), (0.05, 0.95, 105), (0.01, 0.95, 529), (0.5, 0.95, 9), (0.5, 0.5, 6)],
)
def test_the_number_of_rows_needed_is_known(max_error: float, sure: float, count: int):
    assert rows_needed(max_error, sure) == count
    level = (1 - sure) / len(STARTS)
    assert (1 - max_error) ** (count - 1) <= level < (1 - max_error) ** (count - 2)


@given(RATES, SURE)
def test_as_many_right_rows_as_are_needed_are_accepted_and_one_fewer_is_not(
    max_error: float, sure: float
):
    count = rows_needed(max_error, sure)
    enough = all_right(count, max_error=max_error, sure=sure)
    assert (enough.accepted, enough.error, enough.rows) == (1.0, 0.0, count)
    assert enough.threshold == falling(count)[-1]
    fewer = all_right(count - 1, max_error=max_error, sure=sure)
    assert fewer == Acceptance(NOTHING, count - 1, 0.0, 0.0, 1.0)


def test_with_all_right_everything_is_accepted_and_the_bound_is_that_of_clopper_and_pearson():
    found = all_right(200, max_error=0.1)
    assert found.threshold == pytest.approx(0.5)
    assert found.bound == pytest.approx(1 - 0.05 ** (1 / 200), abs=1e-4)


def test_errors_below_a_confidence_are_left_below_it():
    right = np.arange(1000) < 600  # the 400 least confident are wrong
    found = accept(falling(1000), right, max_error=0.1)
    # From n accepted rows with n - 600 errors, the last n at which the tail is at most 0.005.
    last = max(n for n in range(600, 700) if binom.cdf(n - 600, n, 0.1) <= 0.005)
    assert last - 10 < found.accepted * 1000 <= last
    assert found.error == pytest.approx((found.accepted * 1000 - 600) / (found.accepted * 1000))
    assert found.threshold == falling(1000)[round(found.accepted * 1000) - 1]
    exact = binomtest(round(found.error * found.accepted * 1000), round(found.accepted * 1000))
    high = exact.proportion_ci(0.9, method="exact").high
    assert found.bound == pytest.approx(high, abs=1e-4)


def test_errors_among_the_most_confident_do_not_hide_what_lies_further_down():
    right = np.ones(1000, dtype=bool)
    right[:60] = False  # 60 % of the first start, 6 % of all
    found = accept(falling(1000), right, max_error=0.1)
    assert found.accepted == 1.0
    assert found.error == pytest.approx(0.06)


def test_where_too_much_is_wrong_nothing_is_accepted():
    right = np.arange(500) % 5 != 0
    found = accept(falling(500), right, max_error=0.1)
    assert found == Acceptance(NOTHING, 500, 0.0, 0.0, 1.0)
    assert found.threshold > 1


def test_without_any_message_nothing_is_accepted():
    none = np.zeros(0, dtype=np.float32)
    assert accept(none, none.astype(bool), max_error=0.1) == Acceptance(NOTHING, 0, 0.0, 0.0, 1.0)


def test_the_order_of_the_messages_does_not_matter():
    rng = np.random.default_rng(1)
    confidence = rng.random(400).astype(np.float32)
    right = rng.random(400) < 0.6 + 0.4 * confidence
    order = rng.permutation(400)
    first = accept(confidence, right, max_error=0.15)
    assert first.accepted > 0
    assert accept(confidence[order], right[order], max_error=0.15) == first


LEVELS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=20
)


def rows_of(levels: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences and rights of (confidence in twentieths, number right, number wrong)."""
    confidence, right = [], []
    for level, good, bad in levels:
        confidence += [level / 20] * (good + bad)
        right += [True] * good + [False] * bad
    return np.array(confidence, dtype=np.float32), np.array(right, dtype=bool)


@given(LEVELS, st.floats(0.02, 0.4), st.floats(0.5, 0.99))
@settings(max_examples=150)
def test_what_is_accepted_errs_no_more_than_allowed_and_equal_confidences_go_together(
    levels: list[tuple[int, int, int]], max_error: float, sure: float
):
    confidence, right = rows_of(levels)
    found = accept(confidence, right, max_error=max_error, sure=sure)
    above = confidence >= found.threshold
    assert found.rows == len(right)
    assert found.accepted * len(right) == pytest.approx(above.sum())
    if not above.any():
        assert (found.threshold, found.accepted) == (NOTHING, 0.0)
        return
    wrong = int((~right[above]).sum())
    assert found.error == pytest.approx(wrong / above.sum())
    assert found.error <= max_error
    assert found.error <= found.bound + 1e-4
    # The choice itself was tested, at the level that one start is given.
    assert binom.cdf(wrong, above.sum(), max_error) <= (1 - sure) / len(STARTS)


@given(LEVELS, st.floats(0.02, 0.2))
def test_a_laxer_standard_accepts_no_less(levels: list[tuple[int, int, int]], max_error: float):
    confidence, right = rows_of(levels)
    strict = accept(confidence, right, max_error=max_error, sure=0.95)
    assert accept(confidence, right, max_error=2 * max_error, sure=0.95).accepted >= strict.accepted
    assert accept(confidence, right, max_error=max_error, sure=0.8).accepted >= strict.accepted


def test_one_tied_level_is_accepted_whole_or_not_at_all():
    confidence = np.full(300, 0.8, dtype=np.float32)
    right = np.arange(300) >= 10
    assert accept(confidence, right, max_error=0.1).accepted == 1.0
    assert accept(confidence, right, max_error=0.04).accepted == 0.0


@pytest.mark.parametrize("distinct", [True, False], ids=["distinct", "tied"])
@pytest.mark.parametrize("max_error", [0.05, 0.1])
def test_over_many_calibrations_the_true_error_exceeds_the_promise_no_oftener_than_allowed(
    max_error: float, *, distinct: bool
):
    rng = np.random.default_rng(20)
    draws, sure = 200, 0.9
    broken = answered = 0
    for _ in range(draws):
        confidence = rng.random(2000).astype(np.float32)
        if not distinct:
            confidence = np.round(confidence, 1)
        # Wrong at (1 - c) / 4: of what lies above t, (1 - t) / 8 is wrong in truth.
        right = rng.random(2000) >= (1 - confidence) / 4
        found = accept(confidence, right, max_error=max_error, sure=sure)
        if found.accepted:
            answered += 1
            broken += true_error(found.threshold, distinct=distinct) > max_error
    assert answered > draws / 2, "a promise that is never given cannot be broken"
    # What a chance of 1 - sure exceeds once in a thousand simulations.
    assert broken <= binom.ppf(0.999, draws, 1 - sure)


def true_error(threshold: float, *, distinct: bool) -> float:
    """Return the share of wrong answers at or above ``threshold`` in the simulated world."""
    if distinct:
        return (1 - threshold) / 8
    # Rounded to tenths: 0 and 1 are half as frequent as the others.
    levels = np.arange(11) / 10
    shares = np.where((levels == 0) | (levels == 1), 0.5, 1.0)
    above = levels >= threshold - 1e-6
    return float(((1 - levels) / 4 * shares)[above].sum() / shares[above].sum())


def test_the_simulation_would_notice_a_threshold_without_a_guarantee():
    """The lowest threshold whose empirical error is small enough breaks the promise too often."""
    rng = np.random.default_rng(20)
    broken = 0
    for _ in range(200):
        confidence = rng.random(400).astype(np.float32)
        right = rng.random(400) >= (1 - confidence) / 4
        order = np.argsort(-confidence)
        share = np.cumsum(~right[order]) / np.arange(1, 401)
        kept = np.flatnonzero(share <= 0.05)
        broken += true_error(float(confidence[order][kept[-1]]), distinct=True) > 0.05
    assert broken > binom.ppf(0.999, 200, 0.1)


def test_the_needed_rows_grow_as_the_standard_grows_stricter():
    counts = [rows_needed(e, 0.95) for e in (0.2, 0.1, 0.05, 0.01)]
    assert counts == sorted(counts)
    assert rows_needed(0.1, 0.99) > rows_needed(0.1, 0.9)
    assert rows_needed(0.1) == math.ceil(math.log(0.005) / math.log(0.9)) + 1
