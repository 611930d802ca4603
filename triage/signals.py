"""Named word signals read from a TOML file: which of them a message shows, and in which words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.errors import ConfigError
from triage.text import to_simplified


@dataclass(frozen=True, slots=True)
class SignalHit:
    """A signal and the words of the message that show it."""

    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A name with the patterns of which one is enough."""

    name: str
    pattern: re.Pattern[str]

    def find(self, text: str, simplified: str) -> SignalHit | None:
        """Search the text as written and its Simplified form; the evidence is as written."""
        if (match := self.pattern.search(text)) is not None:
            return SignalHit(self.name, match[0].strip())
        if simplified == text or (match := self.pattern.search(simplified)) is None:
            return None
        start, end = match.span() if len(simplified) == len(text) else (0, 0)
        return SignalHit(self.name, text[start:end].strip() or match[0].strip())


def find_signals(signals: Sequence[Signal], text: str) -> tuple[SignalHit, ...]:
    """Return the signals that ``text`` shows, in the file's order."""
    simplified = to_simplified(text)
    hits = (signal.find(text, simplified) for signal in signals)
    return tuple(hit for hit in hits if hit is not None)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is absent or no TOML; the parser's message names the line.
    """
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as fault:
        raise ConfigError(f"{path} cannot be read: {fault.strerror}; check the path") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path} is not TOML: {fault}; correct that place") from fault


def signal_from(entry: Mapping[str, Any], *, source: str) -> Signal:
    """Compile one entry with ``name`` and ``patterns`` (regular expressions, any case)."""
    name, patterns = entry.get("name"), entry.get("patterns")
    if not isinstance(name, str) or not isinstance(patterns, list) or not patterns:
        raise ConfigError(f"{source}: signal {name!r} needs a name and a list of patterns")
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as fault:
            raise ConfigError(
                f"{source}: signal {name!r}: pattern {pattern!r} is no regular expression: {fault}"
            ) from fault
    return Signal(name, re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE))
