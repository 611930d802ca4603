"""Numbers and names of accounts that are told by a word near them: the nearest cue decides.

The text is in its folded form. Words of orders and goods are cues too: what follows them is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from triage.folding import lower
from triage.personal.birth_dates import births_behind, find_births
from triage.personal.cue_words import cues
from triage.personal.finding import KEPT, Finding
from triage.personal.lexicon import lexicon
from triage.personal.passwords import find_secrets, secrets_behind, talks_of_secrets
from triage.personal.plates import find_plates, plates_behind
from triage.personal.shapes import phone_value

_ANSWER = re.compile(r"\[[A-Z][A-Z_]+_[0-9A-Z.]*")
_EXTENSION = r"(?: ?(?:转|轉|分机|分機|ext\.?|x) ?\d{1,6})?"
_LONGEST = 80  # characters of a value at most

_LAST_SIX = re.compile(
    r"[后後末][四五六八]位(?:数|號|号|碼|码|是|为|為|[: ]){0,4}(?P<id>\d{3,7}[\dXx])(?![\dA-Za-z])"
)
_NUMBERS = re.compile(r"\d")
_HAN_DATE = re.compile("[一二三四五六七八九十正冬腊臘〇零][年月]")
_NOTHING = re.compile(r"(?!)")  # values of these cues have a reader of their own
_STRONG_LINK = re.compile(r"(?:[号號]|\bid\b|[:=]|是|为|為)", re.IGNORECASE)
_HANDLE = re.compile(
    r"@?(?:live:)?[A-Za-z][A-Za-z0-9_.-]{3,31}|(?<![\d.])\d{5,11}(?![\d.])", re.ASCII
)
_PLAIN_WORD = re.compile(r"@?[A-Za-z][a-z]*|[A-Z]+")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How values of a cue look.

    Attributes:
        pattern: of a value.
        reach: characters between cue and value at most.
        certainty: of a value that follows.
    """

    type: str
    pattern: re.Pattern[str]
    reach: int
    certainty: int


_SHAPES = {
    "order": _Shape(KEPT, re.compile(r"(?=[A-Za-z0-9-]{5})[A-Za-z]{0,6}-?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+){0,5}"), 12, 70),
    "phone": _Shape(
        "phone",
        re.compile(
            r"\+?\(?(?!(?:19|20)\d\d[-./]\d{1,2}[-./]\d)(?!(?:400|800|888)[- ])"
            rf"\d(?:[ ().\u00b7-]{{0,2}}\d){{6,14}}{_EXTENSION}(?![\d*])"
        ),
        20, 82,
    ),
    "id": _Shape(
        "id_number",
        re.compile(
            r"[A-Z]{0,3}\d{6,17}[0-9A-Zx]? ?(?:\([0-9A]\))?|\d{3}[- ]\d{2}[- ]\d{4}"
            r"|\d{6} ?(?:19|20)\d{2} ?\d{4} ?\d{3}[\dXx]|\d{2,14}\*{3,14}\d{0,4}[xX]?"
            r"|[A-Z]\d{3} ?\d{3} ?\(?[0-9A]\)?|\d{4}[ -]\d{4}[ -]\d{4}(?!\d)|[A-Z]{5}\d{4}[A-Z](?![A-Za-z\d])"
            r"|[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Za-z\d])|[A-Z]\d{3,4}-\d{4,5}-\d{4,5}|\d{6}-\d{2}-\d{4}(?!\d)"
            r"|[A-Z]{2,5}\d{5,6}[A-Z0-9]{2,6}(?![A-Za-z\d])|784-?\d{4}-?\d{7}-?\d(?!\d)"
        ),
        28, 84,
    ),
    "passport": _Shape("passport", re.compile(r"(?:[A-Z]{1,3} ?)?\d{6,9}[A-Z]?(?![\d-])"), 28, 86),
    "card": _Shape(
        "bank_card",
        re.compile(r"\d(?:[ -]?\d){11,20}(?!\d)|\d{2}-\d{2}-\d{2}(?![\d-])|\d{3}-\d{3}(?![\d-])|\d{4}[ -]?\d{3,7}(?![\d-])|\d{2,6}[ ]?\*{2,14}[ ]?\d{2,4}"), 28, 83
    ),
    "tax": _Shape(
        "tax_no", re.compile(r"(?:[A-Z]{1,4}[ -]?)?\d(?:[ .-]?\d|[A-Z]){6,19}(?![A-Za-z\d])"), 28, 85
    ),
    "plate": _Shape("plate", _NOTHING, 20, 66),
    "chat": _Shape("chat_id", _HANDLE, 20, 81),
    "birth": _Shape("birth_date", _NOTHING, 48, 80),
    "secret": _Shape("secret", _NOTHING, 40, 77),
}  # fmt: skip


