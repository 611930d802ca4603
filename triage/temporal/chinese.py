"""Chinese date and time expressions, in folded text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from triage.numerals import han
from triage.temporal.feasts import CHINESE_NAMES, feast_day
from triage.temporal.pieces import (
    AFTERNOON,
    CALENDAR,
    DAWN,
    EVENING,
    MORNING,
    NIGHT,
    NOON,
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

_PARTS = {
    "凌晨": DAWN, "清晨": MORNING, "清早": MORNING, "一大早": MORNING, "一早": MORNING, "大清早": MORNING, "大早上": MORNING, "早上": MORNING, "早晨": MORNING, "上午": MORNING,
    "朝早": MORNING, "中午": NOON, "正午": NOON, "晏昼": AFTERNOON, "下午": AFTERNOON,
    "下昼": AFTERNOON, "午后": AFTERNOON, "傍晚": EVENING, "晚上": NIGHT, "晚间": NIGHT,
    "夜晚": NIGHT, "夜里": NIGHT, "夜间": NIGHT, "半夜": NIGHT, "深夜": NIGHT,
}  # fmt: skip
_DAYS = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨儿": -1, "今天": 0, "今日": 0,
    "今儿": 0, "明天": 1, "明日": 1, "明儿": 1, "后天": 2, "后日": 2, "大后天": 3, "琴日": -1,
    "寻日": -1, "听日": 1,
}  # fmt: skip
_DAY_PARTS = {
    "前晚": (-2, NIGHT), "昨晚": (-1, NIGHT), "昨夜": (-1, NIGHT), "琴晚": (-1, NIGHT), "寻晚": (-1, NIGHT),
    "昨早": (-1, MORNING), "今早": (0, MORNING), "今晨": (0, MORNING), "今朝": (0, MORNING),
    "今晚": (0, NIGHT), "今夜": (0, NIGHT), "明早": (1, MORNING), "明晨": (1, MORNING),
    "听朝": (1, MORNING), "明晚": (1, NIGHT), "听晚": (1, NIGHT), "后晚": (2, NIGHT),
}  # fmt: skip
_WHICH = {"上上": -2, "上": -1, "下": 1, "下下": 2}
_YEARS = {"前年": -2, "去年": -1, "上年": -1, "今年": 0, "明年": 1}
_UNITS = {
    "分钟": "minutes", "小时": "hours", "个小时": "hours", "个钟头": "hours", "个钟": "hours",
    "钟头": "hours", "h": "hours", "工作日": "workdays", "个工作日": "workdays", "天": "days",
    "日": "days", "周": "weeks", "个星期": "weeks", "星期": "weeks", "个礼拜": "weeks",
    "礼拜": "weeks", "个月": "months", "年": "years",
    "个半小时": "hours", "个半月": "months",
}  # fmt: skip
_DONE = re.compile(r"[买订下付拍收寄退发取用开办充]|[那的]")  # 三月份买的 is of the past
_VAGUE = {"几": 3, "数": 3, "十几": 10, "十来": 10, "十多": 10, "半": 0.5}
_ODD_MINUTES = {"半": 30, "一刻": 15, "三刻": 45}


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _int(written: str) -> int:
    value = float(written) if written.isascii() else han(written)
    if value is None:
        raise ValueError(written)
    return int(value)


def _said(match: Match, name: str) -> str | None:
    return match.groupdict().get(name)


def _year_of(written: str | None, now: datetime) -> int | None:
    if written is None:
        return None
    if written in _YEARS:
        return now.year + _YEARS[written]
    year = int(written.rstrip("年"))
    return year + 2000 if year < 100 else year


def _clock(match: Match, now: datetime) -> Piece:
    hour = _int(match["hour"] or match["hour2"])
    minute = _ODD_MINUTES.get(match["odd"] or "")
    if minute is None:
        minute = _int(match["minute"] or match["minute2"] or "0")
    if hour > 24 or minute > 59:
        raise ValueError(match[0])
    # 两点 alone is two points as often as two o'clock; 2点 and 两点半 are times.
    certain = match["part"] or match["odd"] or match["minute"] or match["bell"] or match["hour2"]
    plain = (match["hour"] or "").isascii()
    clock = Clock(hour, minute, _PARTS.get(match["part"] or ""))
    return of_clock(clock, certain=bool(certain or plain))


def _part(match: Match, now: datetime) -> Piece:
    return of_clock(Clock(part=_PARTS[match[0]]), certain=False)


def _day_word(match: Match, now: datetime) -> Piece:
    return of_day(now.date() + timedelta(days=_DAYS[match[0]]))


def _day_part(match: Match, now: datetime) -> Piece:
    days, part = _DAY_PARTS[match[0]]
    return of_day(now.date() + timedelta(days=days), Clock(part=part))


def _week(match: Match, now: datetime) -> Piece:
    monday = monday_of(now, _WHICH.get(match["which"] or "", 0))
    offset = "一二三四五六日".index(
        (_said(match, "day") or "一").replace("天", "日").replace("末", "六")
    )
    return replace(of_day(monday + timedelta(days=offset)), kind=WEEKDAY)


def _calendar_day(match: Match, now: datetime) -> Piece:
    year = _year_of(_said(match, "year"), now)
    day = dated(_int(match["month"]), _int(match["mday"]), now, year=year)
    return replace(of_day(day), kind=CALENDAR)


def _day_of_month(match: Match, now: datetime) -> Piece:
    last = last_of_month(now, _WHICH.get(match["which"] or "", 0))
    return of_day(last.replace(day=_int(match["mday"])))


def _relative_month(match: Match, now: datetime) -> Piece:
    months = _WHICH.get(_said(match, "which") or "", 0)
    first = last_of_month(now, months).replace(day=1)
    return _edge_of(first, match["edge"]) or finished(month_of(now, months))


def _named_month(match: Match, now: datetime) -> Piece:
    year = _year_of(match["year"], now)
    first = dated(_int(match["month"]), 1, now, year=year)
    if not year and first > now.date() and _DONE.match(match.string, match.end()):
        first = first.replace(year=first.year - 1)
    return _edge_of(first, match["edge"]) or finished(f"{first:%Y-%m}")


def _edge_of(first: date, edge: str | None) -> Piece | None:
    if edge is None:
        return None
    if edge in ("初", "头"):
        return of_day(first)
    if edge in ("中", "中旬"):
        return of_day(first.replace(day=15))
    return of_day(last_of_month(datetime(first.year, first.month, 1), 0))  # noqa: DTZ001


def _year(match: Match, now: datetime) -> Piece:
    year = _year_of(_said(match, "year"), now) or now.year
    edges = {"底": f"{year}-12-31", "末": f"{year}-12-31", "初": f"{year}-01-01"}
    return finished(edges.get(match["edge"] or "", str(year)))


def _offset(match: Match, now: datetime) -> Piece:
    back, unit = match["dir"].endswith("前"), _UNITS[match["unit"]]
    count = _count(match["n"], half="半" in (match["half"] or match["unit"]))
    return finished(shifted(now, -count if back else count, unit))


def _ahead(match: Match, now: datetime) -> Piece:
    count = _count(match["n"], half=False)
    return finished(shifted(now, count, _UNITS[match["unit"]]))


def _days_ago(match: Match, now: datetime) -> Piece:
    return of_day(now.date() - timedelta(days=2 if match["n"] == "两" else 3))


def _count(written: str, *, half: bool) -> float:
    count = _VAGUE.get(written) or _int(written)
    return count + 0.5 if half else count


def _feast(match: Match, now: datetime) -> Piece | None:
    day = feast_day(match["feast"], now, _year_of(match["year"], now))
    return None if day is None else of_day(day)


_NUMERAL = r"[0-9]{1,3}|[一二两三四五六七八九十廿]{1,3}"
_N = rf"(?P<n>十几|十来|十多|{_NUMERAL}|半|几|数)"
_YEAR = rf"(?P<year>{_any(_YEARS)}|(?:20)?[0-9]{{2}}年)"
_MDAY = r"(?P<mday>[12][0-9]|3[01]|0?[1-9]|[一二三四五六七八九十廿]{1,3})"
_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月"
_WHICH_ONE = r"(?P<which>上上|下下|上|这|本|下)"
_EDGE = r"(?P<edge>底|末|初|中旬|中)"
_PART = rf"(?P<part>{_any(_PARTS)})"
_HOUR = r"(?P<hour>[0-9]{1,2}|[一二两三四五六七八九十]{1,3})"
_MINUTE = r"(?P<minute>[0-5]?[0-9]|[二三四五]?十[一二三四五六七八九]?)(?![0-9号月天])分?"
_NOT_A_DAY = r"(?![码楼线店仓柜机院馆库街路房桌床商客门])"
_UNIT = rf"(?P<unit>{_any(_UNITS)})"
_FEASTS = _any(CHINESE_NAMES)
RULES = (
    rule(
        rf"(?<![0-9第.差])(?:{_PART}的?)?(?:{_HOUR}[点时](?![建意评小击赞亮]|一[点些]|儿|都|什)"
        rf"(?:(?P<odd>半|[一三]刻)|{_MINUTE})?(?P<bell>钟|整)?"
        r"|(?P<hour2>[0-2]?[0-9]):(?P<minute2>[0-5][0-9])(?![0-9:]))",
        _clock,
        clues="点时:",
    ),
    rule(_any(_PARTS), _part, clues="晨早午昼晚夜"),
    rule(_any(_DAYS), _day_word, clues="天日儿"),
    rule(_any(_DAY_PARTS), _day_part, clues="晚夜早晨朝"),
    rule(rf"{_WHICH_ONE}?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末](?![个次]))", _week, clues="周期拜"),
    rule(rf"{_WHICH_ONE}个?(?:周|星期|礼拜)(?![一二三四五六日天末期年])", _week, clues="周期拜"),
    rule(
        rf"(?<![0-9.])(?:{_YEAR}的?)?{_MONTH}份?{_MDAY}(?:[-~到至][0-9]{{1,2}}(?=[日号]))?"
        rf"(?![0-9.一二三四五六七八九十])(?:日|号{_NOT_A_DAY})?",
        _calendar_day,
        clues="月",
    ),
    rule(rf"(?<![0-9])(?P<month>1[0-2]|0?[1-9])[./]{_MDAY}[号日]{_NOT_A_DAY}", _calendar_day, clues="号日"),
    rule(
        rf"(?<![0-9a-z.月第大小换加-])(?:{_WHICH_ONE}个?月的?)?{_MDAY}(?:[-~到至][0-9]{{1,2}})?号{_NOT_A_DAY}",
        _day_of_month,
        clues="号",
    ),
    rule(rf"{_WHICH_ONE}个?月{_EDGE}?(?![0-9])", _relative_month, clues="月"),
    rule(r"(?<![0-9个几一二两三四五六七八九十半上这本下])月(?P<edge>底|末|初|中旬)", _relative_month, clues="月"),
    rule(rf"(?<![0-9.])(?:{_YEAR}的?)?{_MONTH}份?(?:的?{_EDGE})?(?![0-9])", _named_month, clues="月"),
    rule(rf"{_YEAR}(?:年?(?P<edge>底|末|初))?", _year, clues="年"),
    rule(r"(?<![今去明上前0-9])年(?P<edge>底|末|初)", _year, clues="年"),
    rule(
        rf"(?<![第0-9.])(?:(?:{_NUMERAL})[-~到至])?{_N}多?{_UNIT}(?P<half>半)?多?"
        r"(?P<dir>(?:之|以)?前|(?:之|以)?后|(?:之|以)?内)(?![天晚日台])",
        _offset,
        clues="前后内",
    ),
    rule(rf"(?:再过|过){_N}{_UNIT}", _ahead, clues="过"),
    rule(r"前(?P<n>[两几])[天日]", _days_ago, clues="前"),
    rule(rf"(?:{_YEAR}的?)?(?P<feast>{_FEASTS})", _feast, clues=[name[-1] for name in CHINESE_NAMES]),
    rule(
        rf"(?<![0-9.])(?P<month>1[0-2]|[1-9])\.{_MDAY}"
        r"(?=有?活动|节|大促|当天|那天|之前|前|买|下单|拍|到货|发货|签收|晚上|早上|下午|上午)",
        _calendar_day,
        clues=".",
    ),
    rule(r"(?<![0-9.])(?P<month>11|12|6)\.(?P<mday>11|12|18)(?![0-9.元块折万千kg个])", _calendar_day, clues="."),
    rule(r"(?<![0-9.])(?P<month>3)(?P<mday>15)(?=晚会|当天|那天|活动|打假|消费|[,、。!])", _calendar_day, clues="3"),
    rule(r"(?<![0-9.])(?P<month>5)(?P<mday>20)(?=当天|那天|活动|礼|节|前)", _calendar_day, clues="5"),
    rule(r"(?<![0-9.])(?P<month>6)(?P<mday>18)(?![0-9.元块折万千个件])", _calendar_day, clues="6"),
)  # fmt: skip
