"""What Triage stands on: Python, packages, the machine, the environment's variables, encodings."""

from __future__ import annotations

import difflib
import locale
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from triage.inspection.finding import Finding, fail, ok, warn
from triage.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

DISTRIBUTION = "support-triage"
OLDEST = (3, 11)
# What a worker with the shipped model takes resident under load, as docs/deployment.md measures it.
WORKER_MB = 550
_MB = 1_000_000
_PREFIX = "TRIAGE_"
_BESIDE = {"TRIAGE_CONFIG"}  # read where no Settings can be: which file they are in
_BENCH = "TRIAGE_BENCH_"
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def python_version(found: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Judge the interpreter."""
    told = ".".join(map(str, found))
    if found[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return fail(
            "python", f"Python {told}", remedy=f"install Python {wanted} or newer, and Triage in it"
        )
    return ok("python", f"Python {told} on {platform.machine()}")


def packages(wanted: Sequence[str] | None = None) -> Finding:
    """Judge the installed packages by what Triage asks for, extras aside.

    Args:
        wanted: requirements as in pyproject.toml; default: those of the installed Triage.
    """
    try:
        lines = requires(DISTRIBUTION) or [] if wanted is None else wanted
    except PackageNotFoundError:
        return fail(
            "packages", f"{DISTRIBUTION} is not installed", remedy=f"pip install {DISTRIBUTION}"
        )
    needed = [Requirement(line) for line in lines]
    needed = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [fault for r in needed if (fault := _fault_of(r))]
    if wrong:
        names = " ".join(f"'{r}'" for r in needed if _fault_of(r))
        return fail("packages", "; ".join(wrong), remedy=f"pip install {names}")
    return ok("packages", f"all {len(needed)} packages have versions that Triage knows")


def machine(
    workers: int, threads: int | None, *, memory: int | None = None, cores: int | None = None
) -> Iterator[Finding]:
    """Judge memory and cores by what the workers take.

    Args:
        memory: bytes that can be had; default: what is free, within the limit of a container.
        cores: default: those that this process may use.
    """
    memory = _memory() if memory is None else memory
    cores = _cores() if cores is None else cores
    needed = workers * WORKER_MB
    told = f"{memory // _MB} MB free; {_counted(workers, 'worker')} may take {needed} MB"
    if memory < needed * _MB:
        yield warn("memory", told, remedy="free memory, or set TRIAGE_WORKERS lower")
    else:
        yield ok("memory", told)
    told = f"{_counted(cores, 'core')}, {_counted(workers, 'worker')}"
    if workers * (threads or 1) > cores:
        remedy = f"set TRIAGE_WORKERS and TRIAGE_THREADS so that their product is {cores} at most"
        yield warn("cores", told, remedy=remedy)
    else:
        yield ok("cores", told)


def variables(environment: Mapping[str, str] = os.environ) -> Finding:
    """Judge the names of variables that begin as ours do; a slip would be passed over in silence.

    Only names are told: values may be secrets.
    """
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields} | _BESIDE
    given = sorted(n for n in environment if n.upper().startswith(_PREFIX))
    given = [name for name in given if not name.startswith(_BENCH)]
    wrong = [name for name in given if name.upper() not in known]
    if not wrong:
        told = f"{', '.join(given)} set" if given else "no TRIAGE_ variable is set"
        return ok("variables", told)
    near = {name: difflib.get_close_matches(name.upper(), known, n=1) for name in wrong}
    meant = [f"{name}: did you mean {best[0]}?" for name, best in near.items() if best]
    remedy = "; ".join(meant) or "unset it, or see the settings in the README"
    return warn("variables", f"no setting is called {', '.join(wrong)}", remedy=remedy)


def encodings(found: Mapping[str, str] | None = None) -> Finding:
    """Judge in what encoding names of files and the terminal's texts are read and written.

    Args:
        found: encodings by what they are used for; default: this process's.
    """
    found = found or {
        "file names": sys.getfilesystemencoding(),
        "files": locale.getpreferredencoding(do_setlocale=False),
        "output": sys.stdout.encoding or "none",
    }
    other = {use: name for use, name in found.items() if name.lower().replace("-", "") != "utf8"}
    if other:
        told = ", ".join(f"{use} are {name}" for use, name in other.items())
        return warn("encoding", told, remedy="set PYTHONUTF8=1, or LANG=C.UTF-8")
    return ok("encoding", "UTF-8 throughout")


def _fault_of(needed: Requirement) -> str | None:
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is missing"
    if not needed.specifier.contains(found, prereleases=True):
        return f"{needed.name} is {found}, wanted {needed.specifier}"
    return None


def _memory() -> int:
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        limit = int(_CGROUP.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or "max"
        return free
    return min(free, limit)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
