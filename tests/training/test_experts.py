from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight

from training.experts import (
    BLOCK,
    EXPERTS,
    NO_LANDMARK,
    FitOptions,
    Rows,
    _ticket_weights,
    fit_experts,
    make_rows,
    scores_of,
    to_csr,
)
from training.sample import evenly
from triage.heads import Landmarks, Views
from triage.lexical import LexicalFeatures

OPTIONS = FitOptions(seed=5)
LABELS = 3
HALF = 2e-3  # weights are rounded to half precision


def drawn(count: int = 60, *, chosen: np.ndarray | None = None, seed: int = 0) -> Rows:
    """Return rows whose labels are ``target_of(count)``, every one a landmark by default."""
    rng = np.random.default_rng(seed)
    target = target_of(count)
    vectors = rng.normal(size=(LABELS, 8))[target] + rng.normal(size=(count, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    lexical = rng.random((count, 12)) * (rng.random((count, 12)) < 0.4)
    lexical[np.arange(count), target] += 1
    lexical = (lexical / np.linalg.norm(lexical, axis=1, keepdims=True)).astype(np.float32)
    return make_rows(
        csr_matrix(lexical),
        vectors,
        languages=np.array(["en"] * count),
        chosen=np.arange(count) if chosen is None else chosen,
        gamma=OPTIONS.gamma,
    )[0]


def target_of(count: int) -> np.ndarray:
    """Return labels of which 2 is the rarest: 0, 0, 0, 1, 1, 2, again and again."""
    return np.resize([0, 0, 0, 1, 1, 2], count)


def scored(rows: Rows, target: np.ndarray, which: str, options: FitOptions = OPTIONS) -> np.ndarray:
    expert = fit_experts(rows, target, LABELS, options=options)[EXPERTS.index(which)]
    return scores_of(expert, rows, gamma=options.gamma)


@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_the_lexical_expert_is_the_linear_svm_of_scikit_learn(balance: float):
    rows, target = drawn(), target_of(60)
    options = replace(OPTIONS, balance=balance)
    model = LinearSVC(C=options.lexical_c, random_state=options.seed)
    model.fit(rows.lexical, target, sample_weight=_ticket_weights(target, balance))
    expected = model.decision_function(rows.lexical)
    assert_allclose(scored(rows, target, "lexical", options), expected, atol=HALF)


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_the_dense_expert_is_the_logistic_regression_of_scikit_learn(balance: float):
    rows, target = drawn(), target_of(60)
    options = replace(OPTIONS, balance=balance, dense_c=60.0)
    model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-6)
    model.fit(rows.dense, target, sample_weight=_ticket_weights(target, balance))
    expected = model.decision_function(rows.dense)
    # The solver stops a thousandth short of the best.
    assert_allclose(scored(rows, target, "dense", options), expected, atol=0.03)
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize("balance", [0.0, 1.0])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_kernel_expert_with_every_ticket_a_landmark_is_kernel_ridge(
    balance: float, gamma: float
):
    target = target_of(60)
    options = replace(OPTIONS, balance=balance, gamma=gamma, ridge=0.5)
    rows = drawn()
    weight = _ticket_weights(target, balance)
    model = KernelRidge(alpha=options.ridge, kernel="rbf", gamma=gamma)
    model.fit(rows.dense, np.eye(LABELS)[target], sample_weight=weight)
    made = scored(rows, target, "kernel", options)
    assert_allclose(made, model.predict(rows.dense), atol=5e-3)
    assert np.abs(made - np.eye(LABELS)[target]).max() > 0.05, "the ridge shrinks"


@pytest.mark.parametrize("count", [60, BLOCK + 50])
def test_the_kernel_expert_of_some_landmarks_solves_the_weighted_normal_equations(count: int):
    chosen = np.arange(0, count, count // 15)
    rows, target = drawn(count, chosen=chosen), target_of(count)
    options = replace(OPTIONS, balance=1.0, ridge=0.3)
    kernel = np.exp(2 * options.gamma * (rows.cosines.astype(float) - 1))
    weight = _ticket_weights(target, 1.0)[:, None]
    left = kernel.T @ (kernel * weight) + options.ridge * kernel[chosen]
    solved = np.linalg.solve(left, kernel.T @ (np.eye(LABELS)[target] * weight))
    assert_allclose(scored(rows, target, "kernel", options), kernel @ solved, atol=5e-3)


def test_landmarks_outside_the_fold_get_no_weight():
    rows, target = drawn(chosen=np.arange(0, 60, 2)), target_of(60)
    fold = np.arange(60) % 3 != 0
    part = rows.take(np.flatnonzero(fold))
    kernel = fit_experts(part, target[fold], LABELS, options=OPTIONS)[-1].kernel_weights
    inside = fold[::2]
    assert_array_equal(kernel[~inside], 0)
    assert (np.abs(kernel[inside]).sum(axis=1) > 0).all()


def test_a_fold_without_any_landmark_still_has_an_expert_that_says_nothing():
    rows, target = drawn(chosen=np.array([0])), target_of(60)
    part = rows.take(np.arange(1, 60))
    expert = fit_experts(part, target[1:], LABELS, options=OPTIONS)[-1]
    assert_array_equal(scores_of(expert, part, gamma=0.5), np.zeros((59, LABELS)))


@pytest.mark.parametrize("absent", range(LABELS))
@pytest.mark.parametrize("which", EXPERTS)
def test_a_label_absent_from_the_fold_has_the_lowest_bias_and_never_wins(which: str, absent: int):
    target = target_of(60)
    rows = drawn()
    kept = np.flatnonzero(target != absent)
    part = rows.take(kept)
    expert = fit_experts(part, target[kept], LABELS, options=OPTIONS)[EXPERTS.index(which)]
    assert expert.bias[absent] == min(-1, expert.bias.min())
    for name in ("lexical_weights", "dense_weights", "kernel_weights"):
        if (weights := getattr(expert, name)) is not None:
            assert_array_equal(weights[:, absent], 0)
    # Rows of the absent label, too, look like another one.
    assert (scores_of(expert, rows, gamma=OPTIONS.gamma).argmax(axis=1) != absent).all()


def test_two_labels_among_three_are_scored_against_each_other():
    rows, target = drawn(), np.where(target_of(60) == 0, 0, 2)
    made = scored(rows, target, "lexical")
    assert_allclose(made[:, 0], -made[:, 2], atol=1e-6)
    assert_array_equal(made[:, [0, 2]].argmax(axis=1) * 2, target)


@pytest.mark.parametrize("count", [0, 4])
def test_a_fold_of_one_label_or_none_says_so_by_its_biases(count: int):
    rows = drawn().take(np.arange(count))
    experts = fit_experts(rows, np.ones(count, dtype=int), LABELS, options=OPTIONS)
    assert len(experts) == len(EXPERTS)
    for expert in experts:
        assert_array_equal(expert.bias, [-1, 1, -1] if count else [-1, -1, -1])
        assert not expert.lexical_weights.any()


def test_with_balance_1_all_labels_weigh_alike_and_the_mean_ticket_weighs_1():
    target = target_of(60)
    made = _ticket_weights(target, 1.0)
    assert_allclose(made, compute_sample_weight("balanced", target))
    assert_allclose([made[target == label].sum() for label in range(LABELS)], 20)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=50), st.floats(0, 1))
