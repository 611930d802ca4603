from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from training.experts import NO_LANDMARK, Rows
from training.fit import FittedHead
from training.novelty import KEPT, fit_novelty
from triage.heads import Head
from triage.novelty import signs_of


def fitted(scores: np.ndarray, *groups: str) -> FittedHead:
    """Return a head with known out-of-fold scores, the lexical ones half of the pooled."""
    pooled = scores.astype(np.float32)
    head = Head(("a", "b"), (), dict.fromkeys(("any", *groups), (1.0,)), {})
    return FittedHead(head, pooled, pooled, pooled / 2)


def rows_of(
    cosines: np.ndarray, *, landmark: np.ndarray | None = None, languages: list[str] | None = None
) -> Rows:
    count = len(cosines)
    none = np.full(count, NO_LANDMARK)
    return Rows(
        csr_matrix((count, 1)),
        np.zeros((count, 2), dtype=np.float32),
        np.array(languages or ["en"] * count),
        cosines.astype(np.float32),
        none if landmark is None else landmark,
    )


def drawn(count: int, *, landmarks: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2)), rng.uniform(0, 1, size=(count, landmarks))


@given(st.integers(2, 60), st.integers(0, 100))
def test_known_messages_are_spread_evenly_over_familiarity(count: int, seed: int):
    scores, cosines = drawn(count, seed=seed)
    novelty, familiarity = fit_novelty("task", fitted(scores), rows_of(cosines))
    assert novelty.task == "task"
    assert_allclose(np.sort(familiarity), np.arange(2, count + 2) / (count + 1), rtol=1e-5)


def test_the_reference_standardises_the_signs_of_known_messages():
    scores, cosines = drawn(300)
    fit = fitted(scores)
    novelty, familiarity = fit_novelty("task", fit, rows_of(cosines))
    signs = signs_of(cosines.astype(np.float32), fit.pooled, fit.lexical)
    known = novelty.references["any"]
    assert_allclose(known.means, signs.mean(axis=0), rtol=1e-4)
    assert_allclose(known.deviations, signs.std(axis=0), rtol=1e-4)
    expected = ((signs - signs.mean(axis=0)) / signs.std(axis=0)).sum(axis=1)
    assert_allclose(known.totals, np.sort(expected), atol=1e-4)
    assert familiarity.argmax() == expected.argmax()
    assert familiarity.argmin() == expected.argmin()


@pytest.mark.parametrize("value", [0.1, 0.3, 1.7])
@pytest.mark.parametrize("count", [7, 60, 1000])
def test_a_sign_that_never_varies_has_no_say(value: float, count: int):
    scores, _ = drawn(count)
    novelty, familiarity = fit_novelty("task", fitted(scores), rows_of(np.full((count, 6), value)))
    known = novelty.references["any"]
    assert known.deviations[0] == np.inf
    _, without = fit_novelty("task", fitted(scores), rows_of(np.zeros((count, 0))))
    assert_array_equal(familiarity, without)
    strange = np.array([[-9, 0.5, 0.5], [9, 0.5, 0.5]], dtype=np.float32)
    first, second = known.familiarity(strange)
    assert first == second


def test_a_landmark_is_not_compared_with_itself():
    cosines = np.full((6, 6), 0.5) + np.eye(6) * 0.5
    cosines[0, 1:] = 0.1  # like none of the others
    scores = np.zeros((6, 2))
    itself = rows_of(cosines, landmark=np.arange(6))
    _, familiarity = fit_novelty("task", fitted(scores), itself)
    assert familiarity.argmin() == 0
    assert_allclose(familiarity, [2 / 7] + [1.0] * 5)
    assert_array_equal(itself.cosines.diagonal(), 1), "the rows are left as they were"


def test_a_language_with_weights_of_its_own_is_judged_among_its_own_messages():
    scores = np.zeros((20, 2))
    cosines = np.repeat([[0.9], [0.1]], 10, axis=0) + np.arange(20)[:, None] / 1000
    languages = ["en"] * 10 + ["zh"] * 10
    rows = rows_of(cosines, languages=languages)
    novelty, familiarity = fit_novelty("task", fitted(scores, "zh"), rows)
    assert set(novelty.references) == {"any", "zh"}
    assert_allclose(np.sort(familiarity[10:]), np.arange(2, 12) / 11, rtol=1e-5)
    assert familiarity[:10].min() > 0.5, "beside Chinese, English is near what is known"
    assert len(novelty.references["any"].totals) == 20


def test_of_many_messages_so_many_quantiles_are_kept():
    scores, cosines = drawn(3 * KEPT)
    novelty, familiarity = fit_novelty("task", fitted(scores), rows_of(cosines))
    totals = novelty.references["any"].totals
    assert totals.shape == (KEPT,)
    assert (np.diff(totals) >= 0).all()
    shares = [(familiarity <= share).mean() for share in (0.02, 0.1, 0.5, 0.9)]
    assert_allclose(shares, (0.02, 0.1, 0.5, 0.9), atol=0.002)
