"""Conversations tagged: what the engine says of the customer's bursts, joined with the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from triage.conversation import is_fragment
from triage.domain import Customer, KeyInfo, Message, Priority, Role, TriageResult, Turn
from triage.errors import MessageError
from triage.records import Reject
from triage.transcripts.conduct import Conduct, conduct_of
from triage.transcripts.contacts import ContactBook, RepeatedContact
from triage.transcripts.outcome import Ending, Resolution, contentment_of, resolution_of
from triage.transcripts.signs import Signs
from triage.transcripts.timing import waits_of
from triage.transcripts.transcript import Burst, Shown, Transcript, bursts_of

_LEVELS = tuple(Priority)


class Engine(Protocol):
    """What a tagger asks of an engine; ``TriageEngine`` is one."""

    def message(self, given: Message | Mapping[str, Any] | str, *, number: int = 1) -> Message:
        """Return a checked message, or raise MessageError."""

    def triage(self, messages: Sequence[Message]) -> list[TriageResult]:
        """Return the result of each message, in order."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A fact of the customer's with the turn in which it first stands."""

    info: KeyInfo
    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedTranscript:
    """Everything that is said of one conversation.

    Attributes:
        results: of the customer's bursts, in order.
        main: number of the burst that says best what the matter is.
        messages: by turn, its own result, where those were asked for.
    """

    transcript: Transcript
    bursts: tuple[Burst, ...]
    results: tuple[TriageResult, ...]
    main: int
    category: tuple[str, float]
    intents: tuple[str, ...]
    level: Priority
    key_info: tuple[Placed, ...]
    first_response: float | None
    longest_wait: float | None
    repeated: RepeatedContact | None
    resolution: Resolution
    contentment: float
    conduct: Conduct | None
    messages: Mapping[int, TriageResult] | None = None


class TranscriptTagger:
    """Tags conversations with one engine; remembers who came before.

    Args:
        contacts: where earlier conversations are looked up.
        messages: also tag each turn of the customer alone.
        now: the time of conversations that have none, so that results are the same another day.
    """

    def __init__(
        self,
        engine: Engine,
        contacts: ContactBook,
        *,
        messages: bool = False,
        now: datetime | None = None,
    ) -> None:
        self._engine = engine
        self._now = now
        self._contacts = contacts
        self._messages = messages

    def tag(
        self, transcripts: Sequence[Transcript | Reject]
    ) -> Iterator[TaggedTranscript | Reject]:
        """Yield what is said of each conversation, in order; rejects stay as they are."""
        plans = [self._plan(transcript) for transcript in transcripts]
        asked = [m for plan in plans if isinstance(plan, _Plan) for m in plan.messages]
        results = iter(self._engine.triage(asked))
        for plan in plans:
            if isinstance(plan, Reject):
                yield plan
            else:
                yield self._joined(plan, [next(results) for _ in plan.messages])

    def _plan(self, transcript: Transcript | Reject) -> _Plan | Reject:
        if isinstance(transcript, Reject):
            return transcript
        bursts = tuple(bursts_of(transcript.turns))
        if not bursts:
            return Reject(transcript.line, f"conversation {transcript.id!r}: the customer says "
                          "nothing; check the names of the roles", transcript.id)  # fmt: skip
        single = [
            number
            for number, turn in enumerate(transcript.turns)
            if self._messages and turn.role is Role.CUSTOMER and turn.text.strip()
        ]
        try:
            made = [self._checked(_message(transcript, burst.last)) for burst in bursts]
            made += [self._checked(_alone(transcript, number)) for number in single]
        except MessageError as fault:
            return Reject(transcript.line, f"conversation {transcript.id!r}: {fault}",
                          transcript.id)  # fmt: skip
        return _Plan(transcript, bursts, tuple(single), tuple(made))

    def _checked(self, message: Message) -> Message:
        if message.created_at is None:
            message = replace(message, created_at=self._now)
        return self._engine.message(message)

    def _joined(self, plan: _Plan, results: Sequence[TriageResult]) -> TaggedTranscript:
        transcript, bursts = plan.transcript, plan.bursts
        found = results[: len(bursts)]
        signs = Signs(transcript.turns)
        tones = [result.sentiment for result in found]
        key_info = tuple(_placed(transcript.turns, bursts, found))
        repeated = self._repeated(transcript, signs, key_info)
        ending = Ending(transcript.turns, signs, bursts, tones, repeated is not None)
        resolution = resolution_of(ending)
        telling = _telling(transcript.turns, bursts, signs)
        category, main = _category(found, telling)
        first, longest = waits_of(transcript.turns)
        return TaggedTranscript(
            transcript=transcript,
            bursts=bursts,
            results=tuple(found),
            main=main,
            category=category,
            intents=_intents(found, telling),
            level=max((r.priority.level for r in found), key=_LEVELS.index),
            key_info=key_info,
            first_response=first,
            longest_wait=longest,
            repeated=repeated,
            resolution=resolution,
            contentment=contentment_of(ending, resolution),
            conduct=conduct_of(transcript, signs, bursts=bursts, tones=tones),
            messages=dict(zip(plan.single, results[len(bursts) :], strict=True))
            if self._messages
            else None,
        )

    def _repeated(
        self, transcript: Transcript, signs: Signs, key_info: Sequence[Placed]
    ) -> RepeatedContact | None:
        known = self._contacts.note(
            transcript.id,
            at=transcript.start,
            customer=transcript.customer,
            orders=[p.info.value for p in key_info if p.info.type == "order_id"],
        )
        said: Shown | None = signs.first("repeated", range(len(transcript.turns)))
        if known is not None:
            return replace(known, shown=said)
        return None if said is None else RepeatedContact("wording", shown=said)


