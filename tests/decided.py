"""Messages with results for tests of the log of decisions, and a PostgreSQL where one can start."""

from __future__ import annotations

import functools
import tempfile
import uuid
import warnings
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from triage.decisions import Answered, Decision
from triage.domain import Message

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PHONE = "13800138000"
TEXT = f"退款怎么还没到账，我姓王，电话{PHONE}"


def message(text: str = TEXT, **fields: Any) -> Message:
    return Message(id=fields.pop("id", "m-1"), text=text, **fields)


def result(**changes: Any) -> dict[str, Any]:
    """Return the JSON form of a result on ``TEXT``."""
    start = TEXT.index(PHONE)
    phone = {"type": "phone", "text": PHONE, "value": f"+86{PHONE}", "carrier": None}
    cue = {"flag": "impatient", "evidence": "怎么还没", "start": 2, "end": 6}
    return {
        "id": "m-1",
        "model": "tiny-1",
        "category": {"label": "refund", "intent": "refund/progress", "confidence": 0.9},
        "priority": {"level": "high", "score": 61, "reasons": [cue | {"signal": "overdue"}]},
        "sentiment": {"label": "negative", "cues": [cue]},
        "key_info": [phone | {"start": start, "end": start + len(PHONE)}],
        "suggestions": [suggestion("kb-refund", f"王女士，我们会打{PHONE}联系您。"),
                        suggestion("kb-delay", "物流在路上了。")],
        "understood_text": None,
    } | changes  # fmt: skip


def suggestion(article: str, reply: str) -> dict[str, Any]:
    return {"article_id": article, "reply": reply, "confidence": 0.8}


def answered(key: str | None = "m-1", **changes: Any) -> Answered:
    fields: dict[str, Any] = {"message": message(), "result": result(), "kb_version": "kb-1"}
    return Answered(key=key, **(fields | changes))


def decision(number: int, **changes: Any) -> Decision:
    fields: dict[str, Any] = {
        "decision_id": f"{number:032x}",
        "request_key": f"m-{number}",
        "repeat_key": f"{number:032d}",
        "content_hash": "0" * 32,
        "model": "tiny-1",
        "kb_version": "kb-1",
        "created_at": NOW,
        "text": "退款在哪里",
        "result": result(),
    }
    return Decision(**(fields | changes))


@functools.cache
def _server() -> Any:
    """Start one PostgreSQL for all tests of a process; it ends with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package, about folders of this machine
        try:
            import pgserver

            return pgserver.get_server(tempfile.mkdtemp(prefix="triage-pg-"), cleanup_mode="delete")
        except Exception as fault:  # noqa: BLE001  # whatever keeps it from starting
            return f"PostgreSQL cannot start here: {type(fault).__name__}: {fault}"


def postgres_url() -> str:
    """Return the URL of a new empty PostgreSQL database, or skip the test."""
    server = _server()
    if isinstance(server, str):
        pytest.skip(server)
    name = f"t{uuid.uuid4().hex}"
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)
