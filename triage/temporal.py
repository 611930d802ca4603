"""Date and time expressions, Chinese and English, to ISO 8601 given the time of the message.

Finds and resolves only; which spans survive an overlap is decided by ``extraction``.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from cn2an import cn2an
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

Match = re.Match[str]
Resolver = Callable[[Match, datetime], str | None]

_NOON_HOURS = 3  # "three at noon" is past noon, "eleven at noon" is not
_NUM = r"(?P<n>\d{1,3}|[一二两兩三四五六七八九十廿]{1,3}|半)"
_EN_NUM = r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|couple of)"
_EN_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_DAY_WORDS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨夜": -1, "今天": 0, "今日": 0,
    "今早": 0, "今晚": 0, "今晨": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "后天": 2,
    "後天": 2, "大后天": 3, "大後天": 3, "琴日": -1, "尋日": -1, "聽日": 1,
}  # fmt: skip
_PART = r"(?:早上|上午|早晨|中午|下午|傍晚|晚上|凌晨|夜里|晏晝)"
_CLOCK = (
    rf"(?:的?(?P<part>{_PART}))?"
    r"(?:(?P<hour>\d{1,2}|[一二两兩三四五六七八九十]{1,3})(?:[点點时時](?:(?P<half>半)|(?P<minute>\d{1,2})分?)?"
    r"|[:\uff1a](?P<minute2>\d{2})))?"
)
_WEEK = (
    r"(?P<which>上上|上|这|這|本|下下|下)?个?個?(?:周|週|星期|礼拜|禮拜)(?P<day>[一二三四五六日天])"
)
_UNITS = {
    "分钟": "minutes", "分鐘": "minutes", "小时": "hours", "小時": "hours", "个小时": "hours",
    "個小時": "hours", "个钟": "hours", "天": "days", "日": "days", "周": "weeks", "週": "weeks",
    "个星期": "weeks", "個星期": "weeks", "星期": "weeks", "个礼拜": "weeks", "个月": "months",
    "個月": "months", "年": "years",
}  # fmt: skip
_EN_UNITS = {"minute": "minutes", "min": "minutes", "hour": "hours", "hr": "hours", "day": "days",
             "week": "weeks", "month": "months", "year": "years"}  # fmt: skip
_MONTHS = {m: i for i, m in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAYS = {"mon": MO, "tue": TU, "wed": WE, "thu": TH, "fri": FR, "sat": SA, "sun": SU}
_WEEKDAY = r"(?P<weekday>mon|tues?|wednes|thurs?|fri|satur|sun)day"
_SALES = {"双十一": (11, 11), "双11": (11, 11), "雙11": (11, 11), "雙十一": (11, 11),
          "双十二": (12, 12), "双12": (12, 12), "雙12": (12, 12), "618": (6, 18)}  # fmt: skip


def find_dates(text: str, now: datetime) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, ISO value) of each date expression in ``text``; matches may overlap.

    The value is a day (``2026-11-20``), a minute (``2026-11-20T15:30``) where a time of day or a
    span of hours is named, or a month (``2026-10``).
    """
    for pattern, resolve in _PATTERNS:
        for match in pattern.finditer(text):
            try:
                value = resolve(match, now)
            except (ValueError, OverflowError):  # the 31st of February, the year 0
                continue
            if value is not None:
                yield match.start(), match.end(), value


def _day_word(match: Match, now: datetime) -> str | None:
    word = match["word"]
    day = now.date() + timedelta(days=_DAY_WORDS[word])
    evening = word.endswith(("晚", "夜"))
    return _with_clock(match, day, evening=evening)


def _week_day(match: Match, now: datetime) -> str | None:
    weeks = {"上上": -2, "上": -1, "下": 1, "下下": 2}.get(match["which"] or "", 0)
    monday = now.date() - timedelta(days=now.weekday())
    offset = "一二三四五六日".index(match["day"].replace("天", "日"))
    return _with_clock(match, monday + timedelta(weeks=weeks, days=offset))


def _calendar_day(match: Match, now: datetime) -> str | None:
    day = _dated(match["year"], _chinese(match["month"]), _chinese(match["mday"]), now)
    return _with_clock(match, day)


def _month_day(match: Match, now: datetime) -> str | None:
    return _with_clock(match, now.date().replace(day=_chinese(match["mday"])))


def _iso_day(match: Match, now: datetime) -> str | None:
    return date(int(match["year"]), int(match["month"]), int(match["mday"])).isoformat()


def _slash_day(match: Match, now: datetime) -> str | None:
    first, second = int(match["a"]), int(match["b"])
    month, day = (second, first) if first > 12 else (first, second)
    return date(int(match["year"]), month, day).isoformat()


def _chinese_offset(match: Match, now: datetime) -> str | None:
    sign = -1 if match["dir"].endswith("前") else 1
    unit = _UNITS[match["unit"]]
    if match["n"] == "半":
        return _shift(now, sign * 30, "minutes") if unit == "hours" else None
    return _shift(now, sign * _chinese(match["n"]), unit)


def _english_offset(match: Match, now: datetime) -> str | None:
    count = _EN_NUMBERS.get(match["n"].lower()) or int(match["n"])
    past = match.groupdict().get("ago") is not None
    return _shift(now, -count if past else count, _EN_UNITS[match["unit"].lower()])


def _english_word(match: Match, now: datetime) -> str | None:
    word = match[0].lower()
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "tmr": 1, "yesterday": -1, "last night": -1}
    offset = days.get(word, -2 if "before" in word else 2)
    return (now.date() + timedelta(days=offset)).isoformat()


