"""Numbers and names of accounts that are told by a word near them: the nearest cue decides.

The text is in its folded form. Words of orders and goods are cues too: what follows them is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from triage.personal.finding import KEPT, Finding
from triage.personal.lexicon import lexicon
from triage.personal.shapes import phone_value

_CUES = {
    "order": (
        "订单|訂單|单号|單號|单子|單子|运单|運單|工单|工單|快递|快遞|物流|包裹|流水号|交易号|序列号|序號|型号|型號"
        "|货号|貨號|编号|編號|商品号|条码|條碼|发票号|發票號|批号|优惠码|優惠碼|折扣码|单(?=[ :#]?[\\dA-Z])"
        "|單(?=[ :#]?[\\dA-Z])"
        r"|\b(?:order|orders|tracking|parcel|shipment|waybill|awb|consignment|rma|po|sku|ref|reference"
        r"|serial|s/n|sn|isbn|imei|ticket|case|invoice|model|promo|coupon|discount|voucher|receipt"
        r"|zip|error|part no|item)\b"
    ),
    "phone": (
        "电话|電話|手机|手機|致电|致電|打给|打俾|回电|回電|回拨|回撥|联系方式|聯絡方式|联络|聯絡|联系|聯繫|拨打|撥打"
        "|座机|座機|传真|傳真|短信|(?<![照证證单單卡税稅户牌票物])(?:号码|號碼)|打(?= ?[\\d+])|打我|搵我|whatsapp"
        r"|\b(?:fax|tel|telephone|phone|mobile|cell|call|text|sms|ring|reach me|reached|contact|my number)\b|(?:^|\n) ?t:"
    ),
    "id": (
        "身份证|身分證|身份證|身分证|身份号|证件|證件|居民证|实名|實名|驾照|駕照|驾驶证|駕駛證|社保|医保|健保"
        "|回乡证|回鄉證|通行证|通行證|台胞证|台胞證|居留|港澳证"
        r"|\b(?:hkid|identity|national id|(?<!line )(?<!chat )(?<!user )(?<!order )id (?:no|number|card|check|is)|ssn|social|nric|driver'?s? licen[cs]e"
        r"|driving licen[cs]e)\b"
    ),
    "passport": r"护照|護照|\bpassports?\b",
    "card": (
        "卡号|卡號|银行卡|銀行卡|信用卡|储蓄卡|儲蓄卡|借记卡|提款卡|[农工建招中交]行|银行|銀行|户口号|戶口|账户|賬戶|帳戶"
        r"|账号|賬號|帳號|退到|退去|退回|转到|轉到|打到|\b(?:card|cards|acct|account|visa|mastercard|amex|iban|sort code|routing)\b"
    ),
    "tax": (
        "税号|稅號|识别号|識別號|信用代码|信用代碼|统编|統編|統一編號"
        r"|\b(?:ein|vat|tax id|tax no|tax number|tin|abn|gst|utr)\b"
    ),
    "plate": (
        "车牌|車牌|[港澳]牌|车号|車號"
        r"|\b(?:plates?|reg|registration|licen[cs]e|my car|vehicle|van|truck)\b"
    ),
    "chat": (
        "微信|薇信|威信|加[賴赖]|(?<![A-Za-z])[vV](?=[:号號])|(?<![a-z])(?:wechat|weixin|wxid|wx|vx)(?![a-z])|加[vVqQ]|[qQ](?=号|號)|[vV]信|(?<![a-z])qq(?![a-z.])|扣扣"
        "|小红书|小紅書|抖音|微博|支付宝(?:账号|帐号|账户)?|支付寶|telegram|skype|instagram|kakao|(?<![a-z])line(?![a-z])"
        r"|\b(?:tg|ig|insta|snapchat|messenger|venmo|paypal)\b"
    ),
    "birth": (
        "生日|出生|生于|生於|(?<![a-z])(?:dob|d\\.o\\.b|birth ?date|birthday|date of birth|born)(?![a-z])"
    ),
    "secret": (
        "密码|密碼|口令|暗号|暗號|验证码|驗證碼|校验码|动态码|取件码|取件碼|取货码|取貨碼|提货码|提取码|安全码|门禁|門禁"
        "|卡密|背面的?[三3]位数?"
        r"|\b(?:passwor[dt]s?|passwd|pwd|pw|passcode|pass code|pin|otp|cvv|cvc|2fa"
        r"|(?:verification|security|access|login|sms|one-time|gate|door|pickup|auth\w*) codes?"
        r"|texted me|codes? (?:you )?(?:texted|sent|i got|i received|from your sms))\b"
    ),
}  # fmt: skip
_CUE = re.compile("|".join(f"(?P<{k}>{v})" for k, v in _CUES.items()), re.IGNORECASE | re.ASCII)

_LONGEST = 80  # characters of a value at most
_ANSWER = re.compile(r"\[[A-Z][A-Z_]+_[0-9A-Z.]*")
_EXTENSION = r"(?: ?(?:转|轉|分机|分機|ext\.?|x) ?\d{1,6})?"
_YEAR = r"(?:(?:19|20)?\d\d|[一二三四五六七八九零〇]{2,4})"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = re.compile(
    rf"(?<!\d){_YEAR} ?[年/.-] ?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}) ?[月/.-] ?"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3}) ?[日号號]?(?!\d)"
    r"|\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d\d(?!\d)|(?:19|20)\d{6}(?!\d)|(?<!\d)\d{6}(?!\d)"
    rf"|(?<![a-z]){_MONTH} ?\d{{1,2}}(?:st|nd|rd|th)?(?:,? ?(?:19|20)\d\d)?(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},?(?: ?(?:19|20)\d\d)?(?!\d)"
    r"|民[国國] ?\d{2,3}年(?:\d{1,2}月(?:\d{1,2}[日号號])?)?"
    r"|[一二三四五六七八九十正冬腊臘]{1,2}月(?:初[一二三四五六七八九十]|[廿二三十]?[一二三四五六七八九十]{1,2}[日号號]?)"
    rf"|(?<!\d){_YEAR}年(?:\d{{1,2}}月)?|\d{{1,2}}月\d{{1,2}}[日号號]?",
    re.IGNORECASE,
)
_FULL_DATE = re.compile(r"(?:19\d\d|200\d|201\d).*\d|\d.*(?:19\d\d|200\d|201\d)$")
_BORN_AFTER = re.compile(
    rf"(?P<date>{_DATE.pattern}) ?(?:生[的人于於]?(?![日产產活意鲜鮮效])|出生)", re.IGNORECASE
)

_LAST_SIX = re.compile(
    r"[后後末][四五六八]位(?:数|號|号|碼|码|是|为|為|[: ]){0,4}(?P<id>\d{3,7}[\dXx])(?![\dA-Za-z])"
)
_STRONG_LINK = re.compile(r"(?:[号號]|\bid\b|[:=]|是|为|為)", re.IGNORECASE)
_HANDLE = re.compile(r"@?[A-Za-z][A-Za-z0-9_.-]{3,31}|(?<![\d.])\d{5,11}(?![\d.])", re.ASCII)
_PLAIN_WORD = re.compile(r"@?[A-Za-z][a-z]*|[A-Z]+")
_TOKEN = re.compile(r"\d{2,4}(?:[ -]\d{2,4}){1,3}(?![\w-])|[!#-&*+\-./0-9:=?@A-Z_a-z~^]{3,40}")
_SPACED = re.compile(r"\d{2,4}(?:[ -]\d{2,4}){1,3}")
_STRANGE = re.compile(r"(?=.{0,38}\d)[^\s]{4,}|(?=.{0,38}[!#$%&*@^_~+=])(?=.{0,38}[A-Za-z])\S{4,}")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How values of a cue look.

    Attributes:
        pattern: of a value.
        reach: characters between cue and value at most.
        certainty: of a value that follows.
    """

    type: str
    pattern: re.Pattern[str]
    reach: int
    certainty: int


