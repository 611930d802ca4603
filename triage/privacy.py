"""Redaction: personal details of a text replaced by tokens that stay the same in a conversation.

What is personal is found in ``triage.personal`` and ``triage.extraction``, keys and originals are
kept by ``triage.vault``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from triage.errors import ConfigError
from triage.extraction import PERSONAL_RECOGNISERS, KeyInfoExtractor
from triage.personal import CHOSEN, KEPT, PERSONAL, Finding, find_personal, folded, settled
from triage.personal.lexicon import is_brand
from triage.personal.names import places_of
from triage.personal.shapes import phone_value
from triage.text import to_simplified

if TYPE_CHECKING:
    from triage.vault import Key, Vault

TYPES = PERSONAL + CHOSEN
MASK = re.compile(r"\[(?:[A-Z][A-Za-z_ ]{1,23}|[A-Z][A-Z_]{1,20}_[0-9A-Z]{1,16}(?:\.\d{1,6})?)\]")
# What the extractor is sure of beside the recognisers of this module.
_CERTAINTY = {"email": 90, "phone": 65, "address": 47, "person": 36, "order_id": 71,
              "tracking_no": 72}  # fmt: skip
_EXTRACTED = re.compile(r"\d|@")
_SERVICE_LINE = re.compile(r"\+86[48]00\d{7}")  # a shop's, no person's
_PASSES = 12
_REMEMBERED = 64  # names of a conversation that are looked for in its later texts
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # dates are not redacted, so their year is no matter


@dataclass(frozen=True, slots=True)
class Span:
    """One place that was redacted: its offsets in the original and the token in its place."""

    type: str
    start: int
    end: int
    token: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without personal details, and what was replaced, by position."""

    text: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class _Conversation:
    """Tokens given so far: by type and normalised value; names as written."""

    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)


class Redactor:
    """Replaces personal details by tokens; one instance may be used by several threads at a time.

    Without a key tokens are numbered within a conversation (``[PHONE_1]``). With one they are the
    same everywhere (``[PHONE_K7QX2M3A]``), so that a customer who comes back can be counted; with a
    vault as well the originals can be put back.

    Args:
        types: what is redacted, of ``TYPES``.
        also: of ``CHOSEN``, what is redacted besides.
        key: makes tokens stable across conversations.
        vault: remembers originals; needs ``key``.

    Raises:
        ConfigError: a type is unknown.
    """

    def __init__(
        self,
        *,
        types: Collection[str] = PERSONAL,
        also: Collection[str] = (),
        key: Key | None = None,
        vault: Vault | None = None,
    ) -> None:
        if unknown := sorted({*types, *also} - set(TYPES)):
            raise ConfigError(f"unknown type {unknown[0]!r}; choose from {', '.join(TYPES)}")
        self._types = frozenset((*types, *also))
        self._key, self._vault = key, vault
        self._extractor = KeyInfoExtractor(recognisers=PERSONAL_RECOGNISERS)
        self._conversations: dict[str, _Conversation] = {}
        self._lock = Lock()

    def redact(
        self, text: str, conversation: str | None = None, *, whole: str | None = None
    ) -> Redacted:
        """Replace what is personal; masks that stand in the text already stay as they are.

        Args:
            conversation: texts of one name share their tokens; ``None`` stands for one of its own.
            whole: the type of the text if it is nothing but one detail, such as a column of names.
        """
        with self._lock:
            if conversation is None:
                known = _Conversation()
            else:
                known = self._conversations.setdefault(conversation, _Conversation())
            known.reserved.update(match[0] for match in MASK.finditer(text))
            spans: list[Span] = []
            current = text
            # A mask may bring to light what another one hid, so look until nothing is found: only
            # then does redacting twice change nothing.
            for _ in range(_PASSES):
                found = self._find(current, known, whole=whole if current is text else None)
                if not found:
                    break
                spans = _joined(spans, (self._span(text, f, known, spans) for f in found))
                current = _replaced(text, spans)
            return Redacted(current, tuple(spans))

    def forget(self, conversation: str) -> None:
        """Drop what is remembered of a conversation that has ended."""
        with self._lock:
            self._conversations.pop(conversation, None)

    def _find(self, text: str, known: _Conversation, *, whole: str | None) -> list[Finding]:
        masks = [range(*match.span()) for match in MASK.finditer(text)]
        if whole is not None and not masks and text.strip():
            found_whole = Finding(whole, 0, len(text), _value(text, whole), 100)
            return [found_whole] if whole in self._types else []
        plain = folded(text)
        found = [*find_personal(plain), *_remembered(text, known)]
        if _EXTRACTED.search(plain):
            found = self._with_extracted(text, found)
        standing = settled(text, found, masks=masks)
        return [f for f in standing if f.type in self._types]

    def _with_extracted(self, text: str, found: list[Finding]) -> list[Finding]:
        """Join what the extractor of key information finds; asked-for ids free their place."""
        (extracted,) = self._extractor.extract([text], times=[_ANY_TIME])
        joined = [
            Finding(k.type, k.start, k.end, k.value, _CERTAINTY[k.type])
            for k in extracted
            if k.type in _CERTAINTY
            and (k.type in PERSONAL or k.type in self._types)
            and not (k.type == "phone" and _SERVICE_LINE.fullmatch(k.value))
            and not (k.type == "person" and is_brand(k.text))
        ]
        asked = [f for f in joined if f.type in CHOSEN]
        kept = (f for f in found if f.type != KEPT or not _overlaps(f, asked))
        return [*kept, *joined]

    def _span(self, text: str, finding: Finding, known: _Conversation, before: list[Span]) -> Span:
        """Give a finding in the half-redacted text its place in the original, and its token."""
        start, end = _origin(finding.start, before), _origin(finding.end - 1, before) + 1
        written = text[start:end]
        if finding.type == "person" and len(written) > 1 and len(known.names) < _REMEMBERED:
            known.names.setdefault(written, finding.value)
        return Span(finding.type, start, end, self._token(finding, written, known))

    def _token(self, finding: Finding, written: str, known: _Conversation) -> str:
        name = finding.type.upper()
        if self._key is not None:
            token = f"[{name}_{self._key.tag(finding.type, finding.value)}]"
            if self._vault is None:
                return token
            return self._vault.token_for(token, written, reserved=known.reserved)
        identity = (finding.type, finding.value)
        while identity not in known.tokens:
            known.counts[name] = known.counts.get(name, 0) + 1
            token = f"[{name}_{known.counts[name]}]"
            if token not in known.reserved:
                known.tokens[identity] = token
        return known.tokens[identity]


