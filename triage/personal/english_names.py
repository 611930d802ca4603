"""Names in Latin letters: by title, by cue, signed, by a name that is known, or beside an address.

Which words are names is told by ``lexicon``; romanised Chinese names by ``romanised_names``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from triage.folding import lower
from triage.personal.finding import Finding
from triage.personal.lexicon import Lexicon, is_brand, lexicon
from triage.personal.name_cues import LOW_NAMED, NAMED, PARTICLE, SIGNED_LOW, SOFT, TITLE, WEAK
from triage.personal.romanised_names import is_romanised, romanised_names

Place = tuple[int, int, int]  # start, end, certainty

_LATIN = r"[A-Z\u00c0-\u00de](?:\.(?:[A-Z]\.)?|[\w'’-]{0,20})"
_LATIN_NAME = rf"(?:{PARTICLE}\b ?)?{_LATIN}(?:(?: |/(?=[A-Z]{{3}})|, (?=[A-Z][a-z]+\b(?![ '])))(?:{PARTICLE}\b ?)?{_LATIN}){{0,3}}"
# Looked for in small letters: a pattern without case would try each of its words at every place.
_ENGLISH_CUE = re.compile(
    rf"(?<![a-z])(?:{NAMED}|{WEAK}|{SOFT})(?=[,.!:;\s\"“'(\[-]{{1,4}}(?P<name>[a-z\u00df-\u00ff]))"
)
_PRESENTS = re.compile(
    r" (?:from|calling|speaking|here|writing|again|and I|with order|re|regarding)\b"
)
_CUED_NAME = re.compile(_LATIN_NAME)
_WEAK_ENGLISH = re.compile(WEAK)
_SOFT_ENGLISH = re.compile(SOFT)
_SURE_CUE = re.compile(
    r"\b(?:my name is|name's|name is|i'm|i am|im|this is|it's|its|name:) ([a-z]{2,15}(?: [a-z]{2,15})?)\b",
    re.IGNORECASE,
)
_TITLED = re.compile(
    rf"(?<![A-Za-z])(?P<name>(?i:{TITLE}) ?(?:[A-Z]\.? )?{_LATIN}(?: (?:{PARTICLE}\b ?)?{_LATIN}){{0,3}})"
)
_SMALL_TITLED = re.compile(
    r"(?<![a-z])(?P<name>(?:mr|mrs|ms|dr)\b\.? [a-z][a-z'-]{2,15})\b", re.IGNORECASE
)
_ENGLISH_HERE = re.compile(
    rf"(?:^|[.,!?\n] ?)(?P<name>{_LATIN}(?: {_LATIN}){{0,2}}) (?:here|speaking)\b"
)
_OF_STAFF = re.compile(
    rf"(?<=[a-z,] )(?P<name>{_LATIN}) (?:from (?:your|the) (?:\w+ )?(?:team|store|shop|desk|chat|support|service|department|warehouse|branch)"
    r"|told me|helped me|assured me)\b"
)
_INITIALS = re.compile(
    r"(?<![A-Za-z0-9_.&'’-])(?P<name>[A-Z]\.(?: ?[A-Z]\.){0,2} ?[A-Z][a-z]{2,15}(?:-[A-Z][a-z]+)?)(?![\w'’])"
)
_OPENING = re.compile(rf"\A(?P<name>{_LATIN} {_LATIN})(?=: | - )")
_LOW_KNOWN = re.compile(
    r"(?<![a-z])(?:name is|name:|i am|i'm|im|this is|it's) (?P<name>[a-z]{2,12}(?: [a-z]{2,12}){1,2})(?![a-z])"
)
_SIGNED = re.compile(
    rf"(?:^|[\n/|;,]|[.!?)] |- ?|-- ?|~ ?)[ ]*(?P<name>{_LATIN}(?: {_LATIN}){{1,2}})[ .]*(?=$|\n|[/|;])"
)
_SIGNED_LOW = re.compile(
    rf"(?<![a-z])(?:{SIGNED_LOW})[,.!~\s-]{{1,4}}(?P<name>[a-z]{{2,15}}(?: [a-z]{{2,15}})?)[ .!]*\Z",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"(?<![a-z])(?:name|recipient|consignee|attn|contact|buyer|cardholder|{LOW_NAMED})(?: is)? ?[:=] ?"
    r"(?P<name>[a-z][a-z'-]{1,15}(?: [a-z][a-z'-]{1,15}){0,2}) ?(?=$|[\n,.;/|\d])",
    re.IGNORECASE,
)
_LOW_NAMED = re.compile(
    rf"(?<![a-z])(?:my name(?: is|'s|s)|(?:{LOW_NAMED}) is) (?P<name>[a-z]{{2,15}}(?:[ -][a-z]{{2,15}}){{0,2}})(?![a-z])",
)
_LAST_LINE = re.compile(rf"(?:\n|(?:^|\s)[-~] ?)(?P<name>{_LATIN})[.!]?\s*\Z")
_PAIR = re.compile(
    rf"(?<![A-Za-z0-9_'’@#/-])(?P<name>{_LATIN} (?:{PARTICLE} )?{_LATIN}(?: {_LATIN})?)"
)
_CAPITALISED = re.compile(
    r"(?<![A-Za-z0-9_'’@#./-])[A-Z][a-z]{2,15}(?![A-Za-z0-9_]|[@./-][A-Za-z0-9])"
)
_BEFORE_ANCHOR = re.compile(
    rf"(?:^|[\n,;:?!.] ?|\b(?:to|for|at|is) )(?P<name>{_LATIN_NAME})[,:;.]?[ \n(-]{{0,2}}\Z"
)
_BEHIND_ANCHOR = re.compile(
    rf"[,;.]?[ \n(-]{{1,2}}(?P<name>{_LATIN}(?: {_LATIN}){{1,2}})(?=$|[\n,.;)])"
)
_PATTERNS = (
    *((pattern, 44) for pattern in (_ENGLISH_HERE, _OF_STAFF, _INITIALS, _OPENING)),
    *((pattern, 39) for pattern in (_LABELLED, _LAST_LINE, _LOW_NAMED)),
)
_ANCHORS = frozenset(
    {"phone", "address", "email", "id_number", "passport", "birth_date", "bank_card"}
)
_REACH = 64
_TITLE = re.compile(rf"(?i:{TITLE}) ?")


def english_names(text: str, found: Sequence[Finding] = ()) -> Iterator[Place]:
    """Yield names in Latin letters with their certainty; ``text`` is folded.

    Args:
        found: other details; capitalised words beside one of them are a name.
    """
    if not re.search("[A-Za-z]{2}", text):
        return
    words = lexicon()
    yield from _titled(text, words)
    yield from _cued(text, words)
    yield from _known(text, words)
    yield from _signed(text, words)
    yield from _beside(text, found, words)
    for start, end in romanised_names(text):
        yield start, end, 40


def _titled(text: str, words: Lexicon) -> Iterator[Place]:
    """Yield names with the title before them."""
    for pattern in (_TITLED, _SMALL_TITLED):
        for match in pattern.finditer(text):
            if is_brand(match["name"]):
                continue
            title = _TITLE.match(match["name"])
            skip = title.end() if title else 0
            for start, end, certainty in _kept_name(
                match.start("name") + skip, match["name"][skip:], words, certainty=44
            ):
                yield start - skip, end, certainty


def _cued(text: str, words: Lexicon) -> Iterator[Place]:
    """Yield names by the words around them."""
    for cue in _ENGLISH_CUE.finditer(lower(text)):
        cued = _CUED_NAME.match(text, cue.start("name"))
        if cued and _introduced(text, cued, cue[0], words):
            yield from _kept_name(cued.start(), cued[0], words, certainty=43)
    for pattern, certainty in _PATTERNS:
        for match in pattern.finditer(text):
            yield from _kept_name(match.start("name"), match["name"], words, certainty=certainty)
    for match in _LOW_KNOWN.finditer(text):
        parts = match["name"].split()
        if parts[0] in words.romanised and is_romanised(parts):
            yield *match.span("name"), 39


def _introduced(text: str, match: re.Match[str], cue: str, words: Lexicon) -> bool:
    """Tell whether what a cue introduces is a name, by how often other words follow the cue."""
    name = match[0]
    known = re.split("[ ,]", name.lower())[0].strip(".") in words.given
    if _SOFT_ENGLISH.fullmatch(cue):
        return known
    weak = _WEAK_ENGLISH.fullmatch(cue) is not None
    presents = _PRESENTS.match(text, match.end()) is not None
    return known or not weak or " " in name or presents or _closes(text, match.end())


def _signed(text: str, words: Lexicon) -> Iterator[Place]:
    for match in _SIGNED.finditer(text):
        name, parts = match["name"], match["name"].split()
        plain = all(p.lower().strip(".") not in words.not_names for p in parts)
        small = all(p.endswith(".") or any(c.islower() for c in p) for p in parts)
        if plain and small and name.lower() not in words.brands:
            yield *match.span("name"), 38
    for match in _SIGNED_LOW.finditer(text):
        if match["name"].split()[0].lower() in words.given:
            yield *match.span("name"), 38


def _known(text: str, words: Lexicon) -> Iterator[Place]:
    """Yield names by a given name or a family name that is known."""
    for match in _SURE_CUE.finditer(text):
        first = match[1].split()[0]
        if first.lower() in words.given:
            yield match.start(1), match.start(1) + len(first), 42
    for match in _CAPITALISED.finditer(text):
        sure = match[0].lower() in words.given and match[0].lower() not in words.ambiguous
        if sure and not _branded(text, match, words):
            yield *match.span(), 37
    for match in _PAIR.finditer(text):
        first, *others = re.findall(r"[^\s.]+", match["name"].lower())
        if first in words.not_names or not others:
            continue
        if first in words.given or (
            others[-1] in words.family and not _branded(text, match, words)
        ):
            yield from _kept_name(match.start("name"), match["name"], words, certainty=41)


def _beside(text: str, found: Sequence[Finding], words: Lexicon) -> Iterator[Place]:
    """Yield capitalised words right before or behind a telephone number, an address and so on."""
    for finding in found:
        if finding.type not in _ANCHORS:
            continue
        before = _BEFORE_ANCHOR.search(text, max(0, finding.start - _REACH), finding.start)
        behind = _BEHIND_ANCHOR.match(text, finding.end, finding.end + _REACH)
        for match in (before, behind):
            if match is None:
                continue
            parts = re.findall(r"[^\s.,]+", match["name"].lower())
            known = parts and parts[0] in words.given
            if parts and (len(parts) > 1 or known) and words.not_names.isdisjoint(parts):
                yield from _kept_name(match.start("name"), match["name"], words, certainty=36)


def _branded(text: str, match: re.Match[str], words: Lexicon) -> bool:
    around = text[max(0, match.start() - 16) : match.end() + 20].lower()
    name = match[0].lower()
    return any(name in brand and brand in around for brand in words.brands)


def _closes(text: str, end: int) -> bool:
    return text[end : end + 1] in ("", ",", "\n", ".", "!", "?", ";", ":", ")")


def _kept_name(start: int, name: str, words: Lexicon, *, certainty: int) -> Iterator[Place]:
    """Yield a name as far as its words may be ones."""
    if is_brand(name):
        return
    end, last = 0, 0
    for part in re.finditer(r"[^\s,]+", name):
        word = part[0].lower().strip(".'’-").removesuffix("'s").removesuffix("’s")
        initial = part[0][0].isupper() and part[0][1:2] == "."
        if not word or (word in words.not_names and not (initial and len(name) > len(part[0]))):
            break
        end = part.end()
        last = last if initial else end
    kept = name[: end if last else 0]
    kept = re.sub(r"['’]s$|(?<=\w\w)\.$", "", kept)
    if kept:
        yield start, start + len(kept), certainty
