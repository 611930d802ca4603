"""Whether a matter was settled, and how content the customer sounds at the end; rules, not a fit.

Their weights and the words behind them are ``resources/transcripts.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.domain import Role, Sentiment, SentimentVerdict, Turn
from triage.transcripts.signs import Signs, weights
from triage.transcripts.transcript import Burst, Shown

_EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whether the matter was settled, how sure that is, and the rules that held, heaviest first."""

    resolved: bool
    confidence: float
    probability: float
    reasons: tuple[tuple[str, Shown | None], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "resolved": self.resolved,
            "confidence": round(self.confidence, 4),
            "reasons": [
                {"rule": rule, "evidence": shown.to_dict() if shown else None}
                for rule, shown in self.reasons
            ],
        }


@dataclass(frozen=True, slots=True)
class Ending:
    """What a conversation's end is judged by.

    Attributes:
        tones: of the customer's bursts, in order; one for each burst.
        repeated: whether the customer has asked before.
    """

    turns: Sequence[Turn]
    signs: Signs
    bursts: Sequence[Burst]
    tones: Sequence[SentimentVerdict]
    repeated: bool = False


def resolution_of(ending: Ending) -> Resolution:
    """Judge whether the matter was settled: a sum of log-odds over the rules that hold."""
    table = weights("resolution")
    held = _held(ending)
    score = float(table["bias"])
    parts = {rule: float(table[rule]) * times for rule, (times, _) in held.items()}
    score += math.fsum(parts.values())
    probability = 1.0 / (1.0 + math.exp(-score))
    heaviest = sorted(parts, key=lambda rule: -abs(parts[rule]))
    return Resolution(
        resolved=probability > _EVEN,
        confidence=max(probability, 1.0 - probability),
        probability=probability,
        reasons=tuple((rule, held[rule][1]) for rule in heaviest),
    )


def contentment_of(ending: Ending, resolution: Resolution) -> float:
    """Return how content the customer sounds at the end, from -1 to 1; 0 without a customer."""
    if not ending.tones:
        return 0.0
    table = weights("contentment")
    held = {rule for rule, _ in resolution.reasons}
    *earlier, last = ending.tones
    score = table["last_tone"] * polarity(last)
    if earlier:
        score += table["earlier_tone"] * math.fsum(map(polarity, earlier)) / len(earlier)
    score += table["resolution"] * (2.0 * resolution.probability - 1.0)
    score += _added(table, held, ("last_thanks", "last_solved", "last_unsolved"))
    if set(last.flags) & set(table["flags"]):
        score += table["strong_flags"]
    return math.tanh(score)


def polarity(tone: SentimentVerdict) -> float:
    """Return the confidence of a positive tone, minus that of a negative one, 0 for a neutral."""
    signs = {Sentiment.POSITIVE: 1.0, Sentiment.NEGATIVE: -1.0, Sentiment.NEUTRAL: 0.0}
    return signs[tone.label] * tone.confidence


def _added(table: Mapping[str, Any], held: Collection[str], names: Sequence[str]) -> float:
    return math.fsum(float(table[name]) for name in names if name in held)


def _held(ending: Ending) -> dict[str, tuple[float, Shown | None]]:
    """Return the rules that hold, each with how often it counts and the words that show it."""
    return {**_customers_end(ending), **_agents_end(ending)}


def _customers_end(ending: Ending) -> dict[str, tuple[float, Shown | None]]:
    if not ending.bursts:
        return {}
    held: dict[str, tuple[float, Shown | None]] = {}
    last = ending.bursts[-1]
    said = range(last.first, last.last + 1)
    # A conversation of one burst has no end yet: its thanks are of politeness.
    answered = any(t.role is not Role.CUSTOMER for t in ending.turns[: last.first])
    names = ("solved", "thanks", "accepts") if answered else ()
    for name in (*names, "unsolved", "question"):
        if (shown := ending.signs.first(name, said)) is not None:
            held[f"last_{name}"] = (1.0, shown)
    before = range(last.first)
    if answered and (shown := ending.signs.first("thanks", before)) is not None:
        held["earlier_thanks"] = (1.0, shown)
    tone = ending.tones[-1]
    if tone.label is not Sentiment.NEUTRAL:
        held[f"end_{tone.label.value}"] = (tone.confidence, None)
    if ending.repeated:
        held["repeated"] = (1.0, None)
    return held


def _agents_end(ending: Ending) -> dict[str, tuple[float, Shown | None]]:
    turns = ending.turns
    spoken = [n for n, t in enumerate(turns) if t.role is not Role.SYSTEM and t.text.strip()]
    agents = [n for n in spoken if turns[n].role is Role.AGENT]
    held: dict[str, tuple[float, Shown | None]] = {}
    for name in ("settled", "closing", "deferred") if agents else ():
        if (shown := ending.signs.show(name, agents[-1])) is not None:
            held[f"agent_{name}"] = (1.0, shown)
    if agents and spoken[-1] == agents[-1]:
        if (shown := ending.signs.show("asks", agents[-1])) is not None:
            held["agent_asks"] = (1.0, shown)
    elif ending.bursts:
        said = range(ending.bursts[-1].first, ending.bursts[-1].last + 1)
        shown = ending.signs.first("unsolved", said) or ending.signs.first("question", said)
        if shown is not None:
            held["unanswered"] = (1.0, shown)
    return held
