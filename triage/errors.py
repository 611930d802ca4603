"""The one tree of errors that Triage raises on purpose; every message names fault, value, remedy.

TriageError
├── InputError              a message, a row or a file that cannot be used as it is
│   ├── MessageError        one field of one message
│   └── RecordError         a file, or one row of it
├── ConfigError             settings, policy or command-line values
├── MissingExtraError       an optional dependency is not installed
├── EncoderError            an encoder cannot be found or loaded
├── BundleError             a trained bundle is absent, damaged or of another format
├── DecisionError           the log of decisions is away, damaged or of a newer format
└── ServiceError            the HTTP service refused or could not be reached
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class TriageError(Exception):
    """Base of all errors raised by Triage."""


class InputError(TriageError):
    """Something that the caller sent cannot be used as it is."""


class MessageError(InputError):
    """One field of a message is unusable.

    Attributes:
        field: dotted name of the field, such as ``text`` or ``customer.tier``.
        remedy: what the caller can do about it.
    """

    def __init__(self, field: str, fault: str, *, remedy: str) -> None:
        super().__init__(f"{field}: {fault}; {remedy}")
        self.field = field
        self.fault = fault
        self.remedy = remedy


class RecordError(InputError):
    """A file, or one row of it, is unusable."""


class ConfigError(TriageError):
    """A setting, a policy entry or a command-line value is unusable."""


class MissingExtraError(TriageError):
    """An optional dependency is absent; the message carries the line that installs it."""

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed; "
            f"install it with: pip install 'support-triage[{extra}]'"
        )


class EncoderError(TriageError):
    """An encoder cannot be found or loaded."""


class ServiceError(TriageError):
    """The HTTP service refused a request, failed, or could not be reached.

    Attributes:
        status: of the answer; ``None`` where there was none.
        code: what kind of refusal, such as ``rate_limited``; documented in docs/api.md.
        problems: field, message, value and remedy of everything that is wrong.
        retry_after: seconds to wait, where the service said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        problems: Sequence[Mapping[str, str | None]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)
        self.retry_after = retry_after


class BundleError(TriageError):
    """A trained bundle is absent, damaged, or made for another version."""


class DecisionError(TriageError):
    """The log of decisions cannot be read or written."""
