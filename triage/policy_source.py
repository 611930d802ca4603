"""A priority policy that follows its file: read again when the file changes, kept when it breaks.

What a file may say, and how messages are judged by it, is left to ``policy_file`` and ``priority``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from triage.circumstances import Case
from triage.domain import PriorityVerdict
from triage.errors import ConfigError
from triage.priority import Assessment, PriorityPolicy, load_policy

if TYPE_CHECKING:
    from triage.classifier import Prediction

CHECK_SECONDS = 1.0
_log = logging.getLogger(__name__)
Stamp = tuple[int, int] | None  # time of change in ns and size; None of an absent file


class PolicySource:
    """The policy in a file; serves any number of threads.

    Raises:
        ConfigError: the file is unusable when it is first read.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._lock = Lock()
        self._checked = clock()
        self._stamp = _stamp(path)
        self._policy = load_policy(path)
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """What is wrong with the file as it stands now; ``None`` while it is the one in use."""
        self._refresh()
        return self._fault

    def current(self) -> PriorityPolicy:
        """Return the file's policy, or the last good one where the file has become unusable."""
        self._refresh()
        return self._policy

    def judge(
        self,
        case: Case,
        *,
        learnt: Prediction | None = None,
        evidence: Callable[[str], str | None] = lambda level: None,
    ) -> PriorityVerdict:
        """Judge by the current policy, as ``PriorityPolicy.judge``."""
        return self.current().judge(case, learnt=learnt, evidence=evidence)

    def assess(self, case: Case, *, learnt: Prediction | None = None) -> Assessment:
        """Assess by the current policy, as ``PriorityPolicy.assess``."""
        return self.current().assess(case, learnt=learnt)

    def _refresh(self) -> None:
        """Look at the file, at most once a second; the others go on while one thread looks."""
        if self._clock() - self._checked < CHECK_SECONDS or not self._lock.acquire(blocking=False):
            return
        try:
            self._checked = self._clock()
            stamp = _stamp(self.path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        try:
            self._policy, self._fault = load_policy(self.path), None
        except ConfigError as fault:
            self._fault = str(fault)
            _log.warning("the priority policy that was last good stays in use: %s", fault)
        else:
            _log.info("the priority policy %s was read again", self.path)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
