from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeEncoder
from known_heads import LABELS, assert_equal_to_the_bit, classifier_of
from numpy.testing import assert_allclose, assert_array_equal

from training.corpus import Corpus, Ticket
from training.experts import FitOptions
from training.features import Featurised, Stage, featurise
from training.grouping import near_groups
from training.learn import Learnt, learn
from triage.errors import InputError

OPTIONS = FitOptions(folds=3, seed=7)
TASKS = tuple(LABELS)


@pytest.fixture(scope="module")
def known(corpus: Corpus) -> Featurised:
    return featurise(corpus.tickets, FakeEncoder(), options=OPTIONS)


@pytest.fixture(scope="module")
def whole(corpus: Corpus, known: Featurised) -> Learnt:
    return learn(corpus.tickets, known, options=OPTIONS)


def relabelled(corpus: Corpus, **labels: str | None) -> list[Ticket]:
    return [replace(t, labels={**t.labels, **labels}) for t in corpus.tickets]


def predicted(learnt: Learnt, corpus: Corpus) -> list[Mapping[str, object]]:
    texts = [t.normalised for t in corpus.tickets[::6]]
    vectors = FakeEncoder().encode(texts)
    return learnt.classifier.predict(texts, vectors, languages=["en"] * len(texts))


def test_every_labelled_task_is_learnt_and_none_inherited(whole: Learnt, corpus: Corpus):
    assert whole.inherited == ()
    assert set(whole.judged) == set(whole.classifier.heads) == set(TASKS)
    assert whole.classifier.base is None
    for task, answers in whole.judged.items():
        assert_array_equal(answers.positions, np.arange(60))
        labels = [t.labels[task] for t in corpus.tickets]
        assert_array_equal(np.array(answers.labels)[answers.true], labels)
        assert ((answers.confidence > 0) & (answers.confidence <= 1)).all()


def test_category_listens_to_intent_and_is_judged_as_it_then_answers(whole: Learnt):
    pair = whole.classifier.hierarchy
    assert pair is not None
    assert (pair.parent, pair.child) == ("category", "intent")
    assert whole.judged["category"].right.mean() > 0.6  # chance is a third


def test_the_finest_head_tells_what_is_familiar(whole: Learnt, corpus: Corpus, known: Featurised):
    assert whole.classifier.novelty is not None
    assert whole.classifier.novelty.task == "intent"
    assert_allclose(np.sort(whole.familiarity), np.arange(2, 62) / 61, rtol=1e-4)
    flat = relabelled(corpus, intent=None)
    coarse = learn(flat, known, options=OPTIONS, base=classifier_of("intent"))
    assert coarse.classifier.novelty is not None
    assert coarse.classifier.novelty.task == "category"


@pytest.mark.parametrize("label", [None, "positive"])
def test_a_task_with_one_label_or_none_is_inherited(
    corpus: Corpus, known: Featurised, whole: Learnt, label: str | None
):
    base = classifier_of(*TASKS, listens=True, novelty="intent")
    made = learn(relabelled(corpus, sentiment=label), known, options=OPTIONS, base=base)
    assert made.inherited == ("sentiment",)
    assert set(made.judged) == set(made.classifier.heads) == {"category", "intent", "priority"}
    assert made.classifier.base is not None
    assert made.classifier.base.heads.keys() == {"sentiment"}
    assert made.classifier.labels()["sentiment"] == ["negative", "positive"]
    texts = [t.normalised for t in corpus.tickets[::6]]
    spoken = ["en"] * len(texts)
    below = base.predict(texts, FakeEncoder().encode(texts), languages=spoken)
    found = predicted(made, corpus)
    assert_equal_to_the_bit(
        [{"sentiment": p["sentiment"]} for p in found],
        [{"sentiment": p["sentiment"]} for p in below],
    )
    others = [{t: p[t] for t in ("category", "intent")} for p in predicted(whole, corpus)]
    assert_equal_to_the_bit([{t: p[t] for t in ("category", "intent")} for p in found], others)


def test_a_base_that_is_not_needed_leaves_no_trace(
    corpus: Corpus, known: Featurised, whole: Learnt
):
    made = learn(corpus.tickets, known, options=OPTIONS, base=classifier_of(*TASKS))
    assert made.classifier.base is None
    assert_equal_to_the_bit(predicted(made, corpus), predicted(whole, corpus))


