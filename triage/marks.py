"""What stands in a message and is no word: links, addresses, handles, ids, privacy masks."""

from __future__ import annotations

import re

URL = re.compile(
    r"(?:https?://|www\.)[^\s\u3400-\u9fff<>\[\]]+|\[(?:链接|連結|link|url)\]", re.IGNORECASE
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
HANDLE = re.compile(r"(?<![\w@])@\w{2,}")
MASK = re.compile(r"\[([^\[\]\s][^\[\]]{0,24})\]")
ID = re.compile(r"\b(?=[A-Za-z_]{0,40}\d)[A-Za-z0-9_]{9,}\b", re.ASCII)
DIGITS = re.compile(r"\d+")


def words_of(cleaned: str) -> str:
    """Return a cleaned text with spaces for links, addresses, handles and masks; ids stay."""
    text = cleaned
    if "/" in text or "www" in text or "[" in text:
        text = MASK.sub(" ", URL.sub(" ", text))
    if "@" in text:
        text = HANDLE.sub(" ", EMAIL.sub(" ", text))
    return text
