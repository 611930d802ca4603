"""An article of the knowledge base: its texts by language, and when it may be suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ArticleKind(StrEnum):
    """What an article is written for: to be sent as it is, or to be read and cited."""

    MACRO = "macro"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """An article in one language."""

    title: str
    questions: tuple[str, ...]
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A knowledge-base article: one situation and the reply a good agent would send.

    Attributes:
        translations: texts by language tag: ``zh-Hans``, ``zh-Hant``, ``en``.
        valid_from: first day on which the article may be suggested.
        valid_until: last day on which it may be suggested.
        kind: a canned reply, or a long article of a help centre.
        channels: where it may be suggested, such as ``email``; empty for everywhere.
        products: what it is about; empty for all. A message about other products does not find it.
    """

    id: str
    intent: str
    translations: Mapping[str, ArticleText]
    tags: tuple[str, ...] = ()
    version: int = 1
    valid_from: date | None = None
    valid_until: date | None = None
    kind: ArticleKind = ArticleKind.MACRO
    channels: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """The part of the intent before the slash."""
        return self.intent.partition("/")[0]

    def valid_on(self, day: date) -> bool:
        """Tell whether the article may be suggested on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )
