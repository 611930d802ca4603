"""Numbers and addresses of the net that are told by their shape or a checksum, without a cue.

The text is in its folded form; python-stdnum knows the checksums, phonenumbers the numbering plans.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import date

from triage.personal.finding import Finding

_GAP = "[ .\u00b7\u200b-]{0,2}"
_EXTENSION = r"(?: ?(?:转|轉|分机|分機|ext\.?|x|#) ?\d{1,6}|-\d{1,5}(?![\d-]))?"
_HOTLINE = r"(?!(?:400|800|888|877|866|855)[)\-. ])"  # the shop's own lines, nobody's
_AREA = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?(?:@|\[at\]|\(at\)|艾特) ?[\w-]{1,63}"
    r"(?:(?: ?\[dot\] ?|\.|。)[\w-]{1,63}){1,8}",
    re.ASCII | re.IGNORECASE,
)
_SHORT_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{2,64}@(?:qq|163|126|sina|gmail|outlook|hotmail|foxmail)(?![\w.-])",
    re.ASCII | re.IGNORECASE,
)
_INTERNATIONAL = re.compile(
    rf"(?<![\w+])(?:\+|00(?=(?:86|852|853|886|1|44|6[0156]|81|82|49|33)[ -]?\d)) ?"
    rf"\(?\d{{1,4}}(?:[ ().\u200b-]{{0,3}}\d){{6,12}}{_EXTENSION}(?!\d)",
    re.ASCII,
)
_MOBILE = re.compile(
    rf"(?<![\dA-Za-z*])(?<!\d[.-])(?:\(?86\)?[ -]?)?1[3-9]\d(?:{_GAP}\d){{8}}"
    r"(?!\d|[.-]\d|[A-Za-z]{1,3}\d|\*)"
)
_SPELT = re.compile(
    "(?<![〇零一二三四五六七八九幺])[一幺][三四五六七八九][〇零一二三四五六七八九幺]{9}(?![〇零一二三四五六七八九幺])"
)
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_MASKED = re.compile(
    r"(?<![\dA-Za-z])(?:1[3-9]\d[ -]?[*xX#]{3,6}[ -]?\d{2,4}|\d{2,14}\*{3,14}\d{2,4}[xX]?)(?!\d)"
)
_LANDLINE = re.compile(
    r"(?<![\w*.])(?<!\d-)\(?0\d{1,4}(?:\)[ -]{0,2}|[ -]{1,2})\d{3,8}(?:[ -]\d{3,4})?"
    rf"{_EXTENSION}(?!\d|-\d)",
    re.ASCII,
)
_BARE_LANDLINE = re.compile(r"(?<![\w*.])(?<!\d-)0\d{9,11}(?![\w*]|-\d)", re.ASCII)
_AMERICAN = re.compile(
    rf"(?<![\w+*-])(?:1[-. ])?(?:\({_HOTLINE}[2-9]\d{{2}}\) ?|{_HOTLINE}[2-9]\d{{2}}[-. ])"
    r"\d{3}[-. ]\d{4}(?![\d-])",
    re.ASCII,
)
_RESIDENT = re.compile(
    rf"(?<![\dA-Za-z])({_AREA}) ?((?:18|19|20)\d{{2}}{_DAY}) ?(\d{{3}}[\dXx])(?![\dA-Za-z])"
)
_HKID = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,2}\d{6} ?\([0-9A]\)", re.IGNORECASE)
_TAIWAN = re.compile(r"(?<![A-Za-z0-9])[A-Z][1289A-D]\d{8}(?![A-Za-z0-9-])", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", re.ASCII)
_CARD = re.compile(r"(?<![\w.*-])\d(?:[ -]?\d){12,18}(?![\w*]|-\d)", re.ASCII)
_IN_FOURS = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5}")
_IBAN = re.compile(
    r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)", re.ASCII
)
# Issuers by first digits and length: https://en.wikipedia.org/wiki/Payment_card_number
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|62\d{14,17}|35\d{14}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|(?:30|36|38|39)\d{12}"
)
_CREDIT_CODE = re.compile(r"(?<![\dA-Za-z])[159Y][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![\dA-Za-z])")
_GROUPED = re.compile(  # Hong Kong and Singapore, India
    r"(?<![\w$¥€£#.-])(?<!\d )(?:[5689]\d{3}[ -](?!0{3})\d{4}|[6-9]\d{4} \d{5})(?![\w%]| ?\d|-\d|[.,]\d)"
)
_BESIDE_NAME = re.compile(r"(?<=\]) ?(?P<number>[2-9]\d{7}|[6-9]\d{9}|\d{4} \d{4})(?![\w-])")
_NRIC = re.compile(r"(?<![A-Za-z0-9])[STFGM]\d{7}[A-Z](?![A-Za-z0-9-])", re.ASCII)
_PAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?![A-Za-z0-9-])", re.ASCII)
_GSTIN = re.compile(r"(?<![A-Za-z0-9])[0-3]\d[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z](?![A-Za-z0-9])")
_EIN = re.compile(r"(?<![\w-])\d{2}-\d{7}(?![\w-])", re.ASCII)
_VAT = re.compile(
    r"(?<![A-Za-z0-9])(?:GB ?\d{3} ?\d{4} ?\d{2}|(?:DE|FR|IT|ES|NL|BE|AT|PL|IE) ?[A-Z0-9]{8,12})(?![A-Za-z0-9])"
)
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # in the order of their numbers, from 10
_REGIONS = {8: "HK", 9: "GB", 10: "US", 11: "GB", 12: "CN"}
_MOBILE_DIGITS = 11

_Reader = Callable[[re.Match[str]], tuple[str, int] | None]


def find_shapes(text: str) -> Iterator[Finding]:
    """Yield what is told by its shape; ``text`` is folded, and spans may overlap."""
    if "@" in text or "at" in text or "艾特" in text:
        for pattern in (_EMAIL, _SHORT_EMAIL):
            for match in pattern.finditer(text):
                end = match.end() - (match[0][-1] in "-_")
                yield Finding("email", match.start(), end, _plain_email(match[0]), 95)
    for match in _SPELT.finditer(text):
        digits = match[0].translate(_HAN_DIGITS)
        yield Finding("phone", *match.span(), phone_value(digits), 72)
    if not _has_digit(text):
        return
    for type_, pattern, read in _READERS:
        for match in pattern.finditer(text):
            if (told := read(match)) is not None:
                yield Finding(type_, *match.span(), *told)


def phone_value(written: str) -> str:
    """Return a phone number in E.164 where its region is sure or likely, else its digits."""
    import phonenumbers

    number = re.split(r"转|轉|分|ext|x", written, maxsplit=1)[0] if "*" not in written else written
    digits = re.sub(r"[^\d*#xX]", "", number)
    if number.startswith("00"):
        number, digits = f"+{digits[2:]}", digits[2:]
    if re.fullmatch(r"(?:86)?1[3-9]\d{9}", digits):
        return f"+86{digits[-_MOBILE_DIGITS:]}"
    region = "TW" if digits.startswith("09") else _region(digits)
    with contextlib.suppress(phonenumbers.NumberParseException):
        parsed = phonenumbers.parse(number, region)
        if phonenumbers.is_valid_number(parsed):
            return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return digits


def _region(digits: str) -> str | None:
    if digits.startswith(("010", "02", "03", "04", "05", "06", "07", "08")) and len(digits) > 9:
        return "GB" if digits.startswith(("07", "020 7", "01")) else "CN"
    return _REGIONS.get(len(digits))


def resident_id(written: str) -> bool:
    """Tell whether 18 characters are a mainland resident's number: date of birth and check digit."""
    from stdnum.cn import ric

    if not re.fullmatch(r"\d{17}[\dX]", written):
        return False
    return _is_day(written[6:14]) and ric.calc_check_digit(written) == written[-1]


