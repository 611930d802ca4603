"""Answers on their way out: recorded first, then sent with their ``decision_id``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from triage.bundle import ARTICLES
from triage.decisions import Answered, Recorded

if TYPE_CHECKING:
    from fastapi import Request

    from api.metrics import Metrics
    from triage.decisions import DecisionLog
    from triage.domain import Message, TriageResult
    from triage.engine import TriageEngine

REPEATED = "Triage-Repeated"
WAIT_SECONDS = 2.0
_VERSION_CHARS = 12


async def record(
    request: Request,
    messages: Sequence[tuple[str | None, Message]],
    results: Sequence[TriageResult],
) -> list[Recorded]:
    """Return what to send for each message, once it is committed to the log of decisions.

    Where the log is away, or too slow, the answer goes out with ``decision_id`` null.

    Args:
        messages: the caller's own id (``None`` where it gave none) and the message.
        results: one a message.
    """
    log: DecisionLog | None = request.app.state.decisions
    answered = [
        _answered(key, message, result, engine=request.app.state.seat.engine)
        for (key, message), result in zip(messages, results, strict=True)
    ]
    metrics: Metrics = request.app.state.metrics
    metrics.answered(one.result for one in answered)
    if log is None:
        return [_named(Recorded(None, one.result)) for one in answered]
    futures = [asyncio.wrap_future(log.record(one)) for one in answered]
    if futures:
        start = time.perf_counter()
        await asyncio.wait(futures, timeout=WAIT_SECONDS)
        metrics.logged(time.perf_counter() - start)
    recorded = []
    for one, future in zip(answered, futures, strict=True):
        if not future.done():
            future.cancel()
            recorded.append(_named(log.give_up(one)))
        else:
            recorded.append(_named(future.result()))
    return recorded


def repeated(recorded: Sequence[Recorded]) -> dict[str, str]:
    """Return the header that marks answers which were all given before."""
    return {REPEATED: "true"} if recorded and all(one.repeated for one in recorded) else {}


def health(log: DecisionLog | None) -> dict[str, Any]:
    """Return how the log does, as ``/health/ready`` tells it."""
    return {"state": "off", "recorded": 0, "unrecorded": 0} if log is None else log.health()


def kb_version(engine: TriageEngine) -> str:
    """Return the version of the articles that an engine searches: the start of their hash."""
    return engine.bundle.manifest.files.get(ARTICLES, "")[:_VERSION_CHARS]


def _answered(
    key: str | None, message: Message, result: TriageResult, *, engine: TriageEngine
) -> Answered:
    fields = result.to_dict()
    return Answered(
        key=key,
        message=message,
        result=fields,
        kb_version=str(fields.get("kb_version") or kb_version(engine)),
        degraded=bool(fields.get("degraded", False)),
    )


def _named(recorded: Recorded) -> Recorded:
    result: Mapping[str, Any] = {**recorded.result, "decision_id": recorded.decision_id}
    return Recorded(recorded.decision_id, result, recorded.repeated)
