from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.cluster import AgglomerativeClustering

from training import clusters
from training.clusters import average_linkage, nearest
from triage.errors import InputError


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == n).tolist()) for n in np.unique(labels)}


def points(seed: int, count: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(0.3, 1, (count, 5)))


@given(
    seed=st.integers(0, 10_000), count=st.integers(2, 40), least=st.sampled_from([0.2, 0.5, 0.8])
)
@settings(max_examples=60, deadline=None)
def test_it_finds_what_scikit_learn_finds_with_the_whole_matrix(
    seed: int, count: int, least: float
) -> None:
    vectors = points(seed, count)
    reference = AgglomerativeClustering(
        None, metric="cosine", linkage="average", distance_threshold=1 - least
    ).fit_predict(vectors)
    assert partition(average_linkage(vectors, least=least)) == partition(reference)


def test_a_weight_counts_as_so_many_equal_rows() -> None:
    vectors, weights = points(3, 12), np.array([1, 5, 1, 1, 3, 1, 1, 2, 1, 1, 1, 4])
    repeated = average_linkage(np.repeat(vectors, weights, axis=0), least=0.4)
    starts = np.concatenate([[0], np.cumsum(weights)[:-1]])
    assert partition(average_linkage(vectors, weights=weights, least=0.4)) == partition(
        repeated[starts]
    )


def test_clusters_are_numbered_in_order_of_appearance() -> None:
    vectors = unit(np.array([[0, 1.0], [1, 0], [0, 1], [1, 0.1]]))
    assert_array_equal(average_linkage(vectors, least=0.5), [0, 1, 0, 1])


def test_equal_vectors_do_not_go_round_for_ever() -> None:
    assert_array_equal(average_linkage(unit(np.ones((50, 4))), least=0.9), np.zeros(50))


@pytest.mark.parametrize("count", [0, 1])
def test_none_or_one_vector_is_no_trouble(count: int) -> None:
    assert_array_equal(average_linkage(np.ones((count, 4), dtype=np.float32)), np.zeros(count))


@pytest.mark.parametrize("least", [0, 1, -0.5])
def test_a_threshold_out_of_range_is_refused(least: float) -> None:
    with pytest.raises(InputError, match=str(least)):
        average_linkage(points(0, 3), least=least)


def test_many_vectors_go_through_cells_and_tight_clusters_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clusters, "EXACT", 500)
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(60), 50)
    vectors = unit(rng.normal(size=(60, 32))[truth] + rng.normal(0, 0.1, (3000, 32)))
    found = average_linkage(vectors, least=0.8)
    assert partition(found) == partition(truth)


def test_the_nearest_rows_come_best_first_and_missing_ones_are_marked() -> None:
    vectors = unit(np.array([[1.0, 0], [0, 1], [1, 1]]))
    scores, rows = nearest(vectors, vectors[:1], count=4)
    assert rows.tolist() == [[0, 2, 1, -1]]
    assert scores[0, 1] == pytest.approx(2**-0.5)
    assert nearest(vectors[:0], vectors, count=1)[1].tolist() == [[-1], [-1], [-1]]
