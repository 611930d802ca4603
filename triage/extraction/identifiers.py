"""Order numbers and item numbers: by a word before them, or by a look that only they have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.extraction.reading import DIGITS, Found, Reading, Recogniser

_IS = r"(?:\s?(?:is|was|are|是|为|叫))?[\s:]{0,3}"
_ID = r"(?P<id>[0-9]{3,6}(?: [0-9]{3,6}){1,4}(?![0-9a-z-])|#?(?=[a-z0-9_-]{0,24}[0-9]{2})[a-z0-9]{1,24}(?:[-_][a-z0-9]{1,24}){0,4})(?![a-z0-9_]|-[a-z0-9])"
_ORDER = re.compile(
    r"(?:(?:订单|单|交易)(?:编号|号码|号|no\.?)?|(?<![a-z])(?:orders?|ord|po|purchase|confirmation)"
    r"(?:\s?(?:number|numbers|no\.?|nr\.?|num|id|ref(?:erence)?|code))?(?![a-z]))"
    rf"[\s:(]{{0,3}}{_IS}{_ID}"
)
_MORE = re.compile(rf"\s?(?:,|、|和|与|及|跟|/|&|and|plus)\s?{_ID}")
_HASH = re.compile(
    r"(?<![a-z0-9_#&/])(?P<id>#(?=[a-z0-9-]{0,24}[0-9]{3})[a-z0-9-]{4,24})(?![a-z0-9_-])"
)
_BARE = re.compile(
    r"(?<![a-z0-9_.¥$€£₹/=-])(?P<id>[0-9]{3}-[0-9]{7}-[0-9]{7}|[0-9]{12,20}|[a-z]{1,4}[0-9]{8,20}"
    r"|(?:ord|so|po|no)-[0-9]{4,12}(?:-[0-9]{2,12}){0,2}|[a-z]{2,4}-[0-9]{6,20})(?![a-z0-9_]|-[a-z0-9])"
)
_ITEM = re.compile(
    r"(?:(?:商品|产品|货品|宝贝)(?:编号|编码|id|号码|号|代码)|货号|款号|品号|料号|条码|条形码"
    r"|(?<![a-z])(?:sku|asin|ean|upc|(?:item|article|product|part|model|style|art)"
    r"\s?(?:number|no\.?|nr\.?|num|id|code|ref|#))(?:\s?(?:number|no\.?|code))?(?:码|编码|号)?)"
    rf"[\s:(]{{0,3}}{_IS}(?P<id>#?(?=[a-z0-9_.-]{{0,24}}[0-9])[a-z0-9]{{1,24}}(?:[-_./]?[a-z0-9]{{1,24}}){{0,4}})"
    r"(?![a-z0-9_])"
)
_WORD_BEHIND = re.compile(
    r"[^。.!?;\n]{0,30}?(?:(?:商品|产品|货品)(?:编号|编码|代码|号)|货号|款号|(?:item|product|article)\s?(?:code|number|no\b|id)|(?<![a-z])sku(?![a-z]))"
)
_CODE = re.compile(
    r"(?<![a-z0-9_.#/-])(?P<id>[a-z]{1,5}-?[0-9]{2,6}[a-z]{0,2}(?:-[a-z0-9]{1,8}){0,3})(?![a-z0-9_/]|-[a-z0-9])"
)
_ASIN = re.compile(r"(?<![a-z0-9_/-])(?P<id>b0[0-9a-z]{8})(?![a-z0-9_-])")
_PATH = re.compile(
    r"(?:(?<![a-z])id=|/(?:item|dp|product|goods|p)/)(?P<id>(?=[a-z]{0,23}[0-9])[a-z0-9]{3,24})(?:\.html?)?"
)
_NO_ORDER = re.compile(
    r"(?:utr|txn|transaction|ticket|invoice|ref|reference|account|card|imei|s/?n|serial|工单|发票|税号"
    r"|流水|账号|卡号|编码|序列号|尾号|工号|会员|验证码|取件码|密码|券码|参考号|回执|统编|快递|物流)"
    r"(?:号|号码|码)?(?:\s?(?:number|no\.?|id))?[\s:#]{0,4}(?:(?:is|是|为)[\s:]{0,2})?$"
)
_MOBILE = re.compile(r"1[3-9][0-9]{9}|09[0-9]{8}")
_DAY = re.compile(r"20[0-9]{2}-[01]?[0-9]-[0-3]?[0-9]")
_REACH = 24
_LIST = 20


def find_orders(reading: Reading) -> Iterator[Found]:
    """Yield order numbers in capitals; the sign # belongs to the span and not to the value."""
    low = reading.low
    for match in _ORDER.finditer(low):
        yield from _order(match)
        end, seen = match.end(), 0
        while (more := _MORE.match(low, end)) and seen < _LIST and _alike(match["id"], more["id"]):
            yield from _order(more)
            end, seen = more.end(), seen + 1
    for pattern in (_HASH, _BARE):
        for match in pattern.finditer(low):
            if not _NO_ORDER.search(low[max(0, match.start() - _REACH) : match.start()]):
                yield from _order(match)


def find_items(reading: Reading) -> Iterator[Found]:
    """Yield item numbers: behind a word such as SKU, an ASIN, or the id in a part of a link."""
    for pattern in (_ITEM, _ASIN, _PATH):
        for match in pattern.finditer(reading.low):
            yield Found("item_id", *match.span("id"), match["id"].lstrip("#").upper())
    for match in _CODE.finditer(reading.low):
        if _WORD_BEHIND.match(reading.low, match.end()):
            yield Found("item_id", *match.span(), match["id"].upper())


def _order(match: re.Match[str]) -> Iterator[Found]:
    number = match["id"].lstrip("#").replace(" ", "")
    digits = sum(c.isdigit() for c in number)
    if digits < 3 or _MOBILE.fullmatch(number) or _DAY.fullmatch(number):
        return
    yield Found("order_id", *match.span("id"), number.upper())


def _alike(first: str, second: str) -> bool:
    return abs(len(first) - len(second)) <= 1 and first[:1].isalpha() == second[:1].isalpha()


ORDERS = Recogniser(DIGITS, find_orders)
ITEMS = Recogniser(DIGITS, find_items)
