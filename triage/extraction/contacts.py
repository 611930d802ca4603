"""Links, e-mail addresses and telephone numbers."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator

from triage.extraction.reading import DIGITS, Found, Reading, Recogniser

_TLD = r"(?:com|cn|net|org|io|co|shop|store|app|me|tw|hk|sg|uk|de|eu|info|biz|top|cc|in|au|ca|us)"
_URL = re.compile(
    r"(?:https?://|www\.)[a-z0-9\-._~:/?#@!$&'()*+,;=%]+"
    rf"|(?<![a-z0-9@.\-])(?:[a-z0-9][a-z0-9\-]{{0,40}}\.){{1,4}}{_TLD}(?![a-z0-9@\-])"
    r"/[a-z0-9\-._~:/?#@!$&'()*+,;=%]*"
)
_EMAIL = re.compile(
    r"(?<![a-z0-9_.+-])[a-z0-9_][a-z0-9_.+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}"
    r"\.[a-z]{2,24}(?![a-z0-9-])"
)
_PHONE = re.compile(r"(?<![a-z0-9+#-])\+?\(?[0-9](?:[\s().-]{0,2}[0-9]){6,14}(?![a-z0-9-]|\.[0-9])")
_CUE = re.compile(
    r"(?:电话|手机|座机|致电|拨打|打给|联系|phone|call|mobile|tel|whatsapp|cell|contact|ring"
    r"|(?:my|his|her|phone|contact)\snumber|text|reach|ph)[^0-9]{0,14}$"
)
# Local forms that need no cue: mainland mobile and landline, service lines, Taiwan, US, UK mobile.
_LOCAL = re.compile(
    r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|09[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}"
    r"|0[1-9][0-9]{1,2}-[0-9]{7,8}|\(0[1-9][0-9]{1,2}\) ?[0-9]{7,8}|[48]00-[0-9]{3,4}-[0-9]{3,4}"
    r"|0[2-8]-?[0-9]{3,4}-[0-9]{4}|\(0[2-8]\) ?[0-9]{3,4}-?[0-9]{4}"
    r"|0[12][0-9]{1,3} [0-9]{3,4} [0-9]{3,4}|00[1-9][0-9 -]{8,16}"
    r"|\(?[2-9][0-9]{2}\)?[ .-][1-9][0-9]{2}[ .-][0-9]{4}|07[0-9]{3} ?[0-9]{3} ?[0-9]{3}"
)
_LOCAL_HANT = re.compile(rf"{_LOCAL.pattern}|[5-9][0-9]{{3}}[ -][0-9]{{4}}")  # Hong Kong
_CUE_REACH = 24  # characters before a number in which a cue is looked for
# Regions to try for a number without country code, by its count of digits.
_REGIONS = {8: ("HK", "SG"), 9: ("TW",), 10: ("US", "TW", "CN"), 11: ("CN", "GB"), 12: ("CN",)}
_ENGLISH_REGIONS = _REGIONS | {10: ("US", "TW"), 11: ("GB", "CN", "US")}
_SERVICE_LINE = re.compile(r"[48]00[0-9]{7}")


def find_links(reading: Reading) -> Iterator[Found]:
    """Yield links, which end before punctuation, and e-mail addresses in lower case."""
    for match in _URL.finditer(reading.low):
        link = match[0].rstrip(".,;:!?'*")
        if link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(".,;:!?'")
        end = match.start() + len(link)
        yield Found("url", match.start(), end, reading.plain[match.start() : end])
    for match in _EMAIL.finditer(reading.low):
        yield Found("email", *match.span(), match[0])


def find_phones(reading: Reading) -> Iterator[Found]:
    """Yield telephone numbers in E.164 (https://www.itu.int/rec/T-REC-E.164)."""
    for match in _PHONE.finditer(reading.low):
        written = match[0]
        local = (_LOCAL if reading.script != "Hant" else _LOCAL_HANT).fullmatch(written) is not None
        before = reading.low[max(0, match.start() - _CUE_REACH) : match.start()]
        if not (local or written.startswith(("+", "(+")) or _CUE.search(before)):
            continue
        if (number := _e164(written, english=reading.low.isascii())) is not None:
            yield Found("phone", *match.span(), number)


@functools.lru_cache(maxsize=1024)
def _e164(written: str, *, english: bool) -> str | None:
    import phonenumbers

    digits = re.sub(r"[^0-9]", "", written)
    if _SERVICE_LINE.fullmatch(digits) and not written.startswith("("):
        return f"+86{digits}"
    abroad = "+" in written or digits.startswith("00")
    if digits.startswith("00"):
        written = f"+{digits[2:]}"
    regions = (_ENGLISH_REGIONS if english else _REGIONS).get(len(digits), ())
    for region in (None,) if abroad else regions:
        with contextlib.suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(written, region)
            # A number with a country code is one by intention; a wrong local one is another number.
            trusted = abroad or (english and region == "US" and digits[0] in "23456789")
            if phonenumbers.is_valid_number(number) or (
                trusted and phonenumbers.is_possible_number(number)
            ):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


LINKS = Recogniser(frozenset(".:@"), find_links)
PHONES = Recogniser(DIGITS, find_phones)
