"""Numbers in words, Chinese and English: patterns that find them and functions that read them."""

from __future__ import annotations

import functools

from cn2an import cn2an

# In folded, lower-case text.
ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.[0-9]{1,2})?"
HAN = r"[零一二两三四五六七八九十百千万廿]{1,10}"
_SCALES = {"十": 10, "百": 100, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000, "亿": 10**8}
_UNITS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "couple": 2, "dozen": 12, "half": 0.5,
}  # fmt: skip
_MULTIPLIERS = {"dozen": 12, "hundred": 100, "thousand": 1_000, "grand": 1_000}
ENGLISH_WORDS = frozenset(_UNITS) | frozenset(_MULTIPLIERS)

_ONE = "|".join(sorted(set(_UNITS) - {"a", "an", "half", "dozen"}, key=len, reverse=True))
ENGLISH = (
    rf"(?:(?:an?|half\s(?:an?)|{_ONE}|dozen)"
    rf"(?:[\s-](?:and\sa\shalf|(?:and\s)?(?:{_ONE}|hundred|thousand|grand|dozen))){{0,5}}"
    r"(?:\sof)?)"
)


def arabic(written: str) -> float | None:
    """Return the value of digits with thousands separators; ``None`` for anything else."""
    try:
        return float(written.replace(",", ""))
    except ValueError:
        return None


def scale(word: str | None) -> int:
    """Return what 万, 千 or k multiplies by; 1 for no word."""
    return _SCALES.get((word or "").lower(), 1)


@functools.lru_cache(maxsize=4096)
def han(written: str) -> float | None:
    """Return the value of a Chinese numeral such as 三百五 or 1.2万; ``None`` for no numeral.

    Approximate forms give their lower bound: 两三百 is 200, 百 is 100.
    """
    plain = written.replace("廿", "二十")
    if plain in _SCALES:
        return float(_SCALES[plain])
    if len(plain) > 1 and plain[0] in "一二两三四五六七八九" and plain[1] in "二三四五六七八九":
        plain = plain[0] + plain[2:]  # 两三百: two to three hundred
    try:
        return float(cn2an(plain, "smart"))
    except ValueError:
        return None


def english(written: str) -> float | None:
    """Return the value of words such as ``two hundred and fifty`` or ``a couple of``."""
    total, current = 0.0, 0.0
    for position, word in enumerate(written.lower().replace("-", " ").split()):
        if word in ("and", "of") or (position and word in ("a", "an")):
            continue
        if position and word in _MULTIPLIERS:
            current = (current or 1) * _MULTIPLIERS[word]
        elif word in _UNITS:
            current = _UNITS[word] if word == "couple" else current + _UNITS[word]
        elif word in _MULTIPLIERS:
            current = _MULTIPLIERS[word]
        else:
            return None
        if word in ("thousand", "grand"):
            total, current = total + current, 0.0
    return total + current


def number(written: str) -> float | None:
    """Return the value of a number in digits, Chinese or English; ``None`` if it is none."""
    plain = written.strip()
    if plain[:1].isascii() and plain[:1].isalpha():
        return english(plain)
    return arabic(plain) if plain.isascii() else han(plain)
