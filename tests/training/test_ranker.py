from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes import NOW_UTC, FakeEncoder, article, prediction

from training.asked import NOTHING_ASKED, Asked
from training.choice import Lesson, fit_choice, out_of_fold
from training.ranker import GIVEN, _least_answerability, _least_confidence, fit_ranker
from triage.knowledge import KnowledgeIndex, passages_of
from triage.suggestion import choice_of, past_of
from triage.suggestion.ranking import (
    ARTICLE_FEATURES,
    LEAD_CONFIDENCE,
    Choice,
    ChoiceWeights,
    rank,
)

if TYPE_CHECKING:
    from triage.bundle import Bundle

DAY = date(2026, 11, 21)


def lesson(
    rows: list[tuple[float, float]], right: tuple[int, ...] = (), *, near: float = 0.5, **about: Any
) -> Lesson:
    """Return a lesson whose hits have a similarity and a lexical score."""
    articles = np.array([(s, le, 0, 0, 0, 0, 0) for s, le in rows], dtype=float).reshape(-1, 7)
    choice = Choice(articles, np.array([near, 0, 0, 0, 1.0]))
    known = {"answerable": True, "group": "en", "source": "s"} | about
    return Lesson(choice, right, **known)


def drawn(count: int, weights: ChoiceWeights) -> list[Lesson]:
    """Return messages whose right article is drawn by ``weights``."""
    rng = np.random.default_rng(0)
    lessons = []
    for number in range(count):
        rows = rng.normal(size=(4, 2))
        near = float(rng.normal())
        given = lesson([tuple(row) for row in rows], near=near, source=f"s{number}")
        open_ = weights.answerability(given.choice)
        shares = np.array(weights.confidences(given.choice)) / open_
        chosen = int(rng.choice(5, p=[*shares, max(0.0, 1 - shares.sum())]))
        answers = rng.random() < open_
        right = (chosen,) if answers and chosen < 4 else ()
        lessons.append(replace(given, right=right, answerable=answers))
    return lessons


def test_the_weights_that_drew_the_right_articles_are_found_again():
    true = ChoiceWeights((2.0, -1.0, 0, 0, 0, 0, 0), 0.7, (3.0, 0, 0, 0, 1.0))
    lessons = drawn(4000, true)
    found = fit_choice(lessons)
    assert found.articles[:2] == pytest.approx(true.articles[:2], abs=0.15)
    assert found.articles[2:] == (0.0,) * 5  # what never varies says nothing
    assert found.none == pytest.approx(0.7, abs=0.15)
    assert found.answerable[0] == pytest.approx(3.0, abs=0.4)


def test_where_only_the_intent_is_known_any_of_its_articles_may_be_right():
    lessons = [
        lesson([(1.0, 0.0), (0.9, 0.0), (0.0, n / 50)], (0, 1), source=f"s{n}", exact=False)
        for n in range(50)
    ]
    found = fit_choice(lessons).confidences(lessons[0].choice)
    assert found[0] + found[1] > 0.8
    assert found[1] > 10 * found[2]


def test_lessons_that_are_all_alike_teach_that_every_message_is_answerable():
    found = fit_choice([lesson([(0.5, 0.5)], (0,), source=f"s{n}") for n in range(5)])
    assert found.articles == (0.0,) * len(ARTICLE_FEATURES)
    assert found.answerability(lesson([(0.5, 0.5)]).choice) == pytest.approx(1.0)
    assert fit_choice([]).confidences(lesson([(0.5, 0.5)]).choice) == pytest.approx([0.5])


def test_weights_out_of_fold_have_not_seen_the_source():
    lessons = drawn(60, ChoiceWeights((2.0, 0, 0, 0, 0, 0, 0), 0.0, (3.0, 0, 0, 0, 0.0)))
    lessons = [replace(le, source=f"s{n // 2}") for n, le in enumerate(lessons)]
    found = out_of_fold(lessons)
    assert all(found[n] is found[n + 1] for n in range(0, 60, 2))
    assert len({id(weights) for weights in found}) == 5


