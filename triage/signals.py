"""Named word signals: which of them a message shows, in which words, and where those stand.

What a signal is worth, and the file it was written in, is left to ``priority`` and ``sentiment``.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.errors import ConfigError
from triage.text import to_simplified

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z]")
_CAPITAL = re.compile(r"(?<!\\)[A-Z]")
_WIDE = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
# Full-width digits and letters, and the apostrophe that phones type: one character for one.
_PLAIN = {
    **{wide: wide - 0xFEE0 for wide in _WIDE},
    ord("\u2019"): "'",
}


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text in the one form that patterns are searched in, made once for all signals.

    Attributes:
        written: the text as the customer wrote it.
        folded: in small letters, Simplified, with plain digits and apostrophes.
        aligned: whether each character of ``folded`` stands where it stood in ``written``.
    """

    written: str
    folded: str
    aligned: bool
    has_han: bool
    has_latin: bool


@dataclass(frozen=True, slots=True)
class SignalHit:
    """A signal with the words that show it, equal to ``text[start:end]``; else no offsets."""

    name: str
    evidence: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A name with the patterns of which one is enough.

    Attributes:
        anywhere: searched in every message, in any case.
        chinese: searched only where there is a Chinese character.
        english: searched only where there is a Latin letter, and only from the start of a word.
        unless: wordings in which the signal's words do not count.
    """

    name: str
    anywhere: re.Pattern[str] | None = None
    chinese: re.Pattern[str] | None = None
    english: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None

    def find(self, text: FoldedText) -> SignalHit | None:
        """Return the first place that shows the signal and is not excused by ``unless``."""
        match = next(self.places(text), None)
        return hit_of(self.name, match, text) if match is not None else None

    def places(self, text: FoldedText) -> Iterator[re.Match[str]]:
        """Yield each place in ``text.folded`` that shows the signal and is not excused."""
        excused: list[tuple[int, int]] | None = None
        for match in self._matches(text):
            if self.unless is not None:
                if excused is None:
                    excused = [u.span() for u in self.unless.finditer(text.folded)]
                if any(start < match.end() and match.start() < end for start, end in excused):
                    continue
            yield match

    def _matches(self, text: FoldedText) -> Iterator[re.Match[str]]:
        if self.chinese is not None and text.has_han:
            yield from self.chinese.finditer(text.folded)
        if self.english is not None and text.has_latin:
            yield from self.english.finditer(text.folded)
        if self.anywhere is not None:
            yield from self.anywhere.finditer(text.folded)


@functools.lru_cache(maxsize=128)
def fold(text: str) -> FoldedText:
    """Return ``text`` with its folded form, in which signals are searched.

    The last ones are kept, since tone, priority and urgency each ask for that of the same text.
    """
    folded = to_simplified(text).translate(_PLAIN)
    small = folded.lower()
    if len(small) != len(folded):  # a letter whose small form is two characters, such as \u0130
        small = "".join(c.lower() if len(c.lower()) == 1 else c for c in folded)
    return FoldedText(
        written=text,
        folded=small,
        aligned=len(small) == len(text),
        has_han=_HAN.search(small) is not None,
        has_latin=_LATIN.search(small) is not None,
    )


def find_signals(signals: Sequence[Signal], text: str | FoldedText) -> tuple[SignalHit, ...]:
    """Return the signals that ``text`` shows, in the file's order."""
    folded = fold(text) if isinstance(text, str) else text
    hits = (signal.find(folded) for signal in signals)
    return tuple(hit for hit in hits if hit is not None)


def compiled(
    patterns: Sequence[str], *, word_start: bool = False, any_case: bool = False
) -> re.Pattern[str]:
    """Join one or more patterns, of which one is enough, into one.

    Traditional characters become Simplified, as in the text that is searched.

    Args:
        word_start: fit only from the start of a word.
        any_case: allow capitals; slower, since the text that is searched has none.

    Raises:
        ValueError: naming the pattern that is no regular expression, fits empty text, or holds
            capitals that could never be found.
    """
    for pattern in patterns:
        try:
            fits_nothing = re.compile(pattern).match("") is not None
        except (re.error, TypeError) as fault:
            raise ValueError(f"pattern {pattern!r} is no regular expression: {fault}") from fault
        if fits_nothing:
            raise ValueError(f"pattern {pattern!r} fits every text; take its empty alternative out")
        if not any_case and _CAPITAL.search(pattern):
            raise ValueError(f"pattern {pattern!r} has capitals; write it in small letters")
    joined = "|".join(f"(?:{to_simplified(pattern)})" for pattern in patterns)
    start = r"\b" if word_start else ""
    flags = re.IGNORECASE if any_case else re.NOFLAG
    return re.compile(f"{start}(?:{joined})", flags)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is absent or no TOML; the parser's message names the line.
    """
    return parse_toml(read_source(path), path)


def read_source(path: Path) -> str:
    """Return a configuration file's text; raises ConfigError where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise ConfigError(f"{path} cannot be read: {fault.strerror}; check the path") from fault
    except UnicodeDecodeError as fault:
        raise ConfigError(f"{path} is not TOML: {fault}; save it as UTF-8") from fault


def parse_toml(source: str, path: Path) -> dict[str, Any]:
    """Parse the text of the file ``path``; raises ConfigError with the line at fault."""
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{path} is not TOML: {fault}; correct that place") from fault


def signal_from(entry: Mapping[str, Any], *, source: str) -> Signal:
    """Compile one entry with ``name`` and ``patterns`` (regular expressions, any case)."""
    name, patterns = entry.get("name"), entry.get("patterns")
    if not isinstance(name, str) or not isinstance(patterns, list) or not patterns:
        raise ConfigError(f"{source}: signal {name!r} needs a name and a list of patterns")
    try:
        return Signal(name, anywhere=compiled(patterns, any_case=True))
    except ValueError as fault:
        raise ConfigError(f"{source}: signal {name!r}: {fault}") from fault


def hit_of(name: str, match: re.Match[str], text: FoldedText) -> SignalHit:
    """Return a place of ``text.folded`` in the customer's own words."""
    if not text.aligned:
        return SignalHit(name, match[0].strip())
    start, end = match.span()
    words = text.written[start:end]
    start += len(words) - len(words.lstrip())
    evidence = words.strip()
    return SignalHit(name, evidence, start, start + len(evidence))
