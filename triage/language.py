"""Which language a cleaned message is written in, and in which parts; scripts are elsewhere.

Alphabets decide first, then known words and letters (``resources/languages.toml``), and only where
these are silent and there are words enough the statistical identifier (py3langid, naive Bayes over
byte n-grams: Lui and Baldwin, 2012).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from triage.marks import words_of
from triage.resource import read_resource
from triage.script import HAN, script_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SUPPORTED_LANGUAGES = frozenset({"zh", "en"})
UNDETERMINED = "und"
MIXED_SHARE = 0.12  # of the words, from which on a second language is named
_LETTERS_A_WORD = 5  # of Cyrillic, Arabic, Thai and the like
CHARACTERS_A_WORD = 1.5  # of Chinese, Japanese and Korean; about what an English word says

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_DECORATIVE = "の"  # Chinese brands write it for 的
_KANA_SHARE = 0.25
_HANGUL = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[0-9A-Za-zÀ-ɏḀ-ỿ_]+(?:['’-][0-9A-Za-zÀ-ɏḀ-ỿ]+)*")
_CAMEL = re.compile(r"[a-z][A-Z]")
_ACRONYM = 5  # letters up to which capitals name a thing
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-z]")

# Latin-script languages that customers of a cross-border shop write; a short list keeps the
# identifier from answering with rare languages on a handful of words.
_IDENTIFIABLE = ["en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr", "id", "vi", "sv", "da",
                 "fi", "no", "cs", "ro", "hu", "tl"]  # fmt: skip
_MIN_WORDS = 4  # for the identifier
_PLAIN_CERTAINTY = 0.9  # to call a text of plain letters anything but English
_MARKED_CERTAINTY = 0.5  # the same where it holds letters such as é or ß
_ENGLISH_SHARE = 0.25  # of the words, from which on the identifier is not asked
_LETTER_WEIGHT = 2  # a letter such as ß says as much as two words


@dataclass(frozen=True, slots=True)
class Language:
    """Language of a text: ``zh``, ``en``, another ISO 639-1 code or ``und``; script for Chinese.

    Attributes:
        shares: the languages of a text's words, main one first, with their shares of 1; several
            only where each has at least ``MIXED_SHARE``, none for ``und``.
    """

    code: str
    script: str | None = None
    shares: tuple[tuple[str, float], ...] = field(default=(), compare=False)

    @property
    def tag(self) -> str:
        """BCP 47 tag such as ``zh-Hant`` or ``en``."""
        return f"{self.code}-{self.script}" if self.script else self.code

    @property
    def supported(self) -> bool:
        """False only for a language that was recognised and that the models do not know."""
        return self.code in SUPPORTED_LANGUAGES or self.code == UNDETERMINED

    @property
    def mixed(self) -> bool:
        """Whether a second language has a part that counts."""
        return len(self.shares) > 1

    @property
    def name(self) -> str:
        """English name with the code, as in ``French (fr)``; the code alone where unknown."""
        name = read_resource("languages")["names"].get(self.code)
        return f"{name} ({self.code})" if name else self.code


def language_of(cleaned: str) -> Language:
    """Name language, script and shares of a cleaned text; ``und`` when it holds no words at all.

    Product names, sizes, ids, links and masks are no words. Of a mixed text the main part decides.
    """
    text = words_of(cleaned)
    weights: Counter[str] = Counter()
    if not text.isascii():
        weights.update(_foreign_alphabets(text))
    latin = _LATIN_WORD.findall(text)
    words = _Words.of(latin, borrowing="zh" in weights)
    if words.count:
        weights[words.language(text)] += words.count
    if not weights:
        return Language(UNDETERMINED)
    borrowed = "zh" in weights and not words.framed
    code = "zh" if borrowed else max(weights, key=weights.__getitem__)
    return Language(code, script_of(cleaned) if code == "zh" else None, _shares(weights, code))


def _shares(weights: Mapping[str, float], main: str) -> tuple[tuple[str, float], ...]:
    total = sum(weights.values())
    parts = {c: w for c, w in weights.items() if c == main or w / total >= MIXED_SHARE}
    whole = sum(parts.values())
    ranked = sorted(parts.items(), key=lambda part: (part[0] != main, -part[1]))
    return tuple((code, round(weight / whole, 2)) for code, weight in ranked)


def _foreign_alphabets(text: str) -> dict[str, float]:
    """Return the weight in words of each language whose alphabet is not the Latin one."""
    weights: dict[str, float] = {}
    han, hangul = len(HAN.findall(text)), len(_HANGUL.findall(text))
    kana = sum(c != _DECORATIVE for c in _KANA.findall(text))
    if han or kana:
        code = "ja" if _is_japanese(text, han=han, kana=kana) else "zh"
        weights[code] = (han + kana) / CHARACTERS_A_WORD
    if hangul:
        weights["ko"] = hangul / CHARACTERS_A_WORD
    letters = Counter(map(_alphabet_of, _OTHER_LETTER.findall(text)))
    del letters[""]
    for code, count in letters.items():
        weights[_refined(code, text)] = count / _LETTERS_A_WORD
    return weights


def _is_japanese(text: str, *, han: int, kana: int) -> bool:
    if kana >= _KANA_SHARE * (han + kana):
        return True
    tables = read_resource("languages")
    if any(c in tables["chinese"]["markers"] for c in text):
        return False
    return kana > 0 or any(c in tables["japanese"]["kanji"] for c in text)


@functools.lru_cache(maxsize=4096)
def _alphabet_of(letter: str) -> str:
    for code, ranges in read_resource("languages")["alphabets"].items():
        if re.match(f"[{ranges}]", letter):
            return str(code)
    return ""


def _refined(code: str, text: str) -> str:
    """Return the language that the letters of ``text`` show within the alphabet of ``code``."""
    kin = {"ru": ("uk", "be", "sr", "kk"), "ar": ("ur", "fa")}.get(code, ())
    letters = read_resource("languages")["letters"]
    lower = text.lower()
    return next((k for k in kin if any(c in letters[k] for c in lower)), code)


@dataclass(frozen=True, slots=True)
class _Words:
    """The Latin words of a text that show a language: lower case, without names and ids."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Iterable[str], *, borrowing: bool) -> _Words:
        """Sort out names; ``borrowing`` is true for a text in which Chinese stands too."""
        known, unknown = [], []
        lexicon = _lexicon()
        for token in tokens:
            word = token.lower().replace("’", "'")
            if word in lexicon.names or (borrowing and word in lexicon.borrowed):
                continue
            if word in lexicon.languages or word.replace("'", "") in lexicon.languages:
                known.append(word)
            elif word.isalpha() and not _names_a_thing(token):
                unknown.append(word)
        # Beside Chinese, letters that are no known word are a brand.
        return cls(tuple(known), () if borrowing and not known else tuple(unknown))

    @property
    def count(self) -> int:
        return len(self.known) + len(self.unknown)

    @property
    def framed(self) -> bool:
        """Whether the words make an English sentence."""
        return not _lexicon().frame.isdisjoint(word.replace("'", "") for word in self.known)

    def language(self, text: str) -> str:
        """Return the language of the words; ``en`` where nothing speaks against it."""
        english, foreign = self._votes(text)
        if foreign:
            best, votes = max(foreign.items(), key=lambda item: item[1])
            tied = [code for code, count in foreign.items() if count == votes]
            if votes > english:
                return best if len(tied) == 1 else self._identified_among(tied)
            if votes == english and self.unknown and self.count >= _MIN_WORDS:
                return self._identified_among(["en", *tied])
        if self.count < _MIN_WORDS or english >= _ENGLISH_SHARE * self.count:
            return "en"
        code, certainty = _identifier().classify(" ".join(_LATIN_WORD.findall(text)))
        wanted = _PLAIN_CERTAINTY if text.isascii() else _MARKED_CERTAINTY
        return str(code) if certainty >= wanted else "en"

    def _votes(self, text: str) -> tuple[int, dict[str, int]]:
        english, foreign = 0, Counter[str]()
        languages = _lexicon().languages
        for word in self.known:
            codes = languages.get(word) or languages[word.replace("'", "")]
            english += "en" in codes
            foreign.update(code for code in codes if code != "en")
        if not text.isascii():
            letters = set(text.lower())
            for code, shown in _lexicon().letters.items():
                if letters & shown:
                    foreign[code] += _LETTER_WEIGHT
        return english, dict(foreign)

    def _identified_among(self, codes: list[str]) -> str:
        """Choose between languages that share the known words, as Spanish and Portuguese do."""
        ranked = _identifier().rank(" ".join((*self.known, *self.unknown)))
        return next((str(code) for code, _ in ranked if code in codes), codes[0])


def _names_a_thing(token: str) -> bool:
    """Tell brands and models by their capitals: PayPal, USB; a shouted word is in the lexicon."""
    return _CAMEL.search(token) is not None or (token.isupper() and len(token) <= _ACRONYM)


@dataclass(frozen=True, slots=True)
class _Lexicon:
    languages: Mapping[str, frozenset[str]]
    letters: Mapping[str, frozenset[str]]
    names: frozenset[str]
    borrowed: frozenset[str]
    frame: frozenset[str]


@functools.cache
def _lexicon() -> _Lexicon:
    tables = read_resource("languages")
    languages: dict[str, set[str]] = {}
    for code, words in tables["words"].items():
        for word in words.split():
            languages.setdefault(word, set()).add(code)
    return _Lexicon(
        {word: frozenset(codes) for word, codes in languages.items()},
        {c: frozenset(shown) for c, shown in tables["letters"].items() if c in tables["words"]},
        frozenset(tables["wordless"]["words"].split()),
        frozenset(tables["wordless"]["borrowed"].split()),
        frozenset(tables["frame"]["words"].split()),
    )


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_IDENTIFIABLE)
    return identifier
