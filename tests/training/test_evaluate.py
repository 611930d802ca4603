"""What counts for which figure, judged on an engine whose every answer is known."""

from __future__ import annotations

import pytest
from known_engine import DOUBT, KnownEngine, corpus_of, figures_of

from training.corpus import Corpus, Ticket
from triage.review import NO_REPLY


def test_every_figure_of_a_task_is_known_where_every_answer_is():
    engine = KnownEngine({"e1": ("a", 0.9), "e2": ("b", 0.8), "zh1": ("b", 0.7), "zh2": ("b", 0.6)})
    figures = figures_of(engine, corpus_of(e1="a", e2="b", zh1="a", zh2="b"))
    assert (figures["model"], figures["rows"], figures["overlap"]) == ("known-1", 4, None)
    task = figures["tasks"]["category"]
    assert list(task["by_language"]) == ["all", "en", "zh"]
    overall = task["by_language"]["all"]
    assert overall["accuracy"]["value"] == 0.75
    # F1 is 2/3 for a and 4/5 for b, and both occur twice.
    assert overall["macro_f1"]["value"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert overall["weighted_f1"]["value"] == overall["macro_f1"]["value"]
    assert overall["ece"] == pytest.approx((0.1 + 0.2 + 0.7 + 0.4) / 4)
    assert [count for _, _, count in overall["reliability"]] == [1, 1, 1, 1]
    assert task["by_language"]["zh"]["accuracy"]["value"] == 0.5
    assert [(e["label"], e["precision"], e["recall"]["value"]) for e in task["labels"]] == [
        ("a", 1.0, 0.5),
        ("b", pytest.approx(2 / 3), 1.0),
    ]
    assert task["confusions"] == [{"true": "a", "predicted": "b", "count": 1, "ids": ["id-zh1"]}]
    assert task["matrix"] == {"labels": ["a", "b"], "counts": [[1, 1], [0, 2]], "left_out": 0}
    assert task["risk_coverage"]["points"] == [[0.25, 0], [0.5, 0], [0.75, 1 / 3], [1, 0.25]]
    assert task["risk_coverage"]["aurc"] == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_a_task_without_a_stated_probability_has_no_calibration():
    ticket = Ticket("t", "e1", "e1", dict.fromkeys(
        ("category", "intent", "sentiment", "article_id")) | {"priority": "low"})  # fmt: skip
    figures = figures_of(KnownEngine({"e1": ("a", 0.9)}), Corpus((ticket,), (), 0))
    assert list(figures["tasks"]) == ["priority"]
    cell = figures["tasks"]["priority"]["by_language"]["all"]
    assert (cell["ece"], cell["reliability"]) == (None, None)
    assert (figures["review"], figures["out_of_scope"]) == ({}, {})


def test_only_a_doubt_about_the_category_keeps_it_from_being_decided():
    engine = KnownEngine(
        dict.fromkeys(("e1", "e2", "e3", "e4"), ("a", 0.9)),
        reasons={"e1": (DOUBT, NO_REPLY), "e2": (NO_REPLY,), "e3": ("urgent: danger",)},
    )
    cell = figures_of(engine, corpus_of(e1="b", e2="b", e3="a", e4="a"))["review"]["all"]
    assert (cell["accepted"], cell["accepted_rows"], cell["wrong"]) == (0.75, 3, 1)
    assert cell["error"]["value"] == pytest.approx(1 / 3)
    # Clopper and Pearson's interval of one in three.
    assert cell["error"]["low"] == pytest.approx(0.0084, abs=1e-4)
    assert cell["error"]["high"] == pytest.approx(0.9057, abs=1e-4)
    assert cell["needs_review"] == 0.75
    assert cell["reasons"] == {"category": 0.25, "urgent": 0.25, "reply": 0.5}


def test_where_nothing_is_decided_there_is_no_error():
    engine = KnownEngine({"e1": ("a", 0.2)}, reasons={"e1": (DOUBT,)})
    cell = figures_of(engine, corpus_of(e1="a"))["review"]["all"]
    assert (cell["accepted"], cell["error"], cell["stated"]) == (0, None, None)


@pytest.mark.parametrize(
    ("wrong", "rows", "verdict"), [(0, 60, "kept"), (3, 30, "undecided"), (20, 40, "broken")]
)
def test_a_stated_error_is_kept_undecided_or_broken(wrong: int, rows: int, verdict: str):
    promise = {"threshold": 0.7, "max_error": 0.1, "sure": 0.9}
    engine = KnownEngine(
        {f"e{i}": ("a", 0.9) for i in range(rows)},
        abstention={"any": promise, "en": promise | {"threshold": 0.8}},
    )
    corpus = corpus_of(**{f"e{i}": "b" if i < wrong else "a" for i in range(rows)})
    review = figures_of(engine, corpus)["review"]
    assert review["en"]["stated"] == {"max_error": 0.1, "sure": 0.9, "verdict": verdict}
    assert (review["en"]["threshold"], review["all"]["threshold"]) == (0.8, None)


def test_a_bundle_that_states_no_error_gives_its_review_threshold():
    engine = KnownEngine({"e1": ("a", 0.9), "zh1": ("a", 0.9)})
    review = figures_of(engine, corpus_of(e1="a", zh1="a"))["review"]
    assert (review["en"]["threshold"], review["zh"]["threshold"]) == (0.6, 0.5)
    assert review["en"]["stated"] is None


def test_rows_that_no_category_fits_count_for_no_accuracy_but_for_being_told_apart():
    engine = KnownEngine(
        {"e1": ("a", 0.9), "e2": ("a", 0.8), "o1": ("a", 0.95), "o2": ("a", 0.3)},
        reasons={"o2": (DOUBT,)},
    )
    figures = figures_of(engine, corpus_of(e1="a", e2="b", o1="out_of_scope", o2="oos"))
    assert figures["tasks"]["category"]["by_language"]["all"]["rows"] == 2
    assert figures["review"]["all"]["rows"] == 2
    scope = figures["out_of_scope"]
    assert scope["labels"] == ["oos", "out_of_scope"]
    assert (scope["rows"], scope["in_scope_rows"]) == (2, 2)
    assert scope["score"] == "category confidence"
    assert scope["auroc"]["value"] == 0.5
    assert scope["recall_at_95"]["value"] == 0.5
    assert scope["needs_review"] == 0.5


def test_familiarity_tells_strangers_apart_where_a_model_gives_it():
    engine = KnownEngine({"e1": ("a", 0.5), "o1": ("a", 0.9)}, familiarity={"e1": 0.9, "o1": 0.1})
    scope = figures_of(engine, corpus_of(e1="a", o1="oos"))["out_of_scope"]
    assert (scope["score"], scope["auroc"]["value"]) == ("familiarity", 1)


def test_a_category_that_the_model_was_taught_is_in_scope_unless_named():
    engine = KnownEngine({"e1": ("a", 0.9), "o1": ("oos", 0.9)}, labels={"category": ["a", "oos"]})
    corpus = corpus_of(e1="a", o1="oos")
    taught = figures_of(engine, corpus)
    assert taught["tasks"]["category"]["by_language"]["all"]["rows"] == 2
    assert taught["out_of_scope"] == {}
    named = figures_of(engine, corpus, out_of_scope={"oos"})
    assert named["tasks"]["category"]["by_language"]["all"]["rows"] == 1
    assert named["out_of_scope"]["rows"] == 1


def test_where_every_row_is_out_of_scope_no_category_is_judged():
    figures = figures_of(KnownEngine({"o1": ("a", 0.9)}), corpus_of(o1="oos"))
    assert (figures["tasks"], figures["review"], figures["out_of_scope"]) == ({}, {}, {})
