"""Tracking numbers and whose they are: by format, by check digit, by a carrier's name beside them.

Check digits are computed, and tested on the numbers given, as in
https://github.com/jkeen/tracking_number_data (CHECKSUM_ALGORITHMS.md and couriers/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triage.extraction.reading import DIGITS, Found, Reading, Recogniser

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Format:
    """How one carrier's numbers look.

    Attributes:
        check: tells whether the check digit is right.
        alone: the look alone decides where the check digit is right; otherwise words must help.
    """

    carrier: str
    pattern: re.Pattern[str]
    check: Check | None = None
    alone: bool = True


def s10_is_right(number: str) -> bool:
    """Tell whether the check digit of a UPU S10 number such as RB056148974SG is right."""
    total = sum(w * int(d) for w, d in zip((8, 6, 4, 2, 3, 5, 9, 7), number[2:10], strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11) == int(number[10])


def ups_is_right(number: str) -> bool:
    """Tell whether the check digit of a UPS number, 1Z and 16 more, is right."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:17]]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return number[17].isdigit() and (10 - total % 10) % 10 == int(number[17])


def fedex_is_right(number: str) -> bool:
    """Tell whether the check digit of a 12-digit FedEx Express number is right (weights 3, 1, 7)."""
    total = sum(w * int(d) for w, d in zip((3, 1, 7) * 4, number[:11], strict=False))
    return total % 11 % 10 == int(number[11])


def mod10_is_right(number: str) -> bool:
    """Tell whether the last digit of a USPS IMpb number is right: weights 3 and 1 from the right."""
    digits = [int(c) for c in number[-2::-1]]
    return (10 - (3 * sum(digits[0::2]) + sum(digits[1::2])) % 10) % 10 == int(number[-1])


def dhl_is_right(number: str) -> bool:
    """Tell whether a 10-digit DHL Express waybill has the right check digit: the rest modulo 7."""
    return int(number[:9]) % 7 == int(number[9])


def _format(
    carrier: str, pattern: str, check: Check | None = None, *, alone: bool = True
) -> Format:
    return Format(carrier, re.compile(pattern), check, alone)


