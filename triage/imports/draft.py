"""An article as a source gave it, or why it gave none; what becomes of it is decided elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from triage.article import Article, ArticleKind, ArticleText
from triage.errors import RecordError

_APART = re.compile(r"[^\w]+")
_LISTED = re.compile(r"[,，;；、|\n]+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_HASH = 12  # hexadecimal digits: 48 bits keep a million titles apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article with a settled id, whose intent may still be open.

    Attributes:
        place: where it stands, for messages: ``line 5``, ``returns/policy.md``.
        intent: ``category/name``, a category alone, or empty, as the source has it.
        url: where people read the article, if the source says so.
    """

    id: str
    place: str
    translations: Mapping[str, ArticleText]
    intent: str = ""
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    kind: ArticleKind = ArticleKind.MACRO
    version: int = 1
    url: str = ""
    channels: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    def article(self) -> Article:
        """Return the article that the draft describes."""
        return Article(
            id=self.id,
            intent=self.intent,
            translations=self.translations,
            tags=self.tags,
            version=self.version,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            kind=self.kind,
            channels=self.channels,
            products=self.products,
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that became no article, and why.

    Attributes:
        id: of the article, where that much is known.
        fault: false for what was left out on purpose, such as drafts and other languages.
    """

    place: str
    reason: str
    content: str = ""
    id: str | None = field(default=None, kw_only=True)
    fault: bool = field(default=True, kw_only=True)


class LeftOutError(RecordError):
    """An entry that is left out on purpose, such as one in a language that is not answered in."""


def article_id(source: str, key: Any, *, title: str) -> str:
    """Return a stable id: the source's own, with the source's name before a mere number.

    Where the source has none, it is a hash of source and title.
    """
    own = "" if key is None else str(key).strip()
    if own:
        return f"{source}-{own}" if own.isdigit() else own
    digest = hashlib.sha256(f"{source}\0{title}".encode()).hexdigest()
    return f"{source}-{digest[:_HASH]}"


def intent_of(category: Any, intent: Any) -> str:
    """Return category and intent as one label in small letters, ``category/name`` if both are."""
    parts = [_label(part) for value in (category, intent) for part in str(value or "").split("/")]
    parts = [part for part in parts if part]
    if len(parts) > 2 and parts[0] == parts[1]:  # noqa: PLR2004  # the intent names it again
        parts = parts[1:]
    return "/".join(parts)


def words_of(value: Any) -> tuple[str, ...]:
    """Return a list, or a text with commas or line breaks, as words, each once."""
    found = value if isinstance(value, list | tuple) else _LISTED.split(str(value or ""))
    return distinct(str(word) for word in found)


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts without spaces around them, each once, empty ones left out."""
    return tuple(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))


def day_of(value: Any, *, name: str) -> date | None:
    """Return a day from a date or text such as ``2026-11-11``, ``2026/11/1`` or ``2026年11月1日``.

    Raises:
        RecordError: it is none.
    """
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    match = _DAY.match(str(value).strip())
    try:
        return date(*map(int, match.groups())) if match else date.fromisoformat(str(value))
    except ValueError as fault:
        raise RecordError(f"{name} is {value!r:.60}, no day; write it as 2026-11-11") from fault


def kind_of(value: Any, default: ArticleKind) -> ArticleKind:
    """Return a kind by its name; raises RecordError for another word."""
    try:
        return ArticleKind(str(value).strip().lower()) if value else default
    except ValueError as fault:
        raise RecordError(f"kind is {value!r:.60}; write macro or article") from fault


def _label(part: str) -> str:
    return _APART.sub("_", part.strip().casefold()).strip("_")
