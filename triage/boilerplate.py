"""What in a message is not the customer's own words, and a copy without it in which offsets stay.

HTML, quoted mail, signatures, disclaimers, helpdesk marks, events of a chat and a shop's greetings
become spaces of the same length. The phrases are in ``resources/boilerplate.toml``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from triage.resource import read_resource
from triage.script import to_simplified

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])[^<>]{0,300}>")
_BREAKING = frozenset({"br", "p", "div", "li", "tr", "table", "ul", "ol", "hr", "blockquote"})
_UNREAD = frozenset({"blockquote", "style", "script", "head"})
# Same length: full-width forms become half-width, so that a pattern has one spelling.
_HALF_WIDTH = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_DATE = r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?,? ?"
_TIME = rf"[(\[]?(?:{_DATE})?\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[ap]m)?[)\]]?"
_NAME = r"[^\s:()\[\],。!?\d][^\s:()\[\],。!?]{0,15}(?: [^\s:()\[\],。!?\d]{1,15})?"
# A name that is no known role shows a speaker only with a date, with seconds, or in brackets.
_SPOKEN = re.compile(
    rf"(?P<name>{_NAME}) {{0,2}}(?:[(\[]?(?:{_DATE}\d{{1,2}}:\d{{2}}(?::\d{{2}})?"
    rf"|\d{{1,2}}:\d{{2}}:\d{{2}})[)\]]?(?: ?:|$)|[(\[]{_TIME} ?:)",
    re.IGNORECASE,
)
_LONGEST_LINE = 460  # characters; no pattern of a whole line reaches further
_PASSES = 4
_BLOCK_LINES = 4  # within which Outlook's fields follow one another
_SIGNATURE_LINES = 10
_SIGNATURE_LINE = 120  # characters of the longest line of a signature
_ASKS = re.compile(r"[?]|吗$")


@dataclass(frozen=True, slots=True)
class _Patterns:
    quote: re.Pattern[str]
    first_field: re.Pattern[str]
    further_field: re.Pattern[str]
    mark: re.Pattern[str]
    tail: re.Pattern[str]
    closing: re.Pattern[str]
    disclaimer: re.Pattern[str]
    line: re.Pattern[str]
    hint: re.Pattern[str]
    span: re.Pattern[str]
    customer: re.Pattern[str]
    casual: re.Pattern[str]
    shop: re.Pattern[str]


@dataclass(slots=True)
class _Line:
    """One line of a text: as written, and as the patterns see it; both of one length."""

    written: str
    folded: str

    @property
    def seen(self) -> str:
        return self.folded.strip()

    @property
    def blank(self) -> bool:
        return not self.folded.strip()

    def erase(self, start: int = 0, end: int | None = None) -> None:
        end = len(self.written) if end is None else end
        gap = " " * (end - start)
        self.written = self.written[:start] + gap + self.written[end:]
        self.folded = self.folded[:start] + gap + self.folded[end:]


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Who speaks on a line.

    Attributes:
        length: of the prefix that says so.
        shop: whether it is the shop's side.
        certain: whether the prefix shows a transcript by itself, by a time or a customer's role.
    """

    length: int
    shop: bool
    certain: bool


def own_words(text: str) -> str:
    """Return ``text`` with spaces for all that the customer did not write; its length stays.

    A kind of boilerplate without which nothing would be left (a mail that is all quotation) is
    kept, so of a text with words some always stay. Applying it twice changes nothing more.
    """
    return _stripped(text, keep=True)


def is_boilerplate(text: str) -> bool:
    """Tell whether nothing of ``text`` is a person's own words, as of a machine's greeting."""
    return not _says_something(_stripped(text, keep=False))


def _stripped(text: str, *, keep: bool) -> str:
    stages: tuple[Callable[[list[_Line]], None], ...] = (
        _strip_signature,
        _strip_quotes,
        _strip_speakers,
        _strip_lines,
    )
    text = _without_tags(text, keep=keep)
    lines = _lines_of(text)
    for _ in range(_PASSES):
        before = [line.written for line in lines]
        for stage in stages:
            tried = [_Line(line.written, line.folded) for line in lines]
            stage(tried)
            if not keep or any(_says_something(line.written) for line in tried):
                lines = tried
        if [line.written for line in lines] == before:
            break
    return "\n".join(line.written for line in lines)


