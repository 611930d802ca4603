from __future__ import annotations

import math
from dataclasses import replace

import pytest
from fakes import article, prediction

from triage.article import Article, ArticleText
from triage.domain import Customer, Message, Sentiment, SentimentVerdict, Suggestion
from triage.knowledge import Hit
from triage.suggestion import Ranker, ReplyStyle, SuggestionContext, suggest
from triage.suggestion.ranking import LogisticWeights
from triage.text import Language

CATEGORY = prediction(payment=0.8, account=0.2)
INTENT = prediction(payment__refund=0.7, payment__invoice=0.1, account__login=0.2)
MESSAGE = Message(id="m", text="t")
ENGLISH = Language("en")
# Judges by similarity alone: the logistic function of 10 * similarity - 5.
BY_SIMILARITY = Ranker(weights={"any": LogisticWeights((10.0, 0, 0, 0, 0, 0, -5.0))})


PLAIN = ReplyStyle(shop={"carrier": "SF"}, limit=3, framed=False)
WARM = replace(PLAIN, framed=True)


def hit(
    name: str, similarity: float, *, intent: str = "payment/refund", lexical: float = 0.5
) -> Hit:
    return Hit(article(name, intent, en=(f"About {name}", "q")), similarity, lexical, "q")


def suggested(
    hits: list[Hit],
    *,
    language: Language = ENGLISH,
    ranker: Ranker = BY_SIMILARITY,
    message: Message = MESSAGE,
    sentiment: SentimentVerdict | None = None,
    style: ReplyStyle = PLAIN,
) -> tuple[Suggestion, ...]:
    context = SuggestionContext(
        message=message,
        language=language,
        key_info=(),
        category=CATEGORY,
        intent=INTENT,
        sentiment=sentiment,
    )
    return suggest(hits, context, ranker=ranker, style=style)


def test_suggestions_come_most_confident_first_up_to_the_limit():
    hits = [hit("c", 0.6), hit("a", 0.9), hit("b", 0.7)]
    assert [s.article_id for s in suggested(hits)] == ["a", "b", "c"]
    assert [s.article_id for s in suggested(hits, style=replace(PLAIN, limit=2))] == ["a", "b"]
    assert suggested(hits, style=replace(PLAIN, limit=0)) == ()


def test_equally_confident_suggestions_come_by_name():
    assert [s.article_id for s in suggested([hit("b", 0.9), hit("a", 0.9)])] == ["a", "b"]


def test_nothing_is_suggested_when_the_best_is_unlikely():
    low = (math.log(0.3 / 0.7) + 5) / 10 - 0.001
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
        (("zh-Hant", "en"), Language("zh", "Hans"), ("zh", "订单退费啰")),
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


def test_the_shops_facts_reach_the_reply():
    known = Article(
        id="a",
        intent="payment/refund",
        translations={"en": ArticleText(title="t", questions=(), reply="{carrier} {order_id}")},
    )
    (made,) = suggested([Hit(known, 0.9, 0.5, "q")])
    assert (made.reply, made.missing_slots) == ("SF {order_id}", ("order_id",))


@pytest.mark.parametrize(
    ("tags", "language", "script", "converted", "foreign"),
    [
        (("zh-Hans",), Language("zh", "Hant"), "Hant", True, False),
        (("zh-Hant",), Language("zh", "Hans"), "Hans", True, False),
        (("zh-Hans", "zh-Hant"), Language("zh", "Hant"), "Hant", False, False),
        (("en",), Language("zh", "Hans"), None, False, True),
        (("zh-Hant",), Language("en"), "Hant", False, True),
        (("zh-Hans",), Language("und"), "Hans", False, False),
    ],
)
def test_it_is_said_whether_the_text_was_converted_or_is_in_another_language(
    tags: tuple[str, ...],
    language: Language,
    script: str | None,
    *,
    converted: bool,
    foreign: bool,
):
    (made,) = suggested([Hit(three_scripts(*tags), 0.9, 0.5, "q")], language=language)
    assert (made.script, made.converted, made.in_other_language) == (script, converted, foreign)


def test_a_suggestion_carries_the_articles_text_beside_the_reply_and_the_passage_that_matched():
    angry = SentimentVerdict(label=Sentiment.NEGATIVE, confidence=0.9, flags=())
    known = Hit(three_scripts("en"), 0.9, 0.5, "where is my money")
    message = Message(id="m", text="t", customer=Customer(name="Li"), fields={"x": "{y}"})
    (made,) = suggested([known], message=message, sentiment=angry, style=WARM)
    assert made.template == "Refund {x}"
    assert made.passage == "where is my money"
    assert "Refund {y}" in made.reply
    assert "Li" in made.reply
    assert "sorry" in made.reply.lower() or "apolog" in made.reply.lower()
    assert (made.format, made.missing_slots) == ("plain", ())


def test_a_reply_by_mail_is_html_with_every_value_escaped():
    message = Message(id="m", text="t", channel="E-Mail", fields={"x": "<b>&\n'"})
    (made,) = suggested([Hit(three_scripts("en"), 0.9, 0.5, "q")], message=message, style=WARM)
    assert made.format == "html"
    assert "Refund &lt;b&gt;&amp; &#x27;" in made.reply
    assert "<br>" in made.reply
    assert made.template == "Refund {x}"
