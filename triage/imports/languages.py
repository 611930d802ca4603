"""Which language an article's text is in: by a locale's or a language's name, or by the text."""

from __future__ import annotations

from triage.text import detect_language

_TAGS = {
    "zh-Hans": "zh zh-cn zh-sg zh-my zh-hans zh-hans-cn cn chs sc chinese 中文 汉语 简体 简体中文 "
               "简中",
    "zh-Hant": "zh-tw zh-hk zh-mo zh-hant zh-hant-tw zh-hant-hk cht tc 繁体 繁体中文 繁體 繁體中文 "
               "繁中",
    "en": "en en-us en-gb en-au en-ca en-ie en-in en-nz en-sg en-150 en-001 eng english 英文 英语 "
          "英語",
}  # fmt: skip
BY_NAME = {name: tag for tag, names in _TAGS.items() for name in names.split()}


def tag_named(name: str) -> str | None:
    """Return the tag of a locale or language by name, ``None`` for one that is not answered in."""
    return BY_NAME.get(name.strip().casefold().replace("_", "-"))


def tag_told(text: str) -> str | None:
    """Return the tag of the language that a text is written in, ``None`` for any other."""
    found = detect_language(text)
    return found.tag if found.tag in _TAGS else None
