"""Postal addresses in Chinese: a road with a number, and what belongs to it.

The text is in its folded form. Looking left and right of an anchor is bounded, so time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding
from triage.text import to_simplified

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_NUM = r"(?:[A-Za-z]?\d{1,5}[A-Za-z]?|[一二三四五六七八九十百甲乙丙丁]{1,4}|[A-Z])(?:-\d{1,4}){0,3}"
_UNIT = "(?:号楼|號樓|号院|號院|号|號|弄|栋|棟|幢|座|楼|樓|单元|單元|室|层|層|房|户|戶|院|梯|铺|舖|巷|组|組|期|邻|鄰|舍|F|f)"
_ROAD = "(?:路|街|(?<![知难難味渠频頻轨軌])道|大道|巷|弄|胡同|[一二三四五六七八九十东西南北中]段)"
_PLACE = (
    "(?:小区|小區|花园|花園|社区|社區|公寓|大厦|大廈|广场|廣場|中心|宿舍|学校|學校|大学|大學|医院|醫院"
    "|村委会|居委会|大楼|大樓|商场|商場|园区|園區|酒店|邨|苑|城|府|邸|园|園|阁|閣|庄|湾|灣|轩|軒|台|臺|居|里|塔|科技园|工业区|工業區|产业园|开发区|市场|市場|宿舍楼|教学楼|图书馆|派出所|中学|小学|幼儿园|商会|SOHO)"
)
_ANCHOR = re.compile(
    rf"{_ROAD}(?:[东西南北中東]段?)? ?{_NUM} ?(?:之\d{{1,3}})?(?:号|號|弄|巷|段|{_UNIT})"
    rf"|(?:{_PLACE}|区|區|[号號弄街道路邨]樓|[楼樓座]|村|镇|鎮|乡|鄉|[东西南北]段) ?{_NUM} ?(?:号楼|号院|號樓|栋|棟|幢|座|楼|樓|单元|單元|室|组|組)"
    rf"|(?:村|屯|庄|莊|里) ?{_NUM} ?[号號]"
    rf"|{_ROAD} ?\d{{1,4}}(?![\d年月日天个塊块元.%])(?=[{_HAN}]{{2,10}}{_PLACE})"
)
_LEVELS = re.compile(
    rf"(?P<first>[{_HAN}]{{2,4}}?[省市州]|(?:北京|上海|天津|重庆|香港|澳门|台北|新北|广东|浙江|江苏|内蒙古|广西|新疆|西藏|宁夏)(?:自治区)?)"
    rf" ?[{_HAN}]{{1,7}}?[市区區县縣旗州] ?[{_HAN}\d]{{1,12}}?(?:{_PLACE}|[镇鎮乡鄉村]|街道|路|街|大道)"
)
_CUED = re.compile(
    r"(?:地址|住址|地点|地點|门牌|門牌|搬到|搬去|搬至|住在|住喺|屋企喺|公司在|公司喺|家在|我住|我在|我喺|人在|放在|放到|改到|改寄|转寄|轉寄|寄给|寄給|寄俾|送俾|位于|位於|寄往|寄到|寄去|寄至|送到|送去|送往|送至|发到|發到|发往|配送到)"
    r"(?P<link>(?:[是为為:]|改成|改为|改為|改到|换成|換成|写的|填的|应该|應該| ){0,4}) ?"
    rf"(?P<place>(?=[{_HAN}A-Za-z0-9#()-]{{0,40}}?(?:[路街道巷弄村镇鎮乡鄉邨栋棟幢室楼樓座号號组組]|{_PLACE}))(?![^,]{{0,6}}(?:哪|什么|什麼|邊度|多少|月|今天|明天|后天|周|週|晚上|早上|上午|下午|点钟|點鐘))"
    rf"[{_HAN}A-Za-z0-9#()-]{{2,48}})"
)
_SPOKEN = re.compile("[的哦吗嗎呢了啊吧]")
_DAY = re.compile("\\d{1,2}[号號日](?![楼樓院门門])")
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
    re.compile("(?<=[號号樓楼座邨]) ?(?:地下|地[铺鋪舖]|閣樓|平台)"),
    re.compile("(?<=[樓楼座層层]) ?[A-Z](?:室|座|铺|舖)?(?![A-Za-z])"),
    re.compile(
        rf" ?[{_HAN}]{{0,4}}?[A-Z]{{1,2}}\d{{0,3}}(?:-\d{{1,5}}){{1,2}}(?:号|號|室|铺|舖)?(?![\dA-Za-z])"
    ),
    re.compile(
        rf" ?[{_HAN}]{{0,6}}(?:[组組队隊社湾灣屯寨坪岭坡坝沟]|[东西南北]区)(?![{_HAN}]|[织織])"
    ),
    re.compile(r" ?\d{1,2}[门門]\d{1,4}(?:室|房)?"),
    re.compile(r"(?<=\d[号號])[ ,]?[A-Z]?\d{1,4}(?:-\d{1,4}){0,3}(?:室|房)?(?![\d年月日元])"),
    re.compile(rf"[{_HAN}]{{2,8}}[A-Za-z]{{2,12}}(?=[,，。;\s]|\Z)"),
    re.compile(r" ?[A-Z][A-Za-z.]{1,12} ?(?=\d{1,3}(?:樓|楼|F|/F))"),
    re.compile(r" ?[A-Za-z]?\d{1,4}(?:-\d{1,4}){0,3}(?!\d)"),
    re.compile(r" ?\([^()\n]{1,20}\)"),
)
_RIGHT_STEPS = 8
_CODE_BEFORE = re.compile(r"(?<!\d)\d{6},? ?\Z")
_POSTCODE = re.compile(r"[ ,(]{0,2}(?:邮编|郵編|郵遞區號)?[: ]?\d{6}(?!\d)\)?")

_CHINESE_HINT = re.compile(
    "[座住搬室组組放在路街道巷弄村镇鎮乡鄉段苑园城区區县縣楼樓邨栋棟址寄送发發]"
)


def find_chinese_addresses(text: str) -> Iterator[Finding]:
    """Yield postal addresses in Chinese; ``text`` is folded, and spans may overlap."""
    if _CHINESE_HINT.search(text):
        yield from _chinese(text)


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
        spoken = _SPOKEN.search(match["place"]) and not re.search(r"\d", match["place"])
        if spoken or _DAY.match(match["place"]) or not (told or _EXACT.search(match["place"])):
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
    code = _CODE_BEFORE.search(text, max(0, lead - 8), lead)
    return code.start() if code else lead


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
