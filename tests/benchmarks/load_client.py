"""A small HTTP client that makes load: raw sockets, kept open, closed and open loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(slots=True)
class Tally:
    """What came back: seconds of each 200 by lane, and answers by status."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return self.statuses[200] / self.seconds

    @property
    def faults(self) -> int:
        """Answers that are neither a result nor 429."""
        return self.statuses.total() - self.statuses[200] - self.statuses[429]

    def quantile(self, share: float, lane: str = "normal") -> float:
        """Return milliseconds."""
        return float(np.quantile(self.times.get(lane) or [0.0], share) * 1e3)

    def add(self, lane: str, status: int, spent: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        if status == 200:
            self.times.setdefault(lane, []).append(spent)


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """Post one message; 0 stands for a connection that broke."""
        try:
            if self._pair is None:
                self._pair = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._pair
            writer.write(
                b"POST /v1/triage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            return int(head.split(b" ", 2)[1])
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0

    def close(self) -> None:
        """Close it; the next post opens it again."""
        if self._pair is not None:
            self._pair[1].close()
        self._pair = None


def body_of(text: str, **fields: Any) -> bytes:
    """Return a message as JSON."""
    return json.dumps({"text": text, **fields}, ensure_ascii=False).encode()


async def closed_loop(port: int, bodies: Iterator[bytes], *, clients: int, seconds: float) -> Tally:
    """Let ``clients`` ask one after the other, each as soon as it is answered."""
    tally, end = Tally(), time.perf_counter() + seconds

    async def ask() -> None:
        connection = Connection(port)
        while (start := time.perf_counter()) < end:
            status = await connection.post(next(bodies))
            tally.add("normal", status, time.perf_counter() - start)
        connection.close()

    start = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(clients)))
    tally.seconds = time.perf_counter() - start
    return tally


async def open_loop(
    port: int, asked: Iterator[tuple[str, bytes]], *, rate: float, seconds: float
) -> Tally:
    """Send ``rate`` messages a second, whether or not others were answered."""
    tally, idle = Tally(), list[Connection]()
    running: set[asyncio.Task[None]] = set()

    async def ask(lane: str, body: bytes, due: float) -> None:
        connection = idle.pop() if idle else Connection(port)
        status = await connection.post(body)
        tally.add(lane, status, time.perf_counter() - due)
        idle.append(connection)

    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        task = asyncio.create_task(ask(*next(asked), due))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    tally.seconds = time.perf_counter() - start
    for connection in idle:
        connection.close()
    return tally
