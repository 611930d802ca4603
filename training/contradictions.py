"""Replies of near articles that seem to state different terms for the same thing: hints, no proof.

Two sentences are compared when they say nearly the same once their numbers are hidden; then their
terms of time, sums, shares, and their negation must agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from training.article_health import Pair
from triage.article import Article
from triage.extraction import KeyInfoExtractor
from triage.folding import fold, lower
from triage.numerals import ENGLISH, HAN, number
from triage.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 0.6  # of titles and questions, from which two articles are about the same
SAME = 0.75  # of sentences without their numbers
SAME_NEGATED = 0.8  # of sentences that differ in a negation, which by itself moves the vector
SAME_WORDS = 0.6  # Jaccard index of their words or Han characters, the negation left out
_HOURS = {
    "小时": 1, "钟头": 1, "hour": 1, "hr": 1, "天": 24, "日": 24, "day": 24, "周": 168, "星期": 168,
    "礼拜": 168, "week": 168, "个月": 720, "month": 720, "年": 8760, "year": 8760,
}  # fmt: skip
_WORKDAY = ("工作日", "business day", "working day", "workday")
_N = rf"(?:[0-9]+(?:\.[0-9]+)?|{HAN})"
_TIME = re.compile(
    rf"(?<![0-9.第])(?:(?P<low>{_N})\s?(?:-|–|~|到|至)\s?)?(?P<n>{_N})\s?个?(?P<unit>工作日|小时|钟头|天|日(?!元)|周|星期|礼拜|月(?!\d)|年(?!\d))"
    rf"|(?<![0-9.])\b(?:(?P<low_en>[0-9]+|{ENGLISH})\s?(?:-|–|to)\s?)?(?P<n_en>[0-9]+|{ENGLISH})[\s-]"
    r"(?P<unit_en>business\sday|working\sday|workday|hour|hr|day|week|month|year)s?\b"
)
_DATED = re.compile(r"\d{4}年|\d{1,2}月\d{1,2}日")
_SHARE = re.compile(r"(?<![0-9.])([0-9]+(?:\.[0-9]+)?)\s?%|百分之(" + HAN + ")")
_NOT = re.compile(
    r"不(?!同|客气|好意思|过|仅|但|便|久|妨|管|论|少)|无法|无需|没有|没法|别(?!的)|"
    r"\b(?:not|no|never|cannot|without)\b|n't\b"
)
_WORD = re.compile(r"[a-zà-ɏ]+|[\u3400-\u9fff]")
_SENTENCE = re.compile(r"(?<=[。！？!?；;])|(?<=[.])\s+|\n+")
_SHORTEST = 4  # characters of a sentence that says something
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)

Terms = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two sentences that may exclude each other.

    Attributes:
        articles: their ids.
        kind: ``time``, ``workdays``, ``sum``, ``share`` or ``negation``.
        sentences: as written.
        similarity: cosine of the sentences without their numbers.
    """

    articles: tuple[str, str]
    kind: str
    sentences: tuple[str, str]
    similarity: float


@dataclass(frozen=True, slots=True)
class _Statement:
    sentence: str
    normalised: str
    language: str
    terms: Terms
    negated: bool


def contradictions(
    articles: Sequence[Article],
    pairs: Sequence[Pair],
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
) -> list[Contradiction]:
    """Return hints at contradictions between the replies of near articles, likeliest first.

    Sentences of one language are compared by the cosine of their normal forms, in which numbers
    are stand-ins. They contradict each other when both state a time, a sum or a share and have no
    value of that kind in common, or when they are nearly equal, share most words, and one alone
    holds a negation. A week is seven days in both languages; working days are a kind of their own.

    Args:
        pairs: places of the articles to compare, as ``training.article_health.near_pairs`` gives.
        encode: takes normalised texts.
    """
    places = sorted({place for pair in pairs for place in (pair.first, pair.second)})
    extractor = KeyInfoExtractor()
    stated = {place: list(_statements(articles[place], extractor)) for place in places}
    texts = sorted({s.normalised for statements in stated.values() for s in statements})
    vectors = dict(zip(texts, encode(texts), strict=True)) if texts else {}
    found = []
    for pair in pairs:
        ids = articles[pair.first].id, articles[pair.second].id
        for one, other in product(stated[pair.first], stated[pair.second]):
            if one.language != other.language:
                continue
            similarity = float(vectors[one.normalised] @ vectors[other.normalised])
            if kind := _conflict(one, other, similarity=similarity):
                sentences = (one.sentence, other.sentence)
                found.append(Contradiction(ids, kind, sentences, min(similarity, 1.0)))
    return sorted(found, key=lambda c: (-c.similarity, c.articles, c.sentences))


def terms_in(sentence: str, extractor: KeyInfoExtractor) -> Terms:
    """Return the values that a sentence states by kind: hours, working days, sums, percent."""
    low = lower(fold(sentence))
    terms: dict[str, set[str]] = {}
    for match in _TIME.finditer(_DATED.sub(lambda m: "·" * len(m[0]), low)):
        written = match["n"] or match["n_en"]
        unit = match["unit"] or match["unit_en"]
        for value in (match["low"] or match["low_en"], written):
            amount = number(value) if value else None
            if amount is not None:
                kind, hours = _unit(unit)
                terms.setdefault(kind, set()).add(f"{amount * hours:g}")
    for match in _SHARE.finditer(low):
        if (value := number(match[1] or match[2])) is not None:
            terms.setdefault("share", set()).add(f"{value:g}")
    (found,) = extractor.extract([sentence], times=[_ANY_TIME])
    for info in found:
        if info.type == "amount":
            terms.setdefault("sum", set()).add(info.value)
    return {kind: frozenset(values) for kind, values in terms.items()}


def _statements(article: Article, extractor: KeyInfoExtractor) -> Iterator[_Statement]:
    for tag, text in article.translations.items():
        for part in _SENTENCE.split(text.reply):
            sentence = part.strip()
            if len(sentence) < _SHORTEST:
                continue
            terms = terms_in(sentence, extractor)
            negated = bool(_NOT.search(lower(fold(sentence))))
            normalised = normalise(sentence)
            yield _Statement(sentence, normalised, tag.partition("-")[0], terms, negated)


def _conflict(one: _Statement, other: _Statement, *, similarity: float) -> str | None:
    if similarity >= SAME:
        for kind in sorted(one.terms.keys() & other.terms.keys()):
            if not one.terms[kind] & other.terms[kind]:
                return kind
    if similarity >= SAME_NEGATED and one.negated != other.negated:
        words, others = _words(one), _words(other)
        if len(words & others) >= SAME_WORDS * len(words | others):
            return "negation"
    return None


def _words(statement: _Statement) -> set[str]:
    return set(_WORD.findall(_NOT.sub(" ", statement.normalised)))


def _unit(unit: str) -> tuple[str, int]:
    if unit in _WORKDAY:
        return "workdays", 1
    return "time", _HOURS["个月" if unit == "月" else unit]
