from __future__ import annotations

import pytest
from fakes import prediction

from triage.domain import Priority, PriorityVerdict, Reason, Suggestion
from triage.review import NO_REPLY, review_reasons
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
THRESHOLDS = {"any": 0.5, "zh": 0.95}


def reasons(**changes: object) -> tuple[str, ...]:
    given = {"language": Language("en"), "category": SURE, "priority": CALM, "suggestions": [REPLY]}
    given |= changes
    language, category, priority = (given.pop(k) for k in ("language", "category", "priority"))
    return review_reasons(language, category, priority, thresholds=THRESHOLDS, **given)


def test_a_sure_result_needs_no_human():
    assert reasons() == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"language": Language("fr")}, "language 'fr' is not supported"),
        ({"language": Language("und")}, "no words to judge by"),
        ({"category": prediction(order=0.4, payment=0.3)}, "ambiguous between order and payment"),
        ({"priority": URGENT}, "urgent: safety"),
        ({"suggestions": []}, NO_REPLY),
    ],
)
def test_each_doubt_is_named(changes: dict[str, object], reason: str):
    assert reasons(**changes) == (reason,)


def test_the_threshold_is_that_of_the_language():
    assert reasons(language=Language("zh", "Hans")) == ("ambiguous between order and payment",)


def test_several_doubts_are_all_named():
    assert len(reasons(language=Language("fr"), priority=URGENT, suggestions=[])) == 3
