"""The one tree of errors that Triage raises on purpose; every message names fault, value, remedy.

TriageError
├── InputError              a message, a row or a file that cannot be used as it is
│   ├── MessageError        one field of one message
│   └── RecordError         a file, or one row of it
├── ConfigError             settings, policy or command-line values
├── MissingExtraError       an optional dependency is not installed
├── EncoderError            an encoder cannot be found or loaded
├── BundleError             a trained bundle is absent, damaged or of another format
└── DecisionError           the log of decisions is away, damaged or of a newer format
"""

from __future__ import annotations


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


class BundleError(TriageError):
    """A trained bundle is absent, damaged, or made for another version."""


class DecisionError(TriageError):
    """The log of decisions cannot be read or written."""
