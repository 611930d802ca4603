from __future__ import annotations

import math

import pytest
from fakes import article, prediction
from hypothesis import given
from hypothesis import strategies as st

from triage.article import Article, ArticleText
from triage.domain import Customer, KeyInfo, Message, Suggestion
from triage.knowledge import Hit
from triage.suggestion import (
    FEATURES,
    LEAD_CONFIDENCE,
    Ranker,
    SuggestionContext,
    fill,
    hit_features,
    slot_values,
    suggest,
)
from triage.text import Language

CATEGORY = prediction(payment=0.8, account=0.2)
INTENT = prediction(payment__refund=0.7, payment__invoice=0.1, account__login=0.2)
MESSAGE = Message(id="m", text="t")
ENGLISH = Language("en")
# Judges by similarity alone: the logistic function of 10 * similarity - 5.
BY_SIMILARITY = Ranker({"any": (10.0, 0, 0, 0, 0, 0, -5.0)})


def hit(
    name: str, similarity: float, *, intent: str = "payment/refund", lexical: float = 0.5
) -> Hit:
    return Hit(article(name, intent, en=(f"About {name}", "q")), similarity, lexical, "q")


def info(kind: str, text: str) -> KeyInfo:
    return KeyInfo(type=kind, text=text, value=text, start=0, end=len(text))


def suggested(
    hits: list[Hit],
    *,
    language: Language = ENGLISH,
    ranker: Ranker = BY_SIMILARITY,
    limit: int = 3,
    message: Message = MESSAGE,
) -> tuple[Suggestion, ...]:
    context = SuggestionContext(
        message=message, language=language, key_info=(), category=CATEGORY, intent=INTENT
    )
    return suggest(hits, context, ranker=ranker, shop={"carrier": "SF"}, limit=limit)


def test_confidence_is_the_logistic_of_the_weighted_features():
    ranker = Ranker({"any": (2.0, 1.0, 0.5, 0.25, -1.0, -0.5, -1.0)})
    features = (0.8, 0.4, math.log(0.5), math.log(0.25), 0.1, 0.2, 1.0)
    score = 1.6 + 0.4 + 0.5 * math.log(0.5) + 0.25 * math.log(0.25) - 0.1 - 0.1 - 1.0
    assert ranker.confidence(features, language="en") == pytest.approx(1 / (1 + math.exp(-score)))


def test_a_language_with_weights_of_its_own_uses_them():
    ranker = Ranker({"any": (0.0,) * 7, "zh": (0.0,) * 6 + (2.0,)})
    assert ranker.confidence((1.0,) * 7, language="en") == 0.5
    assert ranker.confidence((1.0,) * 7, language="zh") == pytest.approx(0.880797, abs=1e-6)


@given(st.floats(-1e6, 1e6))
def test_confidence_of_any_score_is_a_probability(score: float):
    confidence = Ranker({"any": (score,) * 7}).confidence((0, 0, 0, 0, 0, 0, 1.0), language="en")
    assert 0 <= confidence <= 1
    assert (confidence > 0.5) == (score > 0) or abs(score) < 1e-9


def test_features_of_hits_are_known():
    hits = [hit("a", 0.9, lexical=0.2), hit("b", 0.5, lexical=0.6, intent="account/unknown")]
    first, second = hit_features(hits, category=CATEGORY, intent=INTENT)
    assert len(FEATURES) == len(first) == 7
    assert first == pytest.approx((0.9, 0.2, math.log(0.8001), math.log(0.7001), 0, 0.4, 1))
    assert second == pytest.approx((0.5, 0.6, math.log(0.2001), math.log(0.0001), 0.4, 0, 1))
    assert hit_features([], category=CATEGORY, intent=INTENT) == []


def test_suggestions_come_most_confident_first_up_to_the_limit():
    hits = [hit("c", 0.6), hit("a", 0.9), hit("b", 0.7)]
    assert [s.article_id for s in suggested(hits)] == ["a", "b", "c"]
    assert [s.article_id for s in suggested(hits, limit=2)] == ["a", "b"]
    assert suggested(hits, limit=0) == ()


def test_equally_confident_suggestions_come_by_name():
    assert [s.article_id for s in suggested([hit("b", 0.9), hit("a", 0.9)])] == ["a", "b"]


def test_nothing_is_suggested_when_the_best_is_unlikely():
    low = (math.log(LEAD_CONFIDENCE / (1 - LEAD_CONFIDENCE)) + 5) / 10 - 0.001
    assert suggested([hit("a", low)]) == ()
    assert len(suggested([hit("a", low + 0.002)])) == 1
    assert suggested([]) == ()


