"""Dates of birth: by a word of birth before or behind them, of a relative, or by a year long past.

The text is in its folded form. Ages and days of orders are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding

_HAN_NUMBER = "[一二三四五六七八九十正冬腊臘廿卅]"
_YEAR = "(?:(?:19|20)?\\d\\d|[一二三四五六七八九零〇]{2,4})"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"(?<!\d)\d{1,2}(?:st|nd|rd|th)?"
_REPUBLIC = r"民[国國] ?(?:\d{2,3}|[一二三四五六七八九十]{1,3}) ?[年/.-](?: ?\d{1,2} ?[月/.-](?: ?\d{1,2} ?[日号號]?)?)?"
_DATE = (
    rf"{_REPUBLIC}"
    rf"|(?<!\d){_YEAR} ?[年/.-] ?(?:\d{{1,2}}|{_HAN_NUMBER}{{1,2}}) ?[月/.-] ?"
    rf"(?:\d{{1,2}}|(?:初|{_HAN_NUMBER}){{1,3}}) ?[日号號]?(?!\d)"
    r"|(?<!\d)\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?(?:19|20)?\d\d(?!\d)|(?<!\d)(?:19|20)\d{6}(?!\d)|(?<!\d)\d{6}(?!\d)"
    rf"|(?<![a-z]){_MONTH} ?(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:,? ?(?:of )?(?:19|20)\d\d)?(?!\d)"
    rf"|{_DAY}(?: of)?[ -]?{_MONTH}[,-]?(?: ?(?:19|20)\d\d)?(?!\d)"
    rf"|(?<![a-z]){_MONTH}[,-]? ?(?:of )?(?:19|20)\d\d(?!\d)"
    rf"|{_HAN_NUMBER}{{1,2}}月(?:初{_HAN_NUMBER}|{_HAN_NUMBER}{{1,3}}[日号號]?)"
    rf"|(?<!\d){_YEAR}年(?:(?:\d{{1,2}}|{_HAN_NUMBER}{{1,2}})月)?|\d{{1,2}}月(?:\d{{1,2}}|初?{_HAN_NUMBER}{{1,3}})[日号號]?"
)
DATE = re.compile(_DATE, re.IGNORECASE)
_BESIDE = re.compile(  # right behind a word of birth less will do
    r"[^\d\n,.;。!?]{0,12}?(?P<date>(?<!\d)(?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|[12]\d|3[01])(?![\d/.-])"
    r"|(?<!\d)(?:0?[1-9]|[12]\d|3[01])[/.-](?:0?[1-9]|1[0-2])(?![\d/.-])"
    r"|(?<!\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)|(?<![\d-])(?:19[2-9]\d|20[0-2]\d)(?![\d-])(?![年/.-] ?\d))"
)
_FULL = re.compile(r"(?:19\d\d|200\d|201\d).*\d|\d.*(?:19\d\d|200\d|201\d)$")
_AFTER = re.compile(
    rf"(?P<date>{_DATE}) ?(?:生(?![产產活意鲜鮮效日])[的人于於]?|出生|出世|[的是]{{0,2}}(?:我|他|她|宝宝|孩子|寶寶|小孩)?的?生日"
    r"|is (?:my|his|her|our|the) (?:birthday|b-?day|dob)|(?:birthday|bday)\b|\(?dob\b)",
    re.IGNORECASE,
)
_COHORT = re.compile(
    r"(?P<date>(?<!\d)\d{2,3}) ?年次|(?:我|他|她|我妈|我爸|老公|老婆)(?:是)?(?P<year>(?<!\d)(?:19)?[4-9]\d年)(?=的|生)"
)
_KIN = re.compile(
    r"(?:身份证|身份證|身分證|户口本|戶口|证件|證件|宝宝|寶寶|孩子|儿子|兒子|女儿|女兒|小孩|娃|闺女|爷爷|奶奶|爺爺|外公|外婆|妈妈|媽媽|爸爸|老公|老婆"
    r"|\b(?:son|daughter|kid|child|baby|toddler|mum|mom|dad|wife|husband|nephew|niece|grand\w+|twins?)\b)"
    r"(?:(?!买|買|订|訂|下单|收到|到货|发货|寄|order|bought|deliver|arriv|purchas)[^\n。!?;]){0,20}?"
    rf"(?P<date>{_DATE})",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"(?<![\d./-])(?:(?:19[2-9]\d|200\d) ?(?:[年/.-]) ?(?:0?[1-9]|1[0-2]) ?(?:[月/.-]) ?(?:3[01]|[12]\d|0?[1-9])[日号號]?(?![\d./-])"
    r"|(?:0?[1-9]|[12]\d|3[01])[/.-](?:0?[1-9]|[12]\d|3[01])[/.-](?:19[2-9]\d|200\d)(?![\d./-])"
    rf"|(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? |\d{{1,2}}(?:st|nd|rd|th)?(?: of)?[ -]{_MONTH},?[ -]?)(?:19[2-9]\d|200\d)(?!\d)"
    r"|民[国國] ?[2-8]\d ?[年/.-] ?\d{1,2} ?[月/.-] ?\d{1,2}[日号號]?)",
    re.IGNORECASE,
)
_OF_GOODS = re.compile(
    r"(?:买|買|购|購|订|訂|成立|生产|生產|出厂|出版|发行|开业|创立|注册|版|保修|since|order|bought|purchas|founded"
    r"|establish|release|version|made|publish|warranty|model)[^\n]{0,12}\Z",
    re.IGNORECASE,
)
# Without one of these the patterns need not be tried.
_BORN = re.compile("生|出|[Bb]|DOB|dob")
_RELATIVE = re.compile(
    r"[证證本宝寶孩子儿兒娃女爷奶爺公婆妈媽爸]|son|daught|kid|child|bab|toddler|mum|mom|dad|wife|husb|neph|niece|grand|twin",
    re.IGNORECASE,
)
_LONG_PAST = re.compile(r"19[2-9]\d|200\d|民")
_NEAR, _BEFORE = 14, 20


def births_behind(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield the dates behind a word of birth; those far from it only with day and year."""
    behind = _BESIDE.match(text, cue.end())
    if behind:
        yield _birth(text, *behind.span("date"))
    for match in DATE.finditer(text, cue.end(), min(len(text), limit + 16)):
        if match.start() > limit:
            return
        if match.start() - cue.end() <= _NEAR or _FULL.search(match[0]):
            yield _birth(text, *match.span())


def find_births(text: str) -> Iterator[Finding]:
    """Yield dates of birth that no word of birth precedes; ``text`` is folded."""
    for pattern, gate in ((_AFTER, _BORN), (_KIN, _RELATIVE)):
        for match in pattern.finditer(text) if gate.search(text) else ():
            if pattern is _AFTER or _FULL.search(match["date"]):
                yield _birth(text, *match.span("date"))
    for match in _COHORT.finditer(text):
        group = "date" if match["date"] else "year"
        yield _birth(text, *match.span(group))
    for match in _OLD.finditer(text) if _LONG_PAST.search(text) else ():
        if not _OF_GOODS.search(text, max(0, match.start() - _BEFORE), match.start()):
            yield _birth(text, *match.span(), certainty=58)


def _birth(text: str, start: int, end: int, *, certainty: int = 80) -> Finding:
    value = re.sub(r"[\s().-]", "", text[start:end]).upper()
    return Finding("birth_date", start, end, value, certainty)
