"""The index of articles: what a message finds, and how articles come, change and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from triage.article import Article
from triage.errors import InputError
from triage.knowledge.hit import Hit, hits_of, nearest
from triage.knowledge.part import KINDS, TAGS, Part
from triage.knowledge.passage import Passage, PassageKind
from triage.knowledge.scope import EVERYWHERE, Gate, Scope
from triage.knowledge.shelf import Ask, Shelf
from triage.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASKED, BODY = "asked", "body"  # titles and questions; replies
COMPACT_SHARE = 0.25  # of the articles removed: then their rows go too
_MOST = {ASKED: 48, BODY: 16}  # passages that propose their articles, by vector and by words
_MOST_MASKS = 8
MOST_HITS = 48


class KnowledgeIndex:
    """An index over the passages of articles.

    A search after any changes finds what an index made at once of the same articles, in the same
    order, would find.
    """

    def __init__(
        self,
        articles: Iterable[Article],
        passages: Sequence[Passage],
        vectors: NDArray[np.floating],
    ) -> None:
        """Index ``passages`` with their ``vectors``, shape (passages, dim), rows of unit length.

        Vectors are kept in half precision, as bundles store them.
        """
        self._dim = int(vectors.shape[1])
        self._open: dict[tuple[str, Scope, date], list[NDArray[np.bool_]]] = {}
        self._shelves: dict[str, Shelf] = {}
        self._begin(())
        self.add(articles, passages, vectors)

    @classmethod
    def of_parts(
        cls, articles: Sequence[Article], *, asked: Part, body: Part, dim: int
    ) -> KnowledgeIndex:
        """Return an index over parts whose article numbers count ``articles`` from 0."""
        made = cls((), (), np.zeros((0, dim), dtype=np.float32))
        made._begin(articles, {ASKED: asked, BODY: body})
        return made

    @property
    def size(self) -> int:
        """Number of indexed passages."""
        return sum(shelf.size for shelf in self._shelves.values())

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages: titles and questions in the order of the articles, then bodies."""
        return tuple(
            self._passage(self._shelves[name].parts[place], row)
            for name, place, rows in self._living()
            for row in rows.tolist()
        )

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors of ``passages``, shape (size, dim)."""
        found = [
            self._shelves[name].parts[place].vectors.halves[rows].astype(np.float32)
            for name, place, rows in self._living()
        ]
        return np.concatenate([np.zeros((0, self._dim), dtype=np.float32), *found])

    def add(
        self,
        articles: Iterable[Article],
        passages: Sequence[Passage],
        vectors: NDArray[np.floating],
    ) -> None:
        """Add articles with their passages and vectors, shape (passages, dim).

        Raises:
            InputError: an article is there already or twice, a passage is of none of these
                articles, or the vectors are not one for each passage and of the index's length.
        """
        new = list(articles)
        _check(new, passages, known=self.articles)
        if vectors.shape != (len(passages), self._dim):
            raise InputError(
                f"vectors have the shape {vectors.shape}, expected {(len(passages), self._dim)}; "
                "encode each passage with the model's encoder"
            )
        for article in new:
            self._enter(article)
        numbers = np.array([self._numbers[p.article_id] for p in passages], dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        for name, shelf in self._shelves.items():
            rows = [i for i in order.tolist() if _shelf_of(passages[i]) == name]
            if rows:
                part = Part.of(numbers[rows].tolist(), [passages[i] for i in rows], vectors[rows])
                shelf.add(part, self._gate.alive())

    def update(
        self,
        articles: Iterable[Article],
        passages: Sequence[Passage],
        vectors: NDArray[np.floating],
    ) -> None:
        """Put articles in the place of those with the same ids; new ones are added."""
        new = list(articles)
        self.remove([a.id for a in new if a.id in self.articles])
        self.add(new, passages, vectors)

    def remove(self, ids: Collection[str]) -> None:
        """Take articles out; their rows go when a quarter of all articles is gone.

        Raises:
            InputError: there is no such article; nothing is removed then.
        """
        if unknown := [name for name in ids if name not in self.articles]:
            raise InputError(f"there is no article {unknown[0]!r} in the index; check the id")
        for name in set(ids):
            number = self._numbers.pop(name)
            del self.articles[name], self._articles[number]
            self._gate.remove(number)
            for shelf in self._shelves.values():
                shelf.forget(number)
        self._open = {}
        if len(self._gate) - len(self.articles) > COMPACT_SHARE * len(self._gate):
            self._begin(*self.compacted())

    def search(
        self,
        text: str,
        vector: NDArray[np.floating],
        *,
        day: date,
        scope: Scope = EVERYWHERE,
        without: int | None = None,
    ) -> list[Hit]:
        """Return the articles near a message, in the order of the index.

        Args:
            text: the normalised message.
            vector: its encoding, shape (dim,).
            day: articles outside their validity window on that day are left out.
            scope: what else the articles must fit.
            without: number of a passage, in ``passages``, to ignore, for leave-one-out fitting.
        """
        ask = Ask.of(text, vector)
        left_out = None if without is None else self._place(without)
        weighed = {name: shelf.weigh(ask) for name, shelf in self._shelves.items()}
        found = [
            numbers
            for name, most in _MOST.items()
            for numbers in self._shelves[name].candidates(
                weighed[name], masks=self._masks(name, scope, day, left_out), most=most
            )
        ]
        numbers = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))
        asked, body = (
            shelf.standing(numbers, weighed[name], without=_in(name, left_out))
            for name, shelf in self._shelves.items()
        )
        parts = [shelf.parts for shelf in self._shelves.values()]
        chosen = nearest(asked, body, most=MOST_HITS).tolist()
        articles = [self._articles[number] for number in numbers[chosen].tolist()]
        return hits_of(articles, asked.at(chosen), body.at(chosen), parts=parts)

    def compacted(self) -> tuple[list[Article], dict[str, Part]]:
        """Return the articles and, for each shelf, one part of what is left, numbered from 0."""
        alive = self._gate.alive()
        empty = Part.of([], [], np.zeros((0, self._dim), dtype=np.float32))
        parts = {
            name: Part.merged(shelf.parts or [empty], alive)
            for name, shelf in self._shelves.items()
        }
        places = (np.cumsum(alive) - 1).astype(np.int32)
        renumbered = {
            name: replace(part, numbers=places[part.numbers]) for name, part in parts.items()
        }
        return list(self.articles.values()), renumbered

    def _begin(self, articles: Iterable[Article], parts: Mapping[str, Part] | None = None) -> None:
        self.articles: dict[str, Article] = {}
        self._articles: dict[int, Article] = {}
        self._numbers: dict[str, int] = {}
        self._gate = Gate()
        self._open = {}
        for article in articles:
            self._enter(article)
        self._shelves = {
            name: Shelf([parts[name]] if parts and len(parts[name]) else ()) for name in _MOST
        }

    def _enter(self, article: Article) -> None:
        number = self._gate.add(article)
        self.articles[article.id] = self._articles[number] = article
        self._numbers[article.id] = number
        self._open = {}

    def _masks(
        self, name: str, scope: Scope, day: date, left_out: tuple[str, int, int] | None
    ) -> list[NDArray[np.bool_]]:
        """Return which rows of each part of a shelf may be found; most messages ask the same."""
        known = self._open
        key = (name, scope, day)
        if key not in known:
            if len(known) >= _MOST_MASKS:
                known = self._open = {}
            opened = self._gate.open_to(scope, day=day)
            known[key] = [opened[part.numbers] for part in self._shelves[name].parts]
        masks = known[key]
        if place := _in(name, left_out):
            masks = [mask.copy() for mask in masks]
            masks[place[0]][place[1]] = False
        return masks

    def _living(self) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
        """Yield for every part its shelf, its place there and the rows that live."""
        alive = self._gate.alive()
        for name, shelf in self._shelves.items():
            for place, part in enumerate(shelf.parts):
                yield name, place, np.flatnonzero(alive[part.numbers])

    def _place(self, number: int) -> tuple[str, int, int]:
        """Return shelf, part and row of a passage."""
        before = 0
        for name, place, rows in self._living():
            if number < before + len(rows):
                return name, place, int(rows[number - before])
            before += len(rows)
        raise IndexError(f"passage {number} of {before}; count them from 0")

    def _passage(self, part: Part, row: int) -> Passage:
        headings, written = part.written(row)
        return Passage(
            self._articles[int(part.numbers[row])].id,
            TAGS[part.tags[row]],
            normalise(" ".join((*headings, written))),
            KINDS[part.kinds[row]],
            written,
            headings,
        )


def _shelf_of(passage: Passage) -> str:
    return BODY if passage.kind is PassageKind.BODY else ASKED


def _in(name: str, left_out: tuple[str, int, int] | None) -> tuple[int, int] | None:
    """Return part and row of a passage that is left out, if it is on the shelf ``name``."""
    return left_out[1:] if left_out and left_out[0] == name else None


def _check(
    articles: Sequence[Article], passages: Iterable[Passage], *, known: Collection[str]
) -> None:
    times = Counter(article.id for article in articles)
    if twice := next((name for name, n in times.items() if n > 1 or name in known), None):
        raise InputError(f"article {twice!r} is in the index already; update it, or give it an id")
    if strange := next((p.article_id for p in passages if p.article_id not in times), None):
        raise InputError(f"a passage is of {strange!r}, which is no article of these; add both")