def _says_something(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _lines_of(text: str) -> list[_Line]:
    folded = text.translate(_HALF_WIDTH)
    simplified = to_simplified(folded)
    if len(simplified) == len(folded):
        folded = simplified
    return [_Line(*pair) for pair in zip(text.split("\n"), folded.split("\n"), strict=True)]


def _without_tags(text: str, *, keep: bool) -> str:
    if "<" not in text:
        return text
    own = _tags_erased(text, unread=_UNREAD)
    if not keep or _says_something(own):
        return own
    whole = _tags_erased(text, unread=frozenset())
    return whole if _says_something(whole) else text


def _tags_erased(text: str, *, unread: frozenset[str]) -> str:
    """Put spaces for tags, line breaks for those that break, and nothing for unread elements."""
    pieces, place, depth = [], 0, 0
    for match in _TAG.finditer(text):
        name = match[1].lower()
        between = text[place : match.start()]
        pieces.append(" " * len(between) if depth else between)
        gap = " " * len(match[0])
        pieces.append("\n" + gap[1:] if name in _BREAKING and not depth else gap)
        if name in unread:
            depth = max(0, depth - 1) if match[0].startswith("</") else depth + 1
        place = match.end()
    pieces.append(" " * (len(text) - place) if depth else text[place:])
    return "".join(pieces)


def _strip_quotes(lines: list[_Line]) -> None:
    patterns = _patterns()
    for i, line in enumerate(lines):
        seen = line.seen
        if seen.startswith((">", "&gt;")):
            line.erase()
        elif seen and _starts_quote(lines, i, patterns):
            following = next((other.seen for other in lines[i + 1 : i + 3] if other.seen), "")
            if following.startswith((">", "&gt;")):
                line.erase()
                continue
            for rest in lines[i:]:
                rest.erase()
            return


def _starts_quote(lines: list[_Line], i: int, patterns: _Patterns) -> bool:
    seen = lines[i].seen
    if len(seen) > _LONGEST_LINE:
        return False
    if patterns.quote.fullmatch(seen):
        return True
    following = lines[i + 1].seen if i + 1 < len(lines) else ""
    if following.endswith(":") and len(following) <= _SIGNATURE_LINE:
        # Mail programs break "On ..., name <address> wrote:" where it gets long.
        broken = patterns.quote.fullmatch(f"{seen} {following}") is not None
        return broken and not patterns.quote.fullmatch(following)
    after = [line.seen for line in lines[i + 1 : i + 1 + 2 * _BLOCK_LINES] if not line.blank]
    return patterns.first_field.fullmatch(seen) is not None and any(
        patterns.further_field.fullmatch(other) for other in after[:_BLOCK_LINES]
    )


def _strip_speakers(lines: list[_Line]) -> None:
    spoken = [_speaker(line.seen) if len(line.seen) <= _LONGEST_LINE else None for line in lines]
    found = [speaker for speaker in spoken if speaker is not None]
    both = len({speaker.shop for speaker in found}) > 1
    if not (both or any(speaker.certain for speaker in found)):
        return
    theirs = False
    for line, speaker in zip(lines, spoken, strict=True):
        if speaker is not None:
            theirs = speaker.shop and speaker.length == len(line.seen)
        if theirs or (speaker is not None and speaker.shop):
            line.erase()
        elif speaker is not None:
            start = len(line.folded) - len(line.folded.lstrip())
            line.erase(start, start + speaker.length)


def _speaker(seen: str) -> _Speaker | None:
    patterns = _patterns()
    for pattern in (patterns.customer, patterns.casual, patterns.shop):
        if (match := pattern.match(seen)) is not None:
            timed = any(c.isdigit() for c in match[0])
            return _Speaker(
                match.end(),
                shop=pattern is patterns.shop,
                certain=timed or pattern is patterns.customer,
            )
    if (match := _SPOKEN.match(seen)) is not None:
        shop = patterns.shop.fullmatch(f"{match['name']}:") is not None
        return _Speaker(match.end(), shop=shop, certain=True)
    return None


def _strip_lines(lines: list[_Line]) -> None:
    patterns = _patterns()
    for line in lines:
        if line.blank:
            continue
        if len(line.seen) <= _LONGEST_LINE and patterns.line.fullmatch(line.seen):
            line.erase()
            continue
        if patterns.hint.search(line.folded):
            for match in patterns.span.finditer(line.folded):
                line.erase(*match.span())


def _strip_signature(lines: list[_Line]) -> None:
    patterns = _patterns()
    end, below, longest = len(lines), 0, 0
    asks = False
    for i in range(len(lines) - 1, -1, -1):
        seen = lines[i].seen
        if not seen:
            continue
        closes = below <= _SIGNATURE_LINES and longest <= _SIGNATURE_LINE and not asks
        if (
            patterns.mark.fullmatch(seen)
            or patterns.disclaimer.match(seen)
            or (closes and patterns.closing.fullmatch(seen))
        ):
            for rest in lines[i:end]:
                rest.erase()
            end, below, longest, asks = i, 0, 0, False
            continue
        if (match := patterns.tail.search(lines[i].folded)) is not None:
            lines[i].erase(*match.span())
        below, longest = below + 1, max(longest, len(seen))
        asks = asks or _ASKS.search(seen) is not None


@functools.cache
def _patterns() -> _Patterns:
    tables = read_resource("boilerplate")
    quote, signature, lines = tables["quote"], tables["signature"], tables["lines"]
    return _Patterns(
        quote=_any_of(quote["headers"]),
        first_field=_any_of(quote["first_fields"]),
        further_field=_any_of(quote["further_fields"]),
        mark=_any_of(signature["marks"]),
        tail=_any_of(signature["tails"], end=r"\s*$"),
        closing=_any_of(signature["closings"]),
        disclaimer=_any_of(signature["disclaimers"]),
        line=_any_of(lines["patterns"]),
        hint=_any_of(lines["hints"]),
        span=_any_of(lines["spans"]),
        customer=_role(tables["speakers"]["customer"]),
        casual=_role(tables["speakers"]["casual"]),
        shop=_role(tables["speakers"]["shop"]),
    )


def _any_of(patterns: list[str], *, start: str = "", end: str = "") -> re.Pattern[str]:
    return re.compile(f"{start}(?:{'|'.join(patterns)}){end}", re.IGNORECASE)


def _role(names: list[str]) -> re.Pattern[str]:
    return _any_of(names, start=rf"(?:{_TIME} ?)?", end=rf"(?: {{0,2}}{_TIME} ?(?::|$)| ?:)")
