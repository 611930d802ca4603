from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeEncoder
from known_heads import DIM, LABELS, TEXTS, classifier_of, predictions_of

from training.abstain import Review, Standard, judge_held_out, language_groups, review_of
from training.corpus import Ticket
from training.judged import Judged
from training.risk import NOTHING
from triage.bundle import Bundle
from triage.text import detect_language

STRICT = Standard(max_error=0.1, sure=0.95, unfamiliar=0.02)


def answers(right: np.ndarray, *, languages: np.ndarray | None = None) -> Judged:
    """Return answers whose confidence falls from 0.99 to 0.5."""
    count = len(right)
    return Judged(
        np.arange(count),
        ("a", "b"),
        np.where(right, 0, 1),
        np.zeros(count, dtype=int),
        np.linspace(0.99, 0.5, count).astype(np.float32),
        np.array(["en"] * count) if languages is None else languages,
    )


def test_the_figures_of_a_toy_are_those_worked_out_by_hand():
    right = np.ones(200, dtype=bool)
    familiarity = np.ones(200, dtype=np.float32)
    familiarity[150:] = 0.01  # a quarter is unlike anything known, and wrong
    right[150:] = False
    made = review_of(answers(right), familiarity, STRICT, groups=["any"], exact=False)
    promise = made.promises["any"]
    assert made.familiarity == 0.02
    assert (
        made.confidence["any"]
        == promise["threshold"]
        == pytest.approx(np.linspace(0.99, 0.5, 200)[149])
    )
    assert (promise["rows"], promise["accepted"], promise["error"]) == (200, 0.75, 0.0)
    assert promise["bound"] == pytest.approx(1 - 0.05 ** (1 / 150), abs=1e-4)
    assert (promise["max_error"], promise["sure"], promise["exact"]) == (0.1, 0.95, False)
    assert "2110.01052" in promise["method"]


def test_both_promises_hold_of_what_is_accepted():
    """At most so much is wrong, and at most so many known messages are called strange."""
    rng = np.random.default_rng(4)
    right = rng.random(2000) < np.linspace(1.0, 0.6, 2000)
    familiarity = (rng.permutation(2000) + 1) / 2000
    made = review_of(
        answers(right), familiarity.astype(np.float32), STRICT, groups=["any"], exact=True
    )
    promise, found = made.promises["any"], answers(right)
    kept = (found.confidence >= made.confidence["any"]) & (familiarity >= made.familiarity)
    assert promise["exact"] is True
    assert promise["accepted"] == pytest.approx(kept.mean(), abs=1e-4)
    assert promise["error"] == pytest.approx((~right[kept]).mean(), abs=1e-4)
    assert promise["error"] < promise["bound"] < 0.1
    assert (familiarity < made.familiarity).mean() == pytest.approx(STRICT.unfamiliar, abs=0.001)


def test_each_language_has_its_own_threshold_and_the_common_one_counts_all():
    languages = np.array(["en", "zh"] * 300)
    right = np.ones(600, dtype=bool)
    right[1::2] = np.arange(300) % 2 == 0  # every other Chinese answer is wrong
    made = review_of(
        answers(right, languages=languages), np.ones(600), STRICT, groups=["any", "en"], exact=True
    )
    assert made.promises["en"]["rows"] == 300
    assert made.promises["en"]["accepted"] == 1.0
    assert made.promises["any"]["rows"] == 600
    assert made.promises["any"]["accepted"] == 0.0
    assert made.confidence == {"any": NOTHING, "en": pytest.approx(0.5, abs=0.01)}


def test_too_few_tickets_promise_nothing_and_ask_always():
    made = review_of(answers(np.ones(50, bool)), np.ones(50), STRICT, groups=["any"], exact=False)
    assert made.confidence["any"] == NOTHING
    assert (made.promises["any"]["accepted"], made.promises["any"]["bound"]) == (0.0, 1.0)


def test_a_language_that_was_not_set_aside_promises_nothing():
    made = review_of(
        answers(np.ones(99, bool)), np.ones(99), STRICT, groups=["any", "zh"], exact=True
    )
    assert made.confidence["zh"] == NOTHING
    assert (made.promises["zh"]["rows"], made.promises["zh"]["accepted"]) == (0, 0.0)
    assert made.promises["any"]["accepted"] == 1.0


def test_the_rules_of_an_inherited_category_are_those_of_its_bundle(bundle: Bundle):
    promise = {"any": {"threshold": 0.7, "max_error": 0.1}}
    manifest = replace(
        bundle.manifest,
        review_confidence={"any": 0.7},
        review_familiarity=0.03,
        abstention=promise,
    )
    assert Review.of(manifest) == Review({"any": 0.7}, 0.03, promise)


def tickets_of(*labels: str | None) -> list[Ticket]:
    return [
        Ticket(f"{n}", TEXTS[n], TEXTS[n], {**dict.fromkeys(LABELS), "category": label})
        for n, label in enumerate(labels)
    ]


def test_held_out_tickets_are_answered_by_the_final_classifier():
    classifier = classifier_of("category", "intent", listens=True, novelty="intent")
    tickets = tickets_of("a", None, "b", "unheard of", "c")
    vectors = FakeEncoder(dim=DIM).encode([t.normalised for t in tickets])
    made, found, familiarity = judge_held_out(classifier, tickets, vectors, coverage=0.5)
    spoken = [detect_language(t.text).code for t in tickets]
    expected = predictions_of(classifier, [t.normalised for t in tickets], spoken)
    expected = [expected[i]["category"] for i in (0, 2, 3, 4)]
    assert found.positions.tolist() == [0, 2, 3, 4]
    assert found.true.tolist() == [0, 1, -1, 2]
    assert [found.labels[i] for i in found.predicted] == [p.best for p in expected]
    assert found.confidence.tolist() == [p.probabilities.max() for p in expected]
    assert familiarity.tolist() == pytest.approx([p.familiarity for p in expected])
    assert made.heads.keys() == classifier.heads.keys()
    assert made.novelty is classifier.novelty


def test_sets_are_widened_or_narrowed_by_the_held_out_tickets():
    for classifier in (
        classifier_of("category", "intent", listens=True),
        classifier_of("category", seed=2),
    ):
        tickets = tickets_of("a", "b", "c", "a", "b", "c", "a", "b")
        vectors = FakeEncoder(dim=DIM).encode([t.normalised for t in tickets])
        made, found, familiarity = judge_held_out(classifier, tickets, vectors, coverage=0.7)
        assert familiarity.tolist() == [1.0] * 8, "nothing was taught of it"
        expected = predictions_of(classifier, TEXTS, found.languages.tolist())
        true = np.sort([p["category"].probability_of(str(t.labels["category"]))
                        for p, t in zip(expected, tickets, strict=True)])  # fmt: skip
        # Of nine places between eight tickets, 30 % are two.
        pair = made.hierarchy
        sets = (pair or made.heads["category"]).set_thresholds
        assert sets["any"] == pytest.approx(true[1])
        assert classifier.labels() == made.labels()


@pytest.mark.parametrize("listens", [True, False])
def test_the_language_groups_are_those_by_which_category_is_calibrated(*, listens: bool):
    assert language_groups(classifier_of("category", "intent", listens=listens)) == ("any", "zh")
