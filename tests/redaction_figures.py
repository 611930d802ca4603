"""How much of planted personal data is covered, and what else is: figures of a redactor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from triage.privacy import Redactor

_DATASETS = Path(__file__).resolve().parents[1] / "datasets"
REDACTION = _DATASETS / "redaction.jsonl"
HELD_BACK = _DATASETS / "redaction_held_back.jsonl"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over messages with planted details.

    Attributes:
        planted, found: by type; found is an item of which no letter or digit stays in clear.
        false_alarms: spans that touch no planted item.
        kept, harmed: items to be left alone, and those of which something was masked.
    """

    messages: int
    planted: Counter[str]
    found: Counter[str]
    false_alarms: int
    kept: int
    harmed: int

    @property
    def recall(self) -> float:
        return self.found.total() / max(1, self.planted.total())


def half(which: int) -> list[dict[str, Any]]:
    """Return the even lines or the odd ones; both were looked at while the rules were written."""
    lines = REDACTION.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[which::2]]


def held_back() -> list[dict[str, Any]]:
    """Return the messages of another author, on which no rule was written."""
    return [json.loads(line) for line in HELD_BACK.read_text(encoding="utf-8").splitlines()]


def figures(rows: Sequence[dict[str, Any]]) -> Figures:
    redactor = Redactor()
    planted, found = Counter[str](), Counter[str]()
    alarms = kept = harmed = 0
    for row in rows:
        text = row["text"]
        spans = redactor.redact(text).spans
        covered = {i for s in spans for i in range(s.start, s.end)}
        personal: set[int] = set()
        begin: dict[str, int] = {}
        for item in row["personal"]:
            start = text.index(item["text"], begin.get(item["text"], 0))
            begin[item["text"]] = start + 1
            places = range(start, start + len(item["text"]))
            personal.update(places)
            planted[item["type"]] += 1
            found[item["type"]] += all(i in covered for i in places if text[i].isalnum())
        alarms += sum(personal.isdisjoint(range(s.start, s.end)) for s in spans)
        for item in row.get("keep", ()):
            start = text.index(item)
            kept += 1
            harmed += not covered.isdisjoint(range(start, start + len(item)))
    return Figures(len(rows), planted, found, alarms, kept, harmed)


def wilson(found: int, planted: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, JASA 22, 1927)."""
    z, n = 1.959964, max(1, planted)
    share, spread = found / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half_width = z / (1 + spread) * sqrt(share * (1 - share) / n + spread / (4 * n))
    return middle - half_width, middle + half_width


def shown(told: Figures) -> str:
    lines = []
    for name, planted in [("all", told.planted.total()), *told.planted.most_common()]:
        found = told.found.total() if name == "all" else told.found[name]
        low, high = wilson(found, planted)
        lines.append(f"{name:12} {found}/{planted} = {found / planted:.3f} [{low:.3f}, {high:.3f}]")
    lines.append(f"false alarms {100 * told.false_alarms / told.messages:.1f} per 100 messages")
    lines.append(f"harmed {told.harmed} of {told.kept} to keep")
    return "\n".join(lines)
