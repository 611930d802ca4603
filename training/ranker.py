"""Fitting of the reply ranker: the articles' own questions, tickets, and what nothing answers.

Each question is searched without itself. The arithmetic is left to ``choice``, which
messages there are to ``asked``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binom

from training.asked import NOTHING_ASKED, Asked
from training.choice import Lesson, fit_choice, out_of_fold
from training.metrics import expected_calibration_error
from triage.classifier import Prediction
from triage.knowledge import KnowledgeIndex
from triage.suggestion import NO_PAST, Past, Ranker, choice_of
from triage.suggestion.ranking import (
    ARTICLE_FEATURES,
    LEAD_CONFIDENCE,
    NEXT_CONFIDENCE,
    POOLED,
    ChoiceWeights,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


MIN_GROUP_QUERIES = 100
MOST_QUESTIONS = 20_000  # more of them are thinned out evenly
MOST_OFFERED = 0.05  # share of messages without an answer that may still be offered one
SURE = 0.95  # how sure of that
LEAST_RIGHT = 0.85  # share of first suggestions that are to be right, among the questions
# An article's questions say nothing of these, so their weights are given: half of the evidence of
# earlier agents, since the other features already know part of it, and a nudge for fresh texts.
GIVEN = {"acceptance": 0.5, "freshness": 0.2}


def fit_ranker(
    index: KnowledgeIndex,
    predictions: Sequence[dict[str, Prediction]],
    *,
    day: date,
    asked: Asked | None = None,
    past: Past = NO_PAST,
) -> Ranker:
    """Fit the ranker by leave-one-out search over the index's passages.

    Args:
        predictions: category and intent of each passage, by heads that never saw them.
        day: the day on which articles must be valid to be searched.
        asked: further messages; without any that nothing answers it cannot learn to say so.
        past: what became of earlier suggestions, for the ranker to keep.
    """
    idle = NOTHING_ASKED if asked is not None and None in asked.intents else ()
    ranker = Ranker(weights={}, nothing_asked=idle, past=past)
    questions = _questions(index, predictions, day=day, ranker=ranker)
    lessons = [*questions, *_others(index, asked, day=day, ranker=ranker)]
    weights: dict[str, ChoiceWeights] = {}
    found: dict[str, _Threshold] = {}
    for group in (POOLED, *sorted({lesson.group for lesson in questions})):
        own = [lesson for lesson in lessons if group in (POOLED, lesson.group)]
        taught = sum(bool(lesson.right) for lesson in own if _is_question(lesson))
        if group == POOLED or taught >= MIN_GROUP_QUERIES:
            weights[group] = _with_given(fit_choice(own))
            found[group] = _threshold(own)
    return replace(
        ranker,
        weights=weights,
        # A language's own questions are few: a threshold on their precision would be a lottery.
        lead=dict.fromkeys(found, found[POOLED].lead),
        answerable={group: each.answerable for group, each in found.items()},
        rule={group: each.rule for group, each in found.items()},
        unanswered=sum(not lesson.answerable for lesson in lessons),
    )


def _questions(
    index: KnowledgeIndex,
    predictions: Sequence[dict[str, Prediction]],
    *,
    day: date,
    ranker: Ranker,
) -> list[Lesson]:
    # Customers write neither like titles nor like replies.
    known = [n for n, passage in enumerate(index.passages) if passage.is_question]
    lessons = []
    for number in known[:: -(-len(known) // MOST_QUESTIONS) or 1]:
        passage, prediction = index.passages[number], predictions[number]
        hits = index.search(passage.text, index.vectors[number], day=day, without=number)
        choice = choice_of(
            hits, category=prediction["category"], intent=prediction["intent"], ranker=ranker
        )
        answers = index.articles[passage.article_id].intent not in ranker.nothing_asked
        right = [i for i, hit in enumerate(hits) if hit.article.id == passage.article_id]
        language = passage.language.partition("-")[0]
        lessons.append(
            Lesson(choice, tuple(right) if answers else (), answers, language, passage.article_id)
        )
    return lessons


def _others(
    index: KnowledgeIndex, asked: Asked | None, *, day: date, ranker: Ranker
) -> list[Lesson]:
    """Return lessons of messages of which no more is known than their intent."""
    if asked is None:
        return []
    intents = {article.intent for article in index.articles.values()}
    lessons = []
    for number, intent in enumerate(asked.intents):
        if intent is not None and intent not in intents:
            continue
        prediction = asked.predictions[number]
        hits = index.search(asked.texts[number], asked.vectors[number], day=day)
        choice = choice_of(
            hits, category=prediction["category"], intent=prediction["intent"], ranker=ranker
        )
        right = tuple(i for i, hit in enumerate(hits) if hit.article.intent == intent)
        lessons.append(
            Lesson(choice, right, intent is not None, asked.languages[number], f"#{number}",
                   exact=False)
        )  # fmt: skip
    return lessons


def _is_question(lesson: Lesson) -> bool:
    return lesson.answerable and lesson.exact


@dataclass(frozen=True, slots=True)
class _Threshold:
    lead: float
    answerable: float
    rule: dict[str, Any]


def _threshold(lessons: Sequence[Lesson]) -> _Threshold:
    """Return from where a reply is suggested, and how that was found out of fold.

    First the least probability of being answerable, by ``_least_answerability``; then, above it,
    the least confidence with which ``LEAST_RIGHT`` of the questions' first suggestions are right.
    """
    weights = out_of_fold(lessons)
    pairs = list(zip(weights, lessons, strict=True))
    confidences = [w.confidences(lesson.choice) for w, lesson in pairs]
    best = np.array([max(each, default=0.0) for each in confidences])
    open_ = np.array([w.answerability(lesson.choice) for w, lesson in pairs])
    right = np.array(
        [
            bool(c) and int(np.argmax(c)) in le.right
            for c, le in zip(confidences, lessons, strict=True)
        ],
        dtype=bool,
    )
    idle = np.array([not lesson.answerable for lesson in lessons], dtype=bool)
    question = np.array([_is_question(lesson) for lesson in lessons], dtype=bool)
    least, lead = 0.0, LEAD_CONFIDENCE
    if idle.any():
        least = _least_answerability(open_[idle])
        passed = question & (open_ >= least)
        lead = _least_confidence(best[passed], right[passed])
    shown = (open_ >= least) & (best >= lead)
    rule = {
        "rule": f"at most {MOST_OFFERED:.0%} of what nothing answers pass, {SURE:.0%} sure; "
        f"then {LEAST_RIGHT:.0%} right"
        if idle.any()
        else "as given: no message was known that nothing answers",
        "unanswered": int(idle.sum()),
        "offered": _share(shown[idle]),
        "questions": int(question.sum()),
        "suggested": _share(shown[question]),
        "right": _share(right[question & shown]),
        "ece": _share_error(best[question], right[question]),
    }
    return _Threshold(lead, least, rule)


def _least_answerability(idle: NDArray[np.float64]) -> float:
    """Return the probability above which at most ``MOST_OFFERED`` of such messages lie.

    With the certainty ``SURE``, by the exact binomial bound (Clopper & Pearson 1934,
    https://doi.org/10.1093/biomet/26.4.404), as far as new ones are like these.
    """
    passing = np.arange(len(idle) + 1)
    allowed = int((binom.cdf(passing, len(idle), MOST_OFFERED) <= 1 - SURE).sum()) - 1
    highest = np.sort(idle)[::-1]
    return round(float(highest[max(0, allowed)]) + 1e-6, 6)


def _least_confidence(best: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the least confidence from which ``LEAST_RIGHT`` are right, or the highest tried."""
    for lead in np.arange(NEXT_CONFIDENCE, 0.91, 0.01):
        chosen = right[best >= lead]
        if not len(chosen) or chosen.mean() >= LEAST_RIGHT:
            break
    return round(float(lead), 2)


def _with_given(fitted: ChoiceWeights) -> ChoiceWeights:
    pairs = zip(ARTICLE_FEATURES, fitted.articles, strict=True)
    return replace(fitted, articles=tuple(GIVEN.get(name, weight) for name, weight in pairs))


def _share(mask: NDArray[np.bool_]) -> float | None:
    return round(float(mask.mean()), 4) if len(mask) else None


def _share_error(best: NDArray[np.float64], right: NDArray[np.bool_]) -> float | None:
    return round(float(expected_calibration_error(best, right)), 4) if len(best) else None
