"""Cues of tone: which a message shows, negations and intensifiers heeded, and where they stand.

What they mean for the label is left to ``sentiment``; how a file is read, to ``cue_file``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from triage.signals import FoldedText, Signal, SignalHit, fold, hit_of

_REACH = 40  # characters before a cue in which a negation or an intensifier is looked for
_PLAIN = 1.0


@dataclass(frozen=True, slots=True)
class Before:
    """What may stand right before a cue, by language; the patterns fit at the end of a text."""

    chinese: re.Pattern[str]
    english: re.Pattern[str]

    def stands(self, text: str, place: int) -> bool:
        """Tell whether it stands in ``text`` right before ``place``."""
        before = text[max(0, place - _REACH) : place]
        if not before:
            return False
        return (self.english if text[place].isascii() else self.chinese).search(before) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One kind of cue.

    Attributes:
        signal: the words, by the cue's name.
        flag: the flag that it shows, if any.
        written: searched in the text as written, where capitals count.
        negatable: whether a negation right before the words takes the cue away.
        beside: cues of which one must be shown too; none asks for nothing.
        after: the cue behind whose words this one must stand.
        silences: later cues that do not count where this one does.
        weights: what it adds to the log-probability of a label, by label.
    """

    signal: Signal
    flag: str | None = None
    written: re.Pattern[str] | None = None
    negatable: bool = True
    beside: tuple[str, ...] = ()
    after: str | None = None
    silences: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the cue's weights are called."""
        return self.signal.name


@dataclass(frozen=True, slots=True)
class CueHit:
    """A cue that a message shows.

    Attributes:
        times: how often its weight counts: 1, more behind an intensifier.
        hit: its words, with their offsets where those are known.
    """

    cue: Cue
    times: float
    hit: SignalHit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """Every cue with what turns one round and what makes one stronger."""

    cues: tuple[Cue, ...]
    negation: Before
    intensifier: Before
    times: float

    def find(self, text: str) -> tuple[CueHit, ...]:
        """Return the cues that ``text`` shows, each at its first place, in the file's order."""
        folded = fold(text)
        found: dict[str, CueHit] = {}
        late: list[Cue] = []
        for cue in self.cues:
            if cue.after is not None:
                late.append(cue)
            elif (hit := self._first(cue, folded)) is not None:
                found[cue.name] = hit
        for cue in late:
            first = found.get(cue.after or "")
            if first is not None and (hit := self._first(cue, folded, behind=first.hit)):
                found[cue.name] = hit
        return tuple(_counting(self.cues, found))

    def _first(
        self, cue: Cue, text: FoldedText, *, behind: SignalHit | None = None
    ) -> CueHit | None:
        for match in cue.signal.places(text):
            if behind is not None and match.start() < (behind.end or 0):
                continue
            if cue.negatable and self.negation.stands(text.folded, match.start()):
                continue
            strong = self.intensifier.stands(text.folded, match.start())
            return CueHit(cue, self.times if strong else _PLAIN, hit_of(cue.name, match, text))
        if cue.written is not None and (loud := cue.written.search(text.written)) is not None:
            return CueHit(cue, _PLAIN, SignalHit(cue.name, loud[0], *loud.span()))
        return None


def _counting(cues: Sequence[Cue], found: Mapping[str, CueHit]) -> Iterator[CueHit]:
    silent: set[str] = set()
    for cue in cues:
        if (hit := found.get(cue.name)) is None or cue.name in silent:
            continue
        if cue.beside and not any(name in found for name in cue.beside):
            continue
        silent.update(cue.silences)
        yield hit
