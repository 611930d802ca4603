"""Windows of rows to lines of JSON on all cores, in order, with few windows under way at a time.

Each process holds a tagger of its own: between the matrix products, which release the interpreter's
lock, a message passes through much Python, which does not.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from triage.errors import TriageError
from triage.records import Reject, Row
from triage.tagging.sources import Given

AHEAD = 2  # windows a process has before it, so that it need not wait
# Read by numeric libraries when they are imported, so before a process imports them.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


class Lines(Protocol):
    """What a process asks of its tagger; ``Tagger`` is one."""

    def lines(self, rows: Sequence[Row | Reject], *, first: int) -> list[bytes]:
        """Return one line of JSON for each row."""


Maker = Callable[[], Lines]  # goes to another process, so it must be picklable


@dataclass(frozen=True, slots=True)
class Window:
    """Rows that are tagged together; ``first`` is the number of the first of them, from 1."""

    first: int
    rows: Sequence[Given]

    @property
    def messages(self) -> list[Row | Reject]:
        """The rows with the fields of messages, without those of their files."""
        return [given.row for given in self.rows]


Tagged = tuple[Window, list[bytes]]


def tagged_here(windows: Iterable[Window], make: Maker) -> Iterator[Tagged]:
    """Tag windows in this process."""
    tagger = make()
    for window in windows:
        yield window, tagger.lines(window.messages, first=window.first)


def tagged_by(workers: int, windows: Iterable[Window], make: Maker) -> Iterator[Tagged]:
    """Tag windows in ``workers`` processes; at most ``AHEAD`` for each are held.

    Raises:
        TriageError: a process ended by itself, or its engine cannot be loaded.
    """
    waiting: deque[tuple[Window, Future[list[bytes]]]] = deque()
    with _one_thread_each():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepared,
            initargs=(make,),
        )
    try:
        for window in windows:
            with _one_thread_each():  # the pool starts its processes as work comes
                waiting.append((window, pool.submit(_lines, window.messages, window.first)))
            if len(waiting) > AHEAD * workers:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _next(waiting: deque[tuple[Window, Future[list[bytes]]]]) -> Tagged:
    window, future = waiting.popleft()
    try:
        return window, future.result()
    except BrokenProcessPool as fault:
        raise TriageError(
            "a process of the run ended by itself, perhaps for want of memory; give the same "
            "command again to go on, with fewer --workers"
        ) from fault


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Process:
    """What one process of the pool keeps between windows."""

    make: Maker
    tagger: Lines | None = None


def _prepared(make: Maker) -> None:
    _Process.make = staticmethod(make)
    # Ctrl-C reaches all processes of a terminal; the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the first process and end with it; a killed one cannot say that it is over."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _lines(rows: Sequence[Row | Reject], first: int) -> list[bytes]:
    try:
        if _Process.tagger is None:
            _Process.tagger = _Process.make()
        return _Process.tagger.lines(rows, first=first)
    except TriageError as fault:
        raise TriageError(str(fault)) from None  # some errors of the tree cannot be sent
