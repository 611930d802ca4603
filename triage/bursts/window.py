"""The messages of the last hours with their vectors: counted by topic, searched by likeness."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.bursts.event import Kind, Topic
from triage.bursts.sample import cosines, packed, unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 20_000  # messages held at a time; the oldest leave first
_ROOM = 1024


@dataclass(slots=True, eq=False)
class Seen:
    """A message in the window.

    Attributes:
        at: seconds since 1970, never before the message that came before it.
        vector: quantised.
        incident: number of the incident that it belongs to.
        counted: false for one who writes the same again.
    """

    id: str
    at: float
    category: str | None = None
    intent: str | None = None
    vector: NDArray[np.float32] | None = None
    text: str | None = None
    language: str | None = None
    sender: str | None = None
    incident: int | None = None
    counted: bool = True

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Intent and category, as far as they are known."""
        named = ((Kind.INTENT, self.intent), (Kind.CATEGORY, self.category))
        return tuple(Topic(kind, label) for kind, label in named if label)

    @property
    def free(self) -> bool:
        """Whether it may be evidence of an incident that nobody knows of."""
        return self.counted and self.incident is None


@dataclass(slots=True)
class Window:
    """Messages by time, oldest first."""

    ids: set[str] = field(default_factory=set)
    _by_topic: dict[Topic, deque[Seen]] = field(default_factory=dict)
    _by_sender: dict[str, deque[Seen]] = field(default_factory=dict)
    _items: list[Seen] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _gone: int = 0  # entries at the start of the lists and rows that left the window
    _rows: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self._items) - self._gone

    def add(self, seen: Seen) -> None:
        """Take in the newest message."""
        self._items.append(seen)
        self._times.append(seen.at)
        self.ids.add(seen.id)
        for topic in seen.topics:
            self._by_topic.setdefault(topic, deque()).append(seen)
        if seen.sender is not None:
            self._by_sender.setdefault(seen.sender, deque()).append(seen)
        self._place(seen.vector)

    def leaving(self, since: float) -> Iterator[Seen]:
        """Drop and yield what is not newer than ``since``, and the oldest of too many."""
        while len(self) and (self._times[self._gone] <= since or len(self) > MOST):
            old = self._items[self._gone]
            self._gone += 1
            self.ids.discard(old.id)
            for topic in old.topics:
                _drop_first(self._by_topic, topic)
            if old.sender is not None:
                _drop_first(self._by_sender, old.sender)
            yield old
        if self._gone > max(_ROOM, len(self)):
            self._compact()

    def count(self, since: float) -> int:
        """Return how many messages are newer than ``since``."""
        return len(self._times) - max(self._gone, bisect_right(self._times, since))

    def of_topic(self, topic: Topic) -> list[Seen]:
        """Return the free messages of a category or intent, oldest first."""
        return [seen for seen in self._by_topic.get(topic, ()) if seen.free]

    def of_sender(self, sender: str) -> list[Seen]:
        """Return what a person wrote, oldest first."""
        return list(self._by_sender.get(sender, ()))

    def similar(self, vector: NDArray[np.float32], cosine: float) -> list[Seen]:
        """Return the free messages that are at least so similar, oldest first."""
        if self._rows is None:
            return []
        likeness = cosines(self._rows[self._gone : len(self._items)], vector)
        near = np.flatnonzero(likeness >= cosine).tolist()
        found = (self._items[self._gone + place] for place in near)
        return [seen for seen in found if seen.free]

    def to_dict(self, redact: Callable[[str], str] | None) -> dict[str, Any]:
        """Return the state as JSON values; texts redacted, or left out."""
        return {"items": [seen_to_dict(seen, redact) for seen in self._items[self._gone :]]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Window:
        """Return the inverse of ``to_dict``."""
        window = cls()
        for item in state["items"]:
            window.add(seen_from_dict(item))
        return window

    def _place(self, vector: NDArray[np.float32] | None) -> None:
        place = len(self._items) - 1
        if self._rows is None:
            if vector is None:
                return
            self._rows = np.zeros((_ROOM + place, len(vector)), dtype=np.float32)
        if place >= len(self._rows):
            more = np.zeros((len(self._rows) + _ROOM, self._rows.shape[1]), dtype=np.float32)
            self._rows = np.concatenate([self._rows, more])
        self._rows[place] = 0.0 if vector is None else vector

    def _compact(self) -> None:
        if self._rows is not None:
            rows = np.zeros((_ROOM + len(self), self._rows.shape[1]), dtype=np.float32)
            rows[: len(self)] = self._rows[self._gone : len(self._items)]
            self._rows = rows
        del self._items[: self._gone], self._times[: self._gone]
        self._gone = 0


def _drop_first(groups: dict[Any, deque[Seen]], key: Any) -> None:
    groups[key].popleft()
    if not groups[key]:
        del groups[key]


def seen_to_dict(seen: Seen, redact: Callable[[str], str] | None) -> dict[str, Any]:
    """Return a message as JSON values."""
    text = redact(seen.text) if redact and seen.text is not None else None
    return {
        "id": seen.id,
        "at": seen.at,
        "category": seen.category,
        "intent": seen.intent,
        "vector": None if seen.vector is None else packed(seen.vector),
        "dim": 0 if seen.vector is None else len(seen.vector),
        "text": text,
        "language": seen.language,
        "sender": seen.sender,
        "incident": seen.incident,
        "counted": seen.counted,
    }


def seen_from_dict(state: Mapping[str, Any]) -> Seen:
    """Return the inverse of ``seen_to_dict``."""
    fields = {k: v for k, v in state.items() if k not in {"vector", "dim"}}
    vector = state["vector"]
    row = None if vector is None else unpacked(vector, dim=state["dim"])[0]
    return Seen(vector=row, **fields)
