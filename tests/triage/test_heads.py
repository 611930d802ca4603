from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax as scipy_softmax
from sklearn.metrics.pairwise import rbf_kernel

from triage.errors import BundleError
from triage.heads import (
    CACHED,
    Expert,
    Head,
    Hierarchy,
    Landmarks,
    Views,
    by_row,
    check_width,
    group_of,
    parent_matrix,
    softmax,
)
from triage.lexical import SparseRows

F32 = np.float32
LEXICAL = np.array([[2.0, -1.0], [0.0, 3.0]], dtype=F32)
DENSE = np.array([[1.0, 0.0], [0.0, -1.0]], dtype=F32)
KERNEL = np.array([[1.0, 2.0], [-4.0, 0.5], [0.0, 8.0]], dtype=F32)
BIAS = np.array([0.5, -0.5], dtype=F32)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(F32)


def sparse(rows: list[list[float]]) -> SparseRows:
    """Return rows of two terms."""
    count = len(rows)
    return SparseRows(
        np.arange(count + 1) * 2, np.tile([0, 1], count), np.array(rows, dtype=F32).ravel()
    )


def views(count: int, *, seed: int = 0) -> Views:
    rng = np.random.default_rng(seed)
    return Views(
        sparse(rng.normal(size=(count, 2)).tolist()),
        unit(rng.normal(size=(count, 2))),
        rng.uniform(-1, 1, size=(count, 3)).astype(F32),
        rng.uniform(0, 1, size=(count, 3)).astype(F32),
    )


def dense_of(rows: SparseRows) -> np.ndarray:
    return rows.values.reshape(-1, 2)


def head() -> Head:
    return Head(
        ("x", "y"),
        (
            Expert(LEXICAL, None, BIAS),
            Expert(LEXICAL, DENSE, BIAS),
            Expert(None, None, 2 * BIAS, KERNEL),
        ),
        {"any": (1.0, 0.5, 0.25), "zh": (0.0, 2.0, 0.0)},
        {"any": 0.3, "zh": 0.9},
    )


MATRICES = st.tuples(st.integers(0, 6), st.integers(1, 6), st.integers(1, 4)).flatmap(
    lambda sizes: st.tuples(
        arrays(F32, sizes[:2], elements=st.floats(-1, 1, width=32)),
        arrays(F32, sizes[1:], elements=st.floats(-1, 1, width=32)),
    )
)


@given(MATRICES)
def test_a_product_by_rows_equals_the_product_of_matrices(pair: tuple[np.ndarray, np.ndarray]):
    rows, weights = pair
    made = by_row(rows, weights)
    assert made.dtype == F32
    assert_allclose(made, rows @ weights, atol=1e-6)


@given(MATRICES)
def test_a_row_of_a_product_does_not_depend_on_the_others(pair: tuple[np.ndarray, np.ndarray]):
    rows, weights = pair
    singles = [by_row(rows[i : i + 1], weights)[0] for i in range(len(rows))]
    assert_array_equal(by_row(rows, weights), np.reshape(singles, (len(rows), weights.shape[1])))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_kernel_of_known_cosines_is_known(gamma: float):
    # Unit vectors at 0, 60, 90 and 180 degrees lie 0, 1, 2 and 4 apart, squared.
    cosines = np.array([[1.0, 0.5, 0.0, -1.0]], dtype=F32)
    made = Landmarks(np.zeros((4, 2), dtype=F32), gamma).kernel(cosines)
    assert_allclose(made, np.exp(-gamma * np.array([[0.0, 1.0, 2.0, 4.0]])), rtol=1e-6)
    assert made.dtype == F32


@given(st.integers(0, 1000), st.floats(0.05, 5))
def test_landmarks_see_the_gaussian_kernel_of_scikit_learn(seed: int, gamma: float):
    rng = np.random.default_rng(seed)
    known, asked = unit(rng.normal(size=(5, 8))), unit(rng.normal(size=(3, 8)))
    landmarks = Landmarks(known, gamma)
    cosines = landmarks.cosines(asked)
    assert_allclose(cosines, asked @ known.T, atol=1e-6)
    assert_allclose(landmarks.kernel(cosines), rbf_kernel(asked, known, gamma=gamma), rtol=1e-4)


def test_no_vectors_have_no_cosines():
    assert Landmarks(np.eye(3, dtype=F32), 0.5).cosines(np.zeros((0, 3), F32)).shape == (0, 3)


@pytest.mark.parametrize("read", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (0, 0, 0)])
def test_an_expert_adds_what_it_reads_of_each_view(read: tuple[int, int, int]):
    given = views(4)
    parts = [w if take else None for take, w in zip(read, (LEXICAL, DENSE, KERNEL), strict=True)]
    expert = Expert(parts[0], parts[1], BIAS, parts[2])
    seen = (dense_of(given.lexical) @ LEXICAL, given.dense @ DENSE, given.kernel @ KERNEL)
    expected = BIAS + sum(take * part for take, part in zip(read, seen, strict=True))
    assert_allclose(expert.scores(given), expected + np.zeros((4, 2)), rtol=1e-5, atol=1e-5)


