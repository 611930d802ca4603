"""Messages with what they were answered: read from files, results in them used as they stand.

Results come from ``triage tag``, from a log of decisions, or from the engine that is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from triage.conversation import whole_text
from triage.domain import Message, TriageResult
from triage.errors import MessageError, RecordError
from triage.records import Reject, Row, id_of, message_from, read_rows
from triage.text import detect_language, normalise

CHUNK = 256
_RESULT = "result"  # under which a log of decisions keeps what was answered

Triage = Callable[[Sequence[Message]], list[TriageResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One message and the answer it got, reduced to what finding gaps needs.

    Attributes:
        text: the customer's words as they were understood.
        normalised: the text as models see it.
        language: ``zh-Hans``, ``zh-Hant``, ``en``, or the code of another language.
        urgent: whether its priority is the highest.
        suggested: ids of the suggested articles, most confident first.
        confidence: of the first of them; 0 where there was none.
    """

    id: str
    text: str
    normalised: str
    language: str
    intent: str
    category: str
    urgent: bool
    negative: bool
    suggested: tuple[str, ...]
    confidence: float


def read_exchanges(
    sources: Sequence[str | Path],
    *,
    triage: Callable[[], Triage],
    results: str | Path | None = None,
    report: Callable[[int], None] = lambda rows: None,
) -> tuple[list[Exchange], list[Reject]]:
    """Read messages from files of any kind that ``triage.tables`` reads, and their answers.

    A row that holds a result beside its text (``suggestions`` and ``category``, or all under
    ``result``) keeps it; so does one whose result stands in ``results``. The others are triaged.

    Args:
        sources: the files, one after the other.
        triage: loads what answers messages; called at most once, and only if it is needed.
        results: what ``triage tag`` wrote of the sources, row for row.
        report: called with the number of rows so far.

    Raises:
        RecordError: a file cannot be read, or ``results`` does not belong to the sources.
    """
    answer: Triage | None = None
    exchanges: list[Exchange] = []
    rejects: list[Reject] = []
    rows = 0
    for chunk in _chunks(_paired(sources, results)):
        open_: list[tuple[int, Message]] = []
        found: list[Exchange | Reject] = []
        for number, (row, given) in enumerate(chunk, start=rows + 1):
            read = _read(row, given, number=number)
            if isinstance(read, Message):
                open_.append((len(found), read))
            found.append(read if not isinstance(read, Message) else _NOWHERE)
        if open_:
            answer = answer or triage()
            for place, exchange in _answered(open_, answer):
                found[place] = exchange
        exchanges += [f for f in found if isinstance(f, Exchange)]
        rejects += [f for f in found if isinstance(f, Reject)]
        rows += len(chunk)
        report(rows)
    return exchanges, rejects


def exchange_of(message: Message, result: Mapping[str, Any]) -> Exchange:
    """Return a message with a result in its JSON form.

    Raises:
        RecordError: the result lacks a field; the message names it.
    """
    try:
        # Of a conversation, and of a file of results alone, the understood text is all there is.
        text = str(result.get("understood_text") or message.text)
        category, suggestions = _object(result["category"]), _list(result["suggestions"])
        script = result.get("script")
        code = str(result.get("language") or detect_language(text).code)
        return Exchange(
            id=message.id,
            text=text,
            normalised=normalise(whole_text(message.subject, text)),
            language=f"{code}-{script}" if script else code,
            intent=str(category.get("intent") or ""),
            category=str(category["label"]),
            urgent=_object(result.get("priority")).get("level") == "urgent",
            negative=_object(result.get("sentiment")).get("label") == "negative",
            suggested=tuple(str(s["article_id"]) for s in suggestions),
            confidence=max((float(s["confidence"]) for s in suggestions), default=0.0),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise RecordError(
            f"holds no whole result ({fault}); take what `triage tag` writes, all its fields"
        ) from fault


_NOWHERE = Reject(0, "", "")  # holds the place of a message that is still to be answered


def _paired(
    sources: Sequence[str | Path], results: str | Path | None
) -> Iterator[tuple[Row | Reject, Row | Reject | None]]:
    rows = (row for source in sources for row in read_rows(source))
    if results is None:
        yield from ((row, None) for row in rows)
        return
    for number, (row, given) in enumerate(zip_longest(rows, read_rows(results)), start=1):
        if row is None or given is None:
            fewer = "messages" if row is None else "results"
            raise RecordError(
                f"{results} does not belong to these messages: {fewer} end before row {number}; "
                "give what `triage tag` wrote of the very same file"
            )
        yield row, given


def _chunks(
    pairs: Iterator[tuple[Row | Reject, Row | Reject | None]],
) -> Iterator[list[tuple[Row | Reject, Row | Reject | None]]]:
    while chunk := list(islice(pairs, CHUNK)):
        yield chunk


def _read(
    row: Row | Reject, given: Row | Reject | None, *, number: int
) -> Exchange | Reject | Message:
    """Return a row as an exchange, as a message that is still to be answered, or why as neither."""
    if isinstance(row, Reject):
        return row
    try:
        result = _result_in(row.fields) if given is None else _given(row, given)
        fields = dict(row.fields)
        if result is not None and not fields.get("text"):
            fields["text"] = result.get("understood_text") or _object(fields.get("message")).get(
                "text"
            )
            if not fields["text"]:
                reason = (
                    "holds a result without its text; give the messages, and this file as --results"
                )
                return Reject(row.line, reason, str(fields.get("id")))
        message = message_from(fields, default_id=f"m-{number}")
        return message if result is None else exchange_of(message, result)
    except (MessageError, RecordError) as fault:
        return Reject(row.line, str(fault), str(row.fields.get("text"))[:200])


def _result_in(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the result that a row holds; the category of a labelled ticket is a mere word."""
    nested = _object(fields.get(_RESULT))
    held = nested or fields
    if "suggestions" in held and _object(held.get("category")):
        return held
    if "error" in fields and not fields.get("text"):
        raise RecordError(str(fields["error"]))
    return None


def _given(row: Row, given: Row | Reject) -> Mapping[str, Any]:
    if isinstance(given, Reject):
        raise RecordError(f"its result cannot be read: {given.reason}")
    own, theirs = id_of(row.fields), id_of(given.fields)
    if own is not None and theirs is not None and own != theirs:
        raise RecordError(
            f"has the id {own!r}, its result {theirs!r}; the files do not go together"
        )
    if (result := _result_in(given.fields)) is None:
        raise RecordError(f"has no result: {given.fields.get('error') or 'its fields are missing'}")
    return result


def _answered(
    open_: Iterable[tuple[int, Message]], answer: Triage
) -> Iterator[tuple[int, Exchange | Reject]]:
    pairs = list(open_)
    try:
        results = answer([message for _, message in pairs])
    except MessageError:
        # One message that is too long must not take its chunk along.
        for place, message in pairs:
            yield place, _answered_alone(message, answer)
        return
    for (place, message), result in zip(pairs, results, strict=True):
        yield place, exchange_of(message, result.to_dict())


def _answered_alone(message: Message, answer: Triage) -> Exchange | Reject:
    try:
        (result,) = answer([message])
    except MessageError as fault:
        return Reject(0, str(fault), message.text[:200])
    return exchange_of(message, result.to_dict())


def _object(value: Any) -> Mapping[str, Any]:
    """Return a mapping, also from the JSON that a table's cell holds; else an empty one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(value, str):
        value = json.loads(value or "[]")
    return list(value or ())
