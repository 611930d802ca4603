"""What is read off the running service instead of counted: queue, model, log of decisions, memory.

It is read every second and at a scrape, since a scrape reaches one worker of several.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import psutil

from api.decisions import health, kb_version
from api.drift import reference_of

if TYPE_CHECKING:
    from api.metrics import Metrics
    from triage.decisions import DecisionLog
    from triage.engine import TriageEngine

EVERY_SECONDS = 1.0
STATES = ("writing", "away", "off")
_log = logging.getLogger(__name__)


class Gauges:
    """Reads the state of the service into the gauges of ``metrics``.

    Args:
        engine: gives the engine in use.
        log: gives the log of decisions, ``None`` where it is off.
        waiting: gives the messages that wait, by lane.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        engine: Callable[[], TriageEngine],
        log: Callable[[], DecisionLog | None],
        waiting: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.metrics = metrics
        self._engine = engine
        self._log = log
        self._waiting = waiting
        self._followed: TriageEngine | None = None
        self._told = {"recorded": 0, "unrecorded": 0}
        self._failing = False
        self._process = psutil.Process()

    def read(self) -> None:
        """Read everything once; it never raises, for figures are no reason to stop serving."""
        try:
            self._read()
        except Exception:  # noqa: BLE001  # told, once
            if not self._failing:
                _log.exception("the gauges could not be read")
            self._failing = True
        else:
            self._failing = False

    async def watch(self, *, seconds: float = EVERY_SECONDS) -> None:
        """Read again and again until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self.read()

    def _read(self) -> None:
        self._read_engine()
        self._read_log()
        for lane, count in self._waiting().items():
            self.metrics.queue.labels(lane).set(count)
        self.metrics.memory.set(self._process.memory_info().rss)
        self.metrics.show_window()

    def _read_engine(self) -> None:
        engine, before = self._engine(), self._followed
        if engine is before:
            return
        known = before is not None and _names(before) == _names(engine)
        self._followed = engine
        if known:
            return  # the same model with another policy
        if before is not None:
            self.metrics.model.labels(*_names(before)).set(0)
        self.metrics.model.labels(*_names(engine)).set(1)
        self.metrics.follow(reference_of(engine.bundle))

    def _read_log(self) -> None:
        found = health(self._log())
        for state in STATES:
            self.metrics.log.labels(state).set(found["state"] == state)
        for outcome, before in self._told.items():
            self.metrics.recorded.labels(outcome).inc(found[outcome] - before)
            self._told[outcome] = found[outcome]


def _names(engine: TriageEngine) -> tuple[str, str, str]:
    return engine.model, str(engine.bundle.manifest.encoder["name"]), kb_version(engine)
