"""What counts as a burst: the numbers that a shop may choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from triage.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What counts as a burst.

    Attributes:
        alarms_per_week: false alarms to live with.
        gain: how much of them each test may have; 1/16 spends them evenly and surely (the union
            bound over two likenesses, intent and category in four windows), larger values use that
            the tests say much the same. 0.5 was chosen on simulated weeks, ``replay`` checks it.
        minutes: lengths of the windows.
        reach: cosine to the newest message from which others shape the centre of its cluster.
        cosines: to that centre, from which messages are of the cluster, strictest first.
        least: messages that an incident has at least.
        spread: relative standard deviation by which shares and totals wander without cause.
        warmup: time from the first message in which nothing is told.
        lateness: how long a message waits for older ones that are still under way.
        usual_after: age from which an incident's messages are taken for usual.
    """

    alarms_per_week: float = 1.0
    gain: float = 0.5
    minutes: tuple[float, ...] = (15, 45, 120, 360)
    reach: float = 0.6
    cosines: tuple[float, ...] = (0.75, 0.7)
    least: int = 5
    spread: float = 0.1
    warmup: timedelta = timedelta(days=3)
    lateness: timedelta = timedelta(0)
    usual_after: timedelta = timedelta(days=2)

    def __post_init__(self) -> None:
        if not self.alarms_per_week > 0:
            raise ConfigError(
                f"alarms_per_week is {self.alarms_per_week}; give a number above 0, as 1"
            )
