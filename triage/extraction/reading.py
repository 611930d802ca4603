"""A message as recognisers read it, and what they propose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from triage.folding import clues_of, fold, lower

DIGITS = frozenset("0123456789")
# Marks that stand for removed words, such as [姓名] or {order_id}; [12345] is a customer's own.
_MASK = re.compile(r"\[[^\[\]0-9\n]{1,24}\]|\{[^{}0-9\n]{1,24}\}")
_BLANK = "\ufffc"


class Reading:
    """One message in the forms that recognisers need; all have the same length.

    Attributes:
        text: as written.
        plain: half-width and Simplified, its case kept.
        low: ``plain`` in lower case.
        now: when it was written.
        script: ``Hant`` for Traditional text.
    """

    def __init__(self, text: str, *, now: datetime, script: str | None = None) -> None:
        self.text = text
        self.plain = _without_masks(fold(text))
        self.low = lower(self.plain)
        self.now = now
        self.script = script

    @cached_property
    def clues(self) -> frozenset[str]:
        """Every Latin word of the text and every other character: what a pre-check looks at."""
        return clues_of(self.low)


@dataclass(frozen=True, slots=True)
class Found:
    """A proposed span with its normalised value."""

    type: str
    start: int
    end: int
    value: str
    carrier: str | None = None


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A function that proposes spans, and the clues without one of which it finds none.

    Attributes:
        clues: empty where the function itself looks first.
    """

    clues: frozenset[str]
    find: Callable[[Reading], Iterator[Found]]

    def __call__(self, reading: Reading) -> Iterator[Found]:
        """Yield what the function finds; nothing at all where no clue stands in the text."""
        if self.clues and self.clues.isdisjoint(reading.clues):
            return iter(())
        return self.find(reading)


def _without_masks(text: str) -> str:
    if "[" not in text and "{" not in text:
        return text
    return _MASK.sub(lambda mask: _BLANK * len(mask[0]), text)
