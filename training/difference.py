"""What changed between two bundles, read from their manifests alone; no model is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from triage.bundle import Manifest

FIGURES = ("rows", "accuracy", "macro_f1", "ece")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of both manifests; ``None`` where a manifest lacks it."""

    name: str
    before: Any
    after: Any

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return bool(self.before != self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChange:
    """Labels of a task that only one of the bundles knows."""

    task: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure of a task and language; ``None`` where a manifest lacks it."""

    task: str
    language: str
    figure: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """``after`` less ``before``, where both are known."""
        if self.before is None or self.after is None:
            return None
        return round(self.after - self.before, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two manifests side by side, unchanged entries included.

    Attributes:
        origin: created, seed and encoder.
        files: name, rows and hash of each training file, as ``tickets.rows``.
        thresholds: category confidence below which a human must look, by language group.
    """

    before: str
    after: str
    origin: tuple[Change, ...]
    files: tuple[Change, ...]
    thresholds: tuple[Change, ...]
    libraries: tuple[Change, ...]
    labels: tuple[LabelChange, ...]
    figures: tuple[FigureChange, ...]

    @property
    def same_tickets(self) -> bool:
        """Whether both were trained on the same tickets, so that their figures compare."""
        found = [c for c in self.files if c.name == "tickets.sha256"]
        return bool(found) and not found[0].changed

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        figures = [{**asdict(f), "difference": f.difference} for f in self.figures]
        return {**asdict(self), "figures": figures}


def difference_of(before: Manifest, after: Manifest) -> Difference:
    """Return what changed from ``before`` to ``after``."""
    return Difference(
        before=before.version,
        after=after.version,
        origin=_changes(_origin(before), _origin(after)),
        files=_changes(before.data, after.data),
        thresholds=_changes(before.review_confidence, after.review_confidence),
        libraries=_changes(before.libraries, after.libraries),
        labels=tuple(_label_changes(before.labels, after.labels)),
        figures=tuple(_figure_changes(before.metrics, after.metrics)),
    )


def _origin(manifest: Manifest) -> dict[str, Any]:
    return {
        "created": manifest.created,
        "seed": manifest.seed,
        "encoder": dict(manifest.encoder),
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        Change(name=name, before=old.get(name), after=new.get(name)) for name in {**old, **new}
    )


def _flat(entries: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _label_changes(
    before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> Iterator[LabelChange]:
    for task in {**before, **after}:
        old, new = before.get(task, []), after.get(task, [])
        yield LabelChange(
            task=task,
            added=tuple(label for label in new if label not in old),
            removed=tuple(label for label in old if label not in new),
        )


def _figure_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FigureChange]:
    for task in {**before, **after}:
        old, new = _groups(before, task), _groups(after, task)
        for language in {**old, **new}:
            for figure in FIGURES:
                first, second = (side.get(language, {}).get(figure) for side in (old, new))
                if (first, second) != (None, None):
                    yield FigureChange(
                        task=task, language=language, figure=figure, before=first, after=second
                    )


def _groups(metrics: Mapping[str, Any], task: str) -> Mapping[str, Mapping[str, Any]]:
    """Return a task's figures by language; none for an entry that is no task."""
    groups = metrics.get(task)
    return (
        {name: cell for name, cell in groups.items() if isinstance(cell, Mapping)}
        if isinstance(groups, Mapping)
        else {}
    )
