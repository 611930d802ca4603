"""What was found out about one part of an installation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a part does."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, how it does, and what to do about it.

    Attributes:
        remedy: empty where all is well.
    """

    part: str
    grade: Grade
    told: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the finding as JSON takes it."""
        return {**asdict(self), "grade": self.grade.value}


def ok(part: str, told: str) -> Finding:
    """Return that all is well."""
    return Finding(part, Grade.OK, told)


def warn(part: str, told: str, *, remedy: str) -> Finding:
    """Return that it works, and may yet be unwanted."""
    return Finding(part, Grade.WARN, told, remedy)


def fail(part: str, told: str, *, remedy: str) -> Finding:
    """Return that it will not work."""
    return Finding(part, Grade.FAIL, told, remedy)


def failed(part: str, fault: Exception) -> Finding:
    """Return one of our errors, whose message ends with the remedy after a semicolon."""
    told, _, remedy = str(fault).partition("; ")
    return Finding(part, Grade.FAIL, told, remedy or "mend what is named")