def find_cued(text: str) -> Iterator[Finding]:
    """Yield what stands behind a cue, no further from it than the next cue; ``text`` is folded."""
    numbers = _NUMBERS.search(text) is not None
    for cue, after in pairwise([*cues(lower(text), numbers=numbers), None]):
        kind = cue.lastgroup if cue else None
        if cue is None or kind is None:
            continue
        shape = _SHAPES[kind]
        stop = (
            after.start()
            if after and (kind != "birth" or after.lastgroup == "order")
            else len(text)
        )
        limit = min(cue.end() + shape.reach, stop)
        answer = _ANSWER.search(text, cue.end(), limit)  # what it asks for is masked already
        limit = answer.start() if answer else limit
        yield from _READERS.get(kind, _first)(text, cue, limit)
    if numbers:
        for match in _LAST_SIX.finditer(text):
            yield Finding("id_number", *match.span("id"), match["id"].upper(), 80)
        yield from find_plates(text)
    if numbers or _HAN_DATE.search(text):
        yield from find_births(text)
    if talks_of_secrets(text):
        yield from find_secrets(text)


def _first(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield the first value behind a cue that is not cut out of a longer word or number."""
    shape = _SHAPES[str(cue.lastgroup)]
    for match in _values(shape.pattern, text, cue.end(), limit):
        value = phone_value(match[0]) if shape.type == "phone" else _plain(match[0])
        certainty = shape.certainty + _bonus(text, cue, match)
        yield Finding(shape.type, *_trimmed(match), value, certainty)
        return


def _values(pattern: re.Pattern[str], text: str, start: int, limit: int) -> Iterator[re.Match[str]]:
    place = start
    end = limit + _LONGEST  # a bound, so that time stays linear
    while (match := pattern.search(text, place, end)) and match.start() <= limit:
        cut = match.start() > start and match[0][0].isalnum() and _is_word(text[match.start() - 1])
        if not cut:
            yield match
        place = max(match.end(), match.start() + 1)


def _bonus(text: str, cue: re.Match[str], match: re.Match[str]) -> int:
    """Return more certainty for an order's number right behind words that name it."""
    near = text[cue.end() : match.start()].strip(" :#是为為")
    named = cue.lastgroup == "order" and near in (
        "",
        "号",
        "號",
        "no",
        "no.",
        "number",
        "号码",
        "id",
    )
    return 18 if named and match.end() - match.start() > 5 else 0


def _handle(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    for match in _values(_HANDLE, text, cue.end(), limit):
        between = text[cue.end() : match.start()]
        start, end = _trimmed(match)
        word = text[start:end]
        linked = _STRONG_LINK.search(between) is not None
        plain = _PLAIN_WORD.fullmatch(word) is not None
        if (
            (word[0] == "@" and (between.strip(" :") not in ("", "is") or cue[0].lower() == "line"))
            or len(word) < 4
            or word.lower() in lexicon().not_handles
            or (plain and not (linked and len(between) < 8))
        ):
            continue
        if "@" in text[end : end + 1]:
            return
        yield Finding("chat_id", start, end, word.lower(), 81)
        return


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """Return a value's place without the full stop or dash of the sentence around it."""
    return match.start(), match.start() + len(
        match[0].rstrip(" .-:?,!" if "!" not in match[0][:-1] else " .-:?,")
    )


def _plain(written: str) -> str:
    return re.sub(r"[\s().-]", "", written).upper()


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


_READERS: dict[str, Callable[[str, re.Match[str], int], Iterator[Finding]]] = {
    "chat": _handle,
    "birth": births_behind,
    "secret": secrets_behind,
    "plate": plates_behind,
}
