from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder, prediction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax as scipy_softmax

from triage.classifier import (
    Classifier,
    Expert,
    Head,
    Hierarchy,
    check_width,
    parent_matrix,
    softmax,
)
from triage.errors import BundleError
from triage.lexical import LexicalFeatures
from triage.text import normalise

if TYPE_CHECKING:
    from training.corpus import Corpus
    from triage.bundle import Bundle

F32 = np.float32
# Features "退", "款": one text holds each, so their IDF is equal.
FEATURES = LexicalFeatures(["w:ab", "w:cd"], np.array([1.0, 1.0], dtype=F32))
LEXICAL = np.array([[2.0, -1.0], [0.0, 3.0]], dtype=F32)
DENSE = np.array([[1.0, 0.0], [0.0, -1.0]], dtype=F32)
BIAS = np.array([0.5, -0.5], dtype=F32)


def head(labels: tuple[str, ...] = ("x", "y"), **thresholds: float) -> Head:
    return Head(
        labels,
        (Expert(LEXICAL, None, BIAS), Expert(LEXICAL, DENSE, BIAS)),
        {"any": (1.0, 0.5), "zh": (0.0, 2.0)},
        {"any": 0.3, "zh": 0.9} | thresholds,
    )


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
    assert_allclose(fused.bias, BIAS * 1.5)
    chinese = head().fused("zh")
    assert_allclose(chinese.lexical_weights, LEXICAL * 2)
    assert_allclose(chinese.bias, BIAS * 2)


@pytest.mark.parametrize(("language", "lexical", "dense"), [("en", 1.5, 0.5), ("zh", 2.0, 2.0)])
def test_probabilities_are_those_worked_out_by_hand(language: str, lexical: float, dense: float):
    vector = np.array([[0.6, 0.8]], dtype=F32)
    classifier = Classifier(FEATURES, {"task": head()})
    made = classifier.predict(["ab cd"], vector, languages=[language])[0]["task"]
    row = np.array([1, 1]) / np.sqrt(2)
    bias = BIAS * (1.5 if language == "en" else 2.0)
    scores = row @ LEXICAL * lexical + vector[0] @ DENSE * dense + bias
    assert_allclose(made.probabilities, scipy_softmax(scores), rtol=1e-5)
    assert made.labels == ("x", "y")


def test_the_prediction_set_holds_every_label_above_the_threshold_of_its_language():
    classifier = Classifier(FEATURES, {"task": head()})
    zeros = np.zeros((2, 2), dtype=F32)
    english, chinese = classifier.predict(["", ""], zeros, languages=["en", "zh"])
    # The biases alone: logistic(1.5) = 0.8176 in English, logistic(2) = 0.8808 in Chinese.
    assert english["task"].prediction_set == ("x",)
    assert chinese["task"].prediction_set == ("x",)  # below 0.9, yet never empty
    wide = Classifier(FEATURES, {"task": head(any=0.18)})
    assert wide.predict([""], zeros[:1], languages=["fr"])[0]["task"].prediction_set == ("x", "y")


def test_a_prediction_knows_its_best_and_the_probability_of_a_label():
    made = prediction(a=0.2, b=0.5, c=0.3)
    assert made.best == "b"
    assert made.probability_of("c") == pytest.approx(0.3)
    assert made.probability_of("unknown") == 0
    assert [label for label, _ in made.ranked()] == ["b", "c", "a"]


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


def test_a_parent_listens_to_its_children():
    bias = np.array([2.0, 0.0], dtype=F32)
    flat = Head(("a", "b"), (Expert(LEXICAL, None, bias),), {"any": (1.0,)}, {"any": 0.5})
    child = Head(("b/x", "b/y"), (Expert(LEXICAL, None, bias),), {"any": (1.0,)}, {"any": 0.5})
    heads, vector = {"p": flat, "c": child}, np.zeros((1, 2), dtype=F32)
    alone = Classifier(FEATURES, heads).predict([""], vector, languages=["en"])[0]["p"]
    listening = Classifier(
        FEATURES, heads, hierarchy=Hierarchy("p", "c", {"any": (1.0, 1.0)}, {"any": 0.5})
    ).predict([""], vector, languages=["en"])[0]["p"]
    assert alone.best == "a"
    assert listening.best == "b"
    assert listening.prediction_set == ("b",)


@pytest.mark.parametrize(
    ("weights", "terms", "dim"), [((LEXICAL, None), 3, 2), ((None, DENSE), 2, 3)]
)
def test_weights_of_another_width_are_refused(
    weights: tuple[np.ndarray | None, np.ndarray | None], terms: int, dim: int
):
    damaged = Head(("x", "y"), (Expert(*weights, BIAS),), {"any": (1.0,)}, {"any": 0.5})
    check_width(damaged, terms=2, dim=2, task="category")
    with pytest.raises(BundleError, match=r"'category'.*train it again"):
        check_width(damaged, terms=terms, dim=dim, task="category")


def test_no_messages_give_no_predictions(bundle: Bundle):
    assert bundle.classifier.predict([], np.zeros((0, 32), dtype=F32), languages=[]) == []


def test_predictions_of_a_batch_equal_those_of_singles(bundle: Bundle, corpus: Corpus):
    texts = [t.normalised for t in corpus.tickets[::4]] + ["", "qq"]
    languages = ["zh", "en", "fr"] * 6
    languages = languages[: len(texts)]
    vectors = FakeEncoder().encode(texts)
    together = bundle.classifier.predict(texts, vectors, languages=languages)
    for i, text in enumerate(texts):
        (single,) = bundle.classifier.predict(
            [text], vectors[i : i + 1], languages=languages[i : i + 1]
        )
        for task, made in single.items():
            assert_array_equal(made.probabilities, together[i][task].probabilities)
            assert made.prediction_set == together[i][task].prediction_set


def test_probabilities_sum_to_one_and_the_best_label_is_in_the_set(bundle: Bundle, corpus: Corpus):
    texts = [t.normalised for t in corpus.tickets]
    vectors = FakeEncoder().encode(texts)
    for made in bundle.classifier.predict(texts, vectors, languages=["zh"] * len(texts)):
        for task in ("category", "intent", "priority", "sentiment"):
            assert made[task].probabilities.sum() == pytest.approx(1, abs=1e-5)
            assert made[task].best in made[task].prediction_set


def test_the_strongest_term_is_a_word_of_the_message(bundle: Bundle):
    text = normalise("my card was charged twice")
    term = bundle.classifier.strongest_term("category", "payment", text, language="en")
    assert term is not None
    assert term in text
    assert bundle.classifier.strongest_term("category", "payment", "ξψω", language="en") is None


def test_the_strongest_term_is_the_one_with_the_most_weight_for_the_label():
    classifier = Classifier(FEATURES, {"task": head()})
    assert classifier.strongest_term("task", "x", "ab cd", language="en") == "ab"
    assert classifier.strongest_term("task", "y", "ab cd", language="en") == "cd"
    assert classifier.strongest_term("task", "y", "ab", language="en") is None
