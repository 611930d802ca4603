"""The detector: one message at a time in, incidents out; how they are told from chance.

A message asks about the windows that end with it: do too many resemble it, have its intent, have
its category? Too many is what is unlikely at the usual share of the topic in the larger of the
usual and the present total: so a day on which everything rises, such as a promotion, raises
nothing. Windows, shares and totals are kept by other modules of the package.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from triage.bursts.calendar import Calendar
from triage.bursts.casefile import Redact, open_case
from triage.bursts.event import Event, Incident
from triage.bursts.sample import SCALE, quantised
from triage.bursts.scene import Scene
from triage.bursts.sensitivity import Sensitivity
from triage.bursts.volume import Volume
from triage.bursts.window import Seen, seen_from_dict, seen_to_dict
from triage.errors import MessageError, RecordError

FORMAT = 1
_GRID = 300.0  # seconds between looks at whether open incidents are over
_SAME = 0.8  # cosine from which a sender repeats themself


class BurstDetector:
    """Finds topics that burst in a stream of tagged messages; memory and state are bounded.

    The test is a scan statistic over windows that end with each message, with exact tails of a
    negative binomial, as in outbreak detection (Farrington et al. 1996; Noufaily et al. 2013,
    doi:10.1002/sim.5595; for scans Kulldorff 2001, doi:10.1111/1467-985X.00186). Messages of known
    incidents are kept out of what is learnt, as Farrington weighs old outbreaks down. Not for
    several threads at a time.

    Args:
        redact: makes texts fit to be shown and stored; ``None`` keeps no text at all.
    """

    def __init__(
        self,
        sensitivity: Sensitivity | None = None,
        *,
        calendar: Calendar | None = None,
        redact: Redact = None,
    ) -> None:
        self.sensitivity = sensitivity or Sensitivity()
        self.calendar = calendar or Calendar()
        self.late = 0  # messages that came after younger ones had been judged
        self._redact = redact
        self._scene = Scene(self.sensitivity, self.calendar, Volume(self.calendar))
        self._waiting: list[tuple[float, str, int, Seen]] = []
        self._taken = 0  # tells apart what waits with the same time and id
        self._opened = 0  # incidents so far
        self._first: float | None = None
        self._newest = self._judged = -math.inf

    def add(self, event: Event) -> tuple[Incident, ...]:
        """Take one message; return the incidents that it opened, changed or closed.

        Messages of the same second may come in any order; older ones may come within the
        sensitivity's ``lateness``, and count as of now after that. An id that is in the window
        already is taken for the same message and passed over.

        Raises:
            MessageError: the time has no zone.
        """
        if event.at.tzinfo is None:
            raise MessageError("created_at", "has no zone", remedy="add one, as +08:00")
        at = event.at.timestamp()
        seen = _seen(event, at)
        self._taken += 1
        heapq.heappush(self._waiting, (at, seen.id, self._taken, seen))
        return self._advanced(at)

    def advance(self, now: datetime) -> tuple[Incident, ...]:
        """Let time pass without a message, so that incidents can end."""
        changed = self._advanced(now.timestamp())
        return _latest((*changed, *self._closed_until(self._ripe)))

    def flush(self) -> tuple[Incident, ...]:
        """Judge what still waits for older messages."""
        return _latest(self._released(math.inf))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """The open incidents, oldest first."""
        return tuple(case.snapshot(self.calendar) for case in self._scene.cases)

    def to_dict(self) -> dict[str, Any]:
        """Return everything learnt and seen as JSON values; texts only redacted."""
        return {
            "format": FORMAT,
            "scene": self._scene.to_dict(self._redact),
            "waiting": [seen_to_dict(s, self._redact) for *_, s in sorted(self._waiting)],
            "opened": self._opened,
            "late": self.late,
            "first": self._first,
            "newest": _finite(self._newest),
            "judged": _finite(self._judged),
        }

    @classmethod
    def from_dict(
        cls,
        state: Mapping[str, Any],
        sensitivity: Sensitivity | None = None,
        *,
        calendar: Calendar | None = None,
        redact: Redact = None,
    ) -> BurstDetector:
        """Return the detector whose ``to_dict`` is ``state``; it goes on as that would have.

        Raises:
            RecordError: the state is of another version or damaged.
        """
        found = state.get("format")
        if found != FORMAT:
            raise RecordError(
                f"the state has format {found!r}, this Triage reads {FORMAT}; "
                "learn anew from history"
            )
        made = cls(sensitivity, calendar=calendar, redact=redact)
        try:
            made._restore(state)
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise RecordError(
                f"the state of the detector is damaged ({fault!r}); learn anew from history"
            ) from fault
        return made

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._scene = Scene.from_dict(state["scene"], self.sensitivity, self.calendar)
        waiting = map(seen_from_dict, state["waiting"])
        self._waiting = [(seen.at, seen.id, n, seen) for n, seen in enumerate(waiting)]
        self._taken = len(self._waiting)
        self._opened, self.late, self._first = state["opened"], state["late"], state["first"]
        self._newest = -math.inf if state["newest"] is None else state["newest"]
        self._judged = -math.inf if state["judged"] is None else state["judged"]

    def _advanced(self, now: float) -> tuple[Incident, ...]:
        self._newest = max(self._newest, now)
        return _latest(self._released(self._ripe))

    @property
    def _ripe(self) -> float:
        """The time before which no message is waited for."""
        return self._newest - self.sensitivity.lateness.total_seconds()

    def _released(self, before: float) -> Iterator[Incident]:
        while self._waiting and self._waiting[0][0] < before:
            seen = heapq.heappop(self._waiting)[-1]
            if seen.at < self._judged:
                self.late += 1
                seen.at = self._judged
            if seen.id not in self._scene.window.ids:
                yield from self._judge(seen)

    def _judge(self, seen: Seen) -> Iterator[Incident]:
        self._first = seen.at if self._first is None else self._first
        yield from self._closed_until(seen.at)
        self._scene.learn(seen.at)
        self._judged = seen.at
        seen.counted = not self._repeats(seen)
        self._scene.window.add(seen)
        if not seen.counted:
            return
        case = next((case for case in self._scene.cases if case.admits(seen)), None)
        if case is not None:
            case.add([seen], self._redact)
            yield case.snapshot(self.calendar)
        elif seen.at - self._first >= self.sensitivity.warmup.total_seconds():
            yield from self._raised(seen)

    def _raised(self, seen: Seen) -> Iterator[Incident]:
        needed = self._scene.needed(seen.at)
        alarm = next((a for a in self._scene.alarms(seen) if a.weighed >= needed), None)
        if alarm is None:
            return
        case = next((case for case in self._scene.cases if case.covers(alarm)), None)
        if case is not None:
            case.merge(alarm, self._redact)
        else:
            self._opened += 1
            detected = seen.at + self.sensitivity.lateness.total_seconds()
            case = open_case(alarm, number=self._opened, detected=detected, redact=self._redact)
            self._scene.cases.append(case)
        yield case.snapshot(self.calendar)

    def _repeats(self, seen: Seen) -> bool:
        """Tell whether the sender wrote the like already."""
        if seen.sender is None:
            return False
        return any(_alike(seen, old) for old in self._scene.window.of_sender(seen.sender))

    def _closed_until(self, now: float) -> Iterator[Incident]:
        """Close what is over by ``now``, at whole five minutes since the last message."""
        if not self._scene.cases:
            return
        look = (math.floor(self._judged / _GRID) + 1) * _GRID
        while look <= now and self._scene.cases:
            for case in [case for case in self._scene.cases if self._scene.over(case, look)]:
                self._scene.cases.remove(case)
                yield case.snapshot(self.calendar, closed=look)
            look += _GRID
        self._judged = max(self._judged, now)


def _seen(event: Event, at: float) -> Seen:
    return Seen(
        event.id,
        at,
        event.category,
        event.intent,
        None if event.vector is None else quantised(event.vector),
        event.text,
        event.language,
        event.sender,
    )


def _alike(seen: Seen, old: Seen) -> bool:
    if seen.intent is not None and seen.intent == old.intent:
        return True
    if seen.vector is None or old.vector is None:
        return seen.text is not None and seen.text == old.text
    return float(seen.vector @ old.vector) >= _SAME * SCALE * SCALE


def _latest(changes: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return each incident once, as it is last."""
    return tuple({incident.id: incident for incident in changes}.values())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