def test_an_inherited_category_answers_as_in_its_model_while_intents_are_own(
    corpus: Corpus, known: Featurised
):
    base = classifier_of(*TASKS, listens=True, novelty="intent")
    one = [t for t in corpus.tickets if t.labels["category"] == "payment"]
    known = featurise(one, FakeEncoder(), options=OPTIONS)
    made = learn(one, known, options=OPTIONS, base=base)
    assert made.inherited == ("category",)
    assert set(made.classifier.labels()["intent"]) == {"payment/refund", "payment/double_charge"}
    texts = [t.normalised for t in corpus.tickets[::6]]
    below = base.predict(texts, FakeEncoder().encode(texts), languages=["en"] * len(texts))
    assert_equal_to_the_bit(
        [{"category": p["category"]} for p in predicted(made, corpus)],
        [{"category": p["category"]} for p in below],
    )


def test_without_a_base_the_tasks_and_the_remedy_are_named(corpus: Corpus, known: Featurised):
    bare = relabelled(corpus, sentiment=None, priority="low")
    with pytest.raises(InputError, match=r"priority, sentiment.*label some tickets.*--base"):
        learn(bare, known, options=OPTIONS)


def test_a_base_that_lacks_the_task_is_no_remedy(corpus: Corpus, known: Featurised):
    bare = relabelled(corpus, sentiment=None)
    with pytest.raises(InputError, match=r"labels of sentiment, .*--base"):
        learn(bare, known, options=OPTIONS, base=classifier_of("category", "priority"))


def test_tickets_that_tell_nothing_apart_are_refused_with_what_was_found(
    corpus: Corpus, known: Featurised
):
    same = relabelled(corpus, category="a", intent=None, priority=None, sentiment="neutral")
    with pytest.raises(InputError, match=r"category \['a'\], sentiment \['neutral'\].*two of a"):
        learn(same, known, options=OPTIONS, base=classifier_of(*TASKS))
    none = relabelled(corpus, **dict.fromkeys(TASKS))
    with pytest.raises(InputError, match="found no label"):
        learn(none, known, options=OPTIONS, base=classifier_of(*TASKS))


def test_tickets_without_a_label_teach_the_other_tasks_only(corpus: Corpus, known: Featurised):
    tickets = list(corpus.tickets)
    for i in range(0, 60, 2):
        tickets[i] = replace(tickets[i], labels={**tickets[i].labels, "intent": None})
    made = learn(tickets, known, options=OPTIONS)
    assert_array_equal(made.judged["intent"].positions, np.arange(1, 60, 2))
    assert_array_equal(made.judged["category"].positions, np.arange(60))
    assert made.classifier.novelty is not None
    assert made.classifier.novelty.task == "intent"
    assert_array_equal(made.familiarity[::2], 1), "those that were not learnt are not judged"
    assert made.familiarity[1::2].min() == pytest.approx(2 / 31)


def test_near_duplicates_never_straddle_a_fold(corpus: Corpus):
    # Labels are drawn, so only a twin in the training part could tell one.
    texts = [t.text for t in corpus.tickets]
    labels = np.random.default_rng(2).choice(["a", "b"], size=len(texts)).tolist()
    tickets = [
        Ticket(text, text, text, {**dict.fromkeys(TASKS), "category": label})
        for mark in ("", "!!")
        for text, label in zip([f"{t}{mark}" for t in texts], labels, strict=True)
    ]
    groups = near_groups([t.normalised for t in tickets])
    assert (groups[:60] == groups[60:]).all()
    known = featurise(tickets, FakeEncoder(), options=OPTIONS)
    base = classifier_of("intent", "priority", "sentiment")
    made = learn(tickets, known, options=OPTIONS, base=base)
    assert made.judged["category"].right.mean() < 0.65


def test_progress_counts_every_fold_of_every_task(corpus: Corpus, known: Featurised):
    stages: list[Stage] = []
    learn(corpus.tickets, known, options=OPTIONS, report=stages.append)
    total = (OPTIONS.folds + 1) * len(TASKS)
    assert [s.done for s in stages] == list(range(1, total + 1))
    assert {(s.name, s.total) for s in stages} == {("fitting heads", total)}