def test_unlikely_further_replies_are_left_out():
    assert [s.article_id for s in suggested([hit("a", 0.9), hit("b", 0.2)])] == ["a"]


def test_a_suggestion_cites_its_article_and_stays_within_the_cosines_bounds():
    (made,) = suggested([hit("a", 1.0000002)])
    assert (made.source, made.article_version, made.category) == ("kb", 1, "payment")
    assert made.similarity == 1.0
    assert made.title == "About a"


def three_scripts(*tags: str) -> Article:
    replies = {"zh-Hans": "订单的退款", "zh-Hant": "訂單退費囉", "en": "Refund {x}"}
    return Article(
        id="a",
        intent="payment/refund",
        translations={t: ArticleText(title=t, questions=(), reply=replies[t]) for t in tags},
    )


@pytest.mark.parametrize(
    ("tags", "language", "expected"),
    [
        (("zh-Hans", "zh-Hant", "en"), Language("zh", "Hans"), ("zh", "订单的退款")),
        (("zh-Hans", "zh-Hant", "en"), Language("zh", "Hant"), ("zh", "訂單退費囉")),
        (("zh-Hans", "zh-Hant", "en"), Language("en"), ("en", "Refund {x}")),
        (("zh-Hans", "en"), Language("zh", "Hant"), ("zh", "訂單的退款")),
        (("zh-Hant", "en"), Language("zh", "Hans"), ("zh", "訂單退費囉")),
        (("zh-Hans",), Language("en"), ("zh", "订单的退款")),
        (("en",), Language("zh", "Hans"), ("en", "Refund {x}")),
        (("zh-Hans", "en"), Language("und"), ("en", "Refund {x}")),
    ],
)
def test_the_reply_is_in_the_customers_language_or_the_nearest(
    tags: tuple[str, ...], language: Language, expected: tuple[str, str]
):
    (made,) = suggested([Hit(three_scripts(*tags), 0.9, 0.5, "q")], language=language)
    assert (made.language, made.reply) == expected


def test_to_a_customer_of_an_unsupported_language_nothing_is_suggested():
    hits = [Hit(three_scripts("zh-Hans", "zh-Hant", "en"), 0.9, 0.5, "q")]
    assert suggested(hits, language=Language("fr")) == ()


def test_known_slots_are_filled_and_others_stay_and_are_listed_once():
    reply, missing = fill("{a} {b} {a} {c} {b}", {"a": "1", "c": ""})
    assert reply == "1 {b} 1 {c} {b}"
    assert missing == ("b", "c")


NAMES = st.sampled_from(["order_id", "carrier", "eta", "订单"])


@given(
    st.lists(NAMES.map("{{{}}}".format) | st.text(alphabet="ab {}\\1", max_size=5)).map("".join),
    st.dictionaries(NAMES, st.sampled_from(["x", "\\1", "{eta}"])),
)
def test_unknown_slots_are_left_as_they_stand(reply: str, values: dict[str, str]):
    filled, missing = fill(reply, values)
    assert not set(missing) & set(values)
    assert all(f"{{{name}}}" in filled for name in missing)
    assert fill(reply, {})[0] == reply


def test_slots_take_the_shops_then_the_messages_then_the_callers_values():
    message = Message(
        id="m",
        text="t",
        customer=Customer(name="Li"),
        fields={"tracking_no": "SF1", "eta": "today"},
    )
    values = slot_values(
        message,
        [info("order_id", "A1"), info("order_id", "A2"), info("tracking_no", "SF9")],
        shop={"carrier": "SF", "order_id": "none"},
    )
    assert values == {
        "carrier": "SF",
        "order_id": "A1",
        "customer_name": "Li",
        "tracking_no": "SF1",
        "eta": "today",
    }


def test_claimed_amounts_and_dates_never_fill_a_slot():
    claims = [info("amount", "99元"), info("date", "昨天")]
    assert slot_values(Message(id="m", text="t"), claims, shop={}) == {}


def test_the_shops_facts_reach_the_reply():
    known = Article(
        id="a",
        intent="payment/refund",
        translations={"en": ArticleText(title="t", questions=(), reply="{carrier} {order_id}")},
    )
    (made,) = suggested([Hit(known, 0.9, 0.5, "q")])
    assert (made.reply, made.missing_slots) == ("SF {order_id}", ("order_id",))
