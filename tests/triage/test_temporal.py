from __future__ import annotations

from datetime import date, datetime

import pytest
from fakes import NOW, NOW_UTC
from hypothesis import given
from hypothesis import strategies as st

from triage.folding import clues_of, fold, lower
from triage.temporal import chinese, english, find_dates, may_name_a_time

PIECES = [
    "今天",
    "昨晚",
    "上周",
    "下周",
    "五",
    "天",
    "2",
    "月",
    "29",
    "日",
    "号",
    "点",
    "半",
    "十",
    "二",
    "千",
    "年前",
    "个月后",
    "之内",
    "零",
    "两",
    "廿",
    "31",
    "99",
    "999",
    "/",
    "-",
    "2026",
    "00",
    "ago",
    " ",
    "in ",
    "two ",
    "weeks",
    "last ",
    "Friday",
    "Feb ",
    "of ",
    "30th",
    "凌晨",
    "12",
    ":",
    "618",
    "前年",
    "过",
    "节",
    "noon",
    "at ",
    "the ",
    "end of ",
    "month",
    "to ",
]


def longest(text: str, now: datetime = NOW) -> str | None:
    """Return the value of the longest date expression, as extraction would choose it."""
    found = sorted(find_dates(text, now), key=lambda f: f[0] - f[1])
    return found[0][2] if found else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("昨天下的单", "2026-11-20"),
        ("大前天", "2026-11-18"),
        ("聽日送到", "2026-11-22"),
        ("前天晚上8点", "2026-11-19T20:00"),
        ("昨晚11点", "2026-11-20T23:00"),
        ("今早9:30", "2026-11-21T09:30"),
        ("明天下午三点", "2026-11-22T15:00"),
        ("后天上午10点15分", "2026-11-23T10:15"),
        ("今天中午12点半", "2026-11-21T12:30"),
        ("今天中午1点", "2026-11-21T13:00"),
        ("今天凌晨2点", "2026-11-21T02:00"),
        ("周五", "2026-11-20"),
        ("上周五", "2026-11-13"),
        ("下周三", "2026-11-25"),
        ("上上星期天", "2026-11-08"),
        ("11月11日", "2026-11-11"),
        ("十一月十一号", "2026-11-11"),
        ("1月3日", "2027-01-03"),
        ("25年11月3日", "2025-11-03"),
        ("2026年11月20日下午3点半", "2026-11-20T15:30"),
        ("5号发的货", "2026-11-05"),
        ("三天前", "2026-11-18"),
        ("三天内", "2026-11-24"),
        ("两小时后", "2026-11-21T12:00"),
        ("半小时前", "2026-11-21T09:30"),
        ("一个月前", "2026-10-21"),
        ("上个月", "2026-10"),
        ("双十一", "2026-11-11"),
        ("618买的", "2026-06-18"),
    ],
)
def test_chinese_dates_are_resolved(text: str, value: str):
    assert longest(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yesterday", "2026-11-20"),
        ("the day before yesterday", "2026-11-19"),
        ("the day after tomorrow", "2026-11-23"),
        ("last night", "2026-11-20"),
        ("3 days ago", "2026-11-18"),
        ("two weeks ago", "2026-11-07"),
        ("a couple of days ago", "2026-11-19"),
        ("in 2 hours", "2026-11-21T12:00"),
        ("within 3 days", "2026-11-24"),
        ("last Friday", "2026-11-20"),
        ("this Saturday", "2026-11-21"),
        ("on Friday", "2026-11-27"),
        ("next Monday", "2026-11-23"),
        ("Nov 11", "2026-11-11"),
        ("March 3", "2027-03-03"),
        ("11th of November, 2025", "2025-11-11"),
        ("next month", "2026-12"),
        ("2026-11-20", "2026-11-20"),
        ("2026/1/5", "2026-01-05"),
        ("11/12/2026", "2026-11-12"),
        ("13/11/2026", "2026-11-13"),
    ],
)
def test_english_and_numeric_dates_are_resolved(text: str, value: str):
    assert longest(text) == value


@pytest.mark.parametrize(
    "text", ["2月30日", "13/13/2026", "第3天后", "5号楼", "2026-13-01", "31号", "hello", ""]
)
def test_what_is_no_date_is_not_resolved(text: str):
    assert longest(text) is None


