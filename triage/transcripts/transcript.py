"""The nouns of transcripts: a conversation as given and the words that show something in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from triage.domain import Role, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One conversation, oldest turn first.

    Attributes:
        line: of the file, on which it starts.
        agent: who answered, as far as the file says.
        started_at: the file's own time of the conversation, where turns have none.
    """

    id: str
    turns: tuple[Turn, ...]
    line: int = 0
    customer: str | None = None
    agent: str | None = None
    channel: str | None = None
    started_at: datetime | None = None

    @property
    def start(self) -> datetime | None:
        """When it began, where that is known."""
        return next((t.at for t in self.turns if t.at is not None), self.started_at)

    @property
    def end(self) -> datetime | None:
        """When its last dated turn was written."""
        return next((t.at for t in reversed(self.turns) if t.at is not None), None)


@dataclass(frozen=True, slots=True)
class Shown:
    """Words that show something: ``turns[turn].text[start:end]`` equals ``text``, else no offsets.

    Attributes:
        turn: number of the turn, from 0.
    """

    turn: int
    text: str
    start: int | None = None
    end: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Burst:
    """What the customer wrote between two answers: turns ``first`` to ``last``, both included."""

    first: int
    last: int


def bursts_of(turns: tuple[Turn, ...]) -> list[Burst]:
    """Return the customer's bursts in order; bots answer too, events do not."""
    found: list[Burst] = []
    open_burst = False
    for number, turn in enumerate(turns):
        if turn.role is Role.SYSTEM or not turn.text.strip():
            continue
        if turn.role is not Role.CUSTOMER:
            open_burst = False
        elif open_burst:
            found[-1] = Burst(found[-1].first, number)
        else:
            found.append(Burst(number, number))
            open_burst = True
    return found