def test_a_rarer_label_weighs_no_less_and_the_mean_weight_is_1(target: list[int], balance: float):
    labels = np.array(target)
    made = _ticket_weights(labels, balance)
    assert made.mean() == pytest.approx(1)
    counts = np.bincount(labels)[labels]
    assert (np.diff(made[np.argsort(-counts, kind="stable")]) >= -1e-9).all()
    if not balance:
        assert_allclose(made, 1)


def test_balance_finds_more_of_a_rare_label():
    rng = np.random.default_rng(3)
    target = np.array([0] * 190 + [1] * 10)
    vectors = rng.normal(size=(200, 4)) + target[:, None] * 1.2
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows, _ = make_rows(
        csr_matrix(np.abs(vectors)),
        vectors,
        languages=np.array(["en"] * 200),
        chosen=np.arange(200),
        gamma=0.5,
    )
    found = []
    for balance in (0.0, 1.0):
        options = FitOptions(balance=balance, dense_c=200, ridge=1)
        made = [
            scores_of(e, rows, gamma=0.5) for e in fit_experts(rows, target, 2, options=options)
        ]
        found.append([(scores.argmax(axis=1) == 1).sum() for scores in made])
    assert all(after > before for before, after in zip(*found, strict=True))


def test_scores_in_whole_products_equal_those_served_row_by_row():
    texts = ["refund money", "parcel late", "login code", "money back", "late parcel again"] * 4
    features = LexicalFeatures.fit(texts)
    served = features.transform(texts)
    vectors = drawn(20).dense
    rows, landmarks = make_rows(
        to_csr(served, len(features.terms)),
        vectors,
        languages=np.array(["en"] * 20),
        chosen=np.arange(0, 20, 3),
        gamma=0.5,
    )
    cosines = landmarks.cosines(vectors)
    views = Views(served, vectors, cosines, landmarks.kernel(cosines))
    for expert in fit_experts(rows, target_of(20), LABELS, options=OPTIONS):
        assert_allclose(expert.scores(views), scores_of(expert, rows, gamma=0.5), atol=1e-4)