@dataclass(frozen=True, slots=True)
class _Plan:
    transcript: Transcript
    bursts: tuple[Burst, ...]
    single: tuple[int, ...]
    messages: tuple[Message, ...]


def _message(transcript: Transcript, last: int) -> Message:
    """Return the conversation up to a turn; the engine merges its last burst."""
    return Message(
        id=transcript.id,
        text="",
        turns=transcript.turns[: last + 1],
        channel=transcript.channel,
        customer=Customer(id=transcript.customer) if transcript.customer else None,
        created_at=transcript.turns[last].at or transcript.start,
    )


def _alone(transcript: Transcript, number: int) -> Message:
    turn = transcript.turns[number]
    return Message(
        id=f"{transcript.id}#{number}",
        text=turn.text,
        created_at=turn.at or transcript.start,
    )


def _telling(turns: Sequence[Turn], bursts: Sequence[Burst], signs: Signs) -> list[int]:
    """Return the bursts that say what the matter is: not fragments, nor thanks behind an answer."""
    found = []
    for number, burst in enumerate(bursts):
        said = range(burst.first, burst.last + 1)
        empty = all(is_fragment(turns[turn].text) for turn in said)
        closing = number > 0 and any(
            signs.first(name, said) for name in ("thanks", "solved", "accepts")
        )
        asks = signs.first("question", said) or signs.first("unsolved", said)
        if not empty and (asks or not closing):
            found.append(number)
    return found or [0]


def _category(
    results: Sequence[TriageResult], telling: Sequence[int]
) -> tuple[tuple[str, float], int]:
    """Return the category with the greatest sum of confidence, its share, and its surest burst."""
    sums: dict[str, float] = {}
    for number in telling:
        category = results[number].category
        sums[category.label] = sums.get(category.label, 0.0) + category.confidence
    best = max(sums, key=lambda label: sums[label])
    own = [number for number in telling if results[number].category.label == best]
    main = max(own, key=lambda number: results[number].category.confidence)
    return (best, sums[best] / len(telling)), main


def _intents(results: Sequence[TriageResult], telling: Sequence[int]) -> tuple[str, ...]:
    met = [results[number].category.intent for number in telling]
    return tuple(intent for i, intent in enumerate(met) if i == 0 or met[i - 1] != intent)


def _placed(
    turns: Sequence[Turn], bursts: Sequence[Burst], results: Sequence[TriageResult]
) -> Iterator[Placed]:
    """Yield each fact once, where it first stands in the customer's turns."""
    seen: set[tuple[str, str]] = set()
    for burst, result in zip(bursts, results, strict=True):
        for info in result.key_info:
            if (info.type, info.value) in seen:
                continue
            # A fragment's subject may stand in an earlier burst, so all turns so far are looked at.
            for number in (*range(burst.first, burst.last + 1), *range(burst.first)):
                start = turns[number].text.find(info.text)
                if turns[number].role is Role.CUSTOMER and start >= 0:
                    seen.add((info.type, info.value))
                    yield Placed(info, number, start, start + len(info.text))
                    break
