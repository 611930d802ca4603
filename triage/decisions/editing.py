"""How far a reply that was sent differs from the one that was suggested."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\[[A-Z][A-Z_]*?(?:_[0-9A-Z]+)?\]|[^\W\u3400-\u9fff]+|\S")
_NUMBER = re.compile(r"_[0-9A-Z]+\]$")
_MOST_WORDS = 1_000  # the comparison takes at most a fraction of a second then


def edit_share(suggested: str, sent: str) -> float:
    """Return the share of words, in [0, 1], that differ between two replies.

    It is 1 minus the ratio of ``difflib.SequenceMatcher`` (Ratcliff and Obershelp 1988) over
    words, Chinese characters and marks: 0 for a reply that was sent as suggested, 1 for one that
    has nothing of it. Tokens of redaction are compared by their kind. Only the first thousand
    words of each are read.
    """
    first, second = _words(suggested), _words(sent)
    if first == second:
        return 0.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return round(1.0 - matcher.ratio(), 4)


def _words(text: str) -> list[str]:
    # A token's number depends on what else is in its text.
    return [_NUMBER.sub("]", word) for word in _WORD.findall(text)[:_MOST_WORDS]]