def hong_kong_id(written: str) -> bool:
    """Tell whether letters, six digits and the check character fit, modulo 11.

    https://en.wikipedia.org/wiki/Hong_Kong_identity_card#Check_digit
    """
    match = re.fullmatch(r"([A-Z]{1,2})(\d{6})([0-9A])", written)
    if match is None:
        return False
    values = [36 if len(match[1]) == 1 else ord(match[1][0]) - 55, ord(match[1][-1]) - 55]
    values += [*map(int, match[2]), 10 if match[3] == "A" else int(match[3])]
    return sum(w * v for w, v in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


def taiwan_id(written: str) -> bool:
    """Tell whether a letter and nine digits fit, modulo 10.

    https://en.wikipedia.org/wiki/National_identification_card_(Taiwan)
    """
    if not re.fullmatch(r"[A-Z][1-9A-D]\d{8}", written):
        return False
    first = _TAIWAN_LETTERS.index(written[0]) + 10
    second = int(written[1]) if written[1].isdigit() else _TAIWAN_LETTERS.index(written[1]) % 10
    digits = [first // 10, first % 10, second, *map(int, written[2:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0


def _has_digit(text: str) -> bool:
    return re.search(r"\d", text) is not None


def _plain_email(written: str) -> str:
    name = re.sub(r"\[at\]|\(at\)|艾特", "@", written.lower())
    return name.replace("[dot]", ".").replace("。", ".").replace(" ", "")


def _vat(match: re.Match[str]) -> tuple[str, int] | None:
    from stdnum.eu import vat as european
    from stdnum.gb import vat as british

    number = _compact(match[0])
    valid = (british if number.startswith("GB") else european).is_valid(number)
    return (number, 78) if valid else None


def _shaped(certainty: int) -> _Reader:
    return lambda match: (_compact(match[0]), certainty)


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _compact(written: str) -> str:
    return re.sub(r"[^0-9A-Za-z*]", "", written).upper()


def _phone(certainty: int, *, fewest: int = 8, most: int = 15) -> _Reader:
    def read(match: re.Match[str]) -> tuple[str, int] | None:
        core = re.split(r"转|轉|分|ext|x", match[0], maxsplit=1)[0]
        if not fewest <= sum(c.isdigit() for c in core) <= most:
            return None
        return phone_value(match[0]), certainty

    return read


def _masked(match: re.Match[str]) -> tuple[str, int]:
    return _compact(match[0]), 80


def _resident(match: re.Match[str]) -> tuple[str, int] | None:
    number = _compact(match[0])
    if not _is_day(match[2]):
        return None
    return number, 88 if resident_id(number) else 76


def _hong_kong(match: re.Match[str]) -> tuple[str, int]:
    number = _compact(match[0])
    return number, 88 if hong_kong_id(number) else 80


def _taiwan(match: re.Match[str]) -> tuple[str, int] | None:
    number = _compact(match[0])
    return (number, 72) if taiwan_id(number) else None


def _social(match: re.Match[str]) -> tuple[str, int] | None:
    from stdnum.us import ssn

    return (_compact(match[0]), 76) if ssn.is_valid(match[0]) else None


def _card(match: re.Match[str]) -> tuple[str, int] | None:
    from stdnum import luhn

    digits = _compact(match[0])
    issued = _ISSUERS.fullmatch(digits) is not None
    if _IN_FOURS.fullmatch(match[0]):
        return digits, 79 if issued else 74
    plain = match[0].isdigit()
    return (digits, 68) if issued and plain and luhn.is_valid(digits) else None


def _iban(match: re.Match[str]) -> tuple[str, int] | None:
    from stdnum import iban

    return (_compact(match[0]), 88) if iban.is_valid(match[0]) else None


def _credit_code(match: re.Match[str]) -> tuple[str, int] | None:
    from stdnum.cn import uscc

    number = match[0]
    if uscc.is_valid(number):
        return number, 77
    return (number, 71) if any(c.isalpha() for c in number[8:]) else None


_READERS: tuple[tuple[str, re.Pattern[str], _Reader], ...] = (
    ("phone", _INTERNATIONAL, _phone(85)),
    ("phone", _MOBILE, _phone(79, fewest=11)),
    ("phone", _MASKED, _masked),
    ("phone", _LANDLINE, _phone(73, fewest=9, most=12)),
    ("phone", _BARE_LANDLINE, _phone(60)),
    ("phone", _AMERICAN, _phone(75)),
    ("phone", _GROUPED, _phone(56)),
    ("phone", _BESIDE_NAME, _phone(55)),
    ("id_number", _RESIDENT, _resident),
    ("id_number", _HKID, _hong_kong),
    ("id_number", _TAIWAN, _taiwan),
    ("id_number", _SSN, _social),
    ("bank_card", _CARD, _card),
    ("bank_card", _IBAN, _iban),
    ("id_number", _NRIC, _shaped(64)),
    ("id_number", _PAN, _shaped(64)),
    ("tax_no", _CREDIT_CODE, _credit_code),
    ("tax_no", _GSTIN, _shaped(75)),
    ("tax_no", _EIN, _shaped(55)),
    ("tax_no", _VAT, _vat),
)
