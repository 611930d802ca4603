"""Results without a vector: category, priority and sentiment by words alone, when time is short.

What a whole result needs besides, key information and replies, is left to ``engine``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from triage.boilerplate import own_words
from triage.circumstances import Case
from triage.classifier import category_of
from triage.conversation import read_message
from triage.domain import Message, TriageResult

if TYPE_CHECKING:
    from triage.bundle import Bundle
    from triage.priority import PriorityPolicy
    from triage.sentiment import SentimentReader

DEGRADED = "judged by words alone: the service was short of time"


def judge_by_words(
    messages: Sequence[Message],
    *,
    bundle: Bundle,
    policy: PriorityPolicy,
    sentiment: SentimentReader,
    teams: Mapping[str, str],
    now: datetime,
) -> list[TriageResult]:
    """Return a result of each message, in order: ``degraded``, without key information and replies.

    Args:
        messages: with their turns merged.
        now: stands for the time of a message that has none.
    """
    own = [own_words(m.text) for m in messages]
    readings = [read_message(m, own=words) for m, words in zip(messages, own, strict=True)]
    predictions = bundle.classifier.predict_by_words(
        [text for text, _ in readings], languages=[language.code for _, language in readings]
    )
    results = []
    for message, words, (_, language), learnt in zip(
        messages, own, readings, predictions, strict=True
    ):
        tone = sentiment.judge(words, learnt["sentiment"])
        case = Case(
            text=words,
            now=message.created_at or now,
            customer=message.customer,
            sentiment=tone,
            contacts=message.contacts,
        )
        category = category_of(learnt["category"], learnt["intent"])
        verdict = policy.judge(case, learnt=learnt["priority"])
        results.append(
            TriageResult(
                id=message.id,
                language=language.code,
                script=language.script,
                model=bundle.manifest.version,
                category=category,
                team=teams.get(category.label, category.label),
                priority=verdict,
                sentiment=tone,
                key_info=(),
                suggestions=(),
                needs_review=True,
                review_reasons=(DEGRADED,),
                languages=dict(language.shares),
                degraded=True,
            )
        )
    return results
