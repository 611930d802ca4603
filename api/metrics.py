"""What is counted and measured while the service answers, for Prometheus; its own registry an app.

It implements the desk's ``Meter``. Gauges that are read off, not counted, are set by ``gauges``;
how a scrape gets at the figures of all workers is left to ``scrape``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from api.drift import WINDOW, Reference, Window, ranges
from triage.review import reason_kind

if TYPE_CHECKING:
    from api.tracing import Tracing

QUEUE, INFERENCE, LOG = "queue", "inference", "decision_log"
DEGRADED = "degraded"
LANGUAGES, OTHER = frozenset({"zh", "en", "und"}), "other"  # each label is a series of its own
# Seconds: fine where answers lie (2 to 100 ms), and up to the longest wait that is allowed.
_SECONDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1),
    *(0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_OFFERED = (0, 1, 2, 3, 5, 10)


class Metrics:
    """The figures of one app.

    Args:
        window: messages over which drift is judged.
        tracing: told of queue and inference where spans are wanted.
        clock: seconds, ascending.
    """

    def __init__(
        self,
        *,
        window: int = WINDOW,
        tracing: Tracing | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._tracing = tracing
        self._size = window
        self._window: Window | None = None
        self._began: float | None = None
        self._lock = Lock()
        self._traffic()
        self._work()
        self._answers()
        self._state()

    def _traffic(self) -> None:
        self._requests = Counter(
            "triage_requests",
            "Requests answered, by route and status; 499 where the client had left.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._whole = Histogram(
            "triage_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "triage_refused", "Requests that found their lane full.", ["lane"],
            registry=self.registry,
        )  # fmt: skip
        self.queue = Gauge(
            "triage_queue_messages", "Messages that wait, by lane.", ["lane"],
            registry=self.registry, multiprocess_mode="livesum",
        )  # fmt: skip

    def _work(self) -> None:
        self._stages = Histogram(
            "triage_stage_duration_seconds",
            "Wait for a turn, inference of a batch, commit to the log of decisions.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batches = Histogram(
            "triage_batch_messages", "Distinct messages judged at once.", buckets=_SIZES,
            registry=self.registry,
        )  # fmt: skip
        self._lookups = Counter(
            "triage_cache_lookups", "Looks into the cache of results.", ["outcome"],
            registry=self.registry,
        )  # fmt: skip
        self._degraded = Counter(
            "triage_degraded", "Answers by words alone.", registry=self.registry
        )

    def _answers(self) -> None:
        self._categories = Counter(
            "triage_messages", "Messages answered, by category and language.",
            ["category", "language"], registry=self.registry,
        )  # fmt: skip
        self._priorities = Counter(
            "triage_priorities", "Messages answered, by priority.", ["priority"],
            registry=self.registry,
        )  # fmt: skip
        self._reviews = Counter(
            "triage_reviews", "Messages that a human must look at, by the first reason's kind.",
            ["reason"], registry=self.registry,
        )  # fmt: skip
        self._offered = Histogram(
            "triage_suggestions_offered", "Replies suggested for a message.", buckets=_OFFERED,
            registry=self.registry,
        )  # fmt: skip
        self.recorded = Counter(
            "triage_decisions", "Answers that the log of decisions holds, or could not take.",
            ["outcome"], registry=self.registry,
        )  # fmt: skip

    def _state(self) -> None:
        def gauge(name: str, told: str, *labels: str, mode: Any = "livesum") -> Gauge:
            return Gauge(
                name, told, list(labels), registry=self.registry, multiprocess_mode=mode
            )  # fmt: skip

        self.log = gauge(
            "triage_decision_log", "Workers whose log of decisions is in that state.", "state"
        )
        self.model = gauge(
            "triage_model_info", "1 for what is in use.", "model", "encoder", "knowledge",
            mode="livemax",
        )  # fmt: skip
        self.memory = gauge(
            "triage_process_resident_memory_bytes", "Resident memory of a worker.", mode="liveall"
        )
        self.categories = gauge(
            "triage_window_category_messages", "Last messages, by category.", "category"
        )
        self.confidences = gauge(
            "triage_window_confidence_messages",
            "Last messages by confidence of the category; bins are tenths of the training tickets.",
            "confidence",
        )

    # --- the Meter of the desk ---

    def batch(self, size: int) -> None:
        """Count a batch of ``size`` distinct messages, whose inference has just ended."""
        now = self._clock()
        self._batches.observe(size)
        if self._began is not None:
            self._stages.labels(INFERENCE).observe(now - self._began)
            if self._tracing is not None:
                self._tracing.inference(now - self._began, size=size)
            self._began = None

    def wait(self, seconds: float) -> None:
        """Count how long a message waited for its turn; its inference begins now."""
        # Waits and the size of their batch are told by the one thread that judges, in this order.
        if self._began is None:
            self._began = self._clock()
        self._stages.labels(QUEUE).observe(max(0.0, seconds))
        if self._tracing is not None:
            self._tracing.waited(max(0.0, seconds))

    def cache(self, *, hit: bool) -> None:
        """Count a look into the cache of results."""
        self._lookups.labels("hit" if hit else "miss").inc()

    def refused(self, lane: str) -> None:
        """Count a request that found its lane full."""
        self._refused.labels(lane).inc()

    def degraded(self) -> None:
        """Count an answer by words alone."""
        self._degraded.inc()

    # --- requests and answers ---

    def request(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        self._requests.labels(method, route, str(status)).inc()
        self._whole.labels(route).observe(seconds)

    def logged(self, seconds: float) -> None:
        """Count how long a request waited for the log of decisions."""
        self._stages.labels(LOG).observe(seconds)

    def answered(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Count results, in the form in which they are sent."""
        for result in results:
            category = result["category"]
            language = result["language"] if result["language"] in LANGUAGES else OTHER
            self._categories.labels(category["label"], language).inc()
            self._priorities.labels(result["priority"]["level"]).inc()
            self._offered.observe(len(result["suggestions"]))
            if result.get("degraded"):  # it says little of the model that drift is about
                self._reviews.labels(DEGRADED).inc()
                continue
            self._drifted(result["model"], category["label"], category["confidence"])
            if result["review_reasons"]:
                self._reviews.labels(reason_kind(result["review_reasons"][0])).inc()

    def _drifted(self, model: str, category: str, confidence: float) -> None:
        with self._lock:
            if self._window is not None and self._window.reference.model == model:
                self._window.add(category, confidence)

    # --- drift ---

    @property
    def reference(self) -> Reference | None:
        """What the messages of the window are compared with."""
        return None if self._window is None else self._window.reference

    def follow(self, reference: Reference | None) -> None:
        """Compare with another model's training tickets from now on, in an empty window."""
        with self._lock:
            self.show_window(empty=True)
            self._window = None if reference is None else Window(reference, size=self._size)

    def show_window(self, *, empty: bool = False) -> None:
        """Set the gauges of the window to its counts, or to zero."""
        if (window := self._window) is None:
            return
        reference = window.reference
        for label, count in zip(reference.labels, window.categories, strict=True):
            self.categories.labels(label).set(0 if empty else count)
        for label, count in zip(ranges(reference), window.confidences, strict=True):
            self.confidences.labels(label).set(0 if empty else count)
