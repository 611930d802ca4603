from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pytest
from fakes import article, prediction
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import InputError
from triage.knowledge import Hit
from triage.suggestion import NO_PAST, Ranker, choice_of, past_of, ranker_fields, ranker_from
from triage.suggestion.ranking import (
    ARTICLE_FEATURES,
    MESSAGE_FEATURES,
    Choice,
    ChoiceWeights,
    LogisticWeights,
    rank,
)

CATEGORY = prediction(payment=0.8, account=0.2)
INTENT = prediction(payment__refund=0.7, payment__invoice=0.1, account__login=0.2)
DAY = date(2026, 11, 21)
SEVEN = ["similarity", "lexical", "category", "intent", "similarity_gap", "lexical_gap", "bias"]
SURE = (0.0, 0.0, 0.0, 0.0, 50.0)  # of an answer


def hit(name: str, similarity: float, lexical: float = 0.5, intent: str = "payment/refund") -> Hit:
    return Hit(article(name, intent, en=(f"About {name}", "q")), similarity, lexical, "q")


def by_similarity(weight: float, *, none: float = 0.0) -> ChoiceWeights:
    return ChoiceWeights((weight, 0, 0, 0, 0, 0, 0), none, SURE)


def choice(hits: list[Hit], ranker: Ranker) -> Choice:
    return choice_of(hits, category=CATEGORY, intent=INTENT, ranker=ranker, day=DAY)


def test_features_of_hits_and_message_are_known():
    ranker = Ranker(weights={}, nothing_asked=("account/login", "other/chat"))
    hits = [hit("a", 0.9, 0.2), hit("b", 0.5, 0.6, intent="account/unknown")]
    found = choice(hits, ranker)
    assert found.articles.shape == (2, len(ARTICLE_FEATURES))
    assert found.articles[0] == pytest.approx(
        (0.9, 0.2, math.log(0.8001), math.log(0.7001), 0, 0, 0)
    )
    assert found.articles[1] == pytest.approx(
        (0.5, 0.6, math.log(0.2001), math.log(0.0001), 0, 0, 0)
    )
    assert len(found.message) == len(MESSAGE_FEATURES)
    assert found.message == pytest.approx((0.9, 0.6, math.log(0.5001), math.log(0.25), 1.0))


def test_confidences_are_a_softmax_over_hits_and_none_times_the_share_of_answerable_messages():
    weights = ChoiceWeights((2.0, 0, 0, 0, 0, 0, 0), 0.5, (0.0, 0.0, 0.0, 0.0, math.log(3)))
    found = choice([hit("a", 1.0), hit("b", 0.5)], Ranker(weights={"any": weights}))
    total = math.exp(2) + math.exp(1) + math.exp(0.5)
    assert weights.answerability(found) == pytest.approx(0.75)
    assert weights.confidences(found) == pytest.approx(
        [0.75 * math.exp(2) / total, 0.75 * math.exp(1) / total]
    )