def test_rows_know_which_landmark_they_are_and_how_like_them_all():
    chosen = np.array([4, 9, 30])
    rows = drawn(chosen=chosen)
    assert_array_equal(rows.landmark[chosen], [0, 1, 2])
    assert (np.delete(rows.landmark, chosen) == NO_LANDMARK).all()
    assert rows.cosines.shape == (60, 3)
    assert_allclose(rows.cosines[chosen, [0, 1, 2]], 1, atol=1e-3)
    assert_allclose(rows.cosines, rows.dense @ rows.dense[chosen].T, atol=1e-3)
    part = rows.take(np.array([9, 3]))
    assert_array_equal(part.landmark, [1, NO_LANDMARK])
    assert_array_equal(part.cosines, rows.cosines[[9, 3]])


def test_landmarks_are_stored_as_a_bundle_will_store_them():
    _, landmarks = make_rows(
        csr_matrix((3, 1)),
        np.full((3, 3), 0.57735, dtype=np.float32),
        languages=np.array(["en"] * 3),
        chosen=np.array([1]),
        gamma=0.25,
    )
    assert isinstance(landmarks, Landmarks)
    assert landmarks.gamma == 0.25
    assert_array_equal(landmarks.vectors, landmarks.vectors.astype(np.float16))


NAMES = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60)


@given(NAMES, st.integers(1, 70), st.integers(0, 3))
@settings(max_examples=60)
def test_landmarks_are_spread_as_evenly_as_the_labels_allow(
    labels: list[str | None], count: int, seed: int
):
    chosen = evenly(labels, count=count, seed=seed)
    assert len(chosen) == min(count, len(labels))
    assert (np.diff(chosen) > 0).all()
    names = np.array([label or "" for label in labels])
    taken = {name: (names[chosen] == name).sum() for name in set(names)}
    highest = max(taken.values())
    for name, number in taken.items():
        # Two fewer than another label has a label only when all its tickets are taken.
        assert number >= highest - 1 or number == (names == name).sum()


def test_the_same_seed_chooses_the_same_landmarks_and_another_one_others():
    labels = list("aaaabbbbccccdddd") * 5
    first, again, other = (evenly(labels, count=20, seed=s) for s in (1, 1, 2))
    assert_array_equal(first, again)
    assert (first != other).any()
