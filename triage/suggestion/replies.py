"""Replies from ranked articles: language, tone, slots, and the source of every word.

How articles are ranked is left to ``ranking``, wording to ``wording``, tone to ``tone``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.domain import KeyInfo, Message, SentimentVerdict, Suggestion
from triage.knowledge import Hit
from triage.suggestion.ranking import Choice, Ranker, choice_of, rank
from triage.suggestion.slots import NAME, ReplyFormat, fill, format_of, slot_values
from triage.suggestion.tone import Mood, framed
from triage.suggestion.wording import wording_of
from triage.text import Language

if TYPE_CHECKING:
    from datetime import date

    from triage.classifier import Prediction

SOURCE = "kb"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionContext:
    """What filling and ranking need to know of a message beside its hits.

    Attributes:
        sentiment: as it was judged; ``None`` leaves the tone of replies even.
        day: the day of the message, against which the age of an article is counted.
    """

    message: Message
    language: Language
    key_info: Sequence[KeyInfo]
    category: Prediction
    intent: Prediction
    sentiment: SentimentVerdict | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStyle:
    """How a shop wants its replies.

    Attributes:
        shop: facts of the shop that fill slots.
        limit: how many replies are suggested at most.
        framed: whether a greeting, an apology and a close are put around an article's text.
    """

    shop: Mapping[str, str]
    limit: int
    framed: bool = True


def suggest(
    hits: Sequence[Hit], context: SuggestionContext, *, ranker: Ranker, style: ReplyStyle
) -> tuple[Suggestion, ...]:
    """Return at most ``style.limit`` replies, most confident first; none when none is likely.

    A customer whose language no reply is written in gets none rather than one in another language.
    """
    if not context.language.supported:
        return ()
    language = context.language.code
    choice = _choice(hits, context, ranker)
    if not ranker.offers(choice, language=language):
        return ()
    ranked = rank(hits, choice, ranker=ranker, language=language)
    writer = _Writer.of(context, style)
    return tuple(
        writer.suggestion(hit, confidence)
        for place, (confidence, hit) in enumerate(ranked[: style.limit])
        if place == 0 or confidence >= ranker.next_confidence
    )


def ranked_hits(
    hits: Sequence[Hit], context: SuggestionContext, *, ranker: Ranker
) -> list[tuple[float, Hit]]:
    """Return every hit with its confidence, most confident first; ties by article id."""
    choice = _choice(hits, context, ranker)
    return rank(hits, choice, ranker=ranker, language=context.language.code)


def _choice(hits: Sequence[Hit], context: SuggestionContext, ranker: Ranker) -> Choice:
    return choice_of(
        hits, category=context.category, intent=context.intent, ranker=ranker, day=context.day
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Writes replies to one message."""

    language: Language
    values: Mapping[str, str]
    mood: Mood | None
    form: ReplyFormat

    @classmethod
    def of(cls, context: SuggestionContext, style: ReplyStyle) -> _Writer:
        message = context.message
        values = slot_values(message, context.key_info, shop=style.shop)
        mood = None
        if style.framed:
            # Of the content alone: equal messages of one customer have equal results.
            who = message.customer.id if message.customer else None
            key = f"{who or values.get(NAME)}\0{message.text}"
            mood = Mood.of(context.sentiment, name=values.get(NAME), key=key)
        form = format_of(message.channel)
        return cls(language=context.language, values=values, mood=mood, form=form)

    def suggestion(self, hit: Hit, confidence: float) -> Suggestion:
        article = hit.article
        wording = wording_of(article, self.language)
        whole = wording.reply
        if self.mood is not None:
            whole = framed(whole, self.mood, tag=wording.tag)
        reply, missing = fill(whole, self.values, form=self.form)
        return Suggestion(
            article_id=article.id,
            category=article.category,
            title=wording.title,
            reply=reply,
            language=wording.language,
            similarity=max(-1.0, min(1.0, hit.similarity)),
            confidence=confidence,
            missing_slots=missing,
            source=SOURCE,
            article_version=article.version,
            script=wording.script,
            in_other_language=wording.foreign,
            converted=wording.converted,
            template=wording.reply,
            format=self.form.value,
            passage=hit.passage,
        )
