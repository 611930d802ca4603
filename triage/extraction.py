"""Key information in a message: ids, contacts, amounts, dates and links, as typed exact spans.

spaCy holds the text: a blank multilingual pipeline whose tokens break at every change of character
class, so that a span never cuts a number or a word, and Chinese needs no word segmenter.
Recognisers propose spans; where two overlap, the more certain type wins, then the longer one.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cn2an import cn2an

from triage.domain import KeyInfo
from triage.temporal import find_dates
from triage.text import without_surrogates

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

# Stronger first: a phone number inside a link is part of the link.
STRENGTH = ("url", "email", "tracking_no", "phone", "order_id", "amount", "date")

_TOKEN = re.compile(r"[a-zA-Z]+|\d+|\s|.", re.DOTALL)
_URL = re.compile(r"(?:https?://|www\.)[\w\-.~:/?#@!$&'()*+,;=%]+", re.ASCII | re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,24}",
    re.ASCII | re.IGNORECASE,
)

# Formats by which carriers' numbers are told without a cue: SF, YTO, JD, ZTO, UPS, UPU S10, USPS.
_TRACKING = re.compile(
    r"(?<![A-Za-z0-9])(?:SF\d{10,15}|YT\d{12,15}|JD[A-Z]{0,2}\d{9,15}|7[3578]\d{12}|STO\d{10,15}"
    r"|1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}|9[2-5]\d{20})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_TRACKING_CUE = re.compile(
    r"(?:(?:快递|快遞|物流|运单|運單|包裹)(?:单号|單號|编号|編號|号码|號碼|号|號)?(?:是|为|為|[:\uff1a#]){0,3}"
    r"|(?:tracking|awb|waybill|consignment)(?:\s(?:number|no\.?|id|code))?)[\s:\uff1a#]{0,4}(?:is\s)?"
    r"(?P<id>[A-Z]{0,4}\d[A-Z0-9]{7,24})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_ORDER_CUE = re.compile(
    r"(?:(?:订单|訂單|单|單)(?:编号|編號|号码|號碼|号|號)?(?:是|为|為|[:\uff1a#]){0,3}"
    r"|(?:order|ord|purchase)(?:\s?(?:number|no\.?|id|ref(?:erence)?))?)[\s:\uff1a#]{0,4}(?:is\s)?"
    r"(?P<id>(?=[A-Z0-9-]{0,24}\d{3})[A-Z0-9]{1,8}(?:-?[A-Z0-9]{2,24}){1,3})(?![A-Za-z0-9-])",
    re.IGNORECASE,
)
_HASH_ID = re.compile(
    r"(?<![\w#])#(?P<id>(?=[A-Z0-9-]{0,24}\d{4})[A-Z0-9-]{5,24})(?![\w-])", re.IGNORECASE
)
_BARE_ID = re.compile(
    r"(?<![\w.¥$€£-])(?P<id>\d{3}-\d{7}-\d{7}|\d{12,20}|[A-Z]{1,4}\d{8,20})(?![\w-])"
)
_PHONE = re.compile(r"(?<![\w+-])\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?![\w-]|\.\d)", re.ASCII)
_PHONE_CUE = re.compile(
    r"(?:电话|電話|手机|手機|phone|call|mobile|tel|whatsapp|cell)\D{0,12}$", re.IGNORECASE
)
_LOCAL_MOBILE = re.compile(r"1[3-9]\d{9}|09\d{8}")
CUE_REACH = 24  # characters before a number in which a cue is looked for
# Regions to try for a number without country code, by its count of digits.
_PHONE_REGIONS = {8: ("HK",), 10: ("US", "TW", "CN"), 11: ("CN", "GB"), 12: ("CN",)}

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_HAN_NUMBER = r"[零一二两兩三四五六七八九十百千万萬]{1,8}"
_PREFIXED = re.compile(
    rf"(?P<currency>NT\$|HK\$|US\$|S\$|A\$|RMB|CNY|USD|HKD|TWD|[¥\uffe5$€£])\s?(?P<number>{_NUMBER})(?P<scale>[万萬k])?(?![\d])",
    re.IGNORECASE,
)
_SUFFIXED = re.compile(
    rf"(?<![\d.a-zA-Z])(?P<number>{_NUMBER}|{_HAN_NUMBER})(?P<scale>[万萬])?(?P<odd>多)?\s?"
    r"(?P<currency>人民币|人民幣|港币|港幣|港元|新台币|新台幣|台币|台幣|美元|美金|欧元|歐元|日元|英镑|英鎊"
    r"|块钱|塊錢|块|塊|元|圆|圓|蚊|RMB|CNY|USD|HKD|TWD|NTD|EUR|GBP|dollars?|bucks|euros?|pounds|quid)(?![a-z])",
    re.IGNORECASE,
)
UNKNOWN_CURRENCY = "XXX"  # ISO 4217 for "no currency": 元 in Traditional text may be TWD or HKD
_CURRENCIES = {
    "¥": "CNY", "\uffe5": "CNY", "rmb": "CNY", "cny": "CNY", "人民币": "CNY", "人民幣": "CNY",
    "块钱": "CNY", "块": "CNY", "元": "CNY", "圆": "CNY", "塊錢": UNKNOWN_CURRENCY,
    "塊": UNKNOWN_CURRENCY, "圓": UNKNOWN_CURRENCY, "蚊": "HKD", "hk$": "HKD", "hkd": "HKD",
    "港币": "HKD", "港幣": "HKD", "港元": "HKD", "nt$": "TWD", "twd": "TWD", "ntd": "TWD",
    "台币": "TWD", "台幣": "TWD", "新台币": "TWD", "新台幣": "TWD", "us$": "USD", "$": "USD",
    "usd": "USD", "美元": "USD", "美金": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "欧元": "EUR", "歐元": "EUR",
    "£": "GBP", "gbp": "GBP", "pounds": "GBP", "quid": "GBP", "英镑": "GBP", "英鎊": "GBP",
    "日元": "JPY", "s$": "SGD", "a$": "AUD",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    type: str
    start: int
    end: int
    value: str


class KeyInfoExtractor:
    """Finds key information; one instance serves any number of threads' calls in turn."""

    def __init__(self) -> None:
        self._nlp = _blank_pipeline()

    def extract(
        self,
        texts: Sequence[str],
        *,
        times: Sequence[datetime],
        scripts: Sequence[str | None] | None = None,
    ) -> list[tuple[KeyInfo, ...]]:
        """Return the key information of each text, in order of position, without overlaps.

        Args:
            texts: messages as written.
            times: when each was written; relative dates are resolved against it.
            scripts: ``Hant`` marks Traditional text, in which 元 names no certain currency.
        """
        known = scripts or [None] * len(texts)
        return [
            self._extract_one(doc, now=now, script=script)
            for doc, now, script in zip(self._nlp.pipe(texts), times, known, strict=True)
        ]

    def _extract_one(self, doc: Doc, *, now: datetime, script: str | None) -> tuple[KeyInfo, ...]:
        from spacy.tokens import Span

        spans: list[tuple[Span, str]] = []
        for found in _propose(doc.text, now=now, script=script):
            span = doc.char_span(found.start, found.end, label=found.type)
            if span is not None:
                spans.append((span, found.value))
        spans.sort(key=lambda s: (STRENGTH.index(s[0].label_), -len(s[0].text), s[0].start))
        taken = [False] * len(doc)
        kept = []
        for span, value in spans:
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = [True] * len(span)
                kept.append(
                    KeyInfo(
                        type=span.label_,
                        text=span.text,
                        value=value,
                        start=span.start_char,
                        end=span.end_char,
                    )
                )
        return tuple(sorted(kept, key=lambda k: k.start))


