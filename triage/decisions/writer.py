"""One thread that writes what waits, many rows in one transaction; what it writes is not its own.

Whoever puts a row waits for its future, so a row is acknowledged only after its commit. Nobody
waits long: the queue is bounded, and while the database is away rows are refused at once, but for
one attempt every so often.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

from triage.errors import DecisionError

_AT_ONCE = 256
_WAITING = 4_096
_RETRY_SECONDS = 1.0
_PATIENCE = 5  # retries after which a chore that failed is tried again
R = TypeVar("R")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Timing:
    """How often the writer does what.

    Attributes:
        retry: seconds after a fault before the database is tried again.
        chore: seconds between two calls of the chore.
    """

    retry: float = _RETRY_SECONDS
    chore: float = 3_600.0


class Writer(Generic[R, A]):
    """Writes rows of ``R``, each answered by an ``A``.

    Args:
        write: writes a batch in one transaction and returns an answer for each row.
        chore: called at the start and then every so often.
        waiting: rows that may wait; further ones are refused.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        write: Callable[[Sequence[R]], Sequence[A]],
        chore: Callable[[], None],
        *,
        timing: Timing | None = None,
        waiting: int = _WAITING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write, self._chore = write, chore
        self._timing = timing or Timing()
        self._clock = clock
        self._queue: Queue[tuple[R, Future[A]] | None] = Queue(waiting)
        self._fault: DecisionError | None = None
        self._closed_until = self._next_chore = clock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> DecisionError | None:
        """Why the last attempt failed; ``None`` after one that succeeded."""
        return self._fault

    def put(self, row: R) -> Future[A]:
        """Return a future that is done once ``row`` is committed, or will not be.

        Its exception is a ``DecisionError``.
        """
        future: Future[A] = Future()
        if self._ended:
            future.set_exception(DecisionError("the log of decisions is closed; start anew"))
        elif self._fault is not None and self._clock() < self._closed_until:
            future.set_exception(self._fault)
        else:
            try:
                self._queue.put_nowait((row, future))
            except Full:
                future.set_exception(
                    DecisionError(
                        f"{self._queue.maxsize} decisions wait to be written, the most that may; "
                        "use a faster disk or database"
                    )
                )
        return future

    def stalled(self) -> None:
        """Tell that a row waited too long: refuse others for a while, for they would as well."""
        self._close(DecisionError("the database of decisions is slow to answer; look after it"))

    def close(self, *, timeout: float = 10.0) -> None:
        """Write what waits and end the thread."""
        if not self._ended:
            self._ended = True
            with contextlib.suppress(Full):  # a thread that hangs ends with the process
                self._queue.put(None, timeout=timeout)
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            self._do_chore()
            batch, last = self._taken()
            if batch:
                self._commit(batch)
            if last:
                return

    def _taken(self) -> tuple[list[tuple[R, Future[A]]], bool]:
        """Return what waits, after waiting for at least one row, and whether it is the last."""
        batch: list[tuple[R, Future[A]]] = []
        wait = max(0.0, self._next_chore - self._clock())
        while len(batch) < _AT_ONCE:
            try:
                entry = self._queue.get_nowait() if batch else self._queue.get(timeout=wait)
            except Empty:
                break
            if entry is None:
                return batch, True
            if entry[1].set_running_or_notify_cancel():
                batch.append(entry)
        return batch, False

    def _commit(self, batch: Sequence[tuple[R, Future[A]]]) -> None:
        try:
            answers = self._write([row for row, _ in batch])
        except DecisionError as fault:
            self._close(fault)
            for _, future in batch:
                future.set_exception(fault)
        except Exception as fault:  # noqa: BLE001  # one unusable row must not end the thread
            if len(batch) > 1:
                for entry in batch:
                    self._commit([entry])
                return
            reason = DecisionError(f"a decision cannot be written: {type(fault).__name__}")
            reason.__cause__ = fault
            batch[0][1].set_exception(reason)
        else:
            self._fault = None
            for (_, future), answer in zip(batch, answers, strict=True):
                future.set_result(answer)

    def _do_chore(self) -> None:
        if self._clock() < self._next_chore:
            return
        try:
            self._chore()
        except DecisionError as fault:
            # It also finds out that the database is back where nothing else is to be written.
            self._next_chore = self._clock() + _PATIENCE * self._timing.retry
            self._close(fault)
        else:
            self._next_chore = self._clock() + self._timing.chore
            self._fault = None

    def _close(self, fault: DecisionError) -> None:
        self._fault = fault
        self._closed_until = self._clock() + self._timing.retry
