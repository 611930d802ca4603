"""How a reply is framed: greeting, apology, thanks and close around the text of an article.

All wordings stand in ``resources/tone.toml``; what an article says itself is not said again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.domain import Sentiment, SentimentVerdict
from triage.resource import read_resource

IMPATIENT, PRAISING = "impatient", "praising"
_LONGEST_NAME = 40
# A nickname that is a number, an address or masked is no name to greet with.
_NO_NAME = re.compile(r"\d{4}|[@*_<>{}/\\]|https?:", re.IGNORECASE)
_SENTENCE = re.compile(r"[^。！？!?\n.]+[。！？!?\n.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """What of a message decides how a reply to it is framed.

    Attributes:
        name: the customer's, if known.
        key: chooses among variants of equal meaning; the same key, the same words.
    """

    negative: bool = False
    impatient: bool = False
    praising: bool = False
    name: str | None = None
    key: str = ""

    @classmethod
    def of(cls, sentiment: SentimentVerdict | None, *, name: str | None, key: str) -> Mood:
        """Return the mood of a message by its sentiment; an even one where that is not known."""
        negative = sentiment is not None and sentiment.label is Sentiment.NEGATIVE
        flags = sentiment.flags if sentiment is not None else ()
        return cls(
            negative=negative,
            impatient=IMPATIENT in flags,
            praising=PRAISING in flags and not negative,
            name=name if name and greetable(name) else None,
            key=key,
        )


def greetable(name: str) -> bool:
    """Tell whether a name is one that a person would be greeted with."""
    written = any(character.isalpha() for character in name)
    return written and len(name) <= _LONGEST_NAME and not _NO_NAME.search(name)


def framed(reply: str, mood: Mood, *, tag: str) -> str:
    """Return ``reply``, slots still open, as a good agent would say it to this customer.

    Args:
        tag: language of the reply: ``zh-Hans``, ``zh-Hant`` or ``en``.
    """
    words = read_resource("tone")[tag]
    said = _Said.by(reply, words["marks"])
    greeting = "" if said.greets else _greeting(words, mood, thanked=said.thanks)
    parts = [
        _apology(words, mood) if mood.negative and not said.apologises else "",
        _pick(words["thanks"], mood, "thanks") if mood.praising and not said.thanks else "",
        reply,
        "" if mood.impatient or said.closes else _pick(words["close"], mood, "close"),
    ]
    body = str(words["between"]).join(part for part in parts if part)
    return f"{greeting}{words['after_greeting']}{body}" if greeting else body


@dataclass(frozen=True, slots=True)
class _Said:
    greets: bool
    apologises: bool
    thanks: bool
    closes: bool

    @classmethod
    def by(cls, reply: str, marks: Mapping[str, Sequence[str]]) -> _Said:
        lower = reply.strip().lower()
        sentences = _SENTENCE.findall(lower) or [lower]
        return cls(
            greets=lower.startswith(tuple(marks["greets"])),
            apologises=_has(lower, marks["apologises"]),
            thanks=_has(sentences[0], marks["thanks"]),
            closes=_has(sentences[-1], marks["closes"]),
        )


def _greeting(words: Mapping[str, Any], mood: Mood, *, thanked: bool) -> str:
    """Return a greeting; the short one to who is upset, whom no cheer would please."""
    short = mood.impatient or mood.negative
    kind = f"{'short_' if short else ''}{'named' if mood.name else 'unnamed'}"
    variants = words[kind]
    if thanked or mood.praising:
        variants = [v for v in variants if not _has(v.lower(), words["marks"]["thanks"])]
    return _pick(variants, mood, kind)


def _apology(words: Mapping[str, Any], mood: Mood) -> str:
    return _pick(words["short_apology" if mood.impatient else "apology"], mood, "apology")


def _pick(variants: Sequence[str], mood: Mood, part: str) -> str:
    digest = hashlib.blake2b(
        f"{part}\0{mood.key}".encode("utf-8", "replace"), digest_size=8
    ).digest()
    return variants[int.from_bytes(digest, "big") % len(variants)]


def _has(text: str, marks: Sequence[str]) -> bool:
    return any(mark in text for mark in marks)
