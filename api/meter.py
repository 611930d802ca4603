"""What the desk tells to whoever counts; how it is counted and shown is left to the counter."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Called from the event loop and from the inference thread; must be quick and never raise."""

    def batch(self, size: int) -> None:
        """Count a batch of ``size`` distinct messages."""

    def wait(self, seconds: float) -> None:
        """Count how long a message waited for its turn."""

    def cache(self, *, hit: bool) -> None:
        """Count a look into the cache of results."""

    def refused(self, lane: str) -> None:
        """Count a request that found its lane full."""

    def degraded(self) -> None:
        """Count an answer by words alone."""


class NoMeter:
    """Counts nothing."""

    def batch(self, size: int) -> None:
        """Do nothing."""

    def wait(self, seconds: float) -> None:
        """Do nothing."""

    def cache(self, *, hit: bool) -> None:
        """Do nothing."""

    def refused(self, lane: str) -> None:
        """Do nothing."""

    def degraded(self) -> None:
        """Do nothing."""
