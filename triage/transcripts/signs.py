"""Which signs turns show (thanks, greeting, promise …) and in which words; worth is elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from triage.domain import Role, Turn
from triage.resource import read_resource
from triage.signals import FoldedText, Signal, compiled, fold
from triage.signals import hit_of as hit_at
from triage.transcripts.transcript import Shown

RESOURCE = "transcripts"


class Signs:
    """The signs of one conversation; each turn is folded and searched once, when it is asked for.

    Args:
        turns: of the conversation, oldest first.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._folded: dict[int, FoldedText] = {}
        self._found: dict[tuple[str, int], Shown | None] = {}

    def show(self, name: str, turn: int) -> Shown | None:
        """Return the words of a turn that show a sign, if its speaker is one who can show it."""
        key = (name, turn)
        if key not in self._found:
            self._found[key] = self._search(name, turn)
        return self._found[key]

    def first(self, name: str, turns: Iterable[int]) -> Shown | None:
        """Return the first words of some turns that show a sign."""
        return next((hit for turn in turns if (hit := self.show(name, turn)) is not None), None)

    def all(self, name: str) -> list[Shown]:
        """Return the words of each turn that shows a sign, in order."""
        hits = (self.show(name, number) for number in range(len(self._turns)))
        return [hit for hit in hits if hit is not None]

    def _search(self, name: str, number: int) -> Shown | None:
        who, signal = _signals()[name]
        turn = self._turns[number]
        if turn.role is not who:
            return None
        folded = self._folded.setdefault(number, fold(turn.text))
        match = next(signal.places(folded), None)
        if match is None:
            return None
        hit = hit_at(name, match, folded)
        return Shown(number, hit.evidence, hit.start, hit.end)


def weights(table: str) -> dict[str, Any]:
    """Return a table of weights of the resource, such as ``resolution``."""
    found: dict[str, Any] = read_resource(RESOURCE)[table]
    return found


@functools.cache
def _signals() -> dict[str, tuple[Role, Signal]]:
    return {
        entry["name"]: (Role(entry["who"]), _signal(entry))
        for entry in read_resource(RESOURCE)["sign"]
    }


def _signal(entry: dict[str, Any]) -> Signal:
    unless = entry.get("unless")
    return Signal(
        entry["name"],
        chinese=compiled(entry["zh"]),
        english=compiled(entry["en"], word_start=True),
        unless=compiled(unless) if unless else None,
    )
