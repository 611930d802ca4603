"""How long a client of the HTTP API tries, and how it waits between attempts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import stamina

from triage.errors import ServiceError

RETRIED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client tries. All times are seconds.

    Attributes:
        timeout: for one attempt: to connect, to send, and between two parts of the answer.
        attempts: how many, the first one included.
        total: after which no further attempt begins.
        first_wait: before the second attempt; doubled for each after it, up to ``longest_wait``.
        longest_wait: also of a Retry-After that is honoured; a longer one is left to the caller.
        jitter: at most added to a wait at random, so that clients do not come back all at once.
    """

    timeout: float = 10.0
    attempts: int = 5
    total: float = 45.0
    first_wait: float = 0.1
    longest_wait: float = 10.0
    jitter: float = 0.5

    def next_wait(self, fault: Exception) -> bool | float:
        """Return whether to try again after ``fault``, or the seconds after which."""
        if not isinstance(fault, ServiceError):
            return False
        if fault.status is not None and fault.status not in RETRIED:
            return False
        if fault.retry_after is None:
            return True
        if fault.retry_after > self.longest_wait:
            return False
        return fault.retry_after + random.uniform(0, self.jitter)  # noqa: S311  # no secret

    def attempts_of(self) -> Any:
        """Return Stamina's iterator of attempts, plain or asynchronous."""
        return stamina.retry_context(
            self.next_wait,
            attempts=self.attempts,
            timeout=self.total,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.jitter,
        )


def seconds_of(retry_after: str | None) -> float | None:
    """Read Retry-After: seconds or a date (RFC 9110, 10.2.3); what is neither counts as absent."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except ValueError:
        return None
