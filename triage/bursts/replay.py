"""History run through the detector: what it would have told, and how often it would be wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from triage.bursts.calendar import DAY_HOURS, Calendar
from triage.bursts.detector import BurstDetector
from triage.bursts.event import Event, Incident
from triage.bursts.sensitivity import Sensitivity

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What a detector told of messages in which nothing happens, and in how many weeks."""

    alarms: int
    weeks: float

    @property
    def per_week(self) -> float:
        """Alarms a week; 0 where no time passed after the detector's warm-up."""
        return self.alarms / self.weeks if self.weeks > 0 else 0.0


def replay(events: Iterable[Event], detector: BurstDetector) -> list[Incident]:
    """Return the incidents of events, each as it is last known, in the order they were told."""
    told: dict[str, Incident] = {}
    for event in events:
        told |= {incident.id: incident for incident in detector.add(event)}
    told |= {incident.id: incident for incident in detector.flush()}
    return list(told.values())


def shuffled(events: Sequence[Event], calendar: Calendar, *, seed: int) -> list[Event]:
    """Return the events with what they say exchanged among the same hour of all days.

    So the numbers of messages and the mix of an hour of the day stay as they are, while incidents
    are scattered over the days: what is still told is a false alarm. Days of promotions exchange
    among themselves. The idea is that of the space-time permutation scan: Kulldorff et al. 2005,
    doi:10.1371/journal.pmed.0020059.
    """
    groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        hour = calendar.hour(event.at.timestamp())
        promotion = calendar.promotion(hour)
        groups[promotion.name if promotion else "", hour % DAY_HOURS].append(place)
    rng = Random(seed)  # noqa: S311  # no secret
    made = list(events)
    for _, places in sorted(groups.items()):
        others = rng.sample(places, len(places))
        for place, other in zip(places, others, strict=True):
            made[place] = replace(events[other], at=events[place].at)
    return made


def false_alarms(
    events: Sequence[Event],
    sensitivity: Sensitivity,
    *,
    calendar: Calendar,
    seed: int = 0,
) -> FalseAlarms:
    """Replay ``shuffled`` events, in order of time, and count what is told.

    What a shop's own mix does from day to day is shuffled away too, so the figure is the rate of
    chance alone; and history of a few days is not scattered enough, which makes it too high.
    """
    if not events:
        return FalseAlarms(0, 0.0)
    detector = BurstDetector(sensitivity, calendar=calendar)
    told = replay(shuffled(events, calendar, seed=seed), detector)
    watched = events[-1].at - events[0].at - sensitivity.warmup
    return FalseAlarms(len(told), max(watched / _WEEK, 0.0))
