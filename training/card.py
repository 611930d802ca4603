"""The model card: what a bundle's manifest says, written for people, with a reliability diagram.

It owns ``CARD.md`` and ``reliability.svg`` beside a manifest; it measures nothing. Keys that an
older manifest lacks are said to be missing or left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.charts import reliability_chart
from training.phrases import PageLanguage, phrases
from triage.engine import CATEGORY
from triage.errors import BundleError
from triage.pages import templates_of

if TYPE_CHECKING:
    from triage.bundle import Manifest

CARD = "CARD.md"
DIAGRAM = "reliability.svg"
_ALL = "all"
_TEMPLATE = "card.md.j2"
_UNKNOWN = "not recorded"
# Underscores within a word are no emphasis in GitHub's Markdown.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)")


def write_card(manifest: Manifest, folder: Path) -> None:
    """Write ``CARD.md`` and, where bins were recorded, ``reliability.svg`` into ``folder``.

    Raises:
        BundleError: the folder cannot be written.
    """
    try:
        (folder / CARD).write_text(card_text(manifest), encoding="utf-8", newline="\n")
        if bins := _bins(manifest):
            (folder / DIAGRAM).write_text(reliability_svg(bins), encoding="utf-8", newline="\n")
    except OSError as fault:
        raise BundleError(
            f"the card in {folder} cannot be written: {fault.strerror}; check disk space and rights"
        ) from fault


def card_text(manifest: Manifest) -> str:
    """Return the card as Markdown; equal manifests give equal text."""
    # Markdown is not escaped as HTML: ``_plain`` escapes whatever is put in.
    environment = templates_of("training", autoescape=False, finalize=_plain)
    text = environment.get_template(_TEMPLATE).render(
        manifest=manifest,
        files={
            name: _Lenient(file)
            for name, file in manifest.data.items()
            if isinstance(file, dict) and "file" in file
        },
        encoder=_Lenient(manifest.encoder),
        tasks=list(_tasks(manifest)),
        languages=[g for g in _groups(manifest, CATEGORY) if g != _ALL],
        figures=list(_figures(manifest)),
        diagram=bool(_bins(manifest)),
        method=manifest.metrics.get("method", "held-out"),
        repeats=manifest.metrics.get("repeats_left_out"),
        promises=list(_promises(manifest)),
        threshold_method=_threshold_method(manifest),
        threshold_rows=_threshold_rows(manifest),
        thresholds=[
            {"group": group, "threshold": f"{value:.3f}"}
            for group, value in manifest.review_confidence.items()
        ],
        command=_Verbatim(_command(manifest)),
        libraries=manifest.libraries,
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def reliability_svg(bins: Sequence[Sequence[float]]) -> str:
    """Return the reliability diagram as an SVG file, on white.

    Args:
        bins: (mean confidence, accuracy, rows) each.
    """
    return reliability_chart(bins, phrases(PageLanguage.EN), paper=True)


class _Lenient(dict[str, Any]):
    """A mapping whose missing keys are ``None``, as the template asks for them."""

    def __missing__(self, key: str) -> None:
        return None


class _Verbatim(str):
    """Text inside a code block, which Markdown takes as it is."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    """Return ``value`` so that Markdown shows it as it is, on one line."""
    if isinstance(value, _Verbatim) or not isinstance(value, str):
        return value
    return _MARKDOWN.sub(lambda sign: f"\\{sign[0]}", " ".join(value.split()))


def _groups(manifest: Manifest, task: str) -> Mapping[str, Mapping[str, Any]]:
    groups = manifest.metrics.get(task, {})
    return groups if isinstance(groups, Mapping) else {}


def _bins(manifest: Manifest) -> Sequence[Sequence[float]]:
    bins: Sequence[Sequence[float]] = (
        _groups(manifest, CATEGORY).get(_ALL, {}).get("reliability", ())
    )
    return bins


def _tasks(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for name, labels in manifest.labels.items():
        rows = _groups(manifest, name).get(_ALL, {}).get("rows", _UNKNOWN)
        yield {"name": name, "labels": labels, "rows": rows}


def _figures(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for task in manifest.labels:
        for group, cell in _groups(manifest, task).items():
            yield {
                "task": task,
                "group": group,
                "rows": cell.get("rows", _UNKNOWN),
                **{name: _interval(cell, name) for name in ("accuracy", "macro_f1", "ece")},
            }


def _interval(cell: Mapping[str, Any], name: str) -> str:
    """Return a figure with its interval where one was recorded."""
    if cell.get(name) is None:
        return _UNKNOWN
    low_high = cell.get(f"{name}_95")
    shown = f"{cell[name]:.3f}"
    return f"{shown} ({low_high[0]:.3f}–{low_high[1]:.3f})" if low_high else shown


def _promises(manifest: Manifest) -> Iterator[dict[str, str]]:
    abstention: Mapping[str, Mapping[str, Any]] = getattr(manifest, "abstention", {})
    for group, promise in abstention.items():
        sure = promise.get("sure")
        yield {
            "group": group,
            "threshold": f"{promise['threshold']:.3f}"
            if promise["threshold"] <= 1
            else "none is enough",
            "max_error": f"{promise['max_error']:.1%}",
            "sure": _UNKNOWN if sure is None else f"{100 * sure:g}%",
        }


def _threshold_rows(manifest: Manifest) -> str:
    """Return of what kind the rows were that thresholds were chosen on."""
    abstention: Mapping[str, Mapping[str, Any]] = getattr(manifest, "abstention", {})
    if abstention and all(promise.get("exact") for promise in abstention.values()):
        return "held-out"
    return str(manifest.metrics.get("method", "held-out"))


def _threshold_method(manifest: Manifest) -> str:
    abstention: Mapping[str, Mapping[str, Any]] = getattr(manifest, "abstention", {})
    named = {str(p["method"]) for p in abstention.values() if p.get("method")}
    return "; ".join(sorted(named))


def _command(manifest: Manifest) -> str:
    """Return the line that trains the model again, as far as the manifest tells."""
    tickets, articles = (
        _Lenient(manifest.data.get(name, {}))["file"] for name in ("tickets", "articles")
    )
    words = ["triage", "train", tickets or "tickets.jsonl"]
    if articles:
        words += ["--articles", articles]
    words += ["--name", manifest.version, "--seed", str(manifest.seed)]
    tuning = manifest.data.get("tuning")
    if source := (tuning or manifest.encoder).get("source"):
        words += ["--encoder", source]
    if tuning:
        words.append("--tune-encoder")
    return shlex.join(words)
