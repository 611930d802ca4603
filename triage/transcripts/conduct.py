"""Signals of how the agent conducted a conversation, each with the words that show it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.domain import Role, Sentiment, SentimentVerdict
from triage.temporal import find_dates
from triage.transcripts.signs import Signs
from triage.transcripts.transcript import Burst, Shown, Transcript

GIVEN, MISSING, NOT_DUE = "given", "missing", "not_due"
_SENTENCE = re.compile(r"[^\s\u3002!！?？][^\u3002!！?？\n]*[\u3002!！?？]*")
_APOLOGY_ABOVE = 0.6  # confidence of a negative tone from which an apology is due


@dataclass(frozen=True, slots=True)
class Promise:
    """Words that promise something, and the day or minute they name, where that is known.

    Attributes:
        due: ISO 8601, as ``triage.temporal`` resolves it against the time of the turn.
    """

    shown: Shown
    due: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What an agent did and left undone.

    Attributes:
        greeting: words of the first answer that greet.
        apology: ``given`` or ``missing`` where the customer complained, else ``not_due``.
        apology_shown: the words that apologise, or the complaint that went without.
        unanswered: questions behind which no agent's turn came.
        rude: words of agents that no customer should read.
    """

    greeting: Shown | None
    apology: str
    apology_shown: Shown | None
    promises: tuple[Promise, ...]
    unanswered: tuple[Shown, ...]
    rude: tuple[Shown, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown = self.apology_shown
        return {
            "greeting": self.greeting.to_dict() if self.greeting else None,
            "apology": {"state": self.apology, "evidence": shown.to_dict() if shown else None},
            "promises": [{**p.shown.to_dict(), "due": p.due} for p in self.promises],
            "unanswered": [words.to_dict() for words in self.unanswered],
            "rude": [words.to_dict() for words in self.rude],
        }


def conduct_of(
    transcript: Transcript,
    signs: Signs,
    *,
    bursts: Sequence[Burst],
    tones: Sequence[SentimentVerdict],
) -> Conduct | None:
    """Return an agent's conduct; ``None`` where no agent speaks.

    Args:
        tones: of the bursts, in order.
    """
    agents = [n for n, turn in enumerate(transcript.turns) if turn.role is Role.AGENT]
    if not agents:
        return None
    apology, apology_shown = _apology(transcript, signs, bursts, tones)
    return Conduct(
        greeting=signs.show("greeting", agents[0]),
        apology=apology,
        apology_shown=apology_shown,
        promises=tuple(_promise(transcript, shown) for shown in signs.all("promise")),
        unanswered=_unanswered(transcript, signs, bursts),
        rude=tuple(signs.all("rude")),
    )


def _apology(
    transcript: Transcript,
    signs: Signs,
    bursts: Sequence[Burst],
    tones: Sequence[SentimentVerdict],
) -> tuple[str, Shown | None]:
    for burst, tone in zip(bursts, tones, strict=True):
        if tone.label is Sentiment.NEGATIVE and tone.confidence >= _APOLOGY_ABOVE:
            later = range(burst.first, len(transcript.turns))
            if (given := signs.first("apology", later)) is not None:
                return GIVEN, given
            return MISSING, whole(transcript, burst.last)
    return NOT_DUE, None


def whole(transcript: Transcript, turn: int) -> Shown:
    """Return all words of a turn as evidence."""
    written = transcript.turns[turn].text
    words = written.strip()
    start = written.index(words)
    return Shown(turn, words, start, start + len(words))


def sentence(transcript: Transcript, shown: Shown) -> Shown:
    """Return the whole sentence in which words stand; a lone question mark shows little."""
    if shown.start is None or shown.end is None:
        return shown
    text = transcript.turns[shown.turn].text
    for match in _SENTENCE.finditer(text):
        if match.start() <= shown.start < match.end():
            end = max(match.end(), shown.end)
            return Shown(shown.turn, text[match.start() : end], match.start(), end)
    return shown


def _promise(transcript: Transcript, shown: Shown) -> Promise:
    turn = transcript.turns[shown.turn]
    moment = turn.at or transcript.start
    if moment is None:
        return Promise(shown, None)
    return Promise(shown, _due(turn.text, shown, moment))


def _due(text: str, shown: Shown, moment: datetime) -> str | None:
    """Return the date nearest to a promise, in the same turn."""
    place = shown.start or 0
    dates = sorted(find_dates(text, moment), key=lambda found: abs(found[0] - place))
    return dates[0][2] if dates else None


def _unanswered(transcript: Transcript, signs: Signs, bursts: Sequence[Burst]) -> tuple[Shown, ...]:
    """Return questions of the last burst where nobody answers it, and of those only a bot heard."""
    found = []
    for burst, following in zip(bursts, [*bursts[1:], None], strict=True):
        end = following.first if following else len(transcript.turns)
        answers = transcript.turns[burst.last + 1 : end]
        if any(turn.role is Role.AGENT for turn in answers):
            continue
        shown = signs.first("question", range(burst.first, burst.last + 1))
        # A question to a bot that an agent took up after the next burst has been answered.
        if shown is not None and not any(
            turn.role is Role.AGENT for turn in transcript.turns[burst.last + 1 :]
        ):
            found.append(sentence(transcript, shown))
    return tuple(found)
