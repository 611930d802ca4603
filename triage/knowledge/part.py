"""A part of an index: rows of passages with their vectors and postings; it is never changed.

Which rows are still wanted is known to whoever holds the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge.arrays import laid_out
from triage.knowledge.dense import Vectors
from triage.knowledge.lexical import Postings
from triage.knowledge.passage import Passage, PassageKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAGS = ("zh-Hans", "zh-Hant", "en")
KINDS = tuple(PassageKind)
_APART = "\x1f"  # stands in a text between headings and words


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of passages; those of an article stand together, articles by ascending number.

    Attributes:
        numbers: of each row's article, ascending, shape (rows,).
        tags, kinds: places in ``TAGS`` and ``KINDS``, shape (rows,).
        texts: the texts as written, in UTF-8, end to end; row i begins at ``text_starts[i]``.
    """

    numbers: NDArray[np.int32]
    tags: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    texts: NDArray[np.uint8]
    text_starts: NDArray[np.int64]
    vectors: Vectors
    postings: Postings

    def __len__(self) -> int:
        return len(self.numbers)

    @classmethod
    def of(
        cls, numbers: Sequence[int], passages: Sequence[Passage], vectors: NDArray[np.floating]
    ) -> Part:
        """Index ``passages`` of the articles ``numbers`` with their vectors, one row each."""
        texts = [
            _APART.join(t.replace(_APART, " ") for t in (*p.headings, p.written)).encode(
                errors="surrogatepass"
            )
            for p in passages
        ]
        return cls(
            numbers=np.array(numbers, dtype=np.int32),
            tags=np.array([TAGS.index(p.language) for p in passages], dtype=np.uint8),
            kinds=np.array([KINDS.index(p.kind) for p in passages], dtype=np.uint8),
            texts=np.frombuffer(b"".join(texts), dtype=np.uint8),
            text_starts=np.cumsum([0, *map(len, texts)], dtype=np.int64),
            vectors=Vectors.of(vectors),
            postings=Postings.of([p.text for p in passages]),
        )

    @classmethod
    def merged(cls, parts: Sequence[Part], alive: NDArray[np.bool_]) -> Part:
        """Return the rows of adjacent parts whose articles are alive, as one part."""
        kept = [alive[part.numbers] for part in parts]
        pairs = list(zip(parts, kept, strict=True))
        texts, sizes = [], []
        for part, keep in pairs:
            size = np.diff(part.text_starts)[keep]
            sizes.append(size)
            texts.append(part.texts[laid_out(part.text_starts[:-1][keep], size)[0]])
        return cls(
            numbers=np.concatenate([part.numbers[keep] for part, keep in pairs]),
            tags=np.concatenate([part.tags[keep] for part, keep in pairs]),
            kinds=np.concatenate([part.kinds[keep] for part, keep in pairs]),
            texts=np.concatenate(texts),
            text_starts=np.cumsum(np.concatenate([[0], *sizes]), dtype=np.int64),
            vectors=Vectors.merged([(part.vectors, keep) for part, keep in pairs]),
            postings=Postings.merged([(part.postings, keep) for part, keep in pairs]),
        )

    def rows_of(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of some articles, article by article, and how many each has."""
        sought = numbers.astype(np.int32)  # of another type, the whole of the rows would be cast
        first = np.searchsorted(self.numbers, sought, side="left")
        return laid_out(first, np.searchsorted(self.numbers, sought, side="right") - first)

    def written(self, row: int) -> tuple[tuple[str, ...], str]:
        """Return headings and text of a row."""
        start, end = self.text_starts[row : row + 2]
        whole = self.texts[start:end].tobytes().decode(errors="surrogatepass")
        *headings, text = whole.split(_APART)
        return tuple(headings), text
