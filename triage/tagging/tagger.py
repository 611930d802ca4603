"""Rows in, records out, each distinct message computed once; files and processes are elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from triage.conversation import merged
from triage.errors import MessageError
from triage.records import Reject, Row, id_of

if TYPE_CHECKING:
    from triage.domain import Message, TriageResult
    from triage.privacy import Redactor

CACHED = 20_000  # results; of some 2 kB each
_SHOWN = 200  # characters of a rejected text


class Engine(Protocol):
    """What a tagger asks of an engine; ``TriageEngine`` is one."""

    def message(self, given: Mapping[str, Any], *, number: int) -> Message:
        """Return a checked message, or raise MessageError."""

    def triage(self, messages: Sequence[Message]) -> list[TriageResult]:
        """Return the result of each message, in order."""


class Tagger:
    """Tags rows with one engine.

    Records depend on the rows and on ``now`` alone: not on how rows are cut into windows, nor on
    which were tagged before, so that a run may be cut, divided and gone on with.

    Args:
        key: of a message; messages of one key differ in the id of their results alone
            (``Sameness.key``). Without one every message is computed.
        now: the time of messages that have none, so that "tomorrow" is the same day all along.
        redactor: takes personal details out of results.
        cached: how many results of earlier windows are remembered.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        key: Callable[[Message], Hashable] | None = None,
        now: datetime | None = None,
        redactor: Redactor | None = None,
        cached: int = CACHED,
    ) -> None:
        self._engine = engine
        self._key = key
        self._now = now or datetime.now(UTC)
        self._redactor = redactor
        self._cached = cached
        self._known: OrderedDict[Hashable, bytes] = OrderedDict()

    def records(self, rows: Sequence[Row | Reject], *, first: int = 1) -> list[dict[str, Any]]:
        """Return one record per row, in order: its result's JSON form, or its line and error.

        Args:
            rows: with the fields of messages, see ``triage.records.message_from``.
            first: number of the first row; ``m-<number>`` is the id of a row without one.
        """
        return [orjson.loads(line) for line in self.lines(rows, first=first)]

    def lines(self, rows: Sequence[Row | Reject], *, first: int = 1) -> list[bytes]:
        """Return the same records as JSON, without line breaks."""
        checked = [self._checked(row, number) for number, row in enumerate(rows, start=first)]
        messages = [m for m in checked if not isinstance(m, Reject)]
        keys = [self._key(m) for m in messages] if self._key else list(range(len(messages)))
        results = iter(zip(messages, self._results(messages, keys), strict=True))
        return [
            self._error(row, found) if isinstance(found, Reject) else _joined(*next(results))
            for row, found in zip(rows, checked, strict=True)
        ]

    def _checked(self, row: Row | Reject, number: int) -> Message | Reject:
        if isinstance(row, Reject):
            return row
        try:
            message = self._engine.message(row.fields, number=number)
        except MessageError as fault:
            return Reject(row.line, str(fault), str(row.fields.get("text"))[:_SHOWN])
        if merged(message).created_at is None:
            message = replace(message, created_at=self._now)
        return message

    def _results(self, messages: Sequence[Message], keys: Sequence[Hashable]) -> list[bytes]:
        """Return each message's result without its id; of equal keys the first is computed."""
        found = {key: self._known[key] for key in dict.fromkeys(keys) if key in self._known}
        fresh: dict[Hashable, Message] = {}
        for key, message in zip(keys, messages, strict=True):
            if key not in found:
                fresh.setdefault(key, message)
        results = self._engine.triage(list(fresh.values()))
        for (key, message), result in zip(fresh.items(), results, strict=True):
            found[key] = self._body(result, message)
        self._remember(found)
        return [found[key] for key in keys]

    def _body(self, result: TriageResult, message: Message) -> bytes:
        record = result.to_dict()
        if self._redactor is not None:
            from triage.privacy import redact_result

            record = redact_result(record, message.text, self._redactor)
        del record["id"]
        return orjson.dumps(record)

    def _remember(self, found: Mapping[Hashable, bytes]) -> None:
        if self._key is None:
            return
        for key, body in found.items():
            self._known[key] = body
            self._known.move_to_end(key)
        while len(self._known) > self._cached:
            self._known.popitem(last=False)

    def _error(self, row: Row | Reject, reject: Reject) -> bytes:
        own = id_of(row.fields) if isinstance(row, Row) else None
        reason = self._redactor.redact(reject.reason).text if self._redactor else reject.reason
        return orjson.dumps({"id": own, "line": reject.line, "error": reason})


def _joined(message: Message, body: bytes) -> bytes:
    return b'{"id":' + orjson.dumps(message.id) + b"," + body[1:]
