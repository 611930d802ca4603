"""The service over HTTP beside the straightforward one, and under three times what it can do.

Ratios for docs/benchmarks.md: both services and the client share this machine's cores.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from api.cores import usable_cores
from tests.benchmarks.load_client import Tally, body_of, closed_loop, open_loop
from training.corpus import read_corpus
from triage.settings import default_datasets_dir, default_models_dir

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = (1, 8, 64, 256)
SECONDS = 6.0
START_SECONDS = 120
URGENT_SHARE = 0.05
# By its function: entry points of another installation would not be those of this folder.
_SERVE = "import typer, api.cli; typer.run(api.cli.serve)"
OURS = ["-c", _SERVE, "--workers", str(usable_cores())]
THEIRS = ["-m", "uvicorn", "tests.benchmarks.straightforward:app", "--log-level", "warning"]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    tickets = read_corpus(default_datasets_dir() / "tickets.jsonl").tickets
    found = [t.text for t in tickets]
    random.Random(7).shuffle(found)
    return found


def distinct(texts: list[str]) -> Iterator[bytes]:
    """Yield messages of which no two are equal, for ever."""
    for number in itertools.count():
        yield body_of(f"{texts[number % len(texts)]} #{number}")


def repeated(texts: list[str]) -> Iterator[bytes]:
    """Yield messages of which half were sent before."""
    seldom, often = distinct(texts), [body_of(text) for text in texts[:100]]
    chance = random.Random(11)
    while True:
        yield chance.choice(often) if chance.random() < 0.5 else next(seldom)


def mixed(texts: list[str], share: float = URGENT_SHARE) -> Iterator[tuple[str, bytes]]:
    """Yield messages with their lanes, some of them of important customers."""
    chance = random.Random(13)
    for number in itertools.count():
        text = f"{texts[number % len(texts)]} #{number}"
        if chance.random() < share:
            yield "urgent", body_of(text, customer={"tier": "vip"})
        else:
            yield "normal", body_of(text)


@contextmanager
def served(command: list[str]) -> Iterator[tuple[int, psutil.Process]]:
    """Run a service on a free port until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "BENCH_ENCODER": str(default_models_dir() / "encoder"),
        "BENCH_TEXTS": str(default_datasets_dir() / "tickets.jsonl"),
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            assert process.poll() is None, "the service ended while it started"
            assert time.perf_counter() - start < START_SECONDS, "the service did not start"
            time.sleep(0.02)
        print(f"\n{command[-1]}: ready in {time.perf_counter() - start:.1f} s")  # noqa: T201
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _series(command: list[str], bodies: Callable[[], Iterator[bytes]]) -> dict[int, Tally]:
    with served(command) as (port, process):
        asyncio.run(closed_loop(port, bodies(), clients=8, seconds=3))
        source = bodies()
        next(itertools.islice(source, 5_000, None))  # texts that the warm-up did not send
        found = {}
        for clients in CLIENTS:
            before = _processor_seconds(process)
            tally = asyncio.run(closed_loop(port, source, clients=clients, seconds=SECONDS))
            tally.processor_seconds = _processor_seconds(process) - before
            found[clients] = tally
        return found


def _processor_seconds(process: psutil.Process) -> float:
    """Return what a service and its workers have used; neighbours on the machine change it less."""
    family = [process, *process.children(recursive=True)]
    times = [member.cpu_times() for member in family]
    return float(sum(t.user + t.system for t in times))


def _cost(tally: Tally) -> float:
    return tally.processor_seconds / max(tally.statuses[200], 1)


def _shown(name: str, tally: Tally) -> str:
    return (
        f"{name}: {tally.rate:.0f}/s, p50 {tally.quantile(0.5):.1f} ms, "
        f"p99 {tally.quantile(0.99):.1f} ms, faults {tally.faults}, "
        f"refused {tally.statuses[429]}, processor "
        f"{_cost(tally) * 1e3:.1f} ms an answer"
    )


def test_closed_loop_beside_the_straightforward_service(texts: list[str]) -> None:
    pytest.importorskip("sentence_transformers")
    theirs = _series(THEIRS, lambda: distinct(texts))
    ours = _series(OURS, lambda: distinct(texts))
    for clients in CLIENTS:
        us, them = ours[clients], theirs[clients]
        print(  # noqa: T201
            f"{clients} clients\n  {_shown('straightforward', them)}\n  {_shown('Triage', us)}\n"
            f"  ratios: rate {us.rate / them.rate:.2f}, "
            f"p50 {us.quantile(0.5) / them.quantile(0.5):.2f}, "
            f"p99 {us.quantile(0.99) / them.quantile(0.99):.2f}, "
            f"processor {_cost(us) / _cost(them):.2f}"
        )
        assert not us.faults
    assert ours[64].rate > theirs[64].rate


def test_half_of_the_messages_repeated(texts: list[str]) -> None:
    found = _series(OURS, lambda: repeated(texts))
    for clients, tally in found.items():
        print(f"{clients} clients, half repeated: {_shown('Triage', tally)}")  # noqa: T201
        assert not tally.faults


def test_three_times_what_it_can_do(texts: list[str]) -> None:
    with served(OURS) as (port, _):
        peak = asyncio.run(closed_loop(port, distinct(texts), clients=64, seconds=SECONDS)).rate
        source = mixed(texts)
        next(itertools.islice(source, 20_000, None))
        calm = asyncio.run(open_loop(port, source, rate=peak * 0.3, seconds=SECONDS))
        print(  # noqa: T201
            f"peak {peak:.0f}/s; at 0.3 of it: urgent p99 {calm.quantile(0.99, 'urgent'):.1f} ms"
        )
        for factor in (1.0, 2.0, 3.0):
            tally = asyncio.run(open_loop(port, source, rate=peak * factor, seconds=SECONDS))
            urgent = tally.quantile(0.99, "urgent")
            print(  # noqa: T201
                f"offered {factor:.0f} x peak: {_shown('Triage', tally)}, goodput "
                f"{tally.rate / peak:.2f} of peak, urgent p99 {urgent:.1f} ms, "
                f"{urgent / max(calm.quantile(0.99, 'urgent'), 1e-9):.1f} x calm"
            )
            assert not tally.faults


def test_pre_check_takes_microseconds(texts: list[str]) -> None:
    from api.urgency import Urgency
    from triage.priority import load_policy

    look = Urgency(load_policy().policy)
    start = time.process_time()
    for text in texts[:1_000]:
        look.lane_of([text], None)
    print(f"\nurgency: {(time.process_time() - start) * 1e3:.0f} us a message")  # noqa: T201
