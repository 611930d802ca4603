"""What ``triage models`` shows of histories and differences, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from training.difference import Difference

_MINUTES = 16  # characters of an ISO time up to its minutes
_HASH_SHOWN = 12
_HASH_LENGTH = 64


def history_table(entries: Sequence[Mapping[str, Any]]) -> Table:
    """Return promotions and rollbacks with who, why and the change of category accuracy."""
    table = Table("at (UTC)", "action", "version", "before", "by", "category accuracy", "reason")
    for entry in entries:
        action = f"{entry['action']} (forced)" if entry.get("forced") else entry["action"]
        told = entry.get("reason") or entry.get("not_compared")
        moment = entry["at"][:_MINUTES].replace("T", " ")
        cells = (moment, action, entry["version"], entry["before"], entry.get("by"))
        table.add_row(*map(_cell, cells), _category_of(entry), _cell(told))
    return table


def difference_tables(found: Difference) -> Iterator[Table]:
    """Yield what changed, the labels that came and went, and all figures; empty ones left out."""
    changed = [
        c for part in (found.origin, found.files, found.libraries) for c in part if c.changed
    ]
    changed_thresholds = [c for c in found.thresholds if c.changed]
    if changed or changed_thresholds:
        table = Table("changed", escape(found.before), escape(found.after))
        for change in changed:
            table.add_row(*map(_cell, (change.name, change.before, change.after)))
        for change in changed_thresholds:
            name = f"review below ({change.name})"
            table.add_row(*map(_cell, (name, change.before, change.after)))
        yield table
    moved = [labels for labels in found.labels if labels.added or labels.removed]
    if moved:
        table = Table("task", "labels added", "labels removed")
        for labels in moved:
            cells = (labels.task, ", ".join(labels.added), ", ".join(labels.removed))
            table.add_row(*map(_cell, cells))
        yield table
    if found.figures:
        yield _figure_table(found)


def _figure_table(found: Difference) -> Table:
    table = Table("task", "language", "figure", escape(found.before), escape(found.after),
                  "difference", title="out-of-fold figures")  # fmt: skip
    last = None
    for figure in found.figures:
        group = (figure.task, figure.language)
        if group != last and last:
            table.add_section()
        table.add_row(
            *(map(_cell, group) if group != last else ("", "")),
            *map(_cell, (figure.figure, figure.before, figure.after)),
            "" if figure.difference is None else f"{figure.difference:+g}",
        )
        last = group
    return table


def _category_of(entry: Mapping[str, Any]) -> str:
    category = ((entry.get("comparison") or {}).get("tasks") or {}).get("category")
    return f"{category['before']:.3f} → {category['after']:.3f}" if category else ""


def _cell(value: Any) -> str:
    """Return a value as a cell; a hash is cut to what tells it from another."""
    shown = "" if value is None else str(value)
    return escape(shown[:_HASH_SHOWN] if len(shown) == _HASH_LENGTH else shown)