_SHAPES = {
    "order": _Shape(KEPT, re.compile(r"(?=[A-Za-z0-9-]{5})[A-Za-z]{0,6}-?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+){0,5}"), 12, 70),
    "phone": _Shape(
        "phone",
        re.compile(
            r"\+?\(?(?!(?:19|20)\d\d[-./]\d{1,2}[-./]\d)(?!(?:400|800|888)[- ])"
            rf"\d(?:[ ().\u00b7-]{{0,2}}\d){{6,14}}{_EXTENSION}(?![\d*])"
        ),
        20, 82,
    ),
    "id": _Shape(
        "id_number",
        re.compile(
            r"[A-Z]{0,3}\d{6,17}[0-9A-Zx]? ?(?:\([0-9A]\))?|\d{3}[- ]\d{2}[- ]\d{4}"
            r"|\d{6} ?(?:19|20)\d{2} ?\d{4} ?\d{3}[\dXx]|\d{2,14}\*{3,14}\d{0,4}[xX]?"
            r"|[A-Z]\d{3} ?\d{3} ?\(?[0-9A]\)?"
        ),
        28, 84,
    ),
    "passport": _Shape("passport", re.compile(r"(?:[A-Z]{1,3} ?)?\d{6,9}[A-Z]?(?![\d-])"), 28, 86),
    "card": _Shape(
        "bank_card",
        re.compile(r"\d(?:[ -]?\d){11,20}(?!\d)|\d{2}-\d{2}-\d{2}(?![\d-])|(?<=account )\d{8,11}(?!\d)|\d{2,6}[ ]?\*{2,14}[ ]?\d{2,4}"), 28, 83
    ),
    "tax": _Shape(
        "tax_no", re.compile(r"(?:[A-Z]{1,3} ?)?\d(?:[ -]?\d|[A-Z]){6,19}(?![A-Za-z\d])"), 28, 85
    ),
    "plate": _Shape(
        "plate",
        re.compile(r"[A-Z]{2,4}[- ]?\d{1,4}(?: ?[A-Z]{1,3})?\b|[A-Z]?\d{1,4}[- ]?[A-Z]{2,4}\b|[A-Z0-9]{5,8}\b"),
        20, 66,
    ),
    "chat": _Shape("chat_id", _HANDLE, 20, 81),
    "birth": _Shape("birth_date", _DATE, 48, 80),
    "secret": _Shape("secret", _TOKEN, 28, 77),
}  # fmt: skip


