from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from triage.heads import NEAREST
from triage.novelty import SIGNS, Reference, signs_of

F32 = np.float32
ONES = np.ones(SIGNS, dtype=F32)
ZEROS = np.zeros(SIGNS, dtype=F32)
SCORES = st.floats(-50, 50, width=32)
TOTALS = arrays(F32, st.integers(0, 30), elements=SCORES).map(np.sort)


def reference(totals: object, *, deviations: np.ndarray = ONES) -> Reference:
    return Reference(ZEROS, deviations, np.array(totals, dtype=F32))


@pytest.mark.parametrize(
    ("total", "share"), [(-9, 0.2), (1, 0.4), (1.5, 0.4), (2, 0.6), (3.5, 0.8), (4, 1.0), (9, 1.0)]
)
def test_familiarity_is_the_share_of_known_messages_that_are_no_more_familiar(
    total: float, share: float
):
    signs = np.array([[total, 0, 0]], dtype=F32)
    assert_allclose(reference([1, 2, 3, 4]).familiarity(signs), [share])


def test_signs_are_added_in_units_of_their_deviation():
    known = Reference(np.array([1, 10, -2], F32), np.array([0.5, 5, 2], F32), np.zeros(0, F32))
    assert_allclose(known.total(np.array([[2, 5, 2], [1, 10, -2]], F32)), [2 - 1 + 2, 0])


@given(TOTALS, arrays(F32, (4, SIGNS), elements=SCORES))
def test_familiarity_is_above_0_and_at_most_1(totals: np.ndarray, signs: np.ndarray):
    made = reference(totals).familiarity(signs)
    assert made.dtype == F32
    assert ((made > 0) & (made <= 1)).all()


@given(
    TOTALS,
    arrays(F32, (1, SIGNS), elements=SCORES),
    st.integers(0, SIGNS - 1),
    st.floats(0, 50, width=32),
)
def test_familiarity_does_not_fall_when_a_sign_rises(
    totals: np.ndarray, signs: np.ndarray, which: int, more: float
):
    risen = signs.copy()
    risen[0, which] += F32(more)
    known = reference(totals)
    assert known.familiarity(risen)[0] >= known.familiarity(signs)[0]


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40, unique=True))
def test_known_messages_are_spread_evenly(totals: list[int]):
    count = len(totals)
    signs = np.zeros((count, SIGNS), dtype=F32)
    signs[:, 1] = totals
    made = reference(sorted(totals)).familiarity(signs)
    assert_allclose(np.sort(made), np.arange(2, count + 2) / (count + 1), rtol=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.5])
def test_of_new_messages_like_the_known_ones_a_share_falls_below_it(share: float):
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(400, 200, SIGNS)).astype(F32)
    new = rng.normal(size=(400, 50, SIGNS)).astype(F32)
    known = [reference(np.sort(d.sum(axis=1))) for d in drawn]
    made = np.array([k.familiarity(n) for k, n in zip(known, new, strict=True)])
    deviation = np.sqrt(share * (1 - share) * (1 / 50 + 1 / 200) / 400)
    assert (made <= share).mean() == pytest.approx(share, abs=3 * deviation)


@given(arrays(F32, (3, SIGNS), elements=SCORES), SCORES)
def test_a_sign_without_variance_has_no_say(signs: np.ndarray, other: float):
    known = reference(np.arange(-9, 9), deviations=np.array([1, np.inf, 1], F32))
    changed = signs.copy()
    changed[:, 1] = other
    assert_array_equal(known.familiarity(changed), known.familiarity(signs))


def test_the_signs_of_known_scores_are_known():
    cosines = np.array([[0.9, 0.8, 0.1, 0.7, 0.6, 0.5, -1.0]], dtype=F32)
    pooled = np.log(np.array([[1.0, 2.0, 5.0]], dtype=F32))
    lexical = np.array([[-0.5, 0.25, -2.0]], dtype=F32)
    # The five nearest; log(1 + 2 + 5); the best margin.
    assert_allclose(signs_of(cosines, pooled, lexical), [[0.7, np.log(8), 0.25]], rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, NEAREST - 1])
def test_fewer_landmarks_than_are_counted_are_all_counted(count: int):
    cosines = np.linspace(0.2, 0.8, count, dtype=F32)[None]
    zeros = np.zeros((1, 2), dtype=F32)
    assert signs_of(cosines, zeros, zeros)[0, 0] == pytest.approx(cosines.mean())


def test_without_landmarks_the_other_signs_are_told():
    made = signs_of(np.zeros((2, 0), F32), np.zeros((2, 4), F32), np.full((2, 4), 3, F32))
    assert_allclose(made, [[0, np.log(4), 3]] * 2, rtol=1e-6)


@given(arrays(F32, (3, 4), elements=st.floats(-1e4, 1e4, width=32)))
def test_energy_equals_that_of_scipy_and_does_not_overflow(pooled: np.ndarray):
    made = signs_of(np.zeros((3, 0), F32), pooled, pooled)[:, 1]
    assert_allclose(made, logsumexp(pooled.astype(float), axis=1), rtol=1e-5, atol=1e-4)


@given(arrays(F32, (4, 9), elements=st.floats(-1, 1, width=32)))
def test_signs_of_a_message_do_not_depend_on_its_batch(cosines: np.ndarray):
    together = signs_of(cosines, cosines * 9, cosines * 2)
    singles = [signs_of(c[None], c[None] * 9, c[None] * 2)[0] for c in cosines]
    assert_array_equal(together, singles)
