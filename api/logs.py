"""How the service's log is written: one JSON object a line or plain text, with the request's id.

The standard library's logging, so that uvicorn's lines and those of all libraries have the same
shape; orjson writes them. An exception is told by its kind and the places in the code: its message
may quote what a customer wrote.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from triage.settings import Settings

Form = Literal["json", "text"]
_FRAMES = 8
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@dataclass(frozen=True, slots=True)
class Call:
    """The request in whose context something is logged."""

    request_id: str
    trace_id: str | None = None


call: ContextVar[Call | None] = ContextVar("call", default=None)


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON: time, level, logger, message, and what is known beside.

    What was logged as ``extra={"fields": {...}}`` stands among the members.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line |= _beside(record)
        return orjson.dumps(line, default=repr).decode()


class TextFormatter(logging.Formatter):
    """Writes a record for people: time, level, message, and what is known beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        known = " ".join(f"{name}={value}" for name, value in _beside(record).items())
        line = f"{at} {record.levelname.lower():<7} {record.getMessage()}"
        return f"{line}  {known}" if known else line


def log_config(form: Form) -> dict[str, Any]:
    """Return the configuration for ``logging.config.dictConfig``, as uvicorn hands it to workers.

    All goes to stderr; loggers below ``triage`` and ``api`` tell from INFO on, others from WARNING.
    """
    formatter = {"json": "api.logs.JsonFormatter", "text": "api.logs.TextFormatter"}[form]
    own = {"level": "INFO", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"default": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "level": "INFO",  # some libraries set their own loggers to DEBUG
                "formatter": "default",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": dict.fromkeys(("triage", "api", "uvicorn"), own),
    }


def log_form(settings: Settings) -> Form:
    """Return the form that is set: else text on a terminal and JSON into a file or pipe."""
    return settings.log_format or ("text" if sys.stderr.isatty() else "json")


def places(fault: BaseException) -> str:
    """Return where an exception came through, innermost first, as ``file:line name``."""
    frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES:]
    return " < ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))


def _beside(record: logging.LogRecord) -> dict[str, Any]:
    known: dict[str, Any] = dict(getattr(record, "fields", None) or {})
    if (now := call.get()) is not None:
        known["request_id"] = now.request_id
        if now.trace_id:
            known["trace_id"] = now.trace_id
    if (info := record.exc_info) and (fault := info[1]) is not None:
        known["exception"] = type(fault).__name__
        known["at"] = places(fault)
    return known