def find_cued(text: str) -> Iterator[Finding]:
    """Yield what stands behind a cue, no further from it than the next cue; ``text`` is folded."""
    cues = list(_CUE.finditer(text))
    for cue, after in pairwise([*cues, None]):
        kind = cue.lastgroup if cue else None
        if cue is None or kind is None:
            continue
        shape = _SHAPES[kind]
        stop = (
            after.start()
            if after and (kind != "birth" or after.lastgroup == "order")
            else len(text)
        )
        limit = min(cue.end() + shape.reach, stop)
        answer = _ANSWER.search(text, cue.end(), limit)  # what it asks for is masked already
        limit = answer.start() if answer else limit
        yield from _READERS.get(kind, _first)(text, cue, limit)
    for match in _LAST_SIX.finditer(text):
        yield Finding("id_number", *match.span("id"), match["id"].upper(), 80)
    if "生" in text:
        for match in _BORN_AFTER.finditer(text):
            yield Finding("birth_date", *match.span("date"), _plain(match["date"]), 80)


def _first(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield the first value behind a cue that is not cut out of a longer word or number."""
    shape = _SHAPES[str(cue.lastgroup)]
    for match in _values(shape.pattern, text, cue.end(), limit):
        value = phone_value(match[0]) if shape.type == "phone" else _plain(match[0])
        if shape.type == "plate" and not _mixed(value):
            continue
        certainty = shape.certainty + _bonus(text, cue, match)
        yield Finding(shape.type, *_trimmed(match), value, certainty)
        return


def _values(pattern: re.Pattern[str], text: str, start: int, limit: int) -> Iterator[re.Match[str]]:
    place = start
    end = limit + _LONGEST  # a bound, so that time stays linear
    while (match := pattern.search(text, place, end)) and match.start() <= limit:
        cut = match.start() > start and match[0][0].isalnum() and _is_word(text[match.start() - 1])
        if not cut:
            yield match
        place = max(match.end(), match.start() + 1)


def _bonus(text: str, cue: re.Match[str], match: re.Match[str]) -> int:
    """Return more certainty for an order's number right behind words that name it."""
    near = text[cue.end() : match.start()].strip(" :#是为為")
    named = cue.lastgroup == "order" and near in (
        "",
        "号",
        "號",
        "no",
        "no.",
        "number",
        "号码",
        "id",
    )
    return 18 if named and match.end() - match.start() > 5 else 0


def _handle(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    for match in _values(_HANDLE, text, cue.end(), limit):
        between = text[cue.end() : match.start()]
        start, end = _trimmed(match)
        word = text[start:end]
        linked = _STRONG_LINK.search(between) is not None
        plain = _PLAIN_WORD.fullmatch(word) is not None
        if (
            (word[0] == "@" and (between.strip(" :") not in ("", "is") or cue[0].lower() == "line"))
            or word.lower() in lexicon().not_handles
            or (plain and not (linked and len(between) < 8))
        ):
            continue
        if "@" in text[end : end + 1]:
            return
        yield Finding("chat_id", start, end, word.lower(), 81)
        return


def _birth(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    near = 14
    for match in _DATE.finditer(text, cue.end(), min(len(text), limit + 16)):
        if match.start() > limit:
            return
        if match.start() - cue.end() <= near or _FULL_DATE.search(match[0]):
            yield Finding("birth_date", *match.span(), _plain(match[0]), 80)


def _secret(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    for match in _values(_TOKEN, text, cue.end(), limit):
        start, end = _trimmed(match)
        while text[start] in ":=./-?" and start < end - 1:
            start += 1
        word, between = text[start:end], text[cue.end() : start]
        said = between.rstrip().endswith((":", "=", "是", "为", "為", '"', "'", "“", "「"))
        if word.startswith("@") or "淘口令" in text[cue.start() - 1 : cue.end()]:
            continue
        if (
            _STRANGE.fullmatch(word)
            or _SPACED.fullmatch(word)
            or (said and word.isascii() and len(word) > 2 and _wordy(word))
        ):
            yield Finding("secret", start, end, word, 77)
            return
        if word.isdigit() and len(word) > 2 and (said or len(between) < 4):
            yield Finding("secret", start, end, word, 77)
            return


def _wordy(word: str) -> bool:
    return word.lower() not in lexicon().not_handles and word.isalnum()


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """Return a value's place without the full stop or dash of the sentence around it."""
    return match.start(), match.start() + len(
        match[0].rstrip(" .-:?,!" if "!" not in match[0][:-1] else " .-:?,")
    )


def _plain(written: str) -> str:
    return re.sub(r"[\s().-]", "", written).upper()


def _mixed(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


_READERS: dict[str, Callable[[str, re.Match[str], int], Iterator[Finding]]] = {
    "chat": _handle,
    "birth": _birth,
    "secret": _secret,
}
