"""When a human must look, and why, in words that an agent understands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.domain import Priority, PriorityVerdict, Suggestion
from triage.heads import POOLED
from triage.text import UNDETERMINED, Language

if TYPE_CHECKING:
    from triage.classifier import Prediction

NO_REPLY = "no confident reply"
OTHER_LANGUAGE = "reply only in {name}"
URGENT = "urgent: {signal}"
NO_WORDS = "no words to judge by"
UNSUPPORTED = "language not supported: {name}"
AMBIGUOUS = "ambiguous between {first} and {second}"
TOO_SHORT = "too short to tell {first} from {second}"
UNFAMILIAR = "unlike anything known"
_CATEGORY_DOUBTS = tuple(
    reason.partition("{")[0] for reason in (NO_WORDS, UNSUPPORTED, AMBIGUOUS, TOO_SHORT, UNFAMILIAR)
)
_KINDS = {
    "no_reply": NO_REPLY,
    "no_words": NO_WORDS,
    "unsupported_language": UNSUPPORTED,
    "ambiguous": AMBIGUOUS,
    "too_short": TOO_SHORT,
    "unfamiliar": UNFAMILIAR,
    "urgent": URGENT,
}
_FEW_CHARACTERS = 2  # of Chinese; about one word
_HAN_OR_WORD = re.compile(r"[\u3400-\u9fff]|[a-z]+|\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Standard:
    """What an answer must reach to be used without a human.

    Attributes:
        confidence: of the category, by language group.
        familiarity: of the message.
    """

    confidence: Mapping[str, float]
    familiarity: float = 0.0


def review_reasons(
    language: Language,
    category: Prediction,
    priority: PriorityVerdict,
    *,
    text: str,
    suggestions: Sequence[Suggestion],
    standard: Standard,
) -> tuple[str, ...]:
    """Return why a human must look; empty when the result may be used as it is.

    Args:
        text: the normalised message.
        standard: what the category's confidence and familiarity must reach.
    """
    reasons = []
    if not language.supported:
        reasons.append(UNSUPPORTED.format(name=language.name))
    if language.code == UNDETERMINED:
        reasons.append(NO_WORDS)
    ranked = category.ranked()
    if category.familiarity is not None and category.familiarity < standard.familiarity:
        reasons.append(UNFAMILIAR)
    elif ranked[0][1] < standard.confidence.get(language.code, standard.confidence[POOLED]):
        short = len(_HAN_OR_WORD.findall(text)) <= _FEW_CHARACTERS
        wording = TOO_SHORT if short else AMBIGUOUS
        reasons.append(wording.format(first=ranked[0][0], second=ranked[1][0]))
    if priority.level is Priority.URGENT:
        reasons.append(URGENT.format(signal=priority.reasons[0].signal))
    if not suggestions:
        reasons.append(NO_REPLY)
    elif suggestions[0].in_other_language:
        reasons.append(OTHER_LANGUAGE.format(name=Language(suggestions[0].language).name))
    return tuple(reasons)


def doubts_category(reasons: Sequence[str]) -> bool:
    """Tell whether one of ``reasons`` is about the category, not about urgency or replies."""
    return any(reason.startswith(_CATEGORY_DOUBTS) for reason in reasons)


def reason_kind(reason: str) -> str:
    """Return the kind of a reason in one word, without its words on the message, or ``other``."""
    for kind, form in _KINDS.items():
        if reason.startswith(form.partition("{")[0]):
            return kind
    return "other"
