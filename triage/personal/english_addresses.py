"""Postal addresses in Latin letters: a house with a street, a chain of places, or a postcode.

The text is in its folded form. A chain has few parts and a part few words, so time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding

_STREET = (
    r"(?:street|str|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|boulevard|blvd|way|place|pl"
    r"|terrace|ter|close|crescent|cres|square|sq|highway|hwy|parkway|pkwy|circle|cir|trail|trl"
    r"|gardens|grove|mews|row|walk|hill|alley|quay|loop|broadway|path|parade|pde|wharf|esplanade|nagar|marg|causeway|embankment|promenade"
    "|(?-i:Rise|View|Heights|Green|Crossing|Mall|Chase|Vale|Villas|Meadows?|Mount|Gate|Grange|Croft|Common|Park|Point))"
)
_IN_HOUSE = r"(?:(?:flat|apt|apartment|suite|ste|unit|room|rm|block|blk|floor|fl|tower|house)\.?|#) ?[\w-]{1,6}"
_NOT_ROADS = (
    r"(?:days?|weeks?|months?|years?|hours?|minutes?|mins?|times?|of|the|on|in|to|a|an|and|or|my|your|this|that"
    r"|for|at|is|was|people|items?|orders?|pairs?|more|left|stars?|bucks|dollars|pounds|am|pm)"
)
_WORD = rf"(?!{_NOT_ROADS}\b)[a-z0-9][\w'.]{{0,20}}"
_CITY = r"[A-Z][A-Za-z\u00c0-\u024f.'-]{1,20}\b(?: (?:(?:on|upon|under|in|of|the|le|de) ){0,2}[A-Z][A-Za-z\u00c0-\u024f.'-]{1,20}\b){0,2}"
_ZIP = r"(?<=Dublin )\d{1,2}W?\b|S ?\(?\d{6}\)?|[A-Z]\d[A-Z] ?\d[A-Z]\d\b|(?:[A-Z]{2,3},? )?\d{4,6}(?:-\d{4})?(?!\d)|[A-Z]\d[\dW] [A-Z0-9]{4}\b|\d{1,2}(?=,)|#\d{2}-\d{2,4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|[A-Z]{2}\b(?=[ ,.\n]|$)"
_BOX = r"P\.? ?O\.? ?Box \d{1,6}"
_ENGLISH = re.compile(
    rf"(?:(?:(?i:{_BOX}|{_IN_HOUSE})|(?:\d{{1,3}}|[GLU]G?)/F|{_CITY}(?=,))[,/]? ?){{0,5}}"
    rf"(?i:(?:(?<![a-z])(?:block|blk|no\.?|number|c/-) )?(?<![\w.$£€#-])(?:\d{{1,4}}/)?\d{{1,5}}[a-z]?(?:[-/]\d{{1,4}})? (?:[nsew]\.? )?(?:{_WORD} ){{1,4}}?{_STREET}\b\.?(?: \d{{1,3}}\b)?"
    r"|(?<![\w.$£€#-])\d{1,5} (?-i:[A-Z][a-z]{3,10}(?:way|gate|side)|Strand)\b"
    r"(?: (?:nw|ne|sw|se|north|south|east|west|[nsew])\b)?)"
    rf"(?:,? ?(?i:{_IN_HOUSE}))?"
    rf"(?:(?:,? ?\n?(?:{_ZIP}|(?<=[,\n ]){_CITY})){{1,5}}"
    r"|(?i:,? [a-z][a-z.'-]{1,15}(?: [a-z]{2,15})?,? [a-z]{2},? \d{5}(?!\d)))?"
    r"|(?<![\w.$£€#-])\d{1,4},? (?:bis )?(?i:rue|avenue|boulevard|via|calle|jalan|jln) [A-Z\u00c0-\u024fa-z'-][A-Z\u00c0-\u024fa-z' -]{1,30}"
    rf"(?:,? (?i:{_IN_HOUSE}))?(?:,? ?\n?(?:{_ZIP}|(?<=[, \n]){_CITY})){{0,4}}"
    r"|(?<!\w)[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]{2,20}(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse) \d{1,4}[a-z]?(?:, ?\d{5} [A-Z]\w+)?"
    rf"|(?i:{_BOX})(?:,? ?\n?(?:{_ZIP}|(?<=[,\n ]){_CITY})){{0,4}}"
    r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)"
)
_MORE = (
    re.compile(
        r"(?<!\w)(?:Via|Calle|Piazza|Plaza|Avenida|Rua|Av\.) (?:[A-Z\u00c0-\u024f][\w'-]+ |de |la |del ){1,4}\d{1,4}"
        rf"(?:, ?\d{{4,5}})?(?: {_CITY})?"
    ),
    re.compile(
        r"(?<!\w)(?:[A-Z][a-z']+ ){1,3}(?:Cottage|House|Rectory|Lodge|Farm|Manor|Vicarage|Barn|Grange|Mill),"
        r" (?:[A-Z][a-z']+ ){1,3}(?:Lane|Road|Street|Close|Drive|Avenue)(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)?"
    ),
)
_PIECE = r"[A-Z0-9#\u00c0-\u00de](?:[\w'’/&#()-]|\.(?! [A-Z]|\n|\Z))*"
_PART = rf"{_PIECE}(?: (?:{_PIECE}|of|the|and|de|du|la|del|no\\.?)(?![\w]))" + "{0,6}+"
_CHAIN = re.compile(
    rf"(?<![\w@#/.-])(?:c/o |C/- ?)?{_PART}(?:(?:, ?|,? ?\n| - | ?/ ){_PART})" + "{1,9}+"
)
_UNITS = re.compile(
    r"\b(?:flat|apt|apartment|unit|suite|ste|room|rm|block|blk|tower|floor|fl|level|sector|plot|phase|lane|ln|section|sec|villa|house|building|bldg"
    r"|h\.? ?no|door|gate|wing|district|ward|shop|lot|ward|phase|block|stage|bay|hall|stall|kiosk|box|level|alley|aly|p\.?o\.? box)\b\.?(?: ?no\.?)? ?(?:#?[\w/-]*\d[\w/-]*|[A-Z]\b)"
    r"|\b\d{1,3}(?:st|nd|rd|th)? floor\b|\b(?:\d{1,3}|[GLU]G?)/F\b|#\d{1,3}-\d{1,5}|(?<![\w-])[A-Z]-?\d{1,4}(?=,)",
    re.IGNORECASE,
)
_STREETS = re.compile(
    rf"(?<![\w-])\d{{1,5}}[a-z]?(?:[-/]\d{{1,4}})?,? (?:[A-Z0-9][\w.'-]* ){{0,4}}{_STREET}\b|^\d{{1,5}}[a-z]? The [A-Z]",
    re.IGNORECASE,
)
_PLACES = re.compile(
    r"\b(?:apartments?|apts|nagar|road|rd|street|st|avenue|ave|estate|park|colony|gardens?|court|mansions?|centre|center|plaza|heights|residency|enclave|vihar|marg"
    r"|layout|society|village|cottage|lodge|farm|manor|lane|drive|close|crescent|complex|towers?|house|building|bhavan|bagh|puram|chowk|cross|district|city"
    r"|county|campus|college|university|school|hospital|industrial|tech|business|market|plaza|square|terrace|grove|hills?|bay|point|quay|kowloon|hong kong"
    r"|new territories|singapore|london|mumbai|delhi|bangalore|bengaluru|hyderabad|chennai|pune|kolkata|shanghai|beijing|taipei|shenzhen|guangzhou|kl)\b",
    re.IGNORECASE,
)
_POSTCODES = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|(?:[A-Z]{2}|[A-Z][a-z]+),? \d{5}(?:-\d{4})?"
    r"|(?:VIC|NSW|QLD|WA|SA|TAS|ACT|NT),? \d{4}|(?:Singapore|S)\(? ?\d{6}\)?|[A-Z][a-z]+ ?-? ?\d{6}|\d{5} [A-Z][a-z]+|[A-Z][a-z]+ \d{3,4})(?![\w-])"
)
_NEXT = re.compile(r"(?:,? ?\n?| - ?)(?:" + _POSTCODES.pattern + r"|\d{4,6}(?!\w))")
_NUMBERED = re.compile(
    r"(?-i:[A-Z]?)\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})? (?:The )?(?!Pro\b|Plus\b|Pack\b|Ultra\b|Mini\b|Max\b|Days?\b|Series\b)(?:[A-Z][a-z'’]{2,20}(?: |(?=[,.\n]|\Z))){1,4}(?=,? ?[A-Z0-9]|[,.\n]|\Z)"
)
_SURELY_AT = re.compile(
    rf"\b(?:(?i:address(?: is| was|:| to| should be| changed to)*|live (?:at|on)|living at|lives at|moved (?:house )?to|i'm at|i am at|we're at|house is"
    r"|(?:ship|deliver|send|sent|post|redirect|forward|bring)(?:ed|ped)?(?: it| this| that| everything)? to|deliver(?:ed)? (?:at)|left at|collect(?:ed)? from)[:,]? )"
    rf"(?P<place>(?:(?i:number|no\.?) )?{_NUMBERED.pattern})"
)
_LEAD_IN = re.compile(
    r"\s*(?:(?:It'?s|Its|At|To|Is|My|I'm|Address|Please|Hi|From|Yes|No|Ok|So|And|But|Not|NOT|Deliver|Ship|Send) )+"
)
_TOLD = re.compile(
    r"\b(?:addr(?:ess)?|live|living|moved|based|ship(?:ped|ping)?|deliver(?:ed|y)?|send|sent|redirect|forward)\b[^.!?\n]{0,16}\Z",
    re.IGNORECASE,
)
_REACH = 30
_BEHIND_MASK = re.compile(
    r"\[ADDRESS_[0-9A-Z.]+\],? ?(?P<code>S ?\(?\d{6}\)?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5,6})(?![\w-])"
)
_LEAST = 2


def find_latin_addresses(text: str) -> Iterator[Finding]:
    """Yield postal addresses in Latin letters; ``text`` is folded, and spans may overlap."""
    for pattern in (_ENGLISH, *_MORE):
        for match in pattern.finditer(text):
            written = match[0].rstrip(" ,/\n")
            yield _address(text, match.start(), match.start() + len(written), 50)
    for match in _CHAIN.finditer(text):
        told = _TOLD.search(text, max(0, match.start() - _REACH), match.start()) is not None
        if (start := _of_address(match[0], told=told)) is not None:
            end = match.end()
            code = _NEXT.match(text, end)
            yield _address(text, match.start() + start, code.end() if code else end, 46)
    for match in _BEHIND_MASK.finditer(text):
        yield _address(text, *match.span("code"), 44)
    for match in _SURELY_AT.finditer(text):
        yield _address(text, match.start("place"), match.end("place"), 44)


def _of_address(chain: str, *, told: bool) -> int | None:
    """Return where the address starts in a chain of parts, or none if it holds too few signs."""
    signs = [m.start() for p in (_UNITS, _STREETS, _POSTCODES) for m in p.finditer(chain)]
    places = [m.start() for m in _PLACES.finditer(chain)]
    least = 0 if told else _LEAST
    if (
        not signs
        or len(signs) + min(2, len(places)) <= least
        or not any(c.isdigit() for c in chain)
    ):
        return None
    if told:
        return 0
    first = min(signs + places)
    start = _part_start(chain, first)
    before = _part_start(chain, start - 1) if start else 0
    start = before if any(c.isdigit() for c in chain[before:start]) else start
    lead = _LEAD_IN.match(chain, start)
    return lead.end() if lead else start


def _part_start(chain: str, place: int) -> int:
    return max(chain.rfind(",", 0, place), chain.rfind("\n", 0, place)) + 1


def _address(text: str, start: int, end: int, certainty: int) -> Finding:
    written = text[start:end]
    start += len(written) - len(written.lstrip(" ,\n"))
    value = re.sub(r"[\s,.·-]", "", text[start:end].lower())
    return Finding("address", start, end, value, certainty)