@given(st.lists(st.floats(-1, 1), max_size=5), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_confidences_of_a_message_are_probabilities_that_sum_to_one_at_most(
    similarities: list[float], weight: float, none: float
):
    weights = by_similarity(weight, none=none)
    hits = [hit(f"a{n}", s) for n, s in enumerate(similarities)]
    confidences = weights.confidences(choice(hits, Ranker(weights={"any": weights})))
    assert all(0 <= c <= 1 for c in confidences)
    assert sum(confidences) <= 1 + 1e-9


def test_a_language_with_weights_of_its_own_uses_them():
    ranker = Ranker(weights={"any": by_similarity(0.0), "zh": by_similarity(0.0, none=50.0)})
    found = choice([hit("a", 0.5)], ranker)
    assert ranker.confidences(found, language="en") == pytest.approx([0.5])
    assert ranker.confidences(found, language="zh") == pytest.approx([0.0], abs=1e-9)


def test_hits_come_most_confident_first_and_equals_by_name():
    ranker = Ranker(weights={"any": by_similarity(5.0)})
    hits = [hit("c", 0.5), hit("b", 0.5), hit("a", 0.1)]
    ranked = rank(hits, choice(hits, ranker), ranker=ranker, language="en")
    assert [found.article.id for _, found in ranked] == ["b", "c", "a"]


def test_a_reply_is_offered_where_both_thresholds_are_reached():
    weights = ChoiceWeights((0.0,) * 7, 0.0, (0.0, 0.0, 0.0, 0.0, math.log(4)))  # 0.8, then 0.4
    found = choice([hit("a", 0.5)], Ranker(weights={"any": weights}))

    def offers(lead: float, answerable: float) -> bool:
        ranker = Ranker(
            weights={"any": weights}, lead={"any": lead}, answerable={"any": answerable}
        )
        return ranker.offers(found, language="zh")

    assert offers(0.39, 0.79)
    assert not offers(0.41, 0.79)
    assert not offers(0.39, 0.81)


def test_a_message_without_hits_is_offered_nothing():
    ranker = Ranker(weights={"any": by_similarity(5.0)})
    assert not ranker.offers(choice([], ranker), language="en")


def test_weights_of_older_bundles_judge_each_hit_by_the_logistic_function():
    weights = LogisticWeights((2.0, 1.0, 0.5, 0.25, -1.0, -0.5, -1.0))
    hits = [hit("a", 0.8, 0.4), hit("b", 0.9, 0.6)]
    score = 1.6 + 0.4 + 0.5 * math.log(0.8001) + 0.25 * math.log(0.7001) - 0.1 - 0.1 - 1.0
    found = weights.confidences(choice(hits, Ranker(weights={})))
    assert found[0] == pytest.approx(1 / (1 + math.exp(-score)))
    assert weights.answerability(choice(hits, Ranker(weights={}))) == 1.0


def test_an_older_file_gives_the_ranker_that_it_always_gave():
    ranker = ranker_from({"features": SEVEN, "weights": {"any": [1, 2, 3, 4, 5, 6, 7]}})
    assert ranker.weights == {"any": LogisticWeights((1, 2, 3, 4, 5, 6, 7))}
    assert ranker.lead == {"any": 0.3}
    assert ranker_from(ranker_fields(ranker)) == ranker


def test_a_ranker_comes_back_from_its_json_as_it_was():
    ranker = Ranker(
        weights={"any": by_similarity(1.5, none=0.25)},
        lead={"any": 0.2},
        answerable={"any": 0.9},
        nothing_asked=("other/greeting",),
        unanswered=7,
        rule={"any": {"offered": 0.05}},
        past=past_of({"a": (10, 9)}, updated={"a": DAY}),
    )
    assert ranker_from(json.loads(json.dumps(ranker_fields(ranker)))) == ranker


def test_a_file_with_unknown_features_is_refused():
    with pytest.raises(ValueError, match="other features"):
        ranker_from({"features": ["x"], "message_features": [], "weights": {}})


def test_acceptance_is_drawn_to_the_shops_average_and_unknown_counts_neither_way():
    past = past_of({"liked": (90, 90), "disliked": (9, 0)})
    assert past.mean == pytest.approx(90.5 / 100)
    assert past.rate("liked") == pytest.approx((90 + 9.05) / 100)
    assert past.acceptance("liked") > 0 > past.acceptance("disliked")
    assert past.acceptance("unknown") == 0.0
    assert NO_PAST.acceptance("liked") == 0.0


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_any_counts_give_a_finite_feature(shown: int, accepted: int):
    past = past_of({"a": (shown + accepted, accepted)})
    assert np.isfinite(past.acceptance("a"))
    assert 0 < past.rate("a") < 1


def test_impossible_counts_are_refused():
    with pytest.raises(InputError, match="accepted 3 times of 2"):
        past_of({"a": (2, 3)})


def test_freshness_fades_and_is_neutral_where_no_change_is_known():
    past = past_of({}, updated={"a": date(2026, 11, 21), "b": date(2025, 11, 21)})
    assert past.freshness("a", day=DAY) == 0.5
    assert past.freshness("b", day=DAY) == pytest.approx(0.0)
    assert past.freshness("c", day=DAY) == past.freshness("a", day=None) == 0.0
    assert past.freshness("a", day=date(2020, 1, 1)) == 0.5


def test_an_article_that_agents_accepted_outranks_its_equal():
    weights = ChoiceWeights((0, 0, 0, 0, 0, 1.0, 0), 0.0, SURE)
    ranker = Ranker(weights={"any": weights}, past=past_of({"b": (50, 45), "a": (50, 5)}))
    hits = [hit("a", 0.5), hit("b", 0.5)]
    ranked = rank(hits, choice(hits, ranker), ranker=ranker, language="en")
    assert [found.article.id for _, found in ranked] == ["b", "a"]
