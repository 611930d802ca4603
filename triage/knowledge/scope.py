"""Which articles a message may find: validity, language, channel and product; no text is compared.

An article that names no channels or products is for all of them.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.article import Article
from triage.text import to_simplified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.domain import KeyInfo, Message

PRODUCT = "product"
_LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a search is restricted to.

    Attributes:
        languages: tags (``zh-Hant``) or codes (``zh``) of which an article must have one; empty
            for any.
        channel: where the message came from; articles of other channels are left out.
        products: names of products in the message; articles of other products are left out.
            A message that names none leaves nothing out.
    """

    languages: frozenset[str] = frozenset()
    channel: str | None = None
    products: frozenset[str] = frozenset()


EVERYWHERE = Scope()


def products_named(message: Message, key_info: Iterable[KeyInfo]) -> frozenset[str]:
    """Return what a message calls products: the helpdesk's field, and what was recognised."""
    named = {message.fields.get(PRODUCT, "")}
    for info in key_info:
        if info.type == PRODUCT:
            named |= {info.text, info.value}
    return frozenset(name for name in named if name.strip())


class Gate:
    """Tells for every article, by its number, whether a search may find it."""

    def __init__(self) -> None:
        self._alive: list[bool] = []
        self._days: list[tuple[int, int]] = []
        self._named: dict[str, dict[str, list[int]]] = {
            "languages": {}, "channels": {}, "products": {}
        }  # fmt: skip
        self._bound: dict[str, list[int]] = {"channels": [], "products": []}
        self._made: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self._alive)

    def add(self, article: Article) -> int:
        """Let an article in; returns its number, one more than the last."""
        number = len(self._alive)
        self._alive.append(True)
        first = article.valid_from.toordinal() if article.valid_from else 0
        last = article.valid_until.toordinal() if article.valid_until else _LAST_DAY
        self._days.append((first, last))
        for tag in article.translations:
            self._note("languages", {tag, tag.partition("-")[0]}, number)
        self._note("channels", set(map(_plain, article.channels)), number)
        self._note("products", set(map(_plain, article.products)), number)
        self._made.clear()
        return number

    def remove(self, number: int) -> None:
        """Shut an article out for good."""
        self._alive[number] = False
        self._made.clear()

    def alive(self) -> NDArray[np.bool_]:
        """Return which articles were not removed, shape (numbers,)."""
        return self._array("alive", lambda: np.array(self._alive, dtype=np.bool_))

    def open_to(self, scope: Scope, *, day: date) -> NDArray[np.bool_]:
        """Return which articles may be found on ``day`` within ``scope``, shape (numbers,)."""
        days = self._array("days", lambda: np.array(self._days, dtype=np.int32).reshape(-1, 2))
        today = day.toordinal()
        mask: NDArray[np.bool_] = self.alive() & (days[:, 0] <= today) & (today <= days[:, 1])
        if scope.languages:
            mask &= self._naming("languages", scope.languages)
        if scope.channel:
            mask &= self._free("channels") | self._naming("channels", {_plain(scope.channel)})
        if named := {_plain(name) for name in scope.products}:
            mask &= self._free("products") | self._naming("products", named)
        return mask

    def _note(self, what: str, names: Collection[str], number: int) -> None:
        for name in names:
            self._named[what].setdefault(name, []).append(number)
        if names and what in self._bound:
            self._bound[what].append(number)

    def _free(self, what: str) -> NDArray[np.bool_]:
        """Return which articles name nothing of a kind and are for all of it."""
        return self._array(what, lambda: ~self._mask(self._bound[what]))

    def _naming(self, what: str, names: Collection[str]) -> NDArray[np.bool_]:
        mask = self._mask(())
        for name in names:
            if holders := self._named[what].get(name):
                mask |= self._array(f"{what} {name}", functools.partial(self._mask, holders))
        return mask

    def _mask(self, numbers: Sequence[int]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[np.array(numbers, dtype=np.int64)] = True
        return mask

    def _array(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return an array that is made once between two changes."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def _plain(name: str) -> str:
    """Return a name without case, script and width."""
    return to_simplified(unicodedata.normalize("NFKC", name)).casefold().strip()
