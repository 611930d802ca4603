"""Which messages go first: a look of microseconds at tier and words, before anything is understood.

What is urgent in truth is left to the policy when the message has its turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from triage.domain import Priority
from triage.signals import find_signals

if TYPE_CHECKING:
    from triage.policy import Policy

LOOKED_AT = 1_000  # characters of a text; who is in danger says so early


class Lane(StrEnum):
    """Where a request waits."""

    URGENT = "urgent"
    NORMAL = "normal"


class Urgency:
    """The policy's tiers, and its signals that lift to urgent whatever a head says."""

    def __init__(self, policy: Policy) -> None:
        self._tiers = frozenset(tier for tier, points in policy.tiers.items() if points > 0)
        floors = policy.floors
        self._signals = tuple(s for s in policy.signals if floors.get(s.name) is Priority.URGENT)

    def lane_of(self, texts: Iterable[str], tier: str | None) -> Lane:
        """Return the lane of a message of these texts and this tier of customer."""
        if tier is not None and tier.lower() in self._tiers:
            return Lane.URGENT
        shown = any(find_signals(self._signals, text[:LOOKED_AT]) for text in texts if text)
        return Lane.URGENT if shown else Lane.NORMAL
