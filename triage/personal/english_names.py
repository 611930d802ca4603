"""Names in Latin letters: by title, by cue, signed, or by a given name that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.lexicon import Lexicon, lexicon

Place = tuple[int, int, int]  # start, end, certainty

_LATIN = r"[A-Z](?:\.|[\w'’-]{0,20})"
_LATIN_NAME = rf"{_LATIN}(?: (?:(?:van|de|der|den|da|bin|al|la|von|di)\b ?)?{_LATIN}){{0,3}}"
_ENGLISH_CUE = re.compile(
    r"(?:(?<![A-Za-z])(?P<cue>(?i:my name is|my name's|name is|name was|name on (?:the|my|this) [a-z]{3,9} is|name's|name:|full name|i am|i'm|i’m|im|this is|it's|it is|speaking to|speak (?:to|with)"
    r"|ask for|asked for|c/o|attn:?|attention:?|recipient:?|recipient is|consignee:?|contact(?: person)?:?|addressed to|signed (?:for )?by"
    r"|signed|deliver(?:ed)? to|ship(?:ped)? to|cardholder(?: name)?(?: is)?:?|account holder(?: is)?:?|on behalf of|in the name of|under the name(?: of)?"
    r"|registered to|belongs to|named|called|hi|hello|hey|dear|thank you|thanks|cheers|regards|sincerely|best|yours(?: truly)?|love"
    r"|from|customer:?|buyer:?|passenger:?|patient:?|beneficiary:?|payable to"
    r"|(?:my |his |her |our )(?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|friend|colleague|flatmate|roommate"
    r"|neighbou?r|assistant|boss|girlfriend|boyfriend|fianc[eé]e?|nan|grandmother|grandma)(?: is|'s name is|,)?)))"
    rf"[,.!:\s\"“'-]{{1,4}}(?P<name>{_LATIN_NAME})"
)
# Cues that other words follow as well.
_WEAK_ENGLISH = re.compile(
    r"(?i:i am|i'm|i’m|im|this is|it's|it is|thank you|thanks|cheers|best|love|from|called|signed|hi|hello|hey|dear|contact|customer|attention)"
)
_SURE_CUE = re.compile(
    r"\b(?:my name is|name's|name is|i'm|i am|im|this is|it's|its|name:) ([a-z]{2,15}(?: [a-z]{2,15})?)\b",
    re.IGNORECASE,
)
_TITLED = re.compile(
    rf"(?<![A-Za-z])(?i:mr|mrs|ms|miss|mx|dr|prof|professor|madam|auntie|aunt|uncle|granny)\b\.? ?(?P<name>{_LATIN_NAME})"
)
_SMALL_TITLED = re.compile(r"(?<![a-z])(?:mr|mrs)\.? (?P<name>[a-z][a-z'-]{2,15})\b", re.IGNORECASE)
_ENGLISH_HERE = re.compile(
    rf"(?:^|[.!?\n] ?)(?P<name>{_LATIN}(?: {_LATIN}){{0,2}}) (?:here|speaking)\b"
)
_SIGNED = re.compile(
    rf"(?:^|[\n/|;,]|[.!?)] |- ?|-- ?|~ ?)[ ]*(?P<name>{_LATIN}(?: {_LATIN}){{1,2}})[ .]*(?=$|\n|[/|;])"
)
_LABELLED = re.compile(
    r"(?<![a-z])(?:name|recipient|consignee|attn|contact|buyer|cardholder)(?: is)? ?: ?"
    r"(?P<name>[a-z][a-z'-]{1,15}(?: [a-z][a-z'-]{1,15}){0,2}) ?(?=$|[\n,.;/|\d])",
    re.IGNORECASE,
)
_LAST_LINE = re.compile(rf"(?:\n|(?:^|\s)[-~] ?)(?P<name>{_LATIN})[.!]?\s*\Z")
_WELL_KNOWN = re.compile(
    rf"(?<![A-Za-z0-9_'’-])(?P<name>[A-Z][a-z]{{1,15}} {_LATIN}(?: {_LATIN})?)"
)
_CAPITALISED = re.compile(
    r"(?<![A-Za-z0-9_'’@#./-])[A-Z][a-z]{2,15}(?![A-Za-z0-9_]|[@./-][A-Za-z0-9])"
)


def english_names(text: str) -> Iterator[Place]:
    """Yield names in Latin letters with their certainty; ``text`` is folded."""
    if not re.search("[A-Za-z]{2}", text):
        return
    words = lexicon()
    for pattern in (_TITLED, _SMALL_TITLED, _ENGLISH_HERE):
        for match in pattern.finditer(text):
            yield from _kept_name(match.start("name"), match["name"], words, certainty=44)
    for match in _ENGLISH_CUE.finditer(text):
        name = match["name"]
        sure = " " in name or name.lower().strip(".") in words.given or _closes(text, match.end())
        if sure or not _WEAK_ENGLISH.fullmatch(match["cue"]):
            yield from _kept_name(match.start("name"), name, words, certainty=43)
    for pattern in (_LABELLED, _LAST_LINE):
        for match in pattern.finditer(text):
            yield from _kept_name(match.start("name"), match["name"], words, certainty=39)
    yield from _known(text, words)
    yield from _signed(text, words)


def _signed(text: str, words: Lexicon) -> Iterator[Place]:
    for match in _SIGNED.finditer(text):
        name, parts = match["name"], match["name"].split()
        plain = all(p.lower().strip(".") not in words.not_names for p in parts)
        small = all(p.endswith(".") or any(c.islower() for c in p) for p in parts)
        if plain and small and name.lower() not in words.brands:
            yield *match.span("name"), 38


def _known(text: str, words: Lexicon) -> Iterator[Place]:
    """Yield names by a given name that is known."""
    for match in _SURE_CUE.finditer(text):
        first = match[1].split()[0]
        if first.lower() in words.given:
            yield match.start(1), match.start(1) + len(first), 42
    for match in _CAPITALISED.finditer(text):
        sure = match[0].lower() in words.given and match[0].lower() not in words.ambiguous
        if sure and not _branded(text, match, words):
            yield *match.span(), 37
    for match in _WELL_KNOWN.finditer(text):
        if match["name"].split()[0].lower() in words.given:
            yield from _kept_name(match.start("name"), match["name"], words, certainty=41)


def _branded(text: str, match: re.Match[str], words: Lexicon) -> bool:
    around = text[max(0, match.start() - 16) : match.end() + 20].lower()
    return any(match[0].lower() in brand and brand in around for brand in words.brands)


def _closes(text: str, end: int) -> bool:
    return text[end : end + 1] in ("", ",", "\n", ".", "!", "?", ";", ":", ")")


def _kept_name(start: int, name: str, words: Lexicon, *, certainty: int) -> Iterator[Place]:
    """Yield a name as far as its words may be ones."""
    if any(name.lower().startswith(brand) for brand in words.brands):
        return
    end = 0
    for part in re.finditer(r"\S+", name):
        word = part[0].lower().strip(".'’-").removesuffix("'s").removesuffix("’s")
        if word in words.not_names or not word:
            break
        end = part.end()
    kept = name[:end]
    kept = re.sub(r"['’]s$|(?<=\w\w)\.$", "", kept)
    if kept:
        yield start, start + len(kept), certainty
