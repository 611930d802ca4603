"""Triage: category, priority, sentiment, key information and suggested replies for messages.

Names are loaded on first use, so that ``import triage`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triage.domain import Customer, Message, TriageResult
    from triage.engine import TriageEngine, load_engine
    from triage.errors import TriageError

__all__ = ["Customer", "Message", "TriageEngine", "TriageError", "TriageResult", "load_engine"]

_HOMES = {
    "Customer": "triage.domain",
    "Message": "triage.domain",
    "TriageResult": "triage.domain",
    "TriageEngine": "triage.engine",
    "load_engine": "triage.engine",
    "TriageError": "triage.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'triage' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
