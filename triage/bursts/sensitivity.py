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
        gain: how much of them each test may have: 1/16 would spend them evenly and surely (the
            union bound over two likenesses, intent and category in four windows), larger ones
            use that the tests say much the same. Chosen on simulated weeks; ``replay`` checks it.
        minutes: lengths of the windows.
        weights: by window, the part of a test's chance that it has; long ones are for what comes
            slowly, and least sure.
        reach: cosine to the newest message from which others shape the centre of its cluster.
        cosines: to that centre, from which messages are of the cluster, strictest first.
        least: messages from which a topic may be an incident.
        spread: relative standard deviation by which shares and totals wander without cause.
        warmup: time from the first message in which nothing is told.
        lateness: how long a message waits for older ones that are still under way.
        usual_after: age from which an incident's messages are taken for usual.
    """

    alarms_per_week: float = 1.0
    gain: float = 1.0
    minutes: tuple[float, ...] = (15, 45, 120, 360)
    weights: tuple[float, ...] = (1, 1, 1, 0.1)
    reach: float = 0.55
    cosines: tuple[float, ...] = (0.75, 0.68)
    least: int = 4
    spread: float = 0.1
    warmup: timedelta = timedelta(days=3)
    lateness: timedelta = timedelta(0)
    usual_after: timedelta = timedelta(days=2)

    def __post_init__(self) -> None:
        if not self.alarms_per_week > 0:
            raise ConfigError(
                f"alarms_per_week is {self.alarms_per_week}; give a number above 0, as 1"
            )
        if len(self.minutes) != len(self.weights):
            raise ConfigError(
                f"{len(self.minutes)} windows and {len(self.weights)} weights; give each window one"
            )
