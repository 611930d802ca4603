"""When a human must look, and why, in words that an agent understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from triage.classifier import POOLED
from triage.domain import Priority, PriorityVerdict, Suggestion
from triage.text import UNDETERMINED, Language

if TYPE_CHECKING:
    from triage.classifier import Prediction

NO_REPLY = "no confident reply"
NO_WORDS = "no words to judge by"
UNSUPPORTED = "language {code!r} is not supported"
AMBIGUOUS = "ambiguous between {first} and {second}"
_CATEGORY_DOUBTS = (NO_WORDS, UNSUPPORTED.partition(" ")[0], AMBIGUOUS.partition(" ")[0])


def review_reasons(
    language: Language,
    category: Prediction,
    priority: PriorityVerdict,
    *,
    suggestions: Sequence[Suggestion],
    thresholds: Mapping[str, float],
) -> tuple[str, ...]:
    """Return why a human must look; empty when the result may be used as it is.

    Args:
        thresholds: category confidence that is enough, by language group.
    """
    reasons = []
    if not language.supported:
        reasons.append(UNSUPPORTED.format(code=language.code))
    if language.code == UNDETERMINED:
        reasons.append(NO_WORDS)
    ranked = category.ranked()
    if ranked[0][1] < thresholds.get(language.code, thresholds[POOLED]):
        reasons.append(AMBIGUOUS.format(first=ranked[0][0], second=ranked[1][0]))
    if priority.level is Priority.URGENT:
        reasons.append(f"urgent: {priority.reasons[0].signal}")
    if not suggestions:
        reasons.append(NO_REPLY)
    return tuple(reasons)


def doubts_category(reasons: Sequence[str]) -> bool:
    """Tell whether one of ``reasons`` is about the category, not about urgency or replies."""
    return any(reason.startswith(_CATEGORY_DOUBTS) for reason in reasons)
