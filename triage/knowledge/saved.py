"""An index as files: plain arrays that are mapped into memory, not read, when it is loaded.

The articles themselves are the business of whoever writes the folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.article import Article
from triage.knowledge.dense import Vectors
from triage.knowledge.index import ASKED, BODY, KnowledgeIndex
from triage.knowledge.lexical import Postings
from triage.knowledge.part import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS: dict[str, Any] = {
    "numbers": np.int32, "tags": np.uint8, "kinds": np.uint8, "texts": np.uint8,
    "text_starts": np.int64,
}  # fmt: skip
_VECTORS: dict[str, Any] = {"halves": np.float16, "signs": np.uint8}
_POSTINGS: dict[str, Any] = {
    "hashes": np.uint64, "starts": np.int64, "rows": np.int32, "counts": np.uint8,
    "row_starts": np.int64, "row_terms": np.int32, "row_counts": np.uint8, "lengths": np.int32,
}  # fmt: skip
_KINDS: dict[str, Any] = {**_ROWS, **_VECTORS, **_POSTINGS}
FILES = tuple(f"{shelf}.{name}.npy" for shelf in (ASKED, BODY) for name in _KINDS)


def save_index(index: KnowledgeIndex, folder: Path) -> list[Article]:
    """Write ``FILES`` into ``folder``; returns the articles in the order that loading needs."""
    articles, parts = index.compacted()
    for shelf, part in parts.items():
        arrays: dict[str, NDArray[Any]] = {name: getattr(part, name) for name in _ROWS}
        arrays |= {name: getattr(part.vectors, name) for name in _VECTORS}
        arrays |= {name: getattr(part.postings, name) for name in _POSTINGS}
        for name, array in arrays.items():
            np.save(folder / f"{shelf}.{name}.npy", array, allow_pickle=False)
    return articles


def load_index(folder: Path, articles: Sequence[Article]) -> KnowledgeIndex:
    """Load an index; the operating system reads what searches touch.

    Raises:
        ValueError: the arrays are not those of an index over ``articles``.
    """
    parts = {shelf: _part(folder, shelf, len(articles)) for shelf in (ASKED, BODY)}
    dims = {part.vectors.halves.shape[1] for part in parts.values()}
    if len(dims) != 1:
        raise ValueError(f"vectors of {sorted(dims)} columns lie side by side")
    return KnowledgeIndex.of_parts(articles, asked=parts[ASKED], body=parts[BODY], dim=dims.pop())


def _part(folder: Path, shelf: str, articles: int) -> Part:
    arrays = {name: _mapped(folder / f"{shelf}.{name}.npy", kind) for name, kind in _KINDS.items()}
    rows = len(arrays["numbers"])
    ends = {name: len(arrays[name]) - 1 for name in ("text_starts", "row_starts")}
    lengths = {name: len(arrays[name]) for name in ("tags", "kinds", "halves", "signs", "lengths")}
    if wrong := [name for name, count in {**lengths, **ends}.items() if count != rows]:
        raise ValueError(f"{shelf}.{wrong[0]} is not of {rows} passages")
    if rows and int(arrays["numbers"][-1]) >= articles:
        raise ValueError(f"{shelf}.numbers count more than the {articles} articles")
    return Part(
        **{name: arrays[name] for name in _ROWS},
        vectors=Vectors(arrays["halves"], arrays["signs"]),
        postings=Postings(**{name: arrays[name] for name in _POSTINGS}),
    )


def _mapped(path: Path, kind: Any) -> NDArray[Any]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != kind:
        raise ValueError(f"{path.name} holds {array.dtype}, not {np.dtype(kind)}")
    return np.asarray(array)  # without the class memmap, whose every slice costs more