def redact_result(record: Mapping[str, Any], text: str, redactor: Redactor) -> dict[str, Any]:
    """Return a result's JSON form without personal details.

    Key information of personal types has the token as text and value; the text that was understood,
    evidence and replies are redacted with the tokens of the message.

    Args:
        record: as ``TriageResult.to_dict`` gives it.
        text: the message; where turns were merged, the record's own text is taken instead, which
            the offsets of its key information are of.
    """
    talk = f"result {record['id']}"
    merged = record["understood_text"]
    text = text if merged is None else merged
    spans = redactor.redact(text, talk).spans
    parts = []
    for info in record["key_info"]:
        own = [s.token for s in spans if s.start < info["end"] and info["start"] < s.end]
        token = {"text": " ".join(own), "value": " ".join(own)} if own else {}
        parts.append({**info, **token})

    def hidden(entries: Iterable[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
        return [{**entry, key: redactor.redact(entry[key], talk).text} for entry in entries]

    reasons = hidden(record["priority"]["reasons"], "evidence")
    cues = hidden(record["sentiment"]["cues"], "evidence")
    replies = hidden(record["suggestions"], "reply")
    understood = None if merged is None else redactor.redact(merged, talk).text
    redactor.forget(talk)
    return {
        **record,
        "understood_text": understood,
        "priority": {**record["priority"], "reasons": reasons},
        "sentiment": {**record["sentiment"], "cues": cues},
        "key_info": parts,
        "suggestions": replies,
    }


def _value(text: str, type_: str) -> str:
    plain = folded(text).strip()
    return phone_value(plain) if type_ == "phone" else to_simplified(plain).casefold()


def _remembered(text: str, known: _Conversation) -> Iterator[Finding]:
    for name, value in known.names.items():
        for place in places_of(name, text):
            yield Finding("person", *place, value, 34)


def _overlaps(finding: Finding, others: Iterable[Finding]) -> bool:
    return any(finding.start < o.end and o.start < finding.end for o in others)


def _joined(spans: list[Span], more: Iterable[Span]) -> list[Span]:
    return sorted([*spans, *more], key=lambda s: s.start)


def _origin(offset: int, spans: list[Span]) -> int:
    """Return where a character of the half-redacted text stands in the original."""
    ends, shifts, shift = [], [0], 0
    for span in spans:
        shift += (span.end - span.start) - len(span.token)
        ends.append(span.end - shift)
        shifts.append(shift)
    return offset + shifts[bisect_right(ends, offset)]


def _replaced(text: str, spans: list[Span]) -> str:
    pieces, place = [], 0
    for span in spans:
        pieces += [text[place : span.start], span.token]
        place = span.end
    return "".join([*pieces, text[place:]])