FORMATS = (
    _format("SF", r"SF[0-9]{10,15}"),
    _format("YTO", r"YT[0-9]{12,15}"),
    _format("STO", r"STO?[0-9]{10,15}"),
    _format("STO", r"77[0-9]{13}", alone=False),
    _format("ZTO", r"ZT[OK]?[0-9]{10,14}"),
    _format("ZTO", r"7[3-9][0-9]{12}|7[3-9][0-9]{10}", alone=False),
    _format("Yunda", r"YD[0-9]{10,15}"),
    _format("Yunda", r"(?:31|43|46)[0-9]{11}", alone=False),
    _format("JD", r"JD[A-Z]{0,3}[0-9]{9,15}"),
    _format("J&T", r"JT[0-9]{13}"),
    _format("Deppon", r"DPK[0-9]{9,12}"),
    _format("EMS", r"E[A-Z][0-9]{9}[A-Z]{2}", s10_is_right),
    _format("UPU", r"[A-Z]{2}[0-9]{9}[A-Z]{2}", s10_is_right),
    _format("UPS", r"1Z[0-9A-Z]{15}[0-9]", ups_is_right),
    _format("USPS", r"9[1-5][0-9]{18,20}", mod10_is_right),
    _format("FedEx", r"[0-9]{12}", fedex_is_right, alone=False),
    _format("DHL", r"JJD[0-9]{10,20}|JVGL[0-9]{10,18}"),
    _format("DHL", r"[0-9]{10}", dhl_is_right, alone=False),
)
_NAMES = {
    "SF": ("顺丰", "sf express", "sf"), "YTO": ("圆通", "yto"), "ZTO": ("中通", "zto"),
    "STO": ("申通", "sto"), "Yunda": ("韵达", "yunda"), "JD": ("京东快递", "京东物流"),
    "J&T": ("极兔", "j&t"), "Deppon": ("德邦", "deppon"), "Best": ("百世",),
    "EMS": ("ems", "邮政", "speedpost"), "UPS": ("ups",), "FedEx": ("fedex", "fed ex", "联邦快递"),
    "DHL": ("dhl",), "USPS": ("usps",), "Royal Mail": ("royal mail",), "Evri": ("evri", "hermes"),
    "DPD": ("dpd",), "Canada Post": ("canada post",), "Australia Post": ("auspost", "australia post"),
    "T-Cat": ("黑猫",), "HCT": ("新竹物流",), "Ninja Van": ("ninja van", "ninjavan"),
    "Delhivery": ("delhivery",), "Blue Dart": ("blue dart", "bluedart"),
}  # fmt: skip
_CARRIER_OF = {name: carrier for carrier, names in _NAMES.items() for name in names}
_NAME = re.compile(
    "|".join(
        rf"(?<![a-z]){re.escape(n)}(?![a-z])" if n.isascii() else n
        for n in sorted(_CARRIER_OF, key=len, reverse=True)
    )
)
_NUMBER = re.compile(
    r"(?<![a-z0-9#_/=.-])(?:[a-z]{0,4}[0-9][a-z0-9]{7,29}|(?:sf|yto?|sto?|zto?|yd|jd[a-z]{0,2}|jt)[ -]?(?:[0-9]{10,15}|[0-9]{4}(?: [0-9]{3,5}){1,3})"
    r"|[0-9]{4}(?: [0-9]{4}){2,4}(?: [0-9]{2})?|[a-z]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[a-z]{2}"
    r"|1z(?: (?=[a-z]{0,3}[0-9])[a-z0-9]{2,4}){4,7})(?![a-z0-9_]|-[0-9])"
)
_CUE = re.compile(
    r"(?:(?:快递|物流|运单|货运|配送|包裹|追踪|托运|查询|寄件|邮件)(?:单)?(?:编号|号码|号|码|单)?"
    r"|tracking|track|awb|waybill|consignment|parcel|package|shipment)"
    r"(?:\s?(?:number|no\.?|num|id|code|ref|#))?[\s:#]{0,4}(?:(?:is|was|是|为|叫)[\s:]{0,2})?$"
)
_ORDER_CUE = re.compile(
    r"(?:(?:订单|单据|交易|凭证)(?:编号|号码|号)?|order(?:\s?(?:number|no\.?|id|#))?|工单号?|ticket"
    r"|utr|invoice|ref(?:erence)?|商品(?:编号|编码|id|号)|货号|款号|sku|item(?:\s?(?:number|no\.?|id))?"
    r"|account|card|税号|账号|卡号)[\s:#]{0,4}(?:(?:is|是|为)[\s:]{0,2})?$"
)
_ABOUT_PARCELS = re.compile(
    r"快递|物流|运单|包裹|派送|配送|派件|签收|到哪|驿站|取件|揽收|中转|没动|不动|寄出|发出|tracking"
    r"|parcel|package|courier|shipment|shipped|customs|deliver|waybill|depot|in transit|track|lost|scan|arriv|refused"
)
_ABOUT_ORDERS = re.compile(r"下的?单|订单|付款|order")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_REACH = 14
_SHORT = 8


def find_tracking(reading: Reading) -> Iterator[Found]:
    """Yield tracking numbers with the carrier, where it is known."""
    names = list(_NAME.finditer(reading.low))
    for match in _NUMBER.finditer(reading.low):
        number = re.sub(r"[ -]", "", match[0]).upper()
        if sum(c.isdigit() for c in number) < _SHORT or _MOBILE.fullmatch(number):
            continue
        before = reading.low[max(0, match.start() - _REACH * 2) : match.start()]
        if _ORDER_CUE.search(before):
            continue
        known = _judged(number, reading, cued=_CUE.search(before) is not None)
        near = _name_near(names, match, reading.low)
        if known is None and (near is None or len(number) > 26):
            continue
        yield Found("tracking_no", *match.span(), number, near or known or None)


def _judged(number: str, reading: Reading, *, cued: bool) -> str | None:
    """Return whose number it is, an empty string for nobody known, None for no tracking number."""
    for form in FORMATS:
        if form.pattern.fullmatch(number) is None:
            continue
        right = form.check is None or form.check(number)
        about_parcels = cued or _ABOUT_PARCELS.search(reading.low) is not None
        # A wrong check digit is a slip of the pen among parcels, another kind of number elsewhere.
        if form.alone and (right or about_parcels):
            return form.carrier
        if cued and right:
            return form.carrier
        if form.check is None and about_parcels and not _ABOUT_ORDERS.search(reading.low):
            return form.carrier
    return "" if cued else None


def _name_near(names: list[re.Match[str]], number: re.Match[str], low: str) -> str | None:
    """Return the carrier named just before the number, or just behind it."""
    for name in reversed(names):
        gap = number.start() - name.end()
        if 0 <= gap <= _REACH and not re.search(r"[0-9。.!?;\n]", low[name.end() : number.start()]):
            return _CARRIER_OF[name[0]]
    for name in names:
        gap = name.start() - number.end()
        if 0 <= gap <= 3:
            return _CARRIER_OF[name[0]]
    return None


TRACKING = Recogniser(DIGITS, find_tracking)
