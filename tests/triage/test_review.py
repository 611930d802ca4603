from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import prediction

from triage.domain import Priority, PriorityVerdict, Reason, Suggestion
from triage.review import NO_REPLY, UNFAMILIAR, Standard, doubts_category, review_reasons
from triage.text import Language

CALM = PriorityVerdict(level=Priority.NORMAL, score=30, reasons=(Reason("learnt_normal", ""),))
URGENT = PriorityVerdict(level=Priority.URGENT, score=90, reasons=(Reason("safety", "着火"),))
REPLY = Suggestion(
    article_id="kb-1",
    category="order",
    title="t",
    reply="r",
    language="en",
    similarity=0.5,
    confidence=0.5,
    missing_slots=(),
    source="kb",
    article_version=1,
)
SURE = prediction(order=0.9, payment=0.1)
STANDARD = Standard({"any": 0.5, "zh": 0.95}, familiarity=0.05)
TEXT = "where is the parcel"


def reasons(**changes: object) -> tuple[str, ...]:
    given = {"language": Language("en"), "category": SURE, "priority": CALM, "suggestions": [REPLY]}
    given |= {"text": TEXT, "standard": STANDARD} | changes
    language, category, priority = (given.pop(k) for k in ("language", "category", "priority"))
    return review_reasons(language, category, priority, **given)


def test_a_sure_result_needs_no_human():
    assert reasons() == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"language": Language("fr")}, "language not supported: French (fr)"),
        ({"language": Language("xx")}, "language not supported: xx"),
        ({"language": Language("und")}, "no words to judge by"),
        ({"category": prediction(order=0.4, payment=0.3)}, "ambiguous between order and payment"),
        ({"category": replace(SURE, familiarity=0.049)}, UNFAMILIAR),
        ({"priority": URGENT}, "urgent: safety"),
        ({"suggestions": []}, NO_REPLY),
        (
            {"suggestions": [replace(REPLY, language="zh", in_other_language=True)]},
            "reply only in Chinese (zh)",
        ),
    ],
)
def test_each_doubt_is_named(changes: dict[str, object], reason: str):
    assert reasons(**changes) == (reason,)


def test_the_threshold_is_that_of_the_language():
    assert reasons(language=Language("zh", "Hans")) == ("ambiguous between order and payment",)


def test_several_doubts_are_all_named():
    assert len(reasons(language=Language("fr"), priority=URGENT, suggestions=[])) == 3


@pytest.mark.parametrize("familiarity", [None, 0.05, 1.0])
def test_a_message_familiar_enough_or_of_a_model_that_cannot_tell_is_no_doubt(
    familiarity: float | None,
):
    assert reasons(category=replace(SURE, familiarity=familiarity)) == ()


def test_of_a_message_unlike_anything_known_the_labels_are_not_weighed_too():
    unsure = replace(prediction(order=0.4, payment=0.3), familiarity=0.01)
    assert reasons(category=unsure) == (UNFAMILIAR,)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("退款", True),
        ("退", True),
        ("refund please", True),
        ("单号 12345", False),
        ("退款呢", False),
        ("where is it", False),
        ("!!", True),
    ],
)
def test_of_a_word_or_two_it_says_that_they_are_too_few(text: str, *, short: bool):
    unsure = prediction(order=0.4, payment=0.3)
    (reason,) = reasons(category=unsure, text=text)
    wording = "too short to tell order from payment" if short else None
    assert reason == (wording or "ambiguous between order and payment")


def test_a_confidence_that_no_prediction_reaches_asks_always():
    never = Standard({"any": 1.0 + 1e-6})
    certain = prediction(order=1.0, payment=0.0)
    assert reasons(category=certain, standard=never) == ("ambiguous between order and payment",)


def test_doubts_of_the_category_are_told_from_urgency_and_replies():
    unsure = prediction(order=0.4, payment=0.3)
    doubts = [
        {"category": unsure},
        {"category": unsure, "text": "退款"},
        {"category": replace(SURE, familiarity=0.0)},
        {"language": Language("fr")},
        {"language": Language("und")},
    ]
    assert all(doubts_category(reasons(**doubt)) for doubt in doubts)
    assert not doubts_category(reasons(priority=URGENT, suggestions=[]))
