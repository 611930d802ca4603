"""The desk: takes requests, lets them wait in lanes, and has one thread judge whatever waits.

A batch is whatever waits when the last one is done, up to a bound; there is no timer. Who holds the
engine is left to ``seat``, what HTTP makes of a refusal to ``refusals``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from api.cache import ResultCache, content_key, dated
from api.cores import keep_arithmetic_single
from api.lanes import Fate, Job, Lanes, Turn
from api.meter import Meter, NoMeter
from api.refusals import BusyError, ClosingError, LateError
from api.urgency import Lane, Urgency

if TYPE_CHECKING:
    from api.seat import Seat
    from triage.domain import Message, TriageResult
    from triage.engine import TriageEngine
    from triage.settings import Settings

FIRST_GUESS = 0.01  # seconds a message, before anything was measured
_SLOWNESS = 0.1  # weight of the latest batch in the measured rate
MOST_DEGRADED = 32  # answers by words alone that may wait for the thread that makes them


@dataclass(slots=True)
class _Open:
    """A job whose answers are being gathered on the event loop."""

    results: list[TriageResult | None]
    places: list[int]  # in the results, of the job's messages
    missing: int
    future: asyncio.Future[list[TriageResult]]


class Desk:
    """Judges messages of concurrent requests in common batches.

    ``submit`` and ``close`` belong to the event loop on which the desk was opened.
    """

    def __init__(
        self,
        seat: Seat,
        settings: Settings,
        *,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seat = seat
        self._settings = settings
        self._meter: Meter = meter or NoMeter()
        self._clock = clock
        self._lanes = Lanes(most_messages=settings.batch_messages, most_chars=settings.batch_chars)
        self._cache = ResultCache(settings.cache_results)
        self._open: dict[Job, _Open] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._pace = FIRST_GUESS
        self._urgency: tuple[object, Urgency] | None = None
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="degraded")
        self._quick_waiting = 0
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> dict[str, int]:
        """Messages that wait, by lane."""
        return {lane.value: count for lane, count in self._lanes.waiting.items()}

    @property
    def seconds_waiting(self) -> float:
        """How long the last of those that wait is likely to wait, by the measured rate."""
        return len(self._lanes) * self._pace

    def open(self) -> None:
        """Start the thread; answers go to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def refuse_new(self) -> None:
        """Turn new requests away from now on; those that wait are still served."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    async def close(self) -> None:
        """Serve what was accepted, refuse what comes, and end the thread."""
        self.refuse_new()
        if self._loop is not None:
            await self._loop.run_in_executor(None, self._thread.join)
        self._quick.shutdown()

    def lane_of(self, message: Message) -> Lane:
        """Return the lane in which a message belongs, by a look of microseconds."""
        texts = (message.subject or "", message.text, *(t.text for t in message.turns[-1:]))
        return self.urgency.lane_of(texts, message.customer.tier if message.customer else None)

    @property
    def urgency(self) -> Urgency:
        """The look that the policy in use asks for."""
        policy = self._seat.engine.policy
        if self._urgency is None or self._urgency[0] is not policy:
            self._urgency = (policy, Urgency(policy.policy))
        return self._urgency[1]

    def full(self, lane: Lane, count: int = 1) -> BusyError | None:
        """Return why a lane has no room for ``count`` messages, or ``None``.

        The urgent lane has its own reserve, so the normal one can never fill it. A lane in which
        nobody waits takes any request.
        """
        urgent = self._lanes.waiting[Lane.URGENT]
        ahead = urgent if lane is Lane.URGENT else len(self._lanes)
        own = self._lanes.waiting[lane]
        most = self._settings.queue_messages
        if lane is Lane.URGENT:
            most = max(1, most // 2)
        over = max(own + count - most, 0) * self._pace
        over = max(over, (ahead + count) * self._pace - self._settings.queue_seconds)
        return BusyError(lane.value, over) if own and over > 0 else None

    def submit(
        self, messages: Sequence[Message], *, seconds: float | None = None
    ) -> tuple[asyncio.Future[list[TriageResult]], Job | None]:
        """Accept a request; the future gets its results, in order, or the reason for none.

        Args:
            messages: checked ones.
            seconds: from now, after which nobody wants the answer.

        Returns:
            The future, and the job to ``forget`` when the client leaves; none where all is known.

        Raises:
            BusyError: the lane is full.
            ClosingError: the service is shutting down.
        """
        if self._closing:
            raise ClosingError("the service is shutting down")
        engine, now = self._seat.engine, self._clock()
        known = [dated(m, engine.now) for m in messages]
        results = [self._kept(engine, message) for message in known]
        future = asyncio.get_running_loop().create_future()
        places = [place for place, result in enumerate(results) if result is None]
        if not places:
            future.set_result(results)
            return future, None
        missing = tuple(known[place] for place in places)
        lane = self.lane_of(missing[0]) if len(messages) == 1 else Lane.NORMAL
        if (fault := self.full(lane, len(missing))) is not None:
            self._meter.refused(lane.value)
            raise fault
        job = Job(missing, lane, now, deadline=None if seconds is None else now + seconds)
        self._open[job] = _Open(results, places, len(places), future)
        with self._wake:
            self._lanes.add(job)
            self._wake.notify()
        return future, job

    def forget(self, job: Job) -> None:
        """Drop what is left of a job, whose client has left."""
        job.gone = True

    async def degraded(self, messages: Sequence[Message]) -> list[TriageResult]:
        """Return answers by words alone, from a thread that never waits for the encoder.

        Raises:
            BusyError: even that thread has more to do than it can.
        """
        if self._quick_waiting + len(messages) > max(MOST_DEGRADED, len(messages)):
            self._meter.refused(Lane.NORMAL.value)
            raise BusyError(Lane.NORMAL.value, self.seconds_waiting)
        self._quick_waiting += len(messages)
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._quick, self._seat.engine.triage_degraded, messages
            )
        finally:
            self._quick_waiting -= len(messages)
        for _ in results:
            self._meter.degraded()
        return results

    def _kept(self, engine: TriageEngine, message: Message) -> TriageResult | None:
        found = self._cache.get(engine, content_key(message))
        self._meter.cache(hit=found is not None)
        return None if found is None else replace(found, id=message.id)

    # --- the inference thread ---

    def _work(self) -> None:
        keep_arithmetic_single()
        while True:
            with self._wake:
                while not len(self._lanes) and not self._closing:
                    self._wake.wait()
                if not len(self._lanes):
                    return
                found = self._lanes.take(self._clock())
            for job, fate in found.dropped:
                self._tell(self._drop, job, fate)
            if found.turns:
                self._judge(found.turns)

    def _judge(self, turns: Sequence[Turn]) -> None:
        """Judge a batch by one engine; equal messages once."""
        engine, start = self._seat.engine, self._clock()
        for turn in turns:
            self._meter.wait(start - turn.job.arrived)
        keys = [content_key(t.message) or (id(t.job), t.place) for t in turns]
        distinct: dict[Hashable, Turn] = {}
        for key, turn in zip(keys, turns, strict=True):
            distinct.setdefault(key, turn)
        answers = dict(
            zip(distinct, _answers(engine, [t.message for t in distinct.values()]), strict=True)
        )
        spent = (self._clock() - start) / len(turns)
        self._pace += _SLOWNESS * (spent - self._pace)
        self._meter.batch(len(distinct))
        self._tell(self._deliver, engine, turns, [answers[key] for key in keys])

    def _tell(self, told: Callable[..., None], *what: object) -> None:
        assert self._loop is not None  # the thread runs only once it is open
        self._loop.call_soon_threadsafe(told, *what)

    # --- on the event loop again ---

    def _deliver(
        self,
        engine: TriageEngine,
        turns: Sequence[Turn],
        answers: Sequence[TriageResult | Exception],
    ) -> None:
        for turn, answer in zip(turns, answers, strict=True):
            if not isinstance(answer, Exception):
                self._cache.put(engine, content_key(turn.message), answer)
            if (opened := self._open.get(turn.job)) is None:
                continue
            if isinstance(answer, Exception):
                self._end(turn.job, answer)
                turn.job.gone = True
                continue
            opened.results[opened.places[turn.place]] = replace(answer, id=turn.message.id)
            opened.missing -= 1
            if not opened.missing:
                self._end(turn.job)

    def _drop(self, job: Job, fate: Fate) -> None:
        if fate is Fate.LATE:
            self._end(job, LateError("the deadline passed before the request had its turn"))
        elif (opened := self._open.pop(job, None)) is not None:
            opened.future.cancel()  # nobody waits for it

    def _end(self, job: Job, fault: Exception | None = None) -> None:
        opened = self._open.pop(job, None)
        if opened is None or opened.future.done():
            return
        if fault is not None:
            opened.future.set_exception(fault)
        else:
            opened.future.set_result([r for r in opened.results if r is not None])


def _answers(engine: TriageEngine, messages: Sequence[Message]) -> list[TriageResult | Exception]:
    """Return the results; each alone where one breaks the batch, so that it spoils no other."""
    try:
        return list(engine.triage(messages))
    except Exception as fault:  # noqa: BLE001  # told to its own request only
        if len(messages) > 1:
            return [answer for message in messages for answer in _answers(engine, [message])]
        return [fault]
