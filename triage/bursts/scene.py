"""What the detector knows at a moment, and how unlikely it makes what is being written.

When messages are judged and what becomes of an alarm is left to ``detector``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from triage.bursts.calendar import HOUR, WEEK_HOURS, Calendar
from triage.bursts.casefile import Alarm, Casefile, Redact, centre_of, likenesses_to_others
from triage.bursts.event import Kind, Topic
from triage.bursts.sample import Sample, quantised
from triage.bursts.sensitivity import Sensitivity
from triage.bursts.shares import Share, Shares
from triage.bursts.tail import log10_tail
from triage.bursts.volume import Volume
from triage.bursts.window import Seen, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CALM = 1.0  # -log10 of the probability from which a count is nothing special
_QUIET = 7200.0  # no incident is over before so long a look
_CENTRED = 10  # newest messages near one that shape the centre of their cluster
_LEAST_OTHERS = 0.05  # a topic never explains more than the rest of all messages


@dataclass(slots=True)
class Scene:
    """What was learnt, what is in the window, and which incidents are open."""

    sensitivity: Sensitivity
    calendar: Calendar
    volume: Volume
    shares: Shares = field(default_factory=Shares)
    sample: Sample = field(default_factory=Sample)
    window: Window = field(default_factory=Window)
    cases: list[Casefile] = field(default_factory=list)

    def learn(self, now: float) -> None:
        """Learn from what leaves the longest window; messages of young incidents teach nothing."""
        since = now - max(self.sensitivity.minutes) * 60
        started = {case.number: case.started for case in self.cases}
        grace = self.sensitivity.usual_after.total_seconds()
        for old in self.window.leaving(since):
            hour = self.calendar.hour(old.at)
            self.volume.learn(hour)
            if old.incident is not None and old.at - started.get(old.incident, old.at) <= grace:
                continue
            promoted = self.calendar.promotion(hour) is not None
            self.shares.learn(tuple(map(str, old.topics)), hour, promoted=promoted)
            if old.vector is not None:
                self.sample.learn(old.vector, id_=old.id, at=old.at)
        for case in self.cases:
            case.forget(since)

    def alarms(self, seen: Seen) -> Iterator[Alarm]:
        """Yield how unlikely each topic of a message is at present, closest topics first."""
        if seen.vector is not None:
            yield from self._clusters(seen, seen.vector)
        hour = self.calendar.hour(seen.at)
        promoted = self.calendar.promotion(hour) is not None
        for topic in seen.topics:
            share = self.shares.share(str(topic), hour, promoted=promoted)
            yield from self._alarm(topic, share, self.window.of_topic(topic))

    def _clusters(self, seen: Seen, vector: NDArray[np.float32]) -> Iterator[Alarm]:
        """Yield clusters that a message belongs to: balls around the centre of those near it.

        One step of mean shift (Comaniciu & Meer 2002, doi:10.1109/34.1000236) from the message: a
        centre is nearer to all wordings of a matter than any one of them is. What shapes it must be
        near the centre of the others: to one of its own making anything is near.
        """
        near = self.window.similar(vector, self.sensitivity.reach)
        if len(near) < self.sensitivity.least:
            return
        shaping = near[-_CENTRED:]
        likenesses = list(zip(shaping, likenesses_to_others(shaping), strict=True))
        centre = quantised(centre_of(shaping))
        shares: list[Share] = []
        for place, cosine in enumerate(self.sensitivity.cosines):
            unlike = {other.id for other, likeness in likenesses if likeness < cosine}
            around = self.window.similar(centre, cosine)
            members = [other for other in around if other.id not in unlike]
            if len(members) >= self.sensitivity.least and members[-1] is seen:
                shares = shares or self.sample.shares(centre, self.sensitivity.cosines)
                yield from self._alarm(Topic(Kind.CLUSTER, ""), shares[place], members)

    def _alarm(self, topic: Topic, share: Share, members: Sequence[Seen]) -> Iterator[Alarm]:
        """Yield the most unlikely window of a topic, whose newest message is the last of members.

        The last message is not counted: it is why the window was looked at.
        """
        times = [seen.at for seen in members]
        found: list[tuple[float, float, float, float]] = []
        windows = zip(self.sensitivity.minutes, self.sensitivity.weights, strict=True)
        for minutes, weight in windows if times else ():
            since = times[-1] - minutes * 60
            count = len(times) - bisect_right(times, since)
            if count >= self.sensitivity.least:
                means = self._expected(share, since, times[-1], count)
                if count - 1 > _ordinary(means[0]):
                    score = _score(count - 1, means)
                    found.append((score + math.log10(weight), score, means[0].mean, minutes * 60))
        if found:
            weighed, score, mean, span = max(found)
            inside = members[bisect_right(times, times[-1] - span) :]
            yield Alarm(topic, score, weighed, mean, share, span, inside)

    def _expected(self, share: Share, since: float, now: float, count: int) -> tuple[Share, Share]:
        """Return the messages of a topic that are expected, the larger first.

        One expectation is by the usual total of the time, one by what else was written: up to the
        n-th message of other topics, those of this one have a negative binomial distribution of
        size n. So much must be unlikely by both.

        Args:
            count: messages of the topic, which do not tell how busy it is otherwise.
        """
        explained = sum(case.count(since) for case in self.cases)
        others = max(self.window.count(since) - explained - count, 0) + 1
        doubt = 1.0 / share.shape + self.sensitivity.spread**2
        usual = Share(share.mean * self.volume.expected(since, now), 1.0 / doubt)
        odds = share.mean / max(1.0 - share.mean, _LEAST_OTHERS)
        present = Share(others * odds, 1.0 / (doubt + 1.0 / others))
        return (usual, present) if usual.mean > present.mean else (present, usual)

    def needed(self, now: float) -> float:
        """Return the score from which a topic is an incident.

        It rises with the messages that are judged, and again with what is above the usual: when
        everything is unusual, a topic has to be more so.
        """
        longest = max(self.sensitivity.minutes) * 60
        present = self.window.count(now - longest)
        usual = self.volume.expected(now - longest, now)
        weekly = WEEK_HOURS * max(self.volume.hourly(), present / longest * HOUR)
        surge = max(1.0, present / usual) if usual else 1.0
        chance = self.sensitivity.alarms_per_week * self.sensitivity.gain
        return math.log10(weekly * surge / chance) if weekly else math.inf

    def over(self, case: Casefile, now: float) -> bool:
        """Tell whether an incident's rate is back to what is usual."""
        since = now - max(case.span, _QUIET)
        count = case.count(since)
        share = max(case.topics.values(), key=lambda share: share.mean)
        return _score(count, self._expected(share, since, now, count)) < _CALM

    def to_dict(self, redact: Redact) -> dict[str, Any]:
        """Return everything as JSON values; texts only redacted."""
        return {
            "volume": self.volume.to_dict(),
            "shares": self.shares.to_dict(),
            "sample": self.sample.to_dict(),
            "window": self.window.to_dict(redact),
            "open": [case.to_dict() for case in self.cases],
        }

    @classmethod
    def from_dict(
        cls, state: Mapping[str, Any], sensitivity: Sensitivity, calendar: Calendar
    ) -> Scene:
        """Return the inverse of ``to_dict``."""
        return cls(
            sensitivity,
            calendar,
            Volume.from_dict(state["volume"], calendar),
            Shares.from_dict(state["shares"]),
            Sample.from_dict(state["sample"]),
            Window.from_dict(state["window"]),
            [Casefile.from_dict(case) for case in state["open"]],
        )


def _ordinary(expectation: Share) -> float:
    """Return three standard deviations above the mean, below which no tail need be summed."""
    return expectation.mean + 3 * math.sqrt(
        expectation.mean + expectation.mean**2 / expectation.shape
    )


def _score(count: int, expectations: Iterable[Share]) -> float:
    """Return -log10 of the probability of a count, by the expectation that explains it best."""
    return min(
        0.0 if count <= e.mean else -log10_tail(count, e.mean, size=e.shape) for e in expectations
    )
