"""Postal addresses in Chinese and English: a road with a number, and what belongs to it.

The text is in its folded form. Looking left and right of an anchor is bounded, so time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding
from triage.text import to_simplified

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_NUM = r"(?:[A-Za-z]?\d{1,5}[A-Za-z]?|[一二三四五六七八九十百]{1,4}|[A-Z])(?:-\d{1,4}){0,3}"
_UNIT = "(?:号楼|號樓|号院|號院|号|號|弄|栋|棟|幢|座|楼|樓|单元|單元|室|层|層|房|户|戶|院|梯|铺|舖|巷|组|組|期|邻|鄰|F|f)"
_ROAD = "(?:路|街|(?<![知难難味渠频頻轨軌])道|大道|巷|弄|胡同|[一二三四五六七八九十东西南北中]段)"
_PLACE = (
    "(?:小区|小區|花园|花園|社区|社區|公寓|大厦|大廈|广场|廣場|中心|宿舍|学校|學校|大学|大學|医院|醫院"
    "|村委会|居委会|大楼|大樓|商场|商場|园区|園區|酒店|邨|苑|城|府|邸|园|園|阁|閣|庄|湾|灣)"
)
_ANCHOR = re.compile(
    rf"{_ROAD}(?:[东西南北中]段)? ?{_NUM} ?(?:之\d{{1,3}})?(?:号|號|弄|巷|段|{_UNIT})"
    rf"|(?:{_PLACE}|区|區|[号號弄街道路邨]樓|[楼樓座]|村|镇|鎮|乡|鄉|[东西南北]段) ?{_NUM} ?(?:号楼|号院|號樓|栋|棟|幢|座|楼|樓|单元|單元|室|组|組)"
    rf"|(?:村|屯|庄|莊|里) ?{_NUM} ?[号號]"
    rf"|{_ROAD} ?\d{{1,4}}(?![\d年月日天个塊块元.%])(?=[{_HAN}]{{2,10}}{_PLACE})"
)
_LEVELS = re.compile(
    rf"(?P<first>[{_HAN}]{{2,4}}?[省市州]|(?:北京|上海|天津|重庆|香港|澳门|台北|新北|广东|浙江|江苏|内蒙古|广西|新疆|西藏|宁夏)(?:自治区)?)"
    rf" ?[{_HAN}]{{1,7}}?[市区區县縣旗州] ?[{_HAN}\d]{{1,12}}?(?:{_PLACE}|[镇鎮乡鄉村]|街道|路|街|大道)"
)
_CUED = re.compile(
    r"(?:地址|住址|地点|寄往|寄到|寄去|寄至|送到|送去|送往|送至|发到|發到|发往|配送到)"
    r"(?P<link>(?:[是为為:]|改成|改为|改為|改到|换成|換成|写的|填的|应该|應該| ){0,4}) ?"
    rf"(?P<place>(?=[{_HAN}A-Za-z0-9#()-]{{0,40}}?(?:[路街道巷弄村镇鎮乡鄉邨栋棟幢室楼樓]|{_PLACE}))"
    rf"[{_HAN}A-Za-z0-9#()-]{{2,48}})"
)
_EXACT = re.compile(rf"\d|[{_HAN}]{{2}}[省市区區县縣镇鎮][{_HAN}]{{2}}")
_LEFT = re.compile(rf"[{_HAN}A-Za-z0-9()·-]")
_ADMINISTERED = re.compile(rf"[{_HAN}]{{1,8}}[省市区區县縣镇鎮][{_HAN}]{{0,8}}\Z")
_LEFT_REACH = 36
_LEAD_IN = re.compile(
    "地址|住址|寄到|寄去|寄往|寄給|寄给|改寄|送到|送去|发到|發到|改成|改为|改為|改到|换成|換成|住在|我住|家住|搬到|位于|位於"
    "|我在|我这儿|我這兒|这边|這邊|我家|[是到住至为為在:]|麻烦|麻煩|应该|還有|还有"
)
_RIGHT = (
    re.compile(rf" ?[{_HAN}A-Za-z]{{0,12}}?{_NUM}(?:之\d{{1,3}})? ?{_UNIT}(?:之\d{{1,3}})?"),
    re.compile(rf" ?[{_HAN}A-Za-z0-9]{{1,12}}?{_PLACE}"),
    re.compile(rf" ?[{_HAN}]{{0,4}}?[东西南北](?:单元|單元|门|門|楼|座|户)"),
    re.compile(rf"[{_HAN}]{{1,6}}?(?:村|市场|市場|路口|交叉口)(?![{_HAN}]*[路街道])"),
    re.compile("(?<=[樓楼座層层]) ?[A-Z](?:室|座|铺|舖)?(?![A-Za-z])"),
    re.compile(r" ?[A-Z][A-Za-z.]{1,12} ?(?=\d{1,3}(?:樓|楼|F|/F))"),
    re.compile(r" ?[A-Za-z]?\d{1,4}(?:-\d{1,4}){0,3}(?!\d)"),
    re.compile(r" ?\([^()\n]{1,20}\)"),
)
_RIGHT_STEPS = 8
_POSTCODE = re.compile(r"[ ,(]{0,2}(?:邮编|郵編|郵遞區號)?[: ]?\d{6}(?!\d)\)?")

_STREET = (
    r"(?:street|str|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|boulevard|blvd|way|place|pl"
    r"|terrace|ter|close|crescent|cres|square|sq|highway|hwy|parkway|pkwy|circle|cir|trail|trl"
    r"|gardens|grove|mews|row|walk|hill|alley|quay|loop|broadway|path)"
)
_IN_HOUSE = r"(?:(?:flat|apt|apartment|suite|ste|unit|room|rm|block|blk|floor|fl|tower|house)\.?|#) ?[\w-]{1,6}"
_NOT_ROADS = (
    r"(?:days?|weeks?|months?|years?|hours?|minutes?|mins?|times?|of|the|on|in|to|a|an|and|or|my|your|this|that"
    r"|for|at|is|was|people|items?|orders?|pairs?|more|left|stars?|bucks|dollars|pounds|am|pm)"
)
_WORD = rf"(?!{_NOT_ROADS}\b)[a-z0-9][\w'.]{{0,20}}"
_CITY = r"[A-Z][A-Za-z.'-]{1,20}\b(?: [A-Z][A-Za-z.'-]{1,20}\b){0,2}"
_ZIP = r"(?:[A-Z]{2,3},? )?\d{4,6}(?:-\d{4})?(?!\d)|[A-Z]\d[\dW] [A-Z0-9]{4}\b|\d{1,2}(?=,)|#\d{2}-\d{2,4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|[A-Z]{2}\b(?=[ ,.\n]|$)"
_BOX = r"P\.? ?O\.? ?Box \d{1,6}"
_ENGLISH = re.compile(
    rf"(?:(?:(?i:{_BOX}|{_IN_HOUSE})|\d{{1,3}}/F|{_CITY}(?=,))[,/]? ?){{0,5}}"
    rf"(?i:(?:(?<![a-z])(?:block|blk|no\.?|number) )?(?<![\w.$£€#-])\d{{1,5}}[a-z]?(?:[-/]\d{{1,4}})? (?:[nsew]\.? )?(?:{_WORD} ){{1,4}}?{_STREET}\b\.?(?: \d{{1,3}}\b)?"
    r"|(?<![\w.$£€#-])\d{1,5} (?-i:[A-Z][a-z]{3,10}(?:way|gate|side)|Strand)\b"
    r"(?: (?:nw|ne|sw|se|north|south|east|west|[nsew])\b)?)"
    rf"(?:,? ?(?i:{_IN_HOUSE}))?"
    rf"(?:(?:,? ?\n?(?:{_ZIP}|(?<=[,\n ]){_CITY})){{1,5}}"
    r"|(?i:,? [a-z][a-z.'-]{1,15}(?: [a-z]{2,15})?,? [a-z]{2},? \d{5}(?!\d)))?"
    r"|(?<![\w.$£€#-])\d{1,4},? (?:bis )?(?i:rue|avenue|boulevard|via|calle|jalan|jln) [A-Z\u00c0-\u024fa-z' ]{2,30}"
    rf"(?:, ?(?:{_ZIP})? ?{_CITY})?"
    r"|(?<!\w)[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]{2,20}(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse) \d{1,4}[a-z]?(?:, ?\d{5} [A-Z]\w+)?"
    rf"|(?i:{_BOX})(?:,? ?\n?(?:{_ZIP}|(?<=[,\n ]){_CITY})){{0,4}}"
    r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)"
)
_ENGLISH_HINT = re.compile(rf"\d.{{0,90}}?\b{_STREET}\b|box|[A-Z]\d", re.IGNORECASE | re.DOTALL)
_CHINESE_HINT = re.compile("[路街道巷弄村镇鎮乡鄉段苑园城区區县縣楼樓邨栋棟址寄送发發]")


def find_addresses(text: str) -> Iterator[Finding]:
    """Yield postal addresses; ``text`` is folded, and spans may overlap."""
    if _CHINESE_HINT.search(text):
        yield from _chinese(text)
    if re.search(r"\d", text):
        for match in _ENGLISH.finditer(text):
            written = match[0].rstrip(" ,/\n")
            yield _address(text, match.start(), match.start() + len(written), 50)


def _chinese(text: str) -> Iterator[Finding]:
    done = 0
    for pattern in (_ANCHOR, _LEVELS):
        done = 0
        for match in pattern.finditer(text):
            if match.start() < done:
                continue
            anchor = match.start() if pattern is _ANCHOR else match.end("first")
            start = max(_left(text, anchor), done)
            done = _right(text, match.end())
            yield _address(text, start, done, 52)
    for match in _CUED.finditer(text):
        told = match["link"].strip() and not match["place"].endswith(("吗", "嗎", "呢", "去了"))
        if not (told or _EXACT.search(match["place"])):
            continue
        yield _address(text, match.start("place"), _right(text, match.end("place")), 48)


def _left(text: str, anchor: int) -> int:
    """Return where the address begins: behind what leads to it, at most ``_LEFT_REACH`` away."""
    start = anchor
    while start > max(0, anchor - _LEFT_REACH):
        joined = text[start - 1] == " " and _ADMINISTERED.search(
            text, max(0, start - 16), start - 1
        )
        if not (joined or _LEFT.match(text[start - 1])):
            break
        start -= 1
    lead = start
    for match in _LEAD_IN.finditer(text, start, anchor):
        if match.end() < anchor - 1:
            lead = match.end()
    return lead


def _right(text: str, end: int) -> int:
    for _ in range(_RIGHT_STEPS):
        match = next((m for p in _RIGHT if (m := p.match(text, end))), None)
        if match is None or match.end() == end:
            break
        end = match.end()
    code = _POSTCODE.match(text, end)
    return code.end() if code else end


def _address(text: str, start: int, end: int, certainty: int) -> Finding:
    value = re.sub(r"[\s,.·-]", "", to_simplified(text[start:end]).lower())
    return Finding("address", start, end, value, certainty)
