"""One plain form of a text for looking things up, character by character: every offset stays.

Full-width becomes half-width, Traditional becomes Simplified, and no character is added or lost, so
a span of the plain form is a span of the text. What models see is ``triage.text``.
"""

from __future__ import annotations

import functools
import re

from triage.text import to_simplified

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_HALF = 0xFEE0
_HAN = range(0x3400, 0xA000)
_WORD = re.compile(r"[a-z]+|[^a-z ]")


def fold(text: str) -> str:
    """Return ``text`` in half-width Simplified characters, of the same length, its case kept."""
    return text if text.isascii() else text.translate(_plain_characters())


def lower(text: str) -> str:
    """Return ``text`` in lower case and of the same length; the few letters that grow stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def clues_of(plain: str) -> frozenset[str]:
    """Return every Latin word and every other character of a folded, lower-case text.

    Where none of a pattern's necessary words or characters is among them, it need not be tried.
    """
    return frozenset(_WORD.findall(plain))


@functools.cache
def _plain_characters() -> dict[int, str]:
    """Return the characters that have another plain form; OpenCC knows the Chinese ones."""
    # One per line: OpenCC converts phrases, and each character must be judged alone.
    written = "\n".join(map(chr, _HAN))
    plain = zip(written, to_simplified(written), strict=True)
    table = {ord(old): new for old, new in plain if old != new}
    table |= {code: chr(code - _TO_HALF) for code in _FULL_WIDTH}
    # ， becomes 、 and not a comma: 满300，500元 holds no number of thousands.
    return table | {0x3000: " ", 0xFFE5: "¥", 0xFFE1: "£", 0x2019: "'", 0xFF0C: "、"}
