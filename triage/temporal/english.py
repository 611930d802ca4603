"""English date and time expressions, and dates in digits, in folded lower-case text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from triage.numerals import ENGLISH, english
from triage.temporal.feasts import ENGLISH_NAMES, feast_day
from triage.temporal.pieces import (
    AFTERNOON,
    CALENDAR,
    EVENING,
    MORNING,
    NIGHT,
    WEEKDAY,
    Clock,
    Match,
    Piece,
    dated,
    finished,
    last_of_month,
    monday_of,
    month_of,
    of_clock,
    of_day,
    rule,
    shifted,
)

_PARTS = {"morning": MORNING, "afternoon": AFTERNOON, "evening": EVENING, "night": NIGHT}
_DAYS = {
    "today": 0, "tonight": 0, "tomorrow": 1, "tmr": 1, "tmrw": 1, "tomoz": 1, "yesterday": -1,
    "2day": 0, "2moro": 1,
}  # fmt: skip
_WHICH = {"last": -1, "past": -1, "next": 1}
_UNITS = {"min": "minutes", "minute": "minutes", "hour": "hours", "hr": "hours", "h": "hours",
          "day": "days", "week": "weeks", "wk": "weeks", "month": "months", "mth": "months",
          "year": "years", "yr": "years", "fortnight": "weeks"}  # fmt: skip
_MONTHS = {m: i for i, m in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
_WEEKDAYS = {"mon": MO, "tue": TU, "wed": WE, "thu": TH, "fri": FR, "sat": SA, "sun": SU}
_VAGUE = {"few": 3, "a few": 3, "several": 3}
_EVENING_HOURS = 12
_REACH = 40  # characters before a day in which its verb is looked for
_PAST = re.compile(
    r"\b(?:since|was|were|had|did|bought|came|got|sent|paid|left|went|[a-z]{2,12}ed)\b[^.!?\n]{0,36}$"
)
_AHEAD = re.compile(
    r"\b(?:will|by|before|until|till|til|due|need|can|could|coming|going)\b[^.!?\n]{0,36}$"
)


def _clock(match: Match, now: datetime) -> Piece:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = match["half"].replace(".", "")
    if half == "pm" and hour < _EVENING_HOURS:
        hour += 12
    elif half == "am" and hour == _EVENING_HOURS:
        hour = 0
    return of_clock(Clock(hour, minute))


def _clock_24(match: Match, now: datetime) -> Piece:
    return of_clock(Clock(int(match["hour"]), int(match["minute"])))


def _named_clock(match: Match, now: datetime) -> Piece:
    return of_clock(Clock({"noon": 12, "midday": 12, "midnight": 24}[match[0]]), certain=False)


def _bare_hour(match: Match, now: datetime) -> Piece:
    return of_clock(Clock(int(match["hour"]), int(match["minute"] or 0)), certain=False)


def _part(match: Match, now: datetime) -> Piece:
    return of_clock(Clock(part=_PARTS[match["part"]]), certain=False)


def _this_part(match: Match, now: datetime) -> Piece:
    days = -1 if match["which"] == "last" else 0
    return of_day(now.date() + timedelta(days=days), Clock(part=_PARTS[match["part"]]))


def _day_word(match: Match, now: datetime) -> Piece:
    part = NIGHT if match[0] == "tonight" else None
    return of_day(now.date() + timedelta(days=_DAYS[match[0]]), Clock(part=part) if part else None)


def _second_day(match: Match, now: datetime) -> Piece:
    return of_day(now.date() + timedelta(days=-2 if match["side"] == "before" else 2))


def _weekday(match: Match, now: datetime) -> Piece:
    weekday = _WEEKDAYS[match["weekday"][:3]]
    which, today = match.groupdict().get("which"), now.date()
    if which in ("last", "past"):
        day = today + relativedelta(days=-1, weekday=weekday(-1))
    elif which == "next":
        day = today + relativedelta(days=1, weekday=MO) + relativedelta(weekday=weekday)
    else:
        day = today + relativedelta(weekday=weekday(-1 if which is None and _is_past(match) else 1))
    return replace(of_day(day), kind=WEEKDAY)


def _month_day(match: Match, now: datetime) -> Piece:
    month = _MONTHS[match["month"][:3]]
    day = dated(month, int(match["mday"]), now, year=match["year"])
    return replace(of_day(day), kind=CALENDAR)


def _month(match: Match, now: datetime) -> Piece:
    year = match.groupdict().get("year")
    first = dated(_MONTHS[match["month"][:3]], 1, now, year=year)
    if not year and first > now.date() and _is_past(match):
        first = first.replace(year=first.year - 1)
    return finished(f"{first:%Y-%m}")


def _is_past(match: Match) -> bool:
    """Tell whether the words of the same clause before a day speak of the past."""
    before = match.string[max(0, match.start() - _REACH) : match.end()]
    return _PAST.search(before) is not None and _AHEAD.search(before) is None


def _day_of_month(match: Match, now: datetime) -> Piece:
    return of_day(last_of_month(now, 0).replace(day=int(match["mday"])))


def _offset(match: Match, now: datetime) -> Piece:
    written = match["n"]
    count = _VAGUE.get(written) or (float(written) if written[0].isdigit() else english(written))
    if count is None:
        raise ValueError(written)
    unit = "workdays" if match["work"] else _UNITS[match["unit"]]
    if match["unit"] == "fortnight":
        count *= 2
    back = match.groupdict().get("ago") is not None
    return finished(shifted(now, -count if back else count, unit))


def _span_of_days(match: Match, now: datetime) -> Piece | None:
    steps, unit = _WHICH.get(match["which"], 0), match["unit"]
    end = match["end"] is not None
    if match["which"] == "the" and not end and unit != "weekend":
        return None
    if unit == "weekend":
        return of_day(monday_of(now, steps) + timedelta(days=5))
    if unit == "week":
        return of_day(monday_of(now, steps) + timedelta(days=6 if end else 0))
    if unit == "month":
        return of_day(last_of_month(now, steps)) if end else finished(month_of(now, steps))
    return finished(f"{now.year + steps}-12-31" if end else str(now.year + steps))


def _end_of_day(match: Match, now: datetime) -> Piece:
    return of_day(now.date())


def _feast(match: Match, now: datetime) -> Piece | None:
    shift = _WHICH.get(match["which"] or "", 0)
    day = feast_day(match["feast"], now)
    if day is not None and shift and (day > now.date()) != (shift > 0):
        day = feast_day(match["feast"], now, day.year + shift)
    return None if day is None else of_day(day)


def _iso_day(match: Match, now: datetime) -> Piece:
    return of_day(date(int(match["year"]), int(match["month"]), int(match["mday"])))


def _slash_day(match: Match, now: datetime) -> Piece:
    first, second = int(match["a"]), int(match["b"])
    month, day = (second, first) if first > 12 else (first, second)
    return of_day(dated(month, day, now, year=match.groupdict().get("year")))


_N = rf"(?P<n>[0-9]{{1,3}}|a few|few|several|{ENGLISH})"
_UNIT = r"(?P<work>(?:working|business|work)\s)?(?P<unit>minute|min|hour|hr|h|day|week|wk|fortnight|month|mth|year|yr)s?(?![a-z])"
_MONTH_NAME = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b(?:\.(?=\s?[0-9]))?"
)
_MONTH_DAY = r"(?P<mday>[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s(?P<year>20[0-9]{2})\b)?"
_LONG_WEEKDAY = r"(?P<weekday>mon|tues|wednes|thurs|fri|satur|sun)day"
_SHORT_WEEKDAY = r"(?P<weekday>mon|tues?|wed|thurs?|thu|fri|sat|sun)"
_BEFORE_DAY = r"(?:on|by|until|till|since|before|after|from|for|this|next|last|arrive|due)"
_MINUTES = r"[0-5][0-9]"
_NOT_DAYS = r"(?!\s(?:time|attempt|floor|try|order|item|parcel|package|call|e-?mail|one|message|street|st|avenue|ave|person|delivery|party|century|gen|hour|day))"
_RANGE = r"(?:(?:[0-9]{1,2}|an?|one|two|three|four|five)(?:\s?[-–~]\s?|\s(?:to|or)\s))?"
_FEASTS = "|".join(ENGLISH_NAMES)
_FEAST_WORDS = [re.findall("[a-z]+", name)[0] for name in ENGLISH_NAMES]
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = ("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun")
_MONTH_WORDS = (
    "jan", "january", "feb", "february", "mar", "march", "apr", "april", "may", "jun", "june", "jul", "july", "aug",
    "august", "sep", "sept", "september", "oct", "october", "nov", "november", "dec", "december",
)  # fmt: skip
RULES = (
    rule(rf"\b(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>{_MINUTES}))?\s?(?P<half>[ap]m\b|[ap]\.m\b\.?)", _clock, clues=("am", "pm", "m")),
    rule(rf"(?<![0-9:])(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>{_MINUTES})(?::[0-5][0-9])?(?![0-9:]|\s?[ap]\.?m)", _clock_24, clues=":"),
    rule(r"\b(?:noon|midday|midnight)\b", _named_clock, clues=("noon", "midday", "midnight")),
    rule(rf"(?<=\bat )(?P<hour>1[0-2]|[1-9])(?::(?P<minute>{_MINUTES}))?\b(?!\s?[ap]\.?m|[.:%/][0-9])", _bare_hour, clues=("at",)),
    rule(r"(?<![0-9:./$£€-])\b(?P<hour>1[0-2]|[1-9])(?P<minute>)(?=\s(?:(?:this|in\sthe)\s(?:morning|afternoon|evening)|tonight)\b)", _bare_hour, clues=("this", "in", "tonight")),
    rule(r"\b(?P<part>morning|afternoon|evening|night)\b", _part, clues=_PARTS),
    rule(r"\b(?P<which>this|last)\s(?P<part>morning|afternoon|evening|night)\b", _this_part, clues=_PARTS),
    rule(r"\b(?:" + "|".join(_DAYS) + r")\b", _day_word, clues=(*_DAYS, "day", "moro")),
    rule(r"\b(?:the\s)?day\s(?P<side>before|after)\s(?:yesterday|tomorrow|tmr)\b", _second_day, clues=("day",)),
    rule(rf"\b(?:(?P<which>last|past|this|next|coming)\s)?{_LONG_WEEKDAY}\b", _weekday, clues=_LONG),
    rule(rf"\b{_BEFORE_DAY}\s(?P<span>{_SHORT_WEEKDAY})\b(?!\s(?:cream|screen|glass))", _weekday, clues=_SHORT),
    rule(rf"\b(?P<which>last|past|this|next)\s(?:week\s)?(?:on\s)?{_SHORT_WEEKDAY}(?:day|nesday|rsday|urday)?\b", _weekday, clues=(*_SHORT, *_LONG)),
    rule(rf"\b{_SHORT_WEEKDAY}\b(?=,?\s(?:[0-9]|morning|afternoon|evening|night|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))", _weekday, clues=_SHORT),
    rule(rf"(?<![0-9.$£€/-])\b{_MONTH_DAY}\s?(?:of\s)?{_MONTH_NAME}{_YEAR}", _month_day, clues=_MONTH_WORDS),
    rule(rf"\b{_MONTH_NAME}\s(?:the\s)?{_MONTH_DAY}\b(?![.:][0-9]|%|\s?(?:am|pm)\b)(?:\s?[-–]\s?[0-9]{{1,2}}(?:st|nd|rd|th)?\b(?!-))?{_YEAR}", _month_day, clues=_MONTH_WORDS),
    rule(rf"\b{_MONTH_NAME},?\s(?P<year>20[0-9]{{2}})\b", _month, clues=_MONTH_WORDS),
    rule(rf"\b(?:in|since|until|till|during|last|from|early|late|mid)\s(?P<span>(?!may\b|mar\b){_MONTH_NAME})(?!\s[0-9])", _month, clues=_MONTH_WORDS),
    rule(rf"\bthe\s(?P<mday>[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)\b{_NOT_DAYS}", _day_of_month, clues=("the",)),
    rule(rf"\b{_RANGE}{_N}\s?{_UNIT}\s(?P<ago>ago|earlier|back)\b", _offset, clues=("ago", "earlier", "back")),
    rule(rf"\b(?:in(?!\s(?:\w+\s)?min)|within)\s(?:the\s)?(?:next\s)?(?:about\s)?{_RANGE}{_N}\s?{_UNIT}\b(?!')", _offset, clues=("in", "within")),
    rule(rf"\b{_RANGE}{_N}\s?{_UNIT}\sfrom\s(?:now|today)\b", _offset, clues=("from",)),
    rule(r"\b(?P<end>(?:the\s)?end\sof\s)?(?P<which>last|past|this|next|the)\s(?P<unit>weekend|week|month|year)\b", _span_of_days, clues=("weekend", "week", "month", "year")),
    rule(r"\b(?:(?:the\s)?end\sof\s(?:the\s)?day|eod|cob|close\sof\sbusiness)\b", _end_of_day, clues=("end", "eod", "cob", "close")),
    rule(rf"\b(?:(?P<which>last|next|this)\s)?(?P<feast>{_FEASTS})\b", _feast, clues=_FEAST_WORDS),
    rule(r"(?<![0-9-])(?P<year>20[0-9]{2})[-/.](?P<month>0?[1-9]|1[0-2])[-/.](?P<mday>[12][0-9]|3[01]|0?[1-9])(?![0-9-])(?:t(?=[0-9]))?", _iso_day, clues="-/."),
    rule(r"(?<![0-9/.-])(?P<a>[0-9]{1,2})(?P<sep>[/.-])(?P<b>[0-9]{1,2})(?P=sep)(?P<year>20[0-9]{2}|2[0-9])(?![0-9/.-]{0,3}[0-9])", _slash_day, clues="-/."),
    rule(r"(?<![0-9/$£€¥.])(?!10/10)(?P<a>1[0-2]|0?[1-9])/(?P<b>3[01]|[12][0-9]|0?[1-9])(?![0-9/]|\s?(?:stars?|star|f\b))", _slash_day, clues="/"),
)  # fmt: skip
