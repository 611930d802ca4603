"""Signals that no word shows: a near deadline, a sum at stake, earlier contacts, tone and tier.

Each is read from what is already known about a message; what it is worth says the policy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.domain import Customer, KeyInfo, Reason, Sentiment, SentimentVerdict
from triage.policy import (
    AMOUNT_AT_STAKE,
    CUSTOMER_TIER,
    DATE_MARK,
    EARLIER_CONTACTS,
    NEGATIVE_SENTIMENT,
    DeadlineRule,
    Policy,
    Terms,
)
from triage.text import to_simplified

REACH = 40  # characters of a date's sentence that are read on either side of it
_SENTENCE_END = re.compile(r"[\u3002\uff01\uff1f!?\uff1b;\n]|\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Case:
    """A message with what is known about it.

    Attributes:
        text: the customer's words, unchanged.
        key_info: what was found in them; deadlines and sums come from here.
        now: when it was written; without it nothing is a deadline and no promotion holds.
        sentiment: the tone, where a head has judged it.
        contacts: earlier messages of this conversation or customer about the same matter.
    """

    text: str
    key_info: tuple[KeyInfo, ...] = ()
    now: datetime | None = None
    customer: Customer | None = None
    sentiment: SentimentVerdict | None = None
    contacts: int = 0


def find_circumstances(case: Case, policy: Policy, terms: Terms) -> Iterator[tuple[int, Reason]]:
    """Yield the points and the reason of each circumstance that the policy names."""
    weights = terms.weights
    if policy.deadline and case.now and (nearest := _nearest(case, policy.deadline)):
        name, info = nearest
        yield weights[name], _reason(name, info)
    if policy.amounts and (most := _most_at_stake(case.key_info, policy.amounts)):
        yield weights[AMOUNT_AT_STAKE], _reason(AMOUNT_AT_STAKE, most)
    if case.contacts > 0 and EARLIER_CONTACTS in weights:
        points = min(case.contacts * weights[EARLIER_CONTACTS], policy.most_contact_points)
        yield points, Reason(EARLIER_CONTACTS, str(case.contacts))
    if NEGATIVE_SENTIMENT in weights and _is_negative(case.sentiment, policy.negative_above):
        yield weights[NEGATIVE_SENTIMENT], Reason(NEGATIVE_SENTIMENT, "")
    tier = (case.customer.tier or "").lower() if case.customer else ""
    if tier in policy.tiers:
        yield policy.tiers[tier], Reason(CUSTOMER_TIER, tier)


def _nearest(case: Case, rule: DeadlineRule) -> tuple[str, KeyInfo] | None:
    """Return the step and the date of the nearest deadline."""
    dates = [(_time_left(k.value, case.now), k) for k in case.key_info if k.type == "date"]
    near = [(left, k) for left, k in dates if left is not None and left <= rule.steps[-1].within]
    for left, info in sorted(near, key=lambda pair: pair[0]):
        if _is_deadline(case.text, info, rule):
            return next(step.name for step in rule.steps if left <= step.within), info
    return None


def _time_left(value: str, now: datetime | None) -> timedelta | None:
    """Return the time until a date begins, 0 while it lasts; ``None`` once past, or for a month."""
    if now is None:
        return None
    local = now.replace(tzinfo=None)
    try:
        begin = datetime.fromisoformat(value)
    except ValueError:  # a month alone
        return None
    end = begin if "T" in value else begin + timedelta(days=1)
    return max(begin - local, timedelta()) if end >= local else None


def _is_deadline(text: str, info: KeyInfo, rule: DeadlineRule) -> bool:
    before = _SENTENCE_END.split(text[max(0, info.start - REACH) : info.start])[-1]
    after = _SENTENCE_END.split(text[info.end : info.end + REACH])[0]
    sentence = to_simplified(f"{before}{DATE_MARK}{after}")
    if rule.unless is not None and rule.unless.search(sentence):
        return False
    return rule.wording.search(sentence) is not None


def _most_at_stake(found: tuple[KeyInfo, ...], limits: Mapping[str, float]) -> KeyInfo | None:
    """Return the sum that exceeds its currency's limit by the largest factor."""
    factors: list[tuple[float, KeyInfo]] = []
    for info in found:
        if info.type == "amount":
            number, _, currency = info.value.partition(" ")
            factors.append((float(number) / limits.get(currency, math.inf), info))
    reached = [pair for pair in factors if pair[0] >= 1]
    return max(reached, key=lambda pair: pair[0])[1] if reached else None


def _is_negative(tone: SentimentVerdict | None, above: float) -> bool:
    return tone is not None and tone.label is Sentiment.NEGATIVE and tone.confidence >= above


def _reason(signal: str, info: KeyInfo) -> Reason:
    return Reason(signal, info.text, info.start, info.end)
