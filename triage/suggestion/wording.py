"""The wording of an article for a customer: its text in their language and script, or the nearest.

It says what became of the text: whether its script was converted, or it is in another language.
"""

from __future__ import annotations

from dataclasses import dataclass

from triage.article import Article
from triage.text import SUPPORTED_LANGUAGES, Language, to_simplified, to_traditional

_ORDER = {
    "zh-Hans": ("zh-Hans", "zh-Hant", "en"),
    "zh-Hant": ("zh-Hant", "zh-Hans", "en"),
    "en": ("en", "zh-Hans", "zh-Hant"),
}
_CONVERT = {"zh-Hans": to_simplified, "zh-Hant": to_traditional}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """An article's text as a customer is to get it.

    Attributes:
        tag: ``zh-Hans``, ``zh-Hant`` or ``en``.
        converted: whether the script is another than the article was written in.
        foreign: whether it is in another language than the customer's.
    """

    tag: str
    title: str
    reply: str
    converted: bool
    foreign: bool

    @property
    def language(self) -> str:
        """The language without the script."""
        return self.tag.partition("-")[0]

    @property
    def script(self) -> str | None:
        """The script of Chinese, else ``None``."""
        return self.tag.partition("-")[2] or None


def wording_of(article: Article, language: Language) -> Wording:
    """Return title and reply in the customer's language and script, or the nearest there is.

    Simplified and Traditional Chinese are converted into each other by OpenCC where the article
    has only one; no language is translated.
    """
    chinese = "zh-Hant" if language.script == "Hant" else "zh-Hans"
    wanted = chinese if language.code == "zh" else "en"
    found = next(tag for tag in _ORDER[wanted] if tag in article.translations)
    text = article.translations[found]
    converted = found != wanted and found.startswith("zh") and wanted.startswith("zh")
    convert = _CONVERT[wanted] if converted else str
    return Wording(
        tag=wanted if converted else found,
        title=convert(text.title),
        reply=convert(text.reply),
        converted=converted,
        foreign=language.code in SUPPORTED_LANGUAGES and not found.startswith(language.code),
    )
