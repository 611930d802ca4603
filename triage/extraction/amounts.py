"""Sums of money with their currency, in digits and in Chinese and English words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from triage.extraction.reading import Found, Reading, Recogniser
from triage.numerals import ARABIC, ENGLISH, HAN, number, scale

UNKNOWN = "XXX"  # ISO 4217 for "no currency": 元 in Traditional text may be TWD or HKD
_SIGNS = {
    "us$": "USD", "usd$": "USD", "nt$": "TWD", "hk$": "HKD", "hkd$": "HKD", "s$": "SGD",
    "sg$": "SGD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "cad$": "CAD", "nz$": "NZD",
    "mop$": "MOP", "$": "USD", "¥": "CNY", "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW",
    "฿": "THB", "rs.": "INR", "rs": "INR", "rm": "MYR",
}  # fmt: skip
_CODES = {
    "rmb": "CNY", "cny": "CNY", "usd": "USD", "hkd": "HKD", "twd": "TWD", "ntd": "TWD", "nt": "TWD",
    "eur": "EUR", "gbp": "GBP", "jpy": "JPY", "sgd": "SGD", "aud": "AUD", "cad": "CAD", "inr": "INR",
    "krw": "KRW", "myr": "MYR", "thb": "THB", "nzd": "NZD", "mop": "MOP", "chf": "CHF",
}  # fmt: skip
_WORDS = {
    "人民币": "CNY", "块钱": "CNY", "块": "CNY", "元钱": "CNY", "元": "CNY", "圆": "CNY", "块大洋": "CNY",
    "港币": "HKD", "港元": "HKD", "港纸": "HKD", "蚊": "HKD", "新台币": "TWD", "台币": "TWD",
    "美元": "USD", "美金": "USD", "美刀": "USD", "刀": "USD", "欧元": "EUR", "欧": "EUR", "日元": "JPY",
    "日币": "JPY", "日圆": "JPY", "英镑": "GBP", "镑": "GBP", "韩元": "KRW", "韩币": "KRW", "澳元": "AUD",
    "澳币": "AUD", "加元": "CAD", "加币": "CAD", "新币": "SGD", "新加坡元": "SGD", "澳门币": "MOP",
    "泰铢": "THB", "马币": "MYR", "卢比": "INR", "us dollars": "USD", "us dollar": "USD",
    "american dollars": "USD", "hong kong dollars": "HKD", "canadian dollars": "CAD",
    "australian dollars": "AUD", "aussie dollars": "AUD", "singapore dollars": "SGD",
    "taiwan dollars": "TWD", "nt dollars": "TWD", "dollars": "USD", "dollar": "USD", "bucks": "USD",
    "buck": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP", "pound": "GBP", "quid": "GBP",
    "rupees": "INR", "rupee": "INR", "yuan": "CNY", "kuai": "CNY", "yen": "JPY", "won": "KRW",
    "ringgit": "MYR", "baht": "THB",
}  # fmt: skip
_CURRENCIES = _SIGNS | _CODES | _WORDS
_LOCAL_DOLLARS = {"HKD", "SGD", "AUD", "CAD", "NZD", "TWD", "MOP"}
# 塊 and 圓 are Taiwan's and Hong Kong's words for their own money as well.
_UNCERTAIN = {"塊": UNKNOWN, "圓": UNKNOWN}


def _any(words: dict[str, str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_SIGN = rf"(?P<sign>(?<![a-z])(?:{_any(_SIGNS)})|[$¥€£₹]|(?<![a-z])(?:{_any(_CODES)})(?![a-z]))"
_AFTER = rf"(?P<word>(?:{_any(_CODES)})(?![a-z])|{_any({k: v for k, v in _WORDS.items() if not k.isascii()})}"
_AFTER += rf"|(?:{_any({k: v for k, v in _WORDS.items() if k.isascii()})})(?![a-z])|[$€£₹])"
# 54,90 and 1.299,00 as in Europe, 1,23,456 as in India, then what English and Chinese write.
_DIGITS = (
    r"(?:[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]{2}(?![0-9,])|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9])"
    rf"|{ARABIC})"
)
_SCALE = r"(?P<scale>[千万亿]|[kw](?![a-z]))?"
_NOT_MONEY = (
    r"(?!(?<=元)[旦件气素宵器]|(?<=圆)[通形圈桌珠盘领]|(?<=刀)[片具架头剪切叉子柄鞘刃把锋]"
    r"|(?<=欧)[洲美式姆]|(?<=块)[儿头状]|(?<=pounds)\sof|(?<=pound)\sof)"
)
_PREFIXED = re.compile(
    rf"{_SIGN}\s?(?P<number>{_DIGITS}){_SCALE}(?![0-9]|\.[0-9])"
    rf"(?:\s?(?:(?:{_any(_CODES)})(?![a-z])|元|块钱|块))?"
)
_SUFFIXED = re.compile(
    rf"(?<![0-9][,.])(?<![0-9a-z.$¥€£第])(?P<number>{_DIGITS})(?:\s?[-~到至]\s?{_DIGITS})?{_SCALE}(?P<odd>[多几]|来)?\s?"
    rf"{_AFTER}{_NOT_MONEY}(?P<tail>半|[0-9一二三四五六七八九](?:[角毛](?:[0-9一二三四五六七八九]分)?)?(?![0-9个件块元天号月]))?"
)
_HAN_SUFFIXED = re.compile(
    rf"(?<![0-9.第零一二两三四五六七八九十百千万这那哪上])(?P<number>{HAN}|几[十百千万]{{1,2}}|几)(?P<odd>[多几]|来)?"
    rf"(?P<scale>[百千万](?=[块元])|(?!))?\s?{_AFTER}{_NOT_MONEY}"
    r"(?P<tail>半|[0-9一二三四五六七八九](?:[角毛](?:[0-9一二三四五六七八九]分)?)?(?![0-9个件块元天号月]))?"
)
_ENGLISH_SUFFIXED = re.compile(
    rf"\b(?P<number>{ENGLISH})(?P<scale>(?!))?(?P<tail>(?!))?(?P<odd>(?!))?\s(?:more\s)?"
    rf"(?P<word>(?:{_any({k: v for k, v in _WORDS.items() if k.isascii()})})(?![a-z])){_NOT_MONEY}"
)
_SPOKEN = re.compile(
    r"(?:花了|花|付了|付|退了|退|赔了|赔|扣了|扣|充了|充|转了|转|价格|总共|一共|卖|收我|收了|要)(?P<number>[0-9]{1,6}(?:\.[0-9]{1,2})?)"
    r"(?P<scale>[千万]|[kw](?![a-z]))(?![0-9a-z])"
)
_COMMA_DECIMAL = re.compile(r"[0-9.]{1,11},[0-9]{2}")
_SMALL = re.compile(
    r"(?<![0-9.])(?P<number>[0-9]{1,2}|[一二两三四五六七八九])[毛角](?!毛|巾|衣|线|球|病|落|度|色|绒)(?:钱)?"
)
# 块 counts things too: two slices, one watch.
THINGS = re.compile(
    r"蛋糕|[肥香]皂|皂|电池|屏|表|手表|布|毛巾|巾|玻璃|板|硬盘|饼|巧克力|肉|豆腐|糖|地[毯垫板]|垫|石|砖|木|显卡"
    r"|内存|主板|面包|披萨|牛排|瓷砖|镜|腕表|移动|手帕|奶酪|滑板|充电|月饼|蛋|抹布|画|牌|毯|被|手机|键盘|面膜|滤|贴|膜"
)
_TOGETHER = re.compile(r"一块(?!钱|[0-9一二三四五六七八九][角毛]?)")


def find_amounts(reading: Reading) -> Iterator[Found]:
    """Yield sums as ``25.00 CNY``; 几 and 多 give the lower bound, a range its start.

    A dollar sign means the dollars that the message names elsewhere, as HK$ or S$ would.
    """
    found = list(_sums(reading))
    dollars = {f.value[-3:] for f in found} & _LOCAL_DOLLARS
    for one in found:
        if one.value.endswith("USD") and len(dollars) == 1 and _bare_dollar(reading, one):
            yield replace(one, value=one.value[:-3] + next(iter(dollars)))
        else:
            yield one


def _sums(reading: Reading) -> Iterator[Found]:
    low = reading.low
    for match in _PREFIXED.finditer(low):
        yield from _sum(match, _CURRENCIES[match["sign"]], tail=None)
    for pattern in (_SUFFIXED, _HAN_SUFFIXED, _ENGLISH_SUFFIXED):
        for match in pattern.finditer(low):
            if not _is_of_things(match, low):
                currency = _currency(match, reading)
                yield from _sum(match, currency, tail=match["tail"])
    for match in _SPOKEN.finditer(low):
        start = match.start("number")
        value = (number(match["number"]) or 0) * scale(match["scale"])
        yield Found("amount", start, match.end(), f"{value:.2f} {_yuan(reading)}")
    for match in _SMALL.finditer(low):
        tenths = number(match["number"]) or 0
        yield Found("amount", *match.span(), f"{tenths / 10:.2f} {_yuan(reading)}")


def _sum(match: re.Match[str], currency: str, *, tail: str | None) -> Iterator[Found]:
    written = match["number"]
    if _COMMA_DECIMAL.fullmatch(written):
        written = written.replace(".", "").replace(",", ".")
    value = number(written.replace("几", "三"))
    if value is None or (value == 0 and not written.isascii()):
        return
    value *= scale(match["scale"])
    if tail:
        value += 0.5 if tail == "半" else (number(tail[0]) or 0) / 10
    yield Found("amount", *match.span(), f"{value:.2f} {currency}")


def _currency(match: re.Match[str], reading: Reading) -> str:
    start, end = match.span("word")
    written = reading.text[start:end]
    if written == "元" and reading.script == "Hant":
        return UNKNOWN
    return _UNCERTAIN.get(written) or _CURRENCIES[match["word"]]


def _yuan(reading: Reading) -> str:
    return UNKNOWN if reading.script == "Hant" else "CNY"


def _is_of_things(match: re.Match[str], low: str) -> bool:
    if not match["word"].startswith("块"):
        return False
    if match["word"] != "块" or match["tail"]:
        return match["number"] == "一" and match["word"] == "块" and match["tail"] == "半"
    return bool(_TOGETHER.match(low, match.start()) or THINGS.match(low, match.end()))


def _bare_dollar(reading: Reading, one: Found) -> bool:
    written = reading.low[one.start : one.end]
    return (
        "us" not in written
        and "美" not in written
        and ("$" in written or "dollar" in written or "buck" in written)
    )


def _clues() -> frozenset[str]:
    words = {word for name in _CURRENCIES for word in re.findall(r"[a-z]+|[^a-z ]", name)}
    # 新台币 is known by 币: characters that are common elsewhere say nothing.
    common = set("人民新加坡大洋日韩澳门马台泰美港英卢.s")
    return frozenset((words - common) | set("毛角千万kw"))


AMOUNTS = Recogniser(_clues(), find_amounts)
