"""Postal addresses: chains of places, Chinese and English, from their first part to their last."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from triage.extraction.reading import DIGITS, Found, Reading, Recogniser

_HAN = r"\u4e00-\u9fff"
_NUMBER = r"[0-9a-z零一二三四五六七八九十百]{1,6}(?:-[0-9a-z]{1,5}){0,2}"
_NO_PLACE = "转运|分拨|集散|中转|分拣|物流|公里|知道|频道|渠道|通道|味道|报道|一路|线路|链路|套路"
_AREA = "特别行政区|自治区|自治州|自治县|开发区|新区|街道|省|(?<![城超门夜菜上股都])市|(?<![小社地片景])区|县|旗|镇|乡|村|屯|庄|邨"
_ROAD = "大道|大街|公路|胡同|路|街|道|巷|弄|里"
_BUILT = (
    "科技园|工业园|产业园|工业区|商务区|园区|小区|社区|花园|家园|新村|新苑|公寓|大厦|大楼|广场|中心|商城|商厦|写字楼|宿舍"
    "|大学|学院|中学|小学|医院|酒店|宾馆|超市|驿站|名苑|苑|园|城|阁|轩|府|湾|郡|庭|楼"
)
_PART = re.compile(
    rf"(?P<number>[第附]?(?:{_NUMBER})(?:号楼|号院|号铺|号|弄|巷|段|栋|幢|座|单元|楼|层|室|房|户|期|区|组|队|邻|f)(?:之[0-9一二三四五六七八九]{{1,2}})?)"
    rf"|(?P<area>[{_HAN}]{{1,7}}?(?:{_AREA}))|(?P<place>[{_HAN}a-z]{{1,9}}?(?:{_ROAD}|{_BUILT}))"
)
_GAP = re.compile(r"[ ,]{0,2}")
_ROOM = re.compile(
    r"[0-9]{1,5}[a-z]?(?:-[0-9]{1,5})?(?![0-9件元块个天号%幢栋单楼层座弄巷段期区户房院])室?"
)
_NUMBERED = re.compile(rf"{_NUMBER}(?:号楼|号院|弄|栋|幢|单元)")
_LOOSE = "我你您他她它们的了吗呢吧啊在到是为住寄送给请帮把改成换发从去来往搬叫写填或跟但就才都也还又不没有这那哪个地址收货派件要想可以能让至找位错"
_START = re.compile(
    rf"[^\W0-9a-z_{_LOOSE}]{{2,6}}?(?:{_AREA}|{_ROAD}|小区|花园|家园|公寓|大厦|广场|新村|苑)"
)
_STOP = re.compile(rf"[我你您他她的了吗呢吧啊是]|{_NO_PLACE}|快递|订单|客服|收货|电话|发货|退货")
_NO_START = frozenset(
    ["超市", "城市", "门市", "地区", "小区", "社区", "片区", "景区", "线路", "道路"]
)

_UNIT = (
    r"(?:(?:flat|apt|apartment|unit|suite|ste|room|rm|blk|block|tower|level|lvl|floor|house|shop)\b\.?\s?#?[0-9]{0,4}[a-z]?(?:-[0-9]{1,5})?\b"
    r"|#[0-9]{1,4}(?:-[0-9]{1,5})?[a-z]?\b|[0-9]{1,2}/f\b|[0-9]{1,2}(?:st|nd|rd|th)\sfloor\b)"
)
_TYPE = (
    r"(?:street|st|road|rd|avenue|ave|boulevard|blvd|lane|ln|drive|dr|court|ct|way|place|pl|square|sq|terrace"
    r"|crescent|cres|yard|wharf|heights|green|loop|path|point|close|highway|hwy|parkway|pkwy|grove|gardens"
    r"|mews|row|quay|walk|parade|circle|cir|trail|alley|broadway|hill|rise|view)"
)
_STREET = re.compile(
    rf"(?<![a-z0-9#.$£€-])(?:{_UNIT},?\s){{0,3}}(?:no\.?\s?)?[0-9]{{1,5}}[a-z]?(?:-[0-9]{{1,5}})?\s"
    rf"(?:(?!(?:of|or|any|best|whole|same|min|mins|miles?|each|every|other|wrong|and|the|is|was|for|days?|hours?|times?|items?|minutes?|in|to|at|on|from|by|pairs?|weeks?)\b)(?:[a-z][a-z'.-]{{0,15}}|[0-9]{{1,3}}(?:st|nd|rd|th))\s){{1,4}}?(?P<kind>{_TYPE})\b\.?"
    r"(?:\s(?:[nsew]|ne|nw|se|sw|north|south|east|west|[0-9]{1,2})\b(?!\s(?:days?|times?|weeks?|pm|am)\b))?"
)
_PLAIN_TYPES = frozenset(
    ["street", "st", "road", "rd", "avenue", "ave", "boulevard", "blvd", "lane"]
)
_JALAN = re.compile(
    r"(?<![a-z0-9#.$-])(?:no\.?\s?)?[0-9]{1,5}[a-z]?,?\s(?:jalan|jln|lorong|persiaran)\s[a-z0-9/.]{1,15}(?:\s[a-z0-9/]{1,15})?(?![a-z0-9/])"
)
_BOX = re.compile(r"(?<![a-z])p\.?\s?o\.?\sbox\s[0-9]{1,6}(?![0-9])")
_BLOCK = re.compile(
    r"(?<![a-z0-9])(?:#[0-9]{1,2}-[0-9]{1,5},?\s)?(?:blk|block)\s[0-9]{1,4}[a-z]?\s(?:[a-z]{2,15}\s?){1,4}(?:(?<=\s)[0-9]{1,3}\b)?"
)
_POSTCODE = re.compile(
    r"(?:[,\s]|\s?-)\s?(?:[A-Z]{1,2}[0-9][0-9A-Z]?\s?[0-9][A-Z]{2}|[a-z]{1,2}[0-9][0-9a-z]?\s[0-9][a-z]{2}"
    r"|[A-Z][0-9][A-Z]\s?[0-9][A-Z][0-9]|(?:[A-Z]{2,3}\s|[A-Z][a-z]+\s)?[0-9]{4,6}(?:-[0-9]{4})?)(?![0-9A-Za-z-])"
)
_TOWN = re.compile(
    r",?\s(?:[0-9]{5}\s)?(?!(?:Please|Can|Could|Thanks|Thank|The|I|My|Order|It|But|And|You|Not|We|They|Is|Phone|Tel|Email|Mr|Mrs|Ms)\b)"
    r"[A-Z][a-z'-]+(?:\s(?!(?:Please|Thanks)\b)[A-Z][a-z'-]+){0,3}(?![A-Za-z])|,\s?[A-Z]{2}\b"
)
_LOW_TOWN = re.compile(
    r",?\s[a-z]{3,15}(?:\s[a-z]{3,15})?(?=,?\s(?:[a-z]{1,2}[0-9][0-9a-z]?\s?[0-9][a-z]{2}|[0-9]{5})\b)"
)
_LOW_STATE = re.compile(r",?\s[a-z]{3,15}(?:\s[a-z]{3,15})?,?\s[a-z]{2}\s[0-9]{5}(?![0-9])")
_TAIL_UNIT = re.compile(rf",?\s{_UNIT}", re.IGNORECASE)
_LONGEST = 16  # parts of one address


def find_chinese(reading: Reading) -> Iterator[Found]:
    """Yield Chinese addresses of at least two parts."""
    low, behind = reading.low, 0
    for start, first in _starts(low):
        if start < behind:
            continue
        chain = _chain(low, first)
        end = chain.end
        if chain.is_address(known=start < first):
            yield Found("address", start, end, reading.text[start:end])
            behind = end


def _starts(low: str) -> Iterator[tuple[int, int]]:
    """Yield where an address may start and where its first part ends, in order."""
    known = _known_places()
    starts: dict[int, int] = {}
    for at in range(len(low) - 1):
        for name in known.get(low[at : at + 2], ()):
            if low.startswith(name, at):
                end = at + len(name)
                starts.setdefault(at, end + (low[end : end + 1] in ("省", "市", "县", "区")))
                break
    for match in _START.finditer(low):
        if match[0] not in _NO_START:
            starts.setdefault(match.start(), match.start())
    for match in _NUMBERED.finditer(low):
        starts.setdefault(match.start(), match.start())
    return iter(sorted(starts.items()))


@dataclass(slots=True)
class _Chain:
    """Parts of an address that follow one another, and where they end."""

    end: int
    numbers: int = 0
    areas: int = 0
    others: int = 0

    def is_address(self, *, known: bool) -> bool:
        """Tell an address from a single place: it has a number, or an area within another."""
        if self.numbers:
            return self.numbers + self.areas + self.others + known > 1
        return self.areas + known > 1 and self.areas > 0


def _chain(low: str, at: int) -> _Chain:
    """Follow the parts of an address from ``at``."""
    chain = _Chain(at)
    for parts in range(_LONGEST):
        gap = _GAP.match(low, at)
        if gap and parts:
            at = gap.end()
        match = _PART.match(low, at)
        if match is None or (match["number"] is None and _STOP.search(match[0])):
            break
        at = match.end()
        chain.numbers += match["number"] is not None
        chain.areas += match["area"] is not None
        chain.others += match["place"] is not None
        if match["number"] and (room := _ROOM.match(low, at)):
            at = room.end()
        chain.end = at
    return chain


def find_english(reading: Reading) -> Iterator[Found]:
    """Yield addresses that have a house number before a street, with what follows them."""
    plain, behind = reading.plain, 0
    for pattern in (_STREET, _BLOCK, _JALAN, _BOX):
        for match in pattern.finditer(reading.low):
            if match.start() < behind or not _is_street(match, plain):
                continue
            end = match.start() + len(match[0].rstrip())
            end = _english_tail(plain, end)
            behind = end
            yield Found("address", match.start(), end, reading.text[match.start() : end])


def _is_street(match: re.Match[str], plain: str) -> bool:
    """Tell a street from words that end like one: "40 min drive" has no capital and no town."""
    kind = match.groupdict().get("kind")
    if kind is None or kind in _PLAIN_TYPES:
        return True
    start, end = match.span("kind")
    return plain[start].isupper() or _english_tail(plain, end) > end


def _english_tail(plain: str, end: int) -> int:
    for _ in range(_LONGEST):
        for pattern in (_TAIL_UNIT, _POSTCODE, _LOW_STATE, _TOWN, _LOW_TOWN):
            if match := pattern.match(plain, end):
                end = match.end()
                break
        else:
            break
    return end


@functools.cache
def _known_places() -> dict[str, tuple[str, ...]]:
    """Return names of provinces and cities by their first two characters, longest first."""
    content = resources.files("triage").joinpath("resources/places.txt").read_text("utf-8")
    names: dict[str, list[str]] = {}
    for name in content.split():
        names.setdefault(name[:2], []).append(name)
    return {key: tuple(sorted(group, key=len, reverse=True)) for key, group in names.items()}


CHINESE_ADDRESSES = Recogniser(
    frozenset("省市区县镇乡村路街道巷弄里号栋幢座单楼层室房苑园厦场邨城阁轩府湾郡庭门心寓院学店馆"),
    find_chinese,
)
ENGLISH_ADDRESSES = Recogniser(DIGITS, find_english)
