"""Results by content: what a result depends on as a key, and a bounded store of the latest.

Why a kept result equals a fresh one. A result of an engine's snapshot (one model, one policy, one
knowledge base) is a function of the message and, where it has no time of its own, of the clock:
dates, deadlines, promotions and validity of articles read it. So:

- a message without time and turns is dated to the running minute before it is keyed; nothing in a
  result is finer than a minute. Two deliveries in one minute are then the same message;
- turns have times of their own, whose gaps count contacts: such a message without ``created_at``
  is not dated and not kept;
- times are keyed as written, since 09:00+08:00 equals 01:00+00:00 but is another day's morning;
- the id is no part of the key and is put in afterwards;
- the store belongs to one snapshot, is emptied for the next, and refuses what another one made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from triage.domain import Message, TriageResult

LONGEST_KEPT = 4_000  # characters of text and turns; longer messages are seldom sent twice


def dated(message: Message, clock: Callable[[], datetime]) -> Message:
    """Return ``message`` dated to the minute, where neither it nor a turn says when it is from."""
    if message.created_at is not None or message.turns:
        return message
    return replace(message, created_at=clock().replace(second=0, microsecond=0))


def content_key(message: Message) -> Hashable | None:
    """Return all that a result depends on but the engine; ``None`` for what must not be kept."""
    if message.created_at is None:
        return None
    if len(message.text) + sum(len(turn.text) for turn in message.turns) > LONGEST_KEPT:
        return None
    turns = tuple(
        (turn.role, turn.text, turn.at.isoformat() if turn.at else None) for turn in message.turns
    )
    return (
        message.text,
        message.subject,
        message.channel,
        message.customer,
        message.created_at.isoformat(),
        message.contacts,
        tuple(sorted(message.fields.items())),
        turns,
    )


class ResultCache:
    """The latest results of one snapshot of an engine; for one thread."""

    def __init__(self, size: int) -> None:
        """Keep at most ``size`` results; 0 keeps none."""
        self._size = size
        self._owner: object = None
        self._results: OrderedDict[Hashable, TriageResult] = OrderedDict()

    def __len__(self) -> int:
        return len(self._results)

    def get(self, owner: object, key: Hashable | None) -> TriageResult | None:
        """Return the result that ``owner`` made of this content, under the id it had then."""
        if owner is not self._owner:
            self._owner = owner
            self._results.clear()
        if key is None or (found := self._results.get(key)) is None:
            return None
        self._results.move_to_end(key)
        return found

    def put(self, owner: object, key: Hashable | None, result: TriageResult) -> None:
        """Keep a result; nothing is kept of an engine that is no longer the one in use."""
        if key is None or owner is not self._owner or not self._size:
            return
        self._results[key] = result
        self._results.move_to_end(key)
        if len(self._results) > self._size:
            self._results.popitem(last=False)
