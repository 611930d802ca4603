"""Names of people: with a title, or behind words that introduce a name; masks are no names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.extraction.reading import Found, Reading, Recogniser

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
    "卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔"
    "向常汤康易乔赖文施洪牛樊葛邢安齐梅庄伍岳柯左申吉古游凌欧甘祝柴卓聂焦俞殷关蓝尤季翁闵庞詹鲁耿苗路倪"
    "简褚娄阮温霍裴翟单涂连屈盛童费尚华鲍柳章桂鹿幸成车沙应宁"
    "冉佘敖艾柏毕卞卜岑谌迟储丛狄刁窦郜戈宫巩管国纪冀靳鞠阚匡邝冷厉练蔺栾麻满茅蒙米缪牟穆农逄蒲濮浦戚漆祁仇裘曲"
    "瞿饶荣容芮桑舒司隋滕佟屠卫巫邬习冼项解胥宣荀鄢晏虞喻郁元臧查湛甄仲竺宗祖"
)
_COMPOUND = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "皇甫",
    "司徒",
    "东方",
    "尉迟",
    "慕容",
    "夏侯",
    "令狐",
    "张简",
)
# Surnames that are common words too: with a title they count, in front of one they start no name.
_WORDS_TOO = frozenset("向于何任高方安成应单和关连常路文华易车左尚向")
_TITLES = (
    "先生|小姐(?!姐)|女士|太太|老师|经理|主管|师傅|同学|阿姨|叔叔|大哥|大姐|老板|主任|总监|店长|组长|医生|律师|教授|博士|队长"
    "|专员|太(?=[,。!? 、)]|$)|总(?![共是计额价会裁部之算结体得分数量的店监])|生(?=[,。!? 、)收]|$)"
)
_TITLED = re.compile(rf"(?:{_TITLES})")
_HAN = r"[\u4e00-\u9fff]"
_SIMPLE = "".join(sorted(_SURNAMES))
_SELF = re.compile(
    r"(?:我叫|我是|我系|我的名字是|我名叫|名字(?:是|叫|:)|姓名(?:是|为|:)?|真名|实名|本人|(?:收件|收货|联系|联络|寄件|签收|取件)人"
    r"(?:姓名|名字)?(?:是|为|叫|改成|改为|换成|:)?|抬头(?:是|:))[\s:,]{0,2}"
    rf"(?P<name>(?:{'|'.join(_COMPOUND)}|[{_SIMPLE}]){_HAN}{{1,2}})"
)
_LATIN_SELF = re.compile(
    r"(?:我叫|名字(?:是|叫|:)|姓名(?:是|为|:)?|(?:收件|收货|联系)人(?:姓名)?(?:是|为|叫|:)?)[\s:]{0,2}"
    r"(?P<name>[A-Z][a-z]{1,20}(?:\s[A-Z][a-z]{1,20}){0,2})"
)
# Characters that end a name of two in front of them.
_BEHIND = frozenset("我你的在要想是电手住地收已订叫有买这下,。、!?;: \n()-和给也没今昨就请不说")
_BEFORE = frozenset("是叫找给的和跟与向对让请由联系到收人位为了说我问,。、!?;: \n(-回那个这姓")
_EN_TITLED = re.compile(
    r"\b(?P<title>[Mm]r|[Mm]rs|[Mm]s|[Mm]iss|[Mm]iz|[Dd]r|[Pp]rof|[Mm]adam|[Mm]x|MR|MRS|MS|DR)\b\.?\s"
    r"(?P<name>[A-Z][A-Za-z'-]{1,20}(?:\s(?!(?:Street|St|Road|Rd|Ave|Please)\b)[A-Z][A-Za-z'-]{1,20}){0,2})"
)
_EN_TITLED_LOW = re.compile(r"\b(?:mr|mrs|ms|dr)\b\.?\s(?P<name>[a-z][a-z'-]{1,20})(?![a-z])")
_NAME = r"[A-Z][A-Za-z'-]{1,20}(?:\s(?:[A-Z]\.?\s)?(?:(?:de|van|von|al|bin|da|der|la)\s)?[A-Z][A-Za-z'-]{1,20}){0,3}"
_EN_SELF = re.compile(
    rf"\b(?:[Mm]y\s(?:full\s)?name\s?(?:is|'s|:)|[Mm]y\sname's|[Nn]ame\s(?:is|on\sthe\sorder\sis|on\s(?:the\s)?order:)|[Nn]ame\s?:|[Rr]ecipient\s?(?:is|:)"
    rf"|[Cc]onsignee(?:\sfor\s[A-Z0-9]{{5,25}})?\s?(?:is|:)?|[Aa]ttn\s?:|[Aa]ddressed\sto|[Ii]n\sthe\sname\sof|[Uu]nder\sthe\sname(?:\sof)?)\s?(?P<name>{_NAME})"
)
_EN_SELF_LOW = re.compile(
    r"\bmy (?:full )?name(?: is|'s|s) (?P<name>[a-z]{2,20}(?:\s(?!and\b|from\b|i\b|my\b|here\b|on\b|but\b|order\b|with\b|the\b|is\b|in\b|at\b|can\b|please\b)[a-z]{2,20})?)(?![a-z])"
)
_EN_WEAK = re.compile(
    r"\b(?:[Tt]his\sis|I'm|I\sam|[Ii]'m|[Ii]t's|[Ss]poke\s(?:to|with)|[Tt]alked\sto|[Rr]egards,?|[Ss]incerely,|[Tt]hanks,|[Cc]heers,|[Bb]est,)\s"
    r"(?P<name>[A-Z][a-z'-]{1,20}(?:\s[A-Z][A-Za-z'-]{1,20}){1,2})\b"
)
_SIGNED = re.compile(
    r"(?:\n|(?:[Rr]egards|[Cc]heers|[Tt]hanks|[Tt]hank\syou|[Ss]incerely|[Bb]est)(?:[,.!]\s{1,2}|\n)|\s-\s?)"
    r"(?P<name>[A-Z][a-z'-]{1,20}(?:\s[A-Z][A-Za-z'-]{1,20}){0,2})[.!]?\s*$"
)
_NOT_HAN_NAMES = frozenset(
    [
        "黄牛",
        "高中",
        "白领",
        "金卡",
        "金牌",
        "马上",
        "于是",
        "何必",
        "和平",
        "应届",
        "成年",
        "成人",
        "安卓",
        "文员",
        "常客",
        "全职",
        "单身",
        "车主",
        "农民",
        "华人",
        "双胞",
        "高三",
        "高二",
        "高一",
        "石油",
    ]
)
_NOT_NAMES = frozenset(
    ["ridiculous", "not", "very", "order", "still", "the", "so", "please", "thanks", "thank", "you",
     "hi", "hello", "black", "white", "premium", "prime", "plus", "team", "support", "customer",
     "service", "again", "waiting", "sorry", "happy", "regards", "all", "everyone"]
)  # fmt: skip


def find_persons(reading: Reading) -> Iterator[Found]:
    """Yield names with their title, without the words that introduce them."""
    yield from _chinese(reading)
    for pattern in (_EN_TITLED, _EN_SELF, _EN_WEAK, _SIGNED):
        for match in pattern.finditer(reading.plain):
            words = match["name"].lower().split()
            if not _NOT_NAMES.intersection(words):
                start = match.start() if pattern is _EN_TITLED else match.start("name")
                yield _person(reading, start, match.end("name"))
    for pattern in (_EN_TITLED_LOW, _EN_SELF_LOW):
        for match in pattern.finditer(reading.plain):
            start = match.start() if pattern is _EN_TITLED_LOW else match.start("name")
            yield _person(reading, start, match.end("name"))


def _chinese(reading: Reading) -> Iterator[Found]:
    plain = reading.plain
    for match in _TITLED.finditer(plain):
        start = _start_of_titled(plain, match.start())
        if start is not None and "谢谢" not in plain[max(0, start - 1) : start + 2]:
            yield _person(reading, start, match.end())
    for match in _SELF.finditer(plain):
        start, end = match.span("name")
        if plain[start:end].endswith(("先生", "小姐", "女士")) or _TITLED.match(plain, start + 1):
            continue
        compound = plain[start : start + 2] in _COMPOUND
        if not compound and end - start == 3 and plain[end - 1] in _BEHIND:
            end -= 1
        if _is_said(plain, match, end):
            yield _person(reading, start, end)
    for match in _LATIN_SELF.finditer(plain):
        yield _person(reading, *match.span("name"))


def _is_said(plain: str, match: re.Match[str], end: int) -> bool:
    """Tell whether 我是 introduces a name and no description, by what follows."""
    if not match[0].startswith(("我是", "我系", "本人", "实名", "真名", "抬头")):
        return True
    if plain[match.start("name") : end] in _NOT_HAN_NAMES:
        return False
    return end == len(plain) or plain[end] in ",。、!?;: \n(" or plain[end].isdigit()


def _start_of_titled(plain: str, title: int) -> int | None:
    """Return where the name before a title starts: 王, 欧阳, 小明 with 王 before it."""
    near = plain[max(0, title - 4) : title]
    if plain.startswith("总", title):
        return title - 1 if near[-1:] in _SURNAMES else None
    for size in (4, 3, 2):
        name = near[-size:]
        if len(name) == size and name[:2] in _COMPOUND:
            return title - size
    for size in (3, 2):
        name = near[-size:]
        if len(name) != size or name[0] not in _SURNAMES or name[0] in _WORDS_TOO:
            continue
        before = plain[title - size - 1 : title - size]
        if (
            all("\u4e00" <= c <= "\u9fff" for c in name)
            and (not before or before in _BEFORE or name[-1] not in _SURNAMES)
            and not _BEFORE.intersection(name[1:])
        ):
            return title - size
    if near[-1:] in _SURNAMES:
        return title - 2 if near[-2:-1] in ("老", "小") and near[-1:] in _SURNAMES else title - 1
    return None


def _person(reading: Reading, start: int, end: int) -> Found:
    return Found("person", start, end, reading.text[start:end])


_CLUES = frozenset("生姐士太师理管学姨叔哥板任监长医律教博队专总叫名人是系抬\n-") | {
    "mr", "mrs", "ms", "miss", "miz", "mx", "dr", "prof", "madam", "name", "recipient", "consignee", "attn",
    "addressed", "this", "i", "it", "spoke", "talked", "regards", "thanks", "thank", "cheers", "best", "sincerely",
}  # fmt: skip
PERSONS = Recogniser(_CLUES, find_persons)