def test_the_fitted_ranker_puts_the_right_article_first(bundle: Bundle):
    encoder, index = FakeEncoder(), bundle.knowledge
    asked = ["我的账号被盗了吗", "where is my refund please", "扣了我两次钱啊", "parcel is late"]
    wanted = ["kb-security", "kb-refund", "kb-double", "kb-delay"]
    vectors = encoder.encode(asked)
    made = bundle.classifier.predict(asked, vectors, languages=["zh", "en", "zh", "en"])
    for text, vector, known, name in zip(asked, vectors, made, wanted, strict=True):
        hits = index.search(text, vector, day=DAY)
        choice = choice_of(
            hits, category=known["category"], intent=known["intent"], ranker=bundle.ranker
        )
        ranked = rank(hits, choice, ranker=bundle.ranker, language="en")
        assert ranked[0][1].article.id == name


def test_few_queries_in_a_language_share_the_common_weights(bundle: Bundle):
    assert set(bundle.ranker.weights) == {"any"}
    assert bundle.ranker.lead == {"any": LEAD_CONFIDENCE}
    assert bundle.ranker.unanswered == 0
    assert "as given" in str(bundle.ranker.rule["any"])


def chat(count: int) -> Asked:
    """Return messages unlike any article, that a head calls small talk."""
    texts = [f"zzz qqq {n * 7} xxx" for n in range(count)]
    made = {
        "category": prediction(other=0.9, account=0.1),
        "intent": prediction(other__greeting=0.9, account__login=0.1),
    }
    vectors = FakeEncoder().encode(texts)
    return Asked(texts, vectors, [made] * count, ["en"] * count, [None] * count)


def test_messages_that_nothing_answers_teach_when_to_suggest_nothing(bundle: Bundle):
    index = bundle.knowledge
    predictions = bundle.classifier.predict(
        [p.text for p in index.passages],
        index.vectors,
        languages=[p.language.partition("-")[0] for p in index.passages],
    )
    ranker = fit_ranker(index, predictions, day=DAY, asked=chat(40))
    assert ranker.unanswered == 40
    assert set(ranker.nothing_asked) == set(NOTHING_ASKED)
    assert ranker.rule["any"]["offered"] <= 0.08  # type: ignore[index]
    new = chat(60)
    offered = 0
    for number in range(40, 60):
        hits = index.search(new.texts[number], new.vectors[number], day=DAY)
        made = new.predictions[number]
        choice = choice_of(hits, category=made["category"], intent=made["intent"], ranker=ranker)
        offered += ranker.offers(choice, language="en")
    assert offered <= 2


def test_what_agents_did_is_kept_and_weighs_as_given(bundle: Bundle):
    past = past_of({"kb-refund": (10, 9)})
    predictions = [{"category": prediction(x=1.0), "intent": prediction(x__y=1.0)}]
    ranker = fit_ranker(bundle.knowledge, predictions * bundle.knowledge.size, day=DAY, past=past)
    assert ranker.past == past
    position = ARTICLE_FEATURES.index("acceptance")
    assert ranker.weights["any"].articles[position] == GIVEN["acceptance"]  # type: ignore[union-attr]


def test_articles_without_questions_leave_a_ranker_that_still_answers():
    articles = [article("a", "x/y", en=("where is my order",)), article("b", "x/z", en=("refund",))]
    passages = passages_of(articles)
    vectors = FakeEncoder().encode([p.text for p in passages])
    predictions = [{"category": prediction(x=1.0), "intent": prediction(x__y=1.0)}] * 2
    ranker = fit_ranker(
        KnowledgeIndex(articles, passages, vectors), predictions, day=NOW_UTC.date()
    )
    (confidence,) = ranker.confidences(lesson([(0.5, 0.5)]).choice, language="en")
    assert 0 <= confidence <= 1


def test_the_share_that_may_pass_is_bounded_exactly():
    # 4 of 200 at 5 %: P(X <= 4) = 0.0264; 5 of 200: 0.0623, which is no longer sure enough.
    idle = np.arange(200) / 200
    least = _least_answerability(idle)
    assert (idle >= least).sum() == 4
    assert (np.full(30, 0.5) >= _least_answerability(np.full(30, 0.5))).sum() == 0


def test_the_least_confidence_is_the_first_from_which_enough_are_right():
    best = np.array([0.15] * 10 + [0.5] * 10)
    right = np.array([False] * 5 + [True] * 15)
    assert _least_confidence(best, right) == 0.16
    assert _least_confidence(best, np.ones(20, dtype=bool)) == 0.1
