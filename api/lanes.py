"""Who waits and who is next: two lanes and a place for batches, bounded; no threads, no clock.

Urgent requests go first, then single ones, then batches, message by message in turns. Whoever waits
behind gets an eighth of every round, so nobody waits for ever.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from api.urgency import Lane

if TYPE_CHECKING:
    from triage.domain import Message

FAIR_SHARE = 8


class Fate(Enum):
    """Whether a request is still to be worked on."""

    WANTED = "wanted"
    GONE = "gone"
    LATE = "late"


@dataclass(eq=False, slots=True)
class Job:
    """A request that waits for its messages.

    Attributes:
        deadline: the moment, by the desk's clock, after which nobody wants the answer.
        taken: how many of the messages have had their turn.
        gone: whether the client has left.
    """

    messages: tuple[Message, ...]
    lane: Lane
    arrived: float
    deadline: float | None = None
    taken: int = 0
    gone: bool = False

    @property
    def left(self) -> int:
        """How many messages still wait."""
        return len(self.messages) - self.taken

    def fate(self, now: float) -> Fate:
        """Tell whether the next message is still worth the work."""
        if self.gone:
            return Fate.GONE
        late = self.deadline is not None and now >= self.deadline
        return Fate.LATE if late else Fate.WANTED


@dataclass(frozen=True, slots=True)
class Turn:
    """One message whose turn it is: the ``place``-th of its job."""

    job: Job
    place: int

    @property
    def message(self) -> Message:
        """The message."""
        return self.job.messages[self.place]


@dataclass(slots=True)
class Round:
    """What is taken at once, and which jobs were dropped on the way."""

    turns: list[Turn] = field(default_factory=list)
    dropped: list[tuple[Job, Fate]] = field(default_factory=list)
    chars: int = 0


class Lanes:
    """The queues; whoever calls holds a lock."""

    def __init__(self, *, most_messages: int, most_chars: int) -> None:
        """Take at most so many messages, and about so many characters, in one round."""
        self._most = most_messages
        self._most_chars = most_chars
        self._urgent: deque[Job] = deque()
        self._single: deque[Job] = deque()
        self._bulk: deque[Job] = deque()
        self.waiting = dict.fromkeys(Lane, 0)

    def __len__(self) -> int:
        return sum(self.waiting.values())

    def add(self, job: Job) -> None:
        """Let a job wait."""
        self.waiting[job.lane] += job.left
        if len(job.messages) > 1:
            self._bulk.append(job)
        else:
            (self._urgent if job.lane is Lane.URGENT else self._single).append(job)

    def take(self, now: float) -> Round:
        """Return the messages whose turn it is; none where nobody waits or all were dropped."""
        found = Round()
        share = max(1, self._most // FAIR_SHARE)
        for_bulk = share if self._bulk else 0
        for_single = share if self._single else 0
        self._fill(found, self._urgent, self._most - for_bulk - for_single, now)
        self._fill(found, self._single, self._most - for_bulk, now)
        self._fill(found, self._bulk, self._most, now)
        return found

    def _fill(self, found: Round, queue: deque[Job], most: int, now: float) -> None:
        while queue and len(found.turns) < max(most, 1):
            if found.turns and found.chars >= self._most_chars:
                return
            job = queue[0]
            if (fate := job.fate(now)) is not Fate.WANTED:
                found.dropped.append((self._out(queue), fate))
                continue
            found.turns.append(Turn(job, job.taken))
            found.chars += len(job.messages[job.taken].text)
            job.taken += 1
            self.waiting[job.lane] -= 1
            queue.rotate(-1)
            if not job.left:
                queue.pop()

    def _out(self, queue: deque[Job]) -> Job:
        job = queue.popleft()
        self.waiting[job.lane] -= job.left
        return job
