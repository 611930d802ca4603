"""What a label's value means: other systems' words as ours, intents under their categories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from training.columns import LABEL_FIELDS, Columns
from triage.domain import Priority, Sentiment
from triage.errors import RecordError

Labels = Mapping[str, str | None]
_CLOSED = {"priority": tuple(Priority), "sentiment": tuple(Sentiment)}
_WORDS = {
    "priority": {
        "low": "低 较低 較低 minor trivial lowest p3",
        "normal": "medium med moderate 一般 中 中等 普通 正常 p2",
        "high": "高 较高 較高 major p1",
        "urgent": "critical blocker highest 紧急 緊急 特急 p0",
    },
    "sentiment": {
        "negative": "neg 负面 负向 消极 負面 負向 消極",
        "neutral": "neu 中性 中立",
        "positive": "pos 正面 正向 积极 積極",
    },
}
_OURS = {
    name: {word: ours for ours, words in meanings.items() for word in (ours, *words.split())}
    for name, meanings in _WORDS.items()
}
_NUMBER = re.compile(r"-?\d+(?:\.0+)?")


class LabelReader:
    """Reads the labels of rows; rows with equal values share one mapping.

    Attributes:
        mapped: field to the file's words that were read as ours, as ``{"priority": {"中":
            "normal"}}``.
    """

    def __init__(self, columns: Columns) -> None:
        self.mapped: dict[str, dict[str, str]] = {}
        self._columns = columns
        self._read: dict[tuple[str, ...], Labels | str] = {}

    def read(self, fields: Mapping[str, Any]) -> Labels:
        """Return every label field of a row, ``None`` where it is empty.

        Raises:
            RecordError: a value is no label, or category and intent contradict each other.
        """
        values = tuple(self._text(fields, name) for name in LABEL_FIELDS)
        if (labels := self._read.get(values)) is None:
            try:
                labels = self._meaning(dict(zip(LABEL_FIELDS, values, strict=True)))
            except RecordError as fault:
                labels = str(fault)
            self._read[values] = labels
        if isinstance(labels, str):
            raise RecordError(labels)
        return labels

    def _text(self, fields: Mapping[str, Any], name: str) -> str:
        value = self._columns.value(fields, name)
        if isinstance(value, str):
            return value.strip()
        if value is None or value in ([], {}):
            return ""
        if name in _CLOSED and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise RecordError(f"{self._columns.named(name)} is {value!r:.60}, not text; write a name")

    def _meaning(self, values: dict[str, str]) -> Labels:
        for name in _CLOSED:
            values[name] = self._ours(name, values[name])
        if self._columns.lower:
            values |= {name: values[name].lower() for name in ("category", "intent")}
        values["category"], values["intent"] = _nested(values["category"], values["intent"])
        return {name: value or None for name, value in values.items()}

    def _ours(self, name: str, value: str) -> str:
        ours = _OURS[name].get(value.casefold(), "")
        if value and not ours:
            known = ", ".join(_CLOSED[name])
            why = "a number may count up or down, " if _NUMBER.fullmatch(value) else ""
            raise RecordError(
                f"{self._columns.named(name)} is {value!r:.60}; {why}use one of {known}"
            )
        if ours != value:
            self.mapped.setdefault(name, {})[value] = ours
        return ours


def _nested(category: str, intent: str) -> tuple[str, str]:
    """Return category and intent, the intent as ``category/name``; empty stays empty."""
    if "/" in category and not intent:
        category, intent = "", category
    parts = [part.strip() for part in intent.split("/")] if intent else []
    if not all(parts):
        raise RecordError(f"intent {intent!r:.60} has an empty part; write category/name")
    if parts and category and len(parts) == 1:
        if "/" in category:
            raise RecordError(
                f"category {category!r:.60} has a slash beside intent {intent!r:.60}; a slash "
                "divides category from intent, so rename the category"
            )
        parts = [category, *parts]
    if parts and category and parts[0] != category:
        raise RecordError(
            f"intent {intent!r:.60} does not lie under category {category!r:.60}; "
            "write category/name"
        )
    return (parts[0] if parts else category), "/".join(parts)
