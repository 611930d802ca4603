"""GET /metrics: the figures of this worker, or of all of them, in Prometheus' text.

Several workers write into files of one folder, which PROMETHEUS_MULTIPROC_DIR names; whichever of
them is asked reads the files of all (https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.drift import FEWEST, Reference, chance_index, ranges, stability_index

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from api.gauges import Gauges

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LIVE = re.compile(r"gauge_live[a-z]+_(\d+)\.db")
router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Answer with all metrics, as plain or as OpenMetrics text."""
    gauges: Gauges = request.app.state.gauges
    gauges.read()
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    found = Scrape(gauges.metrics.registry, gauges.metrics.reference, folder=folder())
    return Response(await to_thread.run_sync(encode, found), media_type=kind)


def folder() -> Path | None:
    """Return the folder that all workers write to; ``None`` for a single one."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


class Scrape:
    """All figures at this moment, with the drift that follows from them.

    Args:
        registry: of this worker.
        reference: what the messages are compared with, ``None`` where nothing is known of it.
        folder: of all workers' files.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        reference: Reference | None,
        *,
        folder: Path | None = None,
    ) -> None:
        self._registry = registry
        self._reference = reference
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        source: Collector = self._registry
        if self._folder is not None:
            forget_dead(self._folder)
            source = MultiProcessCollector(CollectorRegistry(), path=str(self._folder))  # type: ignore[no-untyped-call]
        found = list(source.collect())
        yield from found
        yield from drift(found, self._reference)


def drift(found: Iterable[Metric], reference: Reference | None) -> Iterator[Metric]:
    """Yield the stability index of each kind, and what it reaches by chance.

    Both are left out where the windows of all workers together hold too few messages.
    """
    index = GaugeMetricFamily(
        "triage_drift_psi",
        "Population stability index of the last messages against the training tickets.",
        labels=["kind"],
    )
    chance = GaugeMetricFamily(
        "triage_drift_psi_chance",
        "The index that one of twenty windows exceeds without any change.",
        labels=["kind"],
    )
    if reference is not None:
        windows = {metric.name: metric for metric in found}
        kinds = {
            "category": (reference.labels, reference.categories),
            "confidence": (ranges(reference), reference.confidences),
        }
        for kind, (bins, expected) in kinds.items():
            counts = _counts(windows.get(f"triage_window_{kind}_messages"), kind)
            seen = [counts.get(name, 0.0) for name in bins]
            if sum(seen) >= FEWEST:
                index.add_metric([kind], stability_index(seen, expected))
                lucky = chance_index(sum(seen), sum(expected), bins=len(bins))
                chance.add_metric([kind], lucky)
    yield index
    yield chance


def forget_dead(folder: Path) -> None:
    """Remove the gauges of workers that have ended, however they ended; their counts stay."""
    for file in folder.glob("gauge_live*.db"):
        found = _LIVE.fullmatch(file.name)
        if found and not psutil.pid_exists(int(found[1])):
            try:
                mark_process_dead(int(found[1]), path=str(folder))  # type: ignore[no-untyped-call]
            except FileNotFoundError:
                continue  # another worker was quicker


def _counts(metric: Metric | None, label: str) -> Mapping[str, float]:
    return {} if metric is None else {s.labels[label]: s.value for s in metric.samples}