def _propose(text: str, *, now: datetime, script: str | None) -> Iterator[_Found]:
    for match in _URL.finditer(text):
        link = match[0].rstrip(".,;:!?)'")
        yield _Found("url", match.start(), match.start() + len(link), link)
    for match in _EMAIL.finditer(text):
        yield _Found("email", *match.span(), match[0].lower())
    if any(c.isdigit() for c in text):
        yield from _ids(text)
        yield from _phones(text)
    yield from _amounts(text, script=script)
    for start, end, value in find_dates(text, now):
        yield _Found("date", start, end, value)


def _ids(text: str) -> Iterator[_Found]:
    for match in _TRACKING.finditer(text):
        yield _Found("tracking_no", *match.span(), match[0].upper())
    for match in _TRACKING_CUE.finditer(text):
        yield _Found("tracking_no", *match.span("id"), match["id"].upper())
    for pattern in (_ORDER_CUE, _HASH_ID, _BARE_ID):
        for match in pattern.finditer(text):
            if not _LOCAL_MOBILE.fullmatch(match["id"]):
                yield _Found("order_id", *match.span("id"), match["id"].upper())


def _phones(text: str) -> Iterator[_Found]:
    for match in _PHONE.finditer(text):
        written = match[0]
        digits = re.sub(r"\D", "", written)
        cued = _PHONE_CUE.search(text, max(0, match.start() - CUE_REACH), match.start()) is not None
        if not (written.startswith("+") or cued or _LOCAL_MOBILE.fullmatch(digits)):
            continue
        if (number := _e164(written)) is not None:
            yield _Found("phone", *match.span(), number)


def _e164(written: str) -> str | None:
    import phonenumbers

    digits = sum(c.isdigit() for c in written)
    for region in (None,) if written.startswith("+") else _PHONE_REGIONS.get(digits, ()):
        with contextlib.suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(written, region)
            if phonenumbers.is_valid_number(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def _amounts(text: str, *, script: str | None) -> Iterator[_Found]:
    for pattern in (_PREFIXED, _SUFFIXED):
        for match in pattern.finditer(text):
            number = _number(match["number"])
            if number is None or match[0] in ("一块", "一塊"):  # "together", rarely one yuan
                continue
            scale = {"万": 10_000, "萬": 10_000, "k": 1_000}.get((match["scale"] or "").lower(), 1)
            currency = _CURRENCIES[match["currency"].lower()]
            if match["currency"] == "元" and script == "Hant":
                currency = UNKNOWN_CURRENCY
            yield _Found("amount", *match.span(), f"{number * scale:.2f} {currency}")


def _number(written: str) -> float | None:
    plain = written.replace(",", "")
    if plain.replace(".", "").isdigit():
        return float(plain)
    try:
        return float(cn2an(plain.replace("兩", "两").replace("萬", "万"), "smart"))
    except ValueError:
        return None


def _blank_pipeline() -> Language:
    with _torch_hidden():
        import spacy

    nlp = spacy.blank("xx")
    nlp.tokenizer = _CharacterClassTokenizer(nlp.vocab)
    return nlp


class _CharacterClassTokenizer:
    """Runs of Latin letters and of digits are tokens; every other character is one."""

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab

    def __call__(self, text: str) -> Doc:
        from spacy.tokens import Doc

        words = _TOKEN.findall(without_surrogates(text))
        return Doc(self._vocab, words=words, spaces=[False] * len(words))


@contextlib.contextmanager
def _torch_hidden() -> Iterator[None]:
    """Keep thinc from importing torch: seconds and 200 MB that a blank pipeline never uses."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # makes `import torch` raise ImportError
    try:
        yield
    finally:
        del sys.modules["torch"]