def _english_weekday(match: Match, now: datetime) -> str | None:
    weekday = _WEEKDAYS[match["weekday"].lower()[:3]]
    which = (match["which"] or "").lower()
    today = now.date()
    if which == "last":
        return (today + relativedelta(days=-1, weekday=weekday(-1))).isoformat()
    start = today + relativedelta(days=1, weekday=MO) if which == "next" else today
    return (start + relativedelta(weekday=weekday)).isoformat()


def _english_month_day(match: Match, now: datetime) -> str | None:
    month = _MONTHS[match["month"].lower()[:3]]
    return _dated(match["year"], month, int(match["mday"]), now).isoformat()


def _sale_day(match: Match, now: datetime) -> str | None:
    month, day = _SALES[match[0]]
    return _dated(None, month, day, now).isoformat()


def _relative_month(match: Match, now: datetime) -> str | None:
    which = (match["which"] or match["which2"]).lower()
    months = {"上": -1, "last": -1, "下": 1, "next": 1}.get(which, 0)
    return (now + relativedelta(months=months)).strftime("%Y-%m")


def _dated(year: str | None, month: int, day: int, now: datetime) -> date:
    """Return the day named; without a year, the one nearest to ``now``."""
    if year:
        return date(int(year) + (2000 if int(year) < 100 else 0), month, day)
    leap_day = (month, day) == (2, 29)
    years = range(now.year - 8, now.year + 9) if leap_day else range(now.year - 1, now.year + 2)
    days = [date(y, month, day) for y in years if not leap_day or isleap(y)]
    return min(days, key=lambda d: abs(d - now.date()))


def _with_clock(match: Match, day: date, *, evening: bool = False) -> str:
    if match["hour"] is None:
        return day.isoformat()
    hour = _chinese(match["hour"])
    minute = 30 if match["half"] else int(match["minute"] or match["minute2"] or 0)
    late = evening or match["part"] in ("下午", "傍晚", "晚上", "夜里", "晏晝")
    night = evening or match["part"] in ("晚上", "夜里")
    if hour == 12 and (night or match["part"] == "凌晨"):
        hour = 24 if night else 0
    elif (late and hour < 12) or (match["part"] == "中午" and hour < _NOON_HOURS):
        hour += 12
    moment = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute))
    return moment.isoformat(timespec="minutes")


def _shift(now: datetime, count: int, unit: str) -> str:
    moment = now + relativedelta(**{unit: count})  # type: ignore[arg-type]  # unit is a keyword
    if unit in ("minutes", "hours"):
        return moment.replace(tzinfo=None).isoformat(timespec="minutes")
    return moment.date().isoformat()


def _chinese(number: str) -> int:
    if number.isdigit():
        return int(number)
    return int(cn2an(number.replace("兩", "两").replace("廿", "二十"), "smart"))


def _rule(pattern: str, resolve: Resolver) -> tuple[re.Pattern[str], Resolver]:
    return re.compile(pattern, re.IGNORECASE), resolve


_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_EN_UNIT = r"(?P<unit>minute|min|hour|hr|day|week|month|year)s?"
_PATTERNS: tuple[tuple[re.Pattern[str], Resolver], ...] = (
    _rule(rf"(?P<word>{'|'.join(sorted(_DAY_WORDS, key=len, reverse=True))}){_CLOCK}", _day_word),
    _rule(_WEEK + _CLOCK, _week_day),
    _rule(
        r"(?<!\d)(?:(?P<year>\d{4}|\d{2})年)?(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?"
        r"(?P<mday>[12]\d|3[01]|0?[1-9]|[一二三四五六七八九十廿]{1,3})[日号號]?" + _CLOCK,
        _calendar_day,
    ),
    _rule(rf"(?<![\d月a-zA-Z-])(?P<mday>[12]\d|3[01]|[1-9])[号號](?![码碼楼樓线線店仓倉柜櫃]){_CLOCK}", _month_day),
    _rule(
        r"(?<![\d-])(?P<year>20\d{2})[-/.](?P<month>0?[1-9]|1[0-2])[-/.](?P<mday>[12]\d|3[01]|0?[1-9])(?![\d-])",
        _iso_day,
    ),
    _rule(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<year>20\d{2})(?![\d/])", _slash_day),
    _rule(rf"(?<![第\d]){_NUM}(?P<unit>{_UNIT})(?P<dir>之?以?前|之?以?后|之?以?後|之?以?[内內])", _chinese_offset),
    _rule(rf"\b{_EN_NUM}\s?{_EN_UNIT}\s(?P<ago>ago)\b", _english_offset),
    _rule(rf"\b(?:in|within)\s(?:the next\s)?{_EN_NUM}\s?{_EN_UNIT}\b", _english_offset),
    _rule(
        r"\b(?:today|tonight|tomorrow|tmr|yesterday|last night|(?:the )?day before yesterday"
        r"|(?:the )?day after tomorrow)\b",
        _english_word,
    ),
    _rule(rf"\b(?:(?P<which>last|this|next)\s)?{_WEEKDAY}\b", _english_weekday),
    _rule(rf"\b(?P<mday>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s(?P<year>20\d\d))?\b", _english_month_day),
    _rule(rf"\b{_MONTH}\s(?P<mday>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?:,?\s(?P<year>20\d\d))?\b", _english_month_day),
    _rule("|".join(_SALES).replace("618", r"(?<!\d)618(?!\d)"), _sale_day),
    _rule(r"(?P<which>上|这|這|下)个?個?月(?![\d])|\b(?P<which2>last|next|this)\smonth\b", _relative_month),
)  # fmt: skip
