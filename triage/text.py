"""Text before understanding: cleaning, one normal form for matching, language and script.

It never touches the original: spans and evidence are found elsewhere, in the text as written.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC
    from py3langid.langid import LanguageIdentifier

SUPPORTED_LANGUAGES = frozenset({"zh", "en"})
UNDETERMINED = "und"

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_QUOTE_START = re.compile(
    r"^[^\S\n]*(?:-{2,}[^\S\n]*"
    r"(?:original message|forwarded message|原始邮件|原始郵件).*"
    r"|on .{4,120} wrote:|在.{4,60}写道[:\uff1a]|於.{4,60}寫道[:\uff1a])[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE = re.compile(
    r"^[^\S\n]*(?:-- ?|sent from my \w+.*|get outlook for \w+.*|发自我的.{1,20}|從我的.{1,20}傳送)"
    r"[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINE = re.compile(r"^[^\S\n]*>.*$", re.MULTILINE)
_URL = re.compile(
    r"(?:https?://|www\.)[^\s\u3400-\u9fff<>\[\]]+|\[(?:链接|連結|link|url)\]", re.IGNORECASE
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_HANDLE = re.compile(r"(?<![\w@])@\w{2,}")
_MASK = re.compile(r"\[([^\[\]\s][^\[\]]{0,24})\]")
_DIGITS = re.compile(r"\d+")
_ID = re.compile(r"\b(?=[A-Za-z_]{0,40}\d)[A-Za-z0-9_]{9,}\b", re.ASCII)
_REPEAT = re.compile(r"([^\d])\1{3,}")
_SPACE = re.compile(r"\s+")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)?")

_SURROGATE = re.compile("[\ud800-\udfff]")
_HAN = re.compile(r"[\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_TRADITIONAL_ONLY = frozenset("嘅咗喺冇嚟唔哋啲乜嘢俾畀佢咁ㄉㄇㄚㄅㄊㄋㄌㄍㄏ")

# Latin-script languages that customers of a cross-border shop write; a short list keeps the
# identifier from answering with rare languages on a handful of words.
_IDENTIFIABLE = ["en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr", "id", "vi", "sv", "da",
                 "ru", "uk", "ar", "th", "hi", "he", "el"]  # fmt: skip
_MIN_LATIN_WORDS = 4
_ID_DIGITS = 5  # from that many digits on, a number is an id, not a quantity
_PLAIN_CERTAINTY = 0.9  # to call a text of plain letters anything but English
_MARKED_CERTAINTY = 0.5  # the same where it holds letters such as é or ß


@dataclass(frozen=True, slots=True)
class Language:
    """Language of a text: ``zh``, ``en``, another ISO 639-1 code or ``und``; script for Chinese."""

    code: str
    script: str | None = None

    @property
    def tag(self) -> str:
        """BCP 47 tag such as ``zh-Hant`` or ``en``."""
        return f"{self.code}-{self.script}" if self.script else self.code

    @property
    def supported(self) -> bool:
        """False only for a language that was recognised and that the models do not know."""
        return self.code in SUPPORTED_LANGUAGES or self.code == UNDETERMINED


def clean(text: str) -> str:
    """Return the customer's own words: without HTML, quoted mail, signature and control characters.

    When nothing would be left (a reply that is all quotation), the quotation is kept.
    """
    text = unicodedata.normalize("NFKC", text)
    if _TAG.search(text):
        text = _TAG.sub(" ", text)
    text = html.unescape(text)
    own = _QUOTE_START.split(text, maxsplit=1)[0]
    own = _SIGNATURE.split(_QUOTED_LINE.sub("", own), maxsplit=1)[0]
    kept = own if own.strip() else text
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in kept)
    return _SPACE.sub(" ", kept).strip()


def normalise(text: str) -> str:
    """Return the form that models see: clean, lower case, Simplified, ids and names masked.

    Numbers, links, handles and privacy masks are replaced by short stand-ins, so that two
    messages that differ only in an order number look alike.
    """
    return _masked(clean(text))


def read(text: str) -> tuple[str, Language]:
    """Return the normalised text and its language, cleaning once."""
    cleaned = clean(text)
    return _masked(cleaned), _language_of(cleaned)


def to_simplified(text: str) -> str:
    """Convert Traditional characters to Simplified; other text is unchanged.

    Goes beyond the dictionary where customers' spelling differs: 帳 (account, bill) is 账.
    """
    if not _HAN.search(text):
        return text
    return str(_converter("tw2s").convert(without_surrogates(text))).replace("帐", "账")


def without_surrogates(text: str) -> str:
    """Put a stand-in for each lone surrogate, which UTF-8 cannot hold; every offset stays."""
    return _SURROGATE.sub("\ufffd", text)


def as_written(term: str, text: str) -> str | None:
    """Return the place of ``text`` that a normalised ``term`` came from, or ``None``."""
    folded = to_simplified(text).lower()
    start = folded.find(term)
    if start < 0 or len(folded) != len(text):
        return None
    return text[start : start + len(term)]


def to_traditional(text: str) -> str:
    """Convert Simplified Chinese to Traditional with Taiwan's wording."""
    return str(_converter("s2twp").convert(text)) if _HAN.search(text) else text


