"""Hits to replies: ranking with a calibrated confidence, language, slots filled, source cited.

Nothing is invented: a slot whose value nobody gave stays in the reply as ``{name}`` and is listed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.article import Article
from triage.domain import KeyInfo, Message, Suggestion
from triage.knowledge import Hit
from triage.text import Language, to_traditional

if TYPE_CHECKING:
    from triage.classifier import Prediction

SOURCE = "kb"
LEAD_CONFIDENCE = 0.3  # below it the best reply is no suggestion
NEXT_CONFIDENCE = 0.1  # below it a further reply only distracts
FEATURES = ("similarity", "lexical", "category", "intent", "similarity_gap", "lexical_gap", "bias")
# What a customer states about their own case. Amounts and dates are not among them: repeating a
# claimed sum in a reply would read as a promise, so those slots take only the helpdesk's facts.
_FROM_KEY_INFO = frozenset({"order_id", "tracking_no", "phone", "email"})
_SLOT = re.compile(r"\{(\w+)\}")
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class Ranker:
    """A logistic model of "this article is the right one" for each language group.

    Attributes:
        weights: for each group, one weight per name in ``FEATURES``.
    """

    weights: Mapping[str, tuple[float, ...]]
    fallback: str = "any"

    def confidence(self, features: Sequence[float], *, language: str) -> float:
        """Return the probability in [0, 1] that the article is right."""
        weights = self.weights.get(language, self.weights[self.fallback])
        score = sum(w * f for w, f in zip(weights, features, strict=True))
        return 1 / (1 + math.exp(-max(min(score, 50.0), -50.0)))


def hit_features(
    hits: Sequence[Hit], *, category: Prediction, intent: Prediction
) -> list[tuple[float, ...]]:
    """Return the ranking features of each hit, in the order of ``FEATURES``."""
    nearest = max((h.similarity for h in hits), default=0.0)
    most = max((h.lexical for h in hits), default=0.0)
    return [
        (
            hit.similarity,
            hit.lexical,
            math.log(category.probability_of(hit.article.category) + _FLOOR),
            math.log(intent.probability_of(hit.article.intent) + _FLOOR),
            nearest - hit.similarity,
            most - hit.lexical,
            1.0,
        )
        for hit in hits
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionContext:
    """What filling and ranking need to know of a message beside its hits."""

    message: Message
    language: Language
    key_info: Sequence[KeyInfo]
    category: Prediction
    intent: Prediction


def rank(
    hits: Sequence[Hit], context: SuggestionContext, *, ranker: Ranker
) -> list[tuple[float, Hit]]:
    """Return every hit with its confidence, most confident first; ties by article id."""
    features = hit_features(hits, category=context.category, intent=context.intent)
    scored = [
        (ranker.confidence(feature, language=context.language.code), hit)
        for feature, hit in zip(features, hits, strict=True)
    ]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].article.id))


def suggest(
    hits: Sequence[Hit],
    context: SuggestionContext,
    *,
    ranker: Ranker,
    shop: Mapping[str, str],
    limit: int,
) -> tuple[Suggestion, ...]:
    """Return at most ``limit`` filled replies, most confident first; none when none is likely.

    A customer whose language no reply is written in gets none rather than one in another language.
    """
    if not context.language.supported:
        return ()
    ranked = rank(hits, context, ranker=ranker)
    if not ranked or ranked[0][0] < LEAD_CONFIDENCE:
        return ()
    values = slot_values(context.message, context.key_info, shop=shop)
    return tuple(
        _suggestion(hit, confidence, language=context.language, values=values)
        for confidence, hit in ranked[:limit]
        if confidence >= NEXT_CONFIDENCE
    )


def slot_values(
    message: Message, key_info: Sequence[KeyInfo], *, shop: Mapping[str, str]
) -> dict[str, str]:
    """Return the values that may fill slots: the shop's, then the message's, then the caller's."""
    values = dict(shop)
    for info in reversed(key_info):
        if info.type in _FROM_KEY_INFO:
            values[info.type] = info.text
    if message.customer is not None and message.customer.name:
        values["customer_name"] = message.customer.name
    values.update(message.fields)
    return values


def fill(reply: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Fill the slots of ``reply``; returns the text and the names that stay open, each once."""
    missing: dict[str, None] = {}

    def value(match: re.Match[str]) -> str:
        if filled := values.get(match[1]):
            return filled
        missing.setdefault(match[1])
        return match[0]

    return _SLOT.sub(value, reply), tuple(missing)


def _suggestion(
    hit: Hit, confidence: float, *, language: Language, values: Mapping[str, str]
) -> Suggestion:
    tag, title, template = _written_in(hit.article, language)
    reply, missing = fill(template, values)
    return Suggestion(
        article_id=hit.article.id,
        category=hit.article.category,
        title=title,
        reply=reply,
        language=tag,
        similarity=max(-1.0, min(1.0, hit.similarity)),
        confidence=confidence,
        missing_slots=missing,
        source=SOURCE,
        article_version=hit.article.version,
    )


def _written_in(article: Article, language: Language) -> tuple[str, str, str]:
    """Return language code, title and reply in the customer's language, or the nearest there is."""
    texts = article.translations
    if language.code == "zh" and language.script == "Hant":
        if "zh-Hant" in texts:
            return "zh", texts["zh-Hant"].title, texts["zh-Hant"].reply
        if "zh-Hans" in texts:
            text = texts["zh-Hans"]
            return "zh", to_traditional(text.title), to_traditional(text.reply)
    wanted = ("zh-Hans", "zh-Hant", "en") if language.code == "zh" else ("en", "zh-Hans", "zh-Hant")
    tag = next(t for t in wanted if t in texts)
    return tag.partition("-")[0], texts[tag].title, texts[tag].reply
