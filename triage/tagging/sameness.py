"""When two messages must have equal results; computing them once is left to ``tagger``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from datetime import timedelta
from typing import TYPE_CHECKING

from triage.conversation import merged
from triage.policy_source import PolicySource

if TYPE_CHECKING:
    from triage.domain import Message
    from triage.engine import Parts


class Sameness:
    """Keys of messages for one engine's parts: equal keys, equal results but for the ids.

    The time of a message is part of its key only as far as it matters: whole where words may name
    a time, else by the promotion that holds and the articles that are valid.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        articles = parts.bundle.knowledge.articles.values()
        begun = {a.valid_from for a in articles if a.valid_from}
        ended = {a.valid_until + timedelta(days=1) for a in articles if a.valid_until}
        self._changes = sorted(begun | ended)  # days from which other articles are valid

    def key(self, message: Message) -> Hashable:
        """Return the key of a message that has a time (``created_at``, or its last turn's)."""
        asked = merged(message)
        facts = tuple(sorted(message.fields.items()))
        # The id has no part in a result but that it is repeated.
        known = (
            message.text, message.subject, message.channel, message.turns, message.customer,
            message.contacts,
        )  # fmt: skip
        moment = asked.created_at
        if moment is None or self._parts.extractor.names_a_time(asked.text):
            return known, facts, str(moment)
        policy = self._parts.policy
        current = policy.current() if isinstance(policy, PolicySource) else policy
        promotion = current.policy.promotion_at(moment)
        terms = (promotion.name, promotion.first) if promotion else None
        aged = moment.date() if self._parts.bundle.ranker.past.updated else None
        return known, facts, terms, aged, bisect_right(self._changes, moment.date())
