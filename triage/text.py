"""Text before understanding: cleaning, and one normal form for matching.

It never touches the original: spans and evidence are found elsewhere, in the text as written.
"""

from __future__ import annotations

import html
import re
import unicodedata

from triage.boilerplate import own_words
from triage.language import SUPPORTED_LANGUAGES, UNDETERMINED, Language, language_of
from triage.marks import DIGITS, EMAIL, HANDLE, ID, MASK, URL
from triage.script import to_simplified, to_traditional, without_surrogates

__all__ = [
    "SUPPORTED_LANGUAGES",
    "UNDETERMINED",
    "Language",
    "as_written",
    "clean",
    "detect_language",
    "normalise",
    "read",
    "to_simplified",
    "to_traditional",
    "without_surrogates",
]

_REPEAT = re.compile(r"([^\d])\1{3,}")
_SPACE = re.compile(r"\s+")
_ID_DIGITS = 5  # from that many digits on, a number is an id, not a quantity


def clean(text: str, *, own: str | None = None) -> str:
    """Return the customer's own words: without HTML, quoted mail, signature and control characters.

    When nothing would be left (a reply that is all quotation), the quotation is kept.

    Args:
        own: ``own_words(text)``, where the caller has it already.
    """
    words = own_words(text) if own is None else own
    kept = html.unescape(unicodedata.normalize("NFKC", words))
    if not kept.isprintable():
        kept = "".join(
            c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in kept
        )
    return _SPACE.sub(" ", kept).strip()


def normalise(text: str) -> str:
    """Return the form that models see: clean, lower case, Simplified, ids and names masked.

    Numbers, links, handles and privacy masks are replaced by short stand-ins, so that two
    messages that differ only in an order number look alike.
    """
    return _masked(clean(text))


def read(text: str, *, own: str | None = None) -> tuple[str, Language]:
    """Return the normalised text and its language, cleaning once; ``own`` as for ``clean``."""
    cleaned = clean(text, own=own)
    return _masked(cleaned), language_of(cleaned)


def as_written(term: str, text: str) -> str | None:
    """Return the place of ``text`` that a normalised ``term`` came from, or ``None``."""
    folded = to_simplified(text).lower()
    start = folded.find(term)
    if start < 0 or len(folded) != len(text):
        return None
    return text[start : start + len(term)]


def detect_language(text: str) -> Language:
    """Name language and script of ``text``; ``und`` when it holds no words at all."""
    return language_of(clean(text))


def _masked(cleaned: str) -> str:
    text = URL.sub(" url ", to_simplified(cleaned))
    text = EMAIL.sub(" email ", text)
    text = HANDLE.sub(" @user ", text)
    text = MASK.sub(_mask_stand_in, text)
    text = ID.sub("00000", text)
    text = DIGITS.sub(lambda m: "0" if len(m[0]) < _ID_DIGITS else "00000", text)
    text = _REPEAT.sub(r"\1\1\1", text)
    return _SPACE.sub(" ", text).strip().lower()


def _mask_stand_in(match: re.Match[str]) -> str:
    inner = match[1].lower()
    if inner in ("数字", "number", "num"):
        return "0"
    if any(word in inner for word in ("编号", "单号", "账号", "order", "tracking", "userid", "id")):
        return "00000"
    return f" {inner} "