@pytest.mark.parametrize(
    ("text", "shown", "value"),
    [
        ("下周三前给我", "下周三", "2026-11-25"),
        ("三天前买的", "三天前", "2026-11-18"),
        ("24小时内发货", "24小时内", "2026-11-22T10:00"),
        ("3-5天内", "3-5天内", "2026-11-26"),
        ("这个月底之前", "这个月底", "2026-11-30"),
        ("昨天下午到的", "昨天下午", "2026-11-20"),
        ("等到晚上八点", "晚上八点", "2026-11-21T20:00"),
        ("11月11日到11月15日", "11月11日到11月15日", "2026-11-11"),
        ("3个工作日内", "3个工作日内", "2026-11-25"),
        ("半个月前", "半个月前", "2026-11-06"),
        ("去年双十一", "去年双十一", "2025-11-11"),
        ("11.11下单", "11.11", "2026-11-11"),
        ("中秋節的禮盒", "中秋節", "2026-09-25"),
        ("母亲节", "母亲节", "2027-05-09"),
        ("聽日下晝三點", "聽日下晝三點", "2026-11-22T15:00"),
        ("下個月初", "下個月初", "2026-12-01"),
        ("三月份买的冰箱", "三月份", "2026-03"),
        ("by Friday please", "Friday", "2026-11-27"),
        ("on 5 Nov", "5 Nov", "2026-11-05"),
        ("by tomorrow noon", "tomorrow noon", "2026-11-22T12:00"),
        ("within 24 hours", "within 24 hours", "2026-11-22T10:00"),
        ("in 3-5 business days", "in 3-5 business days", "2026-11-27"),
        ("since last Thurs", "last Thurs", "2026-11-19"),
        ("it came Tuesday", "Tuesday", "2026-11-17"),
        ("before the end of the month", "the end of the month", "2026-11-30"),
        ("Friday, Nov 20", "Friday, Nov 20", "2026-11-20"),
        ("5pm on Friday", "5pm on Friday", "2026-11-27T17:00"),
        ("Nov 3-5", "Nov 3-5", "2026-11-03"),
        ("on Easter Monday", "Easter Monday", "2027-03-29"),
        ("Black Friday deal", "Black Friday", "2026-11-27"),
        ("from Monday to Wednesday", "Monday to Wednesday", "2026-11-23"),
    ],
)
def test_the_shortest_text_that_names_the_time_is_shown(text: str, shown: str, value: str):
    ((start, end, found),) = find_dates(text, NOW)
    assert (text[start:end], found) == (shown, value)


def test_an_hour_alone_is_of_the_day_named_before_it():
    text = "你们说昨天上门,等到晚上八点也没人"
    assert [v for _, _, v in find_dates(text, NOW)] == ["2026-11-20", "2026-11-20T20:00"]


@pytest.mark.parametrize("text", ["我有两点建议", "24/7", "I may be late", "换大一号", "the month"])
def test_words_that_only_look_like_times_are_left(text: str):
    assert list(find_dates(text, NOW)) == []


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_rule_whose_clues_are_absent_finds_nothing(text: str):
    plain = lower(fold(text))
    for rule in (*chinese.RULES, *english.RULES):
        if rule.clues.isdisjoint(clues_of(plain)):
            assert rule.pattern.search(plain) is None, rule.pattern.pattern


@pytest.mark.parametrize(
    ("text", "value"),
    [("今晚12点", "2026-11-22T00:00"), ("今天凌晨12点", "2026-11-21T00:00")],
)
def test_twelve_at_night_is_midnight_and_not_noon(text: str, value: str):
    assert longest(text) == value


def test_the_29th_of_february_is_found_from_the_year_after():
    assert longest("2月29日", datetime(2028, 3, 1)) == "2028-02-29"  # noqa: DTZ001


def test_a_zone_of_the_message_time_does_not_show_in_the_value():
    assert longest("两小时后", NOW_UTC) == "2026-11-21T12:00"


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_every_date_found_is_iso_and_lies_in_the_text(text: str):
    for start, end, value in find_dates(text, NOW):
        assert 0 <= start < end <= len(text)
        if len(value) in (4, 7):
            date.fromisoformat(f"{value}-01-01"[:10])
        else:
            datetime.fromisoformat(value)


@pytest.mark.parametrize("text", ["2月29日到", "see you on Friday", "三天前买的", "at 3"])
def test_a_text_may_name_a_time_whatever_the_time_is(text: str):
    plain = lower(fold(text))
    assert may_name_a_time(plain, clues=clues_of(plain))


@given(st.text(max_size=40), st.datetimes(timezones=st.none()))
def test_a_text_that_may_name_no_time_has_no_dates(text: str, now: datetime):
    plain = lower(fold(text))
    if not may_name_a_time(plain, clues=clues_of(plain)):
        assert list(find_dates(text, now)) == []
