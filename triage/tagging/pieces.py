"""An input divided among tasks that read at once, each knowing which rows are its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from triage.tagging.run import windows_of
from triage.tagging.sources import parquet_rows

if TYPE_CHECKING:
    from triage.tagging.pool import Window
    from triage.tagging.sources import Given, Source

PIECE = 50_000  # rows of Parquet that one task reads, so that a long file is read by several


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that one task reads, in order.

    Attributes:
        first: number of the first of them in the whole input.
        skip: rows of the first source that lie before.
        count: of the rows; ``None`` is all there are.
    """

    sources: tuple[Source, ...]
    first: int
    skip: int = 0
    count: int | None = None

    def windows(self, size: int) -> Iterator[Window]:
        """Yield the rows in windows."""
        return windows_of(islice(self._rows(), self.count), first=self.first, size=size)

    def _rows(self) -> Iterator[Given]:
        skip = self.skip
        for source in self.sources:
            rows = source.rows() if len(self.sources) > 1 else source.rows(skip=skip)
            for given in rows:
                if len(self.sources) > 1 and skip:
                    skip -= 1
                else:
                    yield given


def pieces_of(sources: tuple[Source, ...], skip: int) -> list[Piece]:
    """Return what tasks read behind ``skip`` rows: pieces of Parquet, or else all in one.

    Only Parquet says how many rows it has, on which the numbers of all later rows depend.
    """
    from pyarrow import ArrowException

    try:
        counts = [parquet_rows(source.name) for source in sources]
    except (ArrowException, OSError):  # told by the task that reads it, with the file's name
        counts = [None]
    if None in counts:
        return [Piece(sources, skip + 1, skip)]
    pieces: list[Piece] = []
    before = 0
    for source, count in zip(sources, counts, strict=True):
        for start in range(max(skip - before, 0), count or 0, PIECE):
            size = min(PIECE, (count or 0) - start)
            pieces.append(Piece((source,), before + start + 1, start, size))
        before += count or 0
    return pieces or [Piece(sources, skip + 1, skip)]
