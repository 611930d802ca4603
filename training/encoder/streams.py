"""Batches without state: the batch of a step depends on the seed and the step alone.

It owns texts as rows, sorted by length, and how a step draws from them; so a run that is resumed
at step n goes on exactly as one that never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = NDArray[np.int64]
SPELLED_SHARE = 0.1
# Few shapes: a matrix product of a new shape is compiled first, which costs as much as it takes.
WIDTHS = (4, 6, 8, 10, 12, 16, 20, 26, 34, 48, 64, 96, 128)


@dataclass(frozen=True, slots=True)
class Stream:
    """Texts and what each shall meet: a teacher vector, or another text.

    Attributes:
        texts: embedding rows of each text; the shortest, with what is beside it, first.
        targets: index into the teacher's vectors or, where there are partners, number of the
            group, shape (texts,).
        partners: texts that mean the same; empty where a teacher vector is the aim.
        unlike: near misses; as with partners, a text without one has no rows there.
    """

    name: str
    texts: tuple[Rows, ...]
    targets: NDArray[np.int64]
    partners: tuple[Rows, ...] = ()
    unlike: tuple[Rows, ...] = ()

    def draw(self, rng: np.random.Generator, *, tokens: int, most: int = 384) -> NDArray[np.int64]:
        """Return positions of texts of similar length that hold about ``tokens`` tokens.

        Texts are chosen at random out of a window of the length order, twice as wide as the batch.
        """
        middle = int(rng.integers(len(self.texts)))
        size = min(max(tokens // width(self._longest(middle)), 8), most, len(self.texts))
        start = min(max(middle - size, 0), max(len(self.texts) - 2 * size, 0))
        window = min(2 * size, len(self.texts) - start)
        return start + rng.choice(window, size=size, replace=False)

    def _longest(self, position: int) -> int:
        columns = (column for column in (self.texts, self.partners, self.unlike) if column)
        return max(len(column[position]) for column in columns)


def width(length: int) -> int:
    """Return the padded length of a text of ``length`` tokens."""
    return next((w for w in WIDTHS if w >= length), length)


def make_stream(
    name: str,
    texts: Sequence[Rows],
    targets: Sequence[int],
    partners: Sequence[Rows] = (),
    unlike: Sequence[Rows] = (),
) -> Stream:
    """Return a stream, sorting by length; texts, partners and near misses are parallel."""
    beside = [column for column in (texts, partners, unlike) if column]
    order = sorted(range(len(texts)), key=lambda i: max(len(column[i]) for column in beside))
    return Stream(
        name,
        tuple(texts[i] for i in order),
        np.array([targets[i] for i in order], dtype=np.int64),
        tuple(partners[i] for i in order) if partners else (),
        tuple(unlike[i] for i in order) if unlike else (),
    )


class Speller:
    """Spells some words by their characters, so that both are learnt whichever way a run is cut."""

    def __init__(self, spellings: Sequence[Rows], first_row: int) -> None:
        self._spellings = spellings
        self._first = first_row

    def spell(self, text: Rows, rng: np.random.Generator) -> Rows:
        """Return ``text`` with about a tenth of its Chinese words replaced by characters."""
        chosen = np.flatnonzero((text >= self._first) & (rng.random(len(text)) < SPELLED_SHARE))
        if not len(chosen):
            return text
        parts = [text[i : i + 1] for i in range(len(text))]
        for i in chosen:
            parts[i] = self._spellings[int(text[i]) - self._first]
        return np.concatenate(parts)
