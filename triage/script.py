"""The two scripts of Chinese: conversion between them and which of them a text is written in."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from triage.resource import read_resource

if TYPE_CHECKING:
    from opencc import OpenCC

HANS, HANT = "Hans", "Hant"
HAN = re.compile(r"[\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_simplified(text: str) -> str:
    """Convert Traditional characters to Simplified; other text is unchanged.

    Goes beyond the dictionary where customers' spelling differs: 帳 (account, bill) is 账.
    """
    if not HAN.search(text):
        return text
    return str(_converter("tw2s").convert(without_surrogates(text))).replace("帐", "账")


def to_traditional(text: str) -> str:
    """Convert Simplified Chinese to Traditional with Taiwan's wording."""
    return str(_converter("s2twp").convert(text)) if HAN.search(text) else text


def without_surrogates(text: str) -> str:
    """Put a stand-in for each lone surrogate, which UTF-8 cannot hold; every offset stays."""
    return _SURROGATE.sub("\ufffd", text)


def script_of(text: str) -> str:
    """Return ``Hant`` where more characters speak for Traditional than for Simplified, or ``Hans``.

    A character speaks for one script when the other would write it otherwise. Characters that
    writers of both use (台, 里, 面) and those of Cantonese writing (嘅, 唔) come from the resource.
    """
    return HANT if sum(map(_leaning, HAN.findall(text))) > 0 else HANS


@functools.lru_cache(maxsize=1 << 16)
def _leaning(character: str) -> int:
    table = read_resource("languages")["script"]
    if character in table["traditional"]:
        return 2
    if character in table["both"]:
        return 0
    if _converter("t2s").convert(character) != character:
        return 1
    return -1 if all(_converter(c).convert(character) != character for c in ("s2tw", "s2hk")) else 0


@functools.cache
def _converter(config: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(config)
