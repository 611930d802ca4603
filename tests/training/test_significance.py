from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import Figure, with_interval
from training.significance import holm, mcnemar, paired_difference


@pytest.mark.parametrize(
    ("gained", "lost", "both_sides", "one_side"),
    [
        (0, 0, 1.0, 1.0),
        (0, 5, 2 / 32, 1 / 32),
        (1, 9, 22 / 1024, 11 / 1024),
        (9, 1, 22 / 1024, 1023 / 1024),
        (3, 3, 1.0, 42 / 64),
    ],
)
def test_the_exact_test_of_known_pairs_is_known(
    gained: int, lost: int, both_sides: float, one_side: float
):
    # Sums of binomial coefficients over powers of two, by hand.
    assert mcnemar(gained, lost) == pytest.approx(both_sides)
    assert mcnemar(gained, lost, alternative="greater") == pytest.approx(one_side)


def test_holm_of_known_values_is_known():
    # By hand: 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1 lifted to the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1))
def test_holm_never_makes_a_value_smaller_nor_turns_an_order(p_values: list[float]):
    adjusted = holm(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    by_p = [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(by_p)
    assert min(adjusted) == pytest.approx(min(1.0, min(p_values) * len(p_values)))


def test_the_interval_of_a_difference_agrees_with_resampled_rows_and_the_normal_law():
    before = np.repeat([True, False, True, False], [600, 150, 100, 150])
    after = np.repeat([True, False, False, True], [600, 150, 100, 150])
    found = paired_difference(150, 100, 1000)
    assert found.value == pytest.approx(0.05)
    gain = Figure(lambda c: (c.rows[..., 1] - c.predicted[..., 1]) / c.rows.sum(axis=-1))
    rows = with_interval(gain, after, before)
    assert (found.low, found.high) == pytest.approx((rows.low, rows.high), abs=0.003)
    half = 1.96 * np.sqrt((0.25 - 0.05**2) / 1000)
    assert (found.low, found.high) == pytest.approx((0.05 - half, 0.05 + half), abs=0.002)


def test_the_interval_depends_on_the_seed_alone():
    assert paired_difference(7001, 3000, 90_000, seed=5) == paired_difference(
        7001, 3000, 90_000, seed=5
    )
    assert paired_difference(7001, 3000, 90_000, seed=5) != paired_difference(
        7001, 3000, 90_000, seed=6
    )


def test_models_that_never_differ_have_no_interval():
    found = paired_difference(0, 0, 50)
    assert (found.value, found.low, found.high) == (0, 0, 0)
