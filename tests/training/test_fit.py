from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from training.experts import FitOptions, Rows, make_rows, to_csr
from training.fit import (
    FittedHead,
    _folds,
    _pooling_weights,
    fit_head,
    fit_hierarchy,
    pooled_scores,
    set_thresholds,
)
from triage.classifier import Classifier
from triage.errors import InputError
from triage.heads import Head, Landmarks, softmax
from triage.lexical import LexicalFeatures

OPTIONS = FitOptions(folds=3, seed=5, jobs=1)
WORDS = {"a": "refund money back", "b": "parcel late delivery", "c": "login password code"}


def rows_of(texts: list[str]) -> tuple[Rows, LexicalFeatures, Landmarks]:
    features = LexicalFeatures.fit(texts)
    vectors = np.random.default_rng(0).normal(size=(len(texts), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows, landmarks = make_rows(
        to_csr(features.transform(texts), len(features.terms)),
        vectors,
        languages=np.array(["en"] * len(texts)),
        chosen=np.arange(0, len(texts), 2),
        gamma=OPTIONS.gamma,
    )
    return rows, features, landmarks


def labelled(count: int = 12) -> tuple[list[str], list[str]]:
    labels = list("abc" * count)
    return [f"{WORDS[la]} {chr(97 + i % 26)}{la}" for i, la in enumerate(labels)], labels


def test_a_head_learns_what_the_words_tell():
    texts, labels = labelled()
    rows = rows_of(texts)[0]
    fitted = fit_head(rows, labels, options=OPTIONS)
    best = np.array(fitted.head.labels)[fitted.probabilities.argmax(axis=1)]
    assert_array_equal(best, labels)
    assert_allclose(fitted.probabilities.sum(axis=1), 1, atol=1e-5)


def test_progress_is_told_once_per_fold_and_once_more():
    texts, labels = labelled(4)
    told: list[int] = []
    fit_head(rows_of(texts)[0], labels, options=OPTIONS, progress=told.append)
    assert told == [1] * (OPTIONS.folds + 1)


def test_the_same_seed_gives_the_same_head():
    texts, labels = labelled(5)
    rows = rows_of(texts)[0]
    first, second = (fit_head(rows, labels, options=OPTIONS) for _ in range(2))
    assert first.head.pooling == second.head.pooling
    assert_array_equal(first.probabilities, second.probabilities)


def test_a_served_head_scores_as_the_pooled_models_of_scikit_learn():
    texts, labels = labelled()
    rows, features, landmarks = rows_of(texts)
    fitted = fit_head(rows, labels, options=OPTIONS)
    dense_c = OPTIONS.dense_c / len(labels)
    models = [
        LinearSVC(C=OPTIONS.lexical_c, random_state=5).fit(rows.lexical, labels),
        LogisticRegression(C=dense_c, max_iter=1000, tol=1e-4).fit(rows.dense, labels),
    ]
    lexical, dense, kernel = fitted.head.pooling["any"]
    scores = lexical * models[0].decision_function(rows.lexical)
    scores += dense * models[1].decision_function(rows.dense)
    likeness = landmarks.kernel(landmarks.cosines(rows.dense))
    scores += kernel * likeness @ fitted.head.experts[2].kernel_weights
    served = Classifier(features, {"task": fitted.head}, landmarks=landmarks).predict(
        texts, rows.dense, languages=["en"] * len(texts)
    )
    made = np.array([p["task"].probabilities for p in served])
    assert_allclose(made, softmax(scores), atol=0.02)  # weights are rounded to half precision


def test_out_of_fold_scores_come_from_experts_that_lacked_the_row():
    texts, labels = labelled()
    rows = rows_of(texts)[0]
    fold = np.arange(len(labels)) // 3 % 3
    fitted = fit_head(rows, labels, options=OPTIONS, fold=fold)
    expected = np.zeros((len(labels), 3))
    for number in range(3):
        rest = np.flatnonzero(fold != number)
        model = LinearSVC(C=OPTIONS.lexical_c, random_state=5)
        model.fit(rows.lexical[rest], np.array(labels)[rest])
        expected[fold == number] = model.decision_function(rows.lexical[fold == number])
    assert_allclose(fitted.lexical, expected, atol=5e-3)
    assert_allclose(fitted.probabilities, softmax(fitted.pooled))
    part = fitted.take(np.array([5, 1]))
    assert_array_equal(part.lexical, fitted.lexical[[5, 1]])
    assert_array_equal(part.probabilities, fitted.probabilities[[5, 1]])


def test_folds_given_from_outside_decide_which_rows_a_row_is_judged_by():
    texts, labels = labelled()
    rows = rows_of(texts)[0]
    labels[0] = "b"  # a mistake, and a twin with the same mistake
    labels[3] = "b"
    alone, beside = (np.arange(len(labels)) // 3 % 3 for _ in range(2))
    alone[3] = alone[0]
    beside[3] = (beside[0] + 1) % 3
    judged = [
        fit_head(rows, labels, options=OPTIONS, fold=f).probabilities for f in (alone, beside)
    ]
    assert judged[0][0, 0] > judged[1][0, 0]
    default = _folds(np.array([ord(la) for la in labels]), count=3, seed=OPTIONS.seed)
    assert_array_equal(
        fit_head(rows, labels, options=OPTIONS, fold=default).probabilities,
        fit_head(rows, labels, options=OPTIONS).probabilities,
    )


def test_one_label_alone_is_refused():
    texts, _ = labelled(2)
    with pytest.raises(InputError, match="at least two labels"):
        fit_head(rows_of(texts)[0], ["a"] * 6, options=OPTIONS)


def test_a_label_of_a_single_row_among_three_is_fitted():
    texts, labels = labelled(5)
    labels = ["b" if la == "c" else la for la in labels[:-1]] + ["c"]
    fitted = fit_head(rows_of(texts)[0], labels, options=OPTIONS)
    assert fitted.head.labels == ("a", "b", "c")


def test_a_label_of_a_single_row_beside_one_other_is_no_crash():
    texts, labels = labelled(4)
    labels = ["a"] * (len(labels) - 1) + ["c"]
    try:
        fitted = fit_head(rows_of(texts)[0], labels, options=OPTIONS)
    except InputError:
        return
    assert fitted.head.labels == ("a", "c")


def test_folds_spread_each_label_evenly():
    target = np.array([0] * 10 + [1] * 7 + [2])
    fold = _folds(target, count=3, seed=1)
    for label in (0, 1):
        counts = np.bincount(fold[target == label], minlength=3)
        assert counts.max() - counts.min() <= 1
    assert_array_equal(fold, _folds(target, count=3, seed=1))
    assert (fold != _folds(target, count=3, seed=2)).any()


def simulated(factor: float, *, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of an expert and labels drawn from softmax(factor * scores)."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(rows, 4)).astype(np.float32)
    chances = softmax(factor * scores)
    return scores, (chances.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, 3)


def test_pooling_of_one_expert_finds_its_temperature():
    scores, target = simulated(3.0)
    (weight,) = _pooling_weights(scores[None], target)
    assert weight == pytest.approx(3.0, abs=0.2)


def test_pooling_gives_no_weight_to_noise():
    scores, target = simulated(3.0)
    noise = np.random.default_rng(9).normal(size=scores.shape).astype(np.float32)
    useful, useless = _pooling_weights(np.stack([scores, noise]), target)
    assert useful == pytest.approx(3.0, abs=0.2)
    assert useless < 0.1


def test_pooled_scores_use_the_weights_of_each_language():
    scores = np.array([[[1.0, 0.0]] * 3, [[0.0, 3.0]] * 3], dtype=np.float32)
    weights = {"any": (1.0, 0.5), "zh": (2.0, 0.0)}
    pooled = pooled_scores(scores, np.array(["en", "zh", "fr"]), weights)
    assert_allclose(pooled, [[1.0, 1.5], [2.0, 0.0], [1.0, 1.5]])


def thresholds(true: np.ndarray, coverage: float) -> float:
    """Return the conformal threshold from the probabilities of the true labels."""
    both = np.column_stack([true, 1 - true])
    return set_thresholds(
        both,
        np.zeros(len(true), dtype=int),
        languages=np.array(["en"] * len(true)),
        groups=["any"],
        coverage=coverage,
    )["any"]


def test_each_language_has_a_threshold_of_its_own_and_one_without_rows_leaves_nothing_out():
    true = np.arange(1, 41) / 100
    found = set_thresholds(
        np.column_stack([true, 1 - true]),
        np.zeros(40, dtype=int),
        languages=np.array(["en"] * 20 + ["zh"] * 20),
        groups=["any", "en", "zh", "fr"],
        coverage=0.9,
    )
    assert found == pytest.approx({"any": 0.04, "en": 0.02, "zh": 0.22, "fr": 0.0})


def test_a_label_that_the_head_does_not_know_counts_as_left_out():
    probabilities = np.column_stack([np.arange(1, 20) / 100, 1 - np.arange(1, 20) / 100])
    target = np.array([-1] * 2 + [0] * 17)
    found = set_thresholds(
        probabilities, target, languages=np.array(["en"] * 19), groups=["any"], coverage=0.8
    )
    # Four of twenty may be left out: the two unknown ones and the two lowest of the others.
    assert found["any"] == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("rows", "coverage", "rank"), [(99, 0.95, 5), (25, 0.9, 2), (5, 0.9, None), (19, 0.9, 2)]
)
def test_the_conformal_threshold_is_the_finite_sample_quantile(
    rows: int, coverage: float, rank: int | None
):
    true = np.random.default_rng(0).permutation(np.arange(1, rows + 1) / (rows + 1))
    expected = 0.0 if rank is None else rank / (rows + 1)
    assert thresholds(true, coverage) == pytest.approx(expected)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_prediction_sets_cover_new_rows_as_promised(coverage: float):
    rng = np.random.default_rng(4)
    shares = [
        (rng.beta(4, 2, 2000) >= thresholds(rng.beta(4, 2, 200), coverage)).mean()
        for _ in range(200)
    ]
    assert coverage - 0.005 <= np.mean(shares) <= coverage + 0.015


def test_the_hierarchy_listens_to_the_better_of_two():
    rng = np.random.default_rng(2)
    labels = rng.choice(["a", "b"], size=300)
    blind = np.full((300, 2), 0.5, dtype=np.float32)
    sure = np.where(labels == "a", 0.9, 0.1).astype(np.float32)
    flip = rng.random(300) < 0.1  # right in nine of ten, as sure as that
    sure = np.where(flip, 1 - sure, sure)
    head, child = Head(("a", "b"), (), {}, {}), Head(("a/x", "b/y"), (), {}, {})
    hierarchy, pooled = fit_hierarchy(
        FittedHead(head, blind, blind, blind),
        FittedHead(child, *[np.column_stack([sure, 1 - sure])] * 3),
        (labels == "b").astype(np.int64),
        languages=np.array(["en"] * 300),
        options=OPTIONS,
    )
    assert hierarchy.weights["any"][1] == pytest.approx(1.0, abs=0.3)
    best = np.array(["a", "b"])[pooled.argmax(axis=1)]
    assert (best == labels).mean() == pytest.approx(1 - flip.mean())
    assert (hierarchy.parent, hierarchy.child) == ("category", "intent")


def test_a_fold_that_holds_every_row_leaves_nothing_to_learn_from_and_is_no_crash():
    texts, labels = labelled(2)
    fold = np.zeros(len(labels), dtype=int)
    fitted = fit_head(rows_of(texts)[0], labels, options=OPTIONS, fold=fold)
    assert_allclose(fitted.probabilities, 1 / 3, atol=1e-6)
