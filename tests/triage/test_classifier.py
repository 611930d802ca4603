from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder, prediction
from hypothesis import given, settings
from hypothesis import strategies as st
from known_heads import (
    LABELS,
    TEXTS,
    assert_equal_to_the_bit,
    classifier_of,
    predictions_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax as scipy_softmax

from triage.classifier import Classifier
from triage.heads import Expert, Head, Hierarchy
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


TASKS = tuple(LABELS)


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(["en", "zh", "fr"])), max_size=9))
@settings(max_examples=25)
def test_a_batch_equals_its_singles_to_the_bit_with_every_view_and_a_base(
    messages: list[tuple[str, str]],
):
    below = classifier_of("priority", "sentiment", seed=1)
    classifier = classifier_of("category", "intent", listens=True, novelty="intent", base=below)
    texts, languages = [text for text, _ in messages], [code for _, code in messages]
    singles = [predictions_of(classifier, [text], [code])[0] for text, code in messages]
    assert_equal_to_the_bit(predictions_of(classifier, texts, languages), singles)


def test_a_task_without_a_head_comes_from_the_base_and_own_heads_win():
    below = classifier_of(*TASKS, seed=1, listens=True, novelty="category")
    own = classifier_of("category", seed=2)
    both = classifier_of("category", seed=2, base=below)
    for task, expected in {"category": own, "intent": below, "priority": below}.items():
        assert_equal_to_the_bit(
            [{task: made[task]} for made in predictions_of(both)],
            [{task: made[task]} for made in predictions_of(expected)],
        )
    assert predictions_of(both)[0].keys() == set(TASKS)


def test_the_base_of_a_base_answers_for_what_neither_above_knows():
    lowest = classifier_of("sentiment", seed=1)
    middle = classifier_of("priority", seed=2, base=lowest)
    top = classifier_of("category", seed=3, base=middle)
    assert [top.knows(task) for task in ("category", "priority", "sentiment", "intent")] == [
        True, True, True, False,
    ]  # fmt: skip
    found = predictions_of(top)
    for task, expected in {"sentiment": lowest, "priority": middle}.items():
        assert_equal_to_the_bit(
            [{task: made[task]} for made in found],
            [{task: made[task]} for made in predictions_of(expected)],
        )


def test_labels_are_told_of_every_task_and_of_the_head_that_answers():
    below = classifier_of("priority", "category", seed=1)
    own = classifier_of("category", base=below, labels={"category": ("p", "q")})
    assert own.labels() == {"category": ["p", "q"], "priority": ["high", "low"]}
    assert list(own.labels()) == ["category", "priority"]


def test_the_strongest_term_of_an_inherited_task_is_asked_of_the_base():
    below = Classifier(FEATURES, {"task": head()})
    above = classifier_of("priority", base=below)
    assert above.strongest_term("task", "x", "ab cd", language="en") == "ab"


def test_only_some_tasks_answer_as_they_did():
    whole = classifier_of(*TASKS, listens=True, novelty="intent")
    part = whole.only(["sentiment", "priority"])
    assert part.heads.keys() == {"priority", "sentiment"}
    assert (part.hierarchy, part.novelty, part.base) == (None, None, None)
    expected = [
        {task: made[task] for task in ("priority", "sentiment")} for made in predictions_of(whole)
    ]
    assert_equal_to_the_bit(predictions_of(part), expected)


@pytest.mark.parametrize("novelty", ["category", "intent"])
def test_a_category_taken_alone_still_listens_to_its_intents(novelty: str):
    whole = classifier_of(*TASKS, listens=True, novelty=novelty)
    own = classifier_of("intent", "sentiment", seed=4, base=whole.only(["category", "priority"]))
    found, before, fresh = (predictions_of(c) for c in (own, whole, own.only(["intent"])))
    for made, old, new in zip(found, before, fresh, strict=True):
        assert_equal_to_the_bit([{"c": made["category"]}], [{"c": old["category"]}])
        assert made["category"].familiarity is not None
        assert_array_equal(made["intent"].probabilities, new["intent"].probabilities)
    assert own.labels() == {task: list(LABELS[task]) for task in TASKS}


def test_only_reaches_through_a_base_and_leaves_out_what_is_not_wanted():
    below = classifier_of("priority", "sentiment", seed=1)
    whole = classifier_of("category", "intent", seed=2, base=below)
    assert whole.only(["sentiment"]).heads.keys() == {"sentiment"}
    assert whole.only(["sentiment"]).base is None
    mixed = whole.only(["category", "sentiment"])
    assert mixed.heads.keys() == {"category"}
    assert mixed.base is not None
    assert mixed.base.heads.keys() == {"sentiment"}
    assert_equal_to_the_bit(
        predictions_of(mixed),
        [{t: made[t] for t in ("category", "sentiment")} for made in predictions_of(whole)],
    )


@pytest.mark.parametrize("task", ["category", "intent"])
def test_familiarity_reaches_the_category_whichever_head_carries_it(task: str):
    listening = predictions_of(classifier_of("category", "intent", listens=True, novelty=task))
    carried = predictions_of(classifier_of("category", "intent", novelty=task))
    for made, alone in zip(listening, carried, strict=True):
        assert made["category"].familiarity == alone[task].familiarity
        assert 0 < alone[task].familiarity <= 1
    assert len({made["category"].familiarity for made in listening}) > 1


def test_a_classifier_that_was_not_taught_to_tell_has_no_familiarity():
    for made in predictions_of(classifier_of("category", "intent", listens=True)):
        assert made["category"].familiarity is made["intent"].familiarity is None


def test_without_landmarks_the_other_views_are_read_alone():
    whole = classifier_of("category")
    bare = Head(
        whole.heads["category"].labels,
        whole.heads["category"].experts[:2],
        {"any": (1.0, 1.0)},
        {"any": 0.5},
    )
    found = predictions_of(Classifier(whole.features, {"category": bare}))
    rows = whole.features.transform(TEXTS)
    vectors = FakeEncoder().encode(TEXTS)
    first, second = bare.experts
    scores = rows.dot(first.lexical_weights) + vectors @ second.dense_weights
    expected = scipy_softmax(scores + first.bias + second.bias, axis=1)
    assert_allclose([made["category"].probabilities for made in found], expected, rtol=1e-4)
