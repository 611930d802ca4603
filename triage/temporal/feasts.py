"""Days with a name: sales and feasts, Chinese and English, and when they are in a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from triage.temporal.pieces import dated, nearest

_FIXED = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "三八": (3, 8), "植树节": (3, 12), "愚人节": (4, 1), "教师节": (9, 10),
    "万圣节": (10, 31), "双旦": (12, 25), "independence day": (7, 4), "4th of july": (7, 4),
    "fourth of july": (7, 4), "national day": (10, 1), "st patrick's day": (3, 17), "劳动节": (5, 1), "五一": (5, 1),
    "儿童节": (6, 1), "国庆节": (10, 1), "国庆": (10, 1), "双十一": (11, 11), "双11": (11, 11),
    "双十二": (12, 12), "双12": (12, 12), "圣诞节": (12, 25), "圣诞": (12, 25), "平安夜": (12, 24),
    "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year's eve": (12, 31), "new year's day": (1, 1),
    "new years eve": (12, 31), "new year": (1, 1), "valentine's day": (2, 14),
    "halloween": (10, 31), "singles' day": (11, 11), "singles day": (11, 11),
    "double 11": (11, 11), "double eleven": (11, 11),
}  # fmt: skip
# Lunar feasts by year. They agree with ICU's Chinese calendar but for the new moons of 2027 and
# 2030, which fall at 23:56 and 0:07 in Beijing (Meeus, Astronomical Algorithms, chapter 49).
_LUNAR = {
    "春节": ((2024, 2, 10), (2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2028, 1, 26),
             (2029, 2, 13), (2030, 2, 3)),
    "端午": ((2024, 6, 10), (2025, 5, 31), (2026, 6, 19), (2027, 6, 9), (2028, 5, 28),
             (2029, 6, 16), (2030, 6, 5)),
    "七夕": ((2024, 8, 10), (2025, 8, 29), (2026, 8, 19), (2027, 8, 8), (2028, 8, 26),
             (2029, 8, 16), (2030, 8, 5)),
    "中秋": ((2024, 9, 17), (2025, 10, 6), (2026, 9, 25), (2027, 9, 15), (2028, 10, 3),
             (2029, 9, 22), (2030, 9, 12)),
}  # fmt: skip
_LUNAR_NAMES = {
    "春节": "春节", "大年初一": "春节", "chinese new year": "春节", "lunar new year": "春节",
    "大年三十": "除夕", "除夕": "除夕", "元宵节": "元宵", "元宵": "元宵", "七夕节": "七夕", "七夕": "七夕",
    "mid-autumn festival": "中秋", "mid autumn festival": "中秋", "mid-autumn": "中秋",
    "mid autumn": "中秋", "dragon boat festival": "端午", "cny": "春节", "端午节": "端午", "端午": "端午", "中秋节": "中秋", "中秋": "中秋",
}  # fmt: skip
_SHIFTED = {"除夕": ("春节", -1), "元宵": ("春节", 14)}
# The n-th weekday of a month (0 for Monday; -1 for the last), and days after it.
_NTH = {
    "thanksgiving": (11, 3, 4, 0), "感恩节": (11, 3, 4, 0), "black friday": (11, 3, 4, 1),
    "黑色星期五": (11, 3, 4, 1), "黑五": (11, 3, 4, 1), "cyber monday": (11, 3, 4, 4),
    "memorial day": (5, 0, -1, 0), "labor day": (9, 0, 1, 0), "母亲节": (5, 6, 2, 0),
    "mother's day": (5, 6, 2, 0), "mothers day": (5, 6, 2, 0), "father's day": (6, 6, 3, 0),
    "fathers day": (6, 6, 3, 0), "父亲节": (6, 6, 3, 0),
}  # fmt: skip
_WEEKDAYS = (MO, TU, WE, TH, FR, SA, SU)
_EASTER = {"good friday": -2, "easter sunday": 0, "easter monday": 1, "easter": 0}
_NAMES = sorted([*_FIXED, *_LUNAR_NAMES, *_NTH, *_EASTER], key=len, reverse=True)
CHINESE_NAMES = [name for name in _NAMES if not name.isascii()]
ENGLISH_NAMES = [name for name in _NAMES if name.isascii()]


def feast_day(name: str, now: datetime, year: int | None = None) -> date | None:
    """Return the day of a feast in ``year``, or the one nearest to ``now``.

    ``None`` for a lunar feast of a year that the almanac here does not hold.
    """
    if name in _FIXED:
        return dated(*_FIXED[name], now, year=year)
    years = [year] if year else [now.year - 1, now.year, now.year + 1]
    if name in _LUNAR_NAMES:
        feast, shift = _SHIFTED.get(_LUNAR_NAMES[name], (_LUNAR_NAMES[name], 0))
        days = [date(*d) + timedelta(days=shift) for d in _LUNAR[feast] if d[0] in years]
        return nearest(days, now) if days else None
    return nearest([_movable(name, y) for y in years], now)


def _movable(name: str, year: int) -> date:
    if name in _EASTER:
        return easter(year) + timedelta(days=_EASTER[name])
    month, weekday, nth, after = _NTH[name]
    first = date(year, month, 1)
    day = first + relativedelta(day=31 if nth < 0 else 1, weekday=_WEEKDAYS[weekday](nth))
    return day + timedelta(days=after)