def detect_language(text: str) -> Language:
    """Name language and script of ``text``; ``und`` when it holds no words at all."""
    return _language_of(clean(text))


def _masked(cleaned: str) -> str:
    text = _URL.sub(" url ", to_simplified(cleaned))
    text = _EMAIL.sub(" email ", text)
    text = _HANDLE.sub(" @user ", text)
    text = _MASK.sub(_mask_stand_in, text)
    text = _ID.sub("00000", text)
    text = _DIGITS.sub(lambda m: "0" if len(m[0]) < _ID_DIGITS else "00000", text)
    text = _REPEAT.sub(r"\1\1\1", text)
    return _SPACE.sub(" ", text).strip().lower()


def _language_of(cleaned: str) -> Language:
    words_only = _EMAIL.sub(" ", _HANDLE.sub(" ", _URL.sub(" ", cleaned)))
    han = len(_HAN.findall(words_only))
    kana = len(_KANA.findall(words_only))
    if kana and kana * 4 >= han:
        return Language("ja")
    if _HANGUL.search(words_only):
        return Language("ko")
    latin = _LATIN_WORD.findall(_ID.sub(" ", words_only))
    if han and han * 2 >= len(latin):
        return Language("zh", _script(words_only))
    if latin:
        return Language(_latin_language(words_only, words=len(latin)))
    if any(c.isalpha() for c in words_only):
        return Language(_identify(words_only)[0])
    return Language(UNDETERMINED)


def _mask_stand_in(match: re.Match[str]) -> str:
    inner = match[1].lower()
    if inner in ("数字", "number", "num"):
        return "0"
    if any(word in inner for word in ("编号", "单号", "账号", "order", "tracking", "userid", "id")):
        return "00000"
    return f" {inner} "


def _script(text: str) -> str:
    traditional = sum(a != b for a, b in zip(text, _converter("t2s").convert(text), strict=False))
    simplified = sum(a != b for a, b in zip(text, _converter("s2t").convert(text), strict=False))
    traditional += sum(c in _TRADITIONAL_ONLY for c in text)
    return "Hant" if traditional > simplified else "Hans"


def _latin_language(text: str, *, words: int) -> str:
    if words < _MIN_LATIN_WORDS:
        return "en"
    code, certainty = _identify(text)
    marked = any(c.isalpha() and not c.isascii() for c in text)
    return code if certainty >= (_MARKED_CERTAINTY if marked else _PLAIN_CERTAINTY) else "en"


def _identify(text: str) -> tuple[str, float]:
    code, probability = _identifier().classify(text)
    return str(code), float(probability)


@functools.cache
def _converter(config: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(config)


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_IDENTIFIABLE)
    return identifier
