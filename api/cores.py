"""How many processor threads a server process may use, and keeping arithmetic to one of them."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # Linux, cgroup 2: "<microseconds> <period>" or "max ..."
# Seconds for which the inference thread may keep the interpreter while the event loop wants it;
# Python's own 5 ms would make every read and write of a busy service wait that long.
SWITCH_SECONDS = 0.0005


def usable_cores(quota: Path = _QUOTA) -> int:
    """Return the cores that this process may run on, a container's limit heeded."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text(encoding="ascii").split()
        return max(1, min(cores, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):
        return cores


def threads_of_worker(workers: int, *, cores: int | None = None) -> int:
    """Return a worker's share of the cores, at least one."""
    return max(1, (cores or usable_cores()) // workers)


def keep_arithmetic_single() -> None:
    """Give numpy and FAISS one thread each; call it in the thread that uses them.

    A message's products are small: threads cost more than they bring, up to fifty times where two
    pools want the same cores. The encoder has threads of its own.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)


def switch_quickly() -> None:
    """Let the event loop interrupt the inference thread soon."""
    sys.setswitchinterval(SWITCH_SECONDS)