def test_an_expert_of_three_views_scores_as_worked_out_by_hand():
    given = Views(
        sparse([[1.0, 2.0]]),
        np.array([[0.6, 0.8]], dtype=F32),
        np.zeros((1, 3), dtype=F32),
        np.array([[1.0, 0.5, 0.25]], dtype=F32),
    )
    # The views give (2, 5), (0.6, -0.8) and (-1, 4.25) beside the biases.
    assert_allclose(Expert(LEXICAL, DENSE, BIAS, KERNEL).scores(given), [[2.1, 7.95]], rtol=1e-6)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_views_are_taken_in_the_order_asked(rows: list[int]):
    given = views(5)
    taken = given.take(rows)
    assert_array_equal(dense_of(taken.lexical), dense_of(given.lexical)[rows])
    assert_array_equal(taken.dense, given.dense[rows])
    assert_array_equal(taken.cosines, given.cosines[rows])
    assert_array_equal(taken.kernel, given.kernel[rows])


@given(st.integers(0, 1000), st.sampled_from(["any", "zh"]))
def test_fused_experts_score_as_the_weighted_sum_of_their_scores(seed: int, group: str):
    given, pooled = views(6, seed=seed), head()
    weights = pooled.pooling[group]
    expected = sum(w * e.scores(given) for w, e in zip(weights, pooled.experts, strict=True))
    assert_allclose(pooled.fused(group).scores(given), expected, rtol=1e-4, atol=1e-4)


def test_a_view_that_no_weighted_expert_reads_is_not_read_when_they_are_fused():
    fused = head().fused("zh")
    assert fused.kernel_weights is None
    assert fused.dense_weights is not None


@pytest.mark.parametrize(("language", "group"), [("zh", "zh"), ("en", "any"), ("und", "any")])
def test_a_language_without_weights_of_its_own_uses_the_common_ones(language: str, group: str):
    assert group_of(language, head().pooling) == group


@given(
    arrays(np.float32, array_shapes(min_dims=2, max_dims=2), elements=st.floats(-80, 80, width=32))
)
def test_softmax_equals_that_of_scipy(scores: np.ndarray):
    assert_allclose(softmax(scores), scipy_softmax(scores, axis=1), rtol=2e-5, atol=1e-7)


def test_softmax_of_known_scores_is_known_and_does_not_overflow():
    assert_allclose(softmax(np.log(np.array([[1, 2, 5]], dtype=F32))), [[0.125, 0.25, 0.625]], 1e-6)
    assert_allclose(softmax(np.array([[1e4, 0]], dtype=F32)), [[1, 0]])


def test_fusing_weighs_the_experts_of_a_language():
    fused = head().fused("any")
    assert_allclose(fused.lexical_weights, LEXICAL * 1.5)
    assert_allclose(fused.dense_weights, DENSE * 0.5)
    assert_allclose(fused.kernel_weights, KERNEL * 0.25)
    assert_allclose(fused.bias, BIAS * 2)
    chinese = head().fused("zh")
    assert_allclose(chinese.lexical_weights, LEXICAL * 2)
    assert_allclose(chinese.bias, BIAS * 2)


def test_children_lie_under_their_parents():
    matrix = parent_matrix(["a", "ab"], ["a/x", "ab/x", "a/y", "c/z"])
    assert_array_equal(matrix, [[1, 0], [0, 1], [1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((1.0, 0.0), [0.6, 0.4]),
        ((0.0, 1.0), [0.9, 0.1]),
        ((1.0, 1.0), [0.54 / 0.58, 0.04 / 0.58]),
        ((0.5, 0.5), [0.54**0.5 / (0.54**0.5 + 0.2), 0.2 / (0.54**0.5 + 0.2)]),
    ],
)
def test_the_hierarchy_pools_logarithmically(weights: tuple[float, float], expected: list[float]):
    own, summed = np.array([[0.6, 0.4]], dtype=F32), np.array([[0.9, 0.1]], dtype=F32)
    pooled = Hierarchy("p", "c", {"any": weights}, {"any": 0.5}).pool(own, summed, group="any")
    assert_allclose(pooled, [expected], rtol=1e-4)


@pytest.mark.parametrize(
    ("weights", "terms", "dim", "landmarks"),
    [
        ((LEXICAL, None, None), 3, 2, 3),
        ((None, DENSE, None), 2, 3, 3),
        ((None, None, KERNEL), 2, 2, 0),
    ],
)
def test_weights_of_another_width_are_refused(
    weights: tuple[np.ndarray | None, ...], terms: int, dim: int, landmarks: int
):
    lexical, dense, kernel = weights
    damaged = Head(("x", "y"), (Expert(lexical, dense, BIAS, kernel),), {"any": (1.0,)}, {"any": 0})
    check_width(damaged, (2, 2, 3), task="category")
    with pytest.raises(BundleError, match=r"'category'.*weights of shape.*train it again"):
        check_width(damaged, (terms, dim, landmarks), task="category")


@pytest.mark.parametrize("bias", [np.zeros(3, F32), np.zeros((1, 2), F32)])
def test_biases_of_another_number_than_labels_are_refused(bias: np.ndarray):
    damaged = Head(("x", "y"), (Expert(LEXICAL, None, bias),), {"any": (1.0,)}, {"any": 0.5})
    with pytest.raises(BundleError, match=r"'category'.*biases of shape.*train it again"):
        check_width(damaged, (2, 2, 3), task="category")


def test_cosines_of_many_landmarks_equal_those_of_one_message_at_a_time():
    rng = np.random.default_rng(0)
    known = rng.normal(size=(CACHED * 2 + 7, 24)).astype(F32)
    landmarks, rows = Landmarks(known, 0.5), rng.normal(size=(5, 24)).astype(F32)
    found = landmarks.cosines(rows)
    assert_array_equal(found, np.concatenate([landmarks.cosines(row[None]) for row in rows]))
    assert_allclose(found, rows @ known.T, rtol=1e-4, atol=1e-5)
