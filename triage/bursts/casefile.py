"""An incident while it is open: who belongs to it, what is kept of it, and when it is over."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.bursts.calendar import Calendar
from triage.bursts.event import Evidence, Incident, Kind, Topic
from triage.bursts.shares import Share
from triage.bursts.window import Seen

if TYPE_CHECKING:
    from numpy.typing import NDArray

JOIN_COSINE = 0.65  # to the centre of an incident's messages
MERGE_COSINE = 0.6  # between two centres
SAME_INTENT_COSINE = 0.45  # between two centres of one intent
_EVIDENCE = 50  # ids with texts that are kept
_CENTRE = 64  # messages that shape the centre

Redact = Callable[[str], str] | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A topic with too many messages in a window that ends now.

    Attributes:
        score: -log10 of their probability.
        weighed: the score by the weight of the window, to be compared with what is needed.
        share: the usual share of the topic.
        span: length of the window in seconds.
        members: the messages, oldest first.
    """

    topic: Topic
    score: float
    weighed: float
    expected: float
    share: Share
    span: float
    members: Sequence[Seen]


@dataclass(slots=True, kw_only=True)
class Casefile:
    """What is known of one open incident; all of bounded size.

    Attributes:
        topics: the topics under which it was seen with their usual shares.
        recent: times of the members that are still in the longest window.
        centre: sum of the vectors of the first members.
    """

    number: int
    topics: dict[Topic, Share]
    started: float
    last: float
    detected: float
    span: float
    score: float
    expected: float
    title: str
    size: int = 0
    recent: deque[float] = field(default_factory=deque)
    intents: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    evidence: list[tuple[str, float, str | None]] = field(default_factory=list)
    centre: NDArray[np.float64] | None = None
    shaped_by: int = 0

    def admits(self, seen: Seen) -> bool:
        """Tell whether a message belongs to the incident."""
        if any(topic in self.topics for topic in seen.topics):
            return True
        if seen.vector is None or self.centre is None or not self._close_knit:
            return False
        return _cosine(self.centre, seen.vector) >= JOIN_COSINE

    def covers(self, alarm: Alarm) -> bool:
        """Tell whether an alarm is about the same matter."""
        intent, category = _main(alarm.members, "intent"), _main(alarm.members, "category")
        for topic in self.topics:
            if topic in (Topic(Kind.INTENT, intent or ""), Topic(Kind.CATEGORY, category or "")):
                return True
        if alarm.topic.kind is Kind.INTENT:
            return alarm.topic.label == self.intent
        if alarm.topic.kind is Kind.CATEGORY:
            return alarm.topic.label == _most(self.categories)
        if self.centre is None:
            return False
        needed = SAME_INTENT_COSINE if intent and intent == self.intent else MERGE_COSINE
        return _cosine(self.centre, _sum(alarm.members)) >= needed

    @property
    def intent(self) -> str | None:
        """What most of its messages are about."""
        return _most(self.intents)

    def add(self, members: Iterable[Seen], redact: Redact) -> None:
        """Take messages in."""
        for seen in members:
            seen.incident = self.number
            self.size += 1
            self.started, self.last = min(self.started, seen.at), max(self.last, seen.at)
            self.recent.append(seen.at)
            for counter, label in (
                (self.intents, seen.intent),
                (self.categories, seen.category),
                (self.languages, seen.language),
            ):
                if label:
                    counter[label] += 1
            if len(self.evidence) < _EVIDENCE:
                text = redact(seen.text) if redact and seen.text is not None else None
                self.evidence.append((seen.id, seen.at, text))
            if seen.vector is not None and self.shaped_by < _CENTRE:
                row = seen.vector.astype(np.float64)
                self.centre = row if self.centre is None else self.centre + row
                self.shaped_by += 1

    def merge(self, alarm: Alarm, redact: Redact) -> None:
        """Take in the messages of another alarm about the same matter."""
        if alarm.topic.kind is not Kind.CLUSTER:
            self.topics.setdefault(alarm.topic, alarm.share)
        self.score = max(self.score, alarm.score)
        self.add(alarm.members, redact)
        self.recent = deque(sorted(self.recent))

    def count(self, since: float) -> int:
        """Return how many members are newer than ``since``."""
        return sum(at > since for at in self.recent)

    def forget(self, since: float) -> None:
        """Drop the times of members that left the longest window."""
        while self.recent and self.recent[0] <= since:
            self.recent.popleft()

    def snapshot(self, calendar: Calendar, closed: float | None = None) -> Incident:
        """Return the incident as it stands."""
        moment = calendar.moment
        first = next(iter(self.topics))
        ordered = sorted(self.evidence, key=lambda e: (e[1], e[0]))
        return Incident(
            id=f"{moment(self.detected):%Y%m%dT%H%M}-{self.number}",
            topic=first,
            topics=tuple(self.topics),
            title=self.title,
            started_at=moment(self.started),
            last_at=moment(self.last),
            detected_at=moment(self.detected),
            closed_at=None if closed is None else moment(closed),
            size=self.size,
            expected=self.expected,
            window_minutes=self.span / 60,
            score=self.score,
            intent=self.intent,
            evidence=tuple(Evidence(id_, moment(at), text) for id_, at, text in ordered),
            languages=dict(sorted(self.languages.items(), key=lambda p: (-p[1], p[0]))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        plain = (
            "number", "started", "last", "detected", "span", "score", "expected", "title", "size",
            "evidence", "shaped_by",
        )  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "topics": [[t.kind, t.label, s.mean, s.shape] for t, s in self.topics.items()],
            "recent": list(self.recent),
            "intents": dict(self.intents),
            "categories": dict(self.categories),
            "languages": dict(self.languages),
            "centre": None if self.centre is None else self.centre.tolist(),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Casefile:
        """Return the inverse of ``to_dict``."""
        centre = state["centre"]
        return cls(
            **{
                **state,
                "topics": {Topic(Kind(k), label): Share(*s) for k, label, *s in state["topics"]},
                "recent": deque(state["recent"]),
                "intents": Counter(state["intents"]),
                "categories": Counter(state["categories"]),
                "languages": Counter(state["languages"]),
                "evidence": [tuple(entry) for entry in state["evidence"]],
                "centre": None if centre is None else np.array(centre),
            }
        )

    @property
    def _close_knit(self) -> bool:
        """Whether its messages are alike in wording, so that likeness decides who belongs."""
        return any(topic.kind is Kind.CLUSTER for topic in self.topics)


def centre_of(members: Sequence[Seen]) -> NDArray[np.float64]:
    """Return the unit vector between the vectors of messages, of which some have one."""
    total = _sum(members)
    unit: NDArray[np.float64] = total / np.sqrt(np.dot(total, total))
    return unit


def likenesses_to_others(members: Sequence[Seen]) -> list[float]:
    """Return for each message, all with vectors, its cosine to the centre of the others."""
    rows = np.stack([seen.vector for seen in members if seen.vector is not None])
    own = rows.astype(np.float64)
    others = own.sum(axis=0) - own
    norms = np.sqrt((others**2).sum(axis=1) * (own**2).sum(axis=1))
    cosines: list[float] = ((others * own).sum(axis=1) / np.maximum(norms, 1.0)).tolist()
    return cosines


def open_case(alarm: Alarm, *, number: int, detected: float, redact: Redact) -> Casefile:
    """Return a new incident of an alarm; a cluster gets the incident's number as its label."""
    topic = alarm.topic
    if topic.kind is Kind.CLUSTER:
        topic = Topic(Kind.CLUSTER, str(number))
    typical = _typical(alarm.members).text
    case = Casefile(
        number=number,
        topics={topic: alarm.share},
        started=alarm.members[0].at,
        last=alarm.members[-1].at,
        detected=detected,
        span=alarm.span,
        score=alarm.score,
        expected=alarm.expected,
        title=redact(typical) if redact and typical else str(alarm.topic),
    )
    case.add(alarm.members, redact)
    return case


def _typical(members: Sequence[Seen]) -> Seen:
    """Return the message nearest to the centre of all, or the first."""
    with_vectors = [seen for seen in members if seen.vector is not None]
    if not with_vectors:
        return members[0]
    centre = _sum(with_vectors)
    return max(with_vectors, key=lambda s: _cosine(centre, s.vector))


def _sum(members: Iterable[Seen]) -> NDArray[np.float64]:
    rows = [seen.vector for seen in members if seen.vector is not None]
    total: NDArray[np.float64] = np.sum(rows, axis=0, dtype=np.float64)
    return total


def _cosine(a: NDArray[Any], b: NDArray[Any] | None) -> float:
    if b is None:
        return 0.0
    norms = float(np.sqrt(np.dot(a, a) * np.dot(b, b.astype(np.float64))))
    return float(np.dot(a, b)) / norms if norms else 0.0


def _main(members: Sequence[Seen], name: str) -> str | None:
    return _most(Counter(label for s in members if (label := getattr(s, name))))


def _most(counter: Counter[str]) -> str | None:
    return min(counter, key=lambda label: (-counter[label], label)) if counter else None
