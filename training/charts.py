"""The charts of reports and cards as SVG text: intervals by label, confusions, calibration, risk.

It owns shapes and colours; words come in with ``words``, and what to draw is measured elsewhere.
Equal figures give equal bytes. Labels are drawn as they are, never read as mathematics.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from training.metrics import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST = 30
NARROW = 14  # labels whose heat map a telephone can show
_INK, _MUTED, _GRID, _COOL, _WARM, _ON = (
    "#1f2a36", "#66727f", "#d8dee5", "#2166a5", "#bf4f14", "#fefefe",
)  # fmt: skip
_VARIABLES = {_INK: "--ink", _MUTED: "--muted", _GRID: "--grid", _COOL: "--cool", _WARM: "--warm",
              _ON: "--on"}  # fmt: skip
_POINTS_AN_INCH = 72
_WIDTH = 375.0
_SIZE = 11.0
_PLAIN_EM, _WIDE_EM = 0.6, 1.02
_STRONG = 0.55  # opacity of a cell from which its number is drawn in the paper's colour
_STYLE = {
    "svg.fonttype": "none",
    "font.size": _SIZE,
    "text.color": _INK,
    "axes.edgecolor": _MUTED,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_TAG = re.compile(r"<[^>]*>")
_ANCHOR = re.compile(r'(\bid="|url\(#|href="#)')
_COLOUR = re.compile("|".join(_VARIABLES))


def label_chart(labels: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """Return the share of each label's rows that were told, weakest first, with intervals.

    Args:
        labels: ``label``, ``support`` and ``recall`` (``None`` or value, low, high); of more than
            ``WIDEST`` the weakest are drawn.
        words: ``share_right``.
    """
    known = [entry for entry in labels if entry["recall"]]
    weakest = sorted(known, key=lambda e: (e["recall"]["value"], -e["support"], e["label"]))
    shown = weakest[:WIDEST]
    names = [f"{short(entry['label'])} ({entry['support']})" for entry in shown]

    def draw(axes: Axes) -> None:
        for place, entry in enumerate(shown):
            recall = entry["recall"]
            axes.plot(
                [recall["low"], recall["high"]], [place, place], color=_COOL, lw=5, alpha=0.35,
                solid_capstyle="butt",
            )  # fmt: skip
            axes.plot(recall["value"], place, "o", color=_COOL, ms=6)
        _share_axis(axes.xaxis)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(axis="x")
        axes.tick_params(left=False)
        _name(axes.yaxis, names)
        axes.set_xlabel(words["share_right"])

    return _drawn(draw, height=48 + 18 * len(shown), left=_widest(names) + 8)


def confusion_chart(matrix: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Return a heat map of what was taken for what; mistakes are warm, right rows cool.

    Args:
        matrix: ``labels`` and ``counts``, rows as labelled, columns as predicted.
        words: ``labelled`` and ``predicted``.
    """
    few = len(matrix["labels"]) <= NARROW
    names = [short(label, 16 if few else 24) for label in matrix["labels"]]
    margin = _widest(names) + 32
    side = max(min(_WIDTH - margin - 8, 44.0 * len(names)), 20.0 * len(names))
    width = max(_WIDTH, side + margin + 8)
    rows = list(enumerate(matrix["counts"]))
    most = max((c for row, counts in rows for at, c in enumerate(counts) if at != row), default=0)

    def draw(axes: Axes) -> None:
        for row, counts in rows:
            for column, count in enumerate(counts):
                if count:
                    part = count / (sum(counts) if row == column else most)
                    _cell(axes, (row, column), count=count, part=part)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.tick_params(left=False, top=False, labeltop=True, labelbottom=False, bottom=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _name(axes.yaxis, names)
        _name(axes.xaxis, names, rotation=90)
        axes.set_ylabel(words["labelled"], loc="top", color=_MUTED, labelpad=9)
        axes.set_xlabel(words["predicted"], loc="left", color=_MUTED, labelpad=9)
        axes.xaxis.set_label_position("top")

    return _drawn(
        draw,
        width=width,
        height=side + margin + 6,
        left=margin,
        right=width - margin - side,
        top=margin,
        bottom=6,
    )


def reliability_chart(
    bins: Sequence[Sequence[float]], words: Mapping[str, str], *, paper: bool = False
) -> str:
    """Return confidence against accuracy; on the diagonal a stated confidence is honest.

    Args:
        bins: (mean confidence, accuracy, rows) each; the area of a dot grows with its rows.
        words: ``confidence`` and ``share_right``.
        paper: draw on white, for a file that is shown on its own.
    """
    most = max((rows for _, _, rows in bins), default=1)

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], ls=(0, (4, 3)), color=_MUTED, lw=1)
        for confidence, right, rows in bins:
            found = clopper_pearson(round(right * rows), int(rows))
            axes.plot([confidence] * 2, [found.low, found.high], color=_COOL, lw=2, alpha=0.35)
            axes.scatter(confidence, right, s=16 + 110 * rows / most, color=_COOL, lw=0)
        for axis in (axes.xaxis, axes.yaxis):
            _share_axis(axis)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.grid()
        axes.set_xlabel(words["confidence"])
        axes.set_ylabel(words["share_right"])

    return _drawn(draw, height=300, left=62, top=10, paper=paper)


def risk_chart(
    points: Sequence[Sequence[float]],
    words: Mapping[str, str],
    *,
    at: tuple[float, float] | None = None,
    promised: float | None = None,
) -> str:
    """Return the error among the most confident share of rows.

    Args:
        points: (coverage, error) each, by coverage.
        words: ``coverage``, ``error``, ``threshold`` and ``promised``.
        at: coverage and error at the model's threshold.
        promised: error rate that the model states.
    """
    top = max([error for _, error in points] + [at[1] if at else 0, promised or 0, 0.05]) * 1.15

    def draw(axes: Axes) -> None:
        axes.plot(*zip(*points, strict=True), color=_COOL, lw=2)
        if promised is not None:
            axes.axhline(promised, ls=(0, (4, 3)), color=_MUTED, lw=1)
            axes.text(0.02, promised + top * 0.015, words["promised"], color=_MUTED)
        if at is not None:
            axes.plot(*at, "D", color=_WARM, ms=7)
            axes.text(at[0] - 0.03, at[1] + top * 0.02, words["threshold"], color=_WARM, ha="right")
        _share_axis(axes.xaxis)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, top)
        axes.locator_params(axis="y", nbins=6, steps=[1, 2, 5, 10])
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
        axes.grid()
        axes.set_xlabel(words["coverage"])
        axes.set_ylabel(words["error"])

    return _drawn(draw, height=270, left=58, top=10)


def inline(svg: str, name: str) -> str:
    """Return ``svg`` for an HTML page: ids of its own, colours from the page's CSS variables."""

    def settle(tag: re.Match[str]) -> str:
        owned = _ANCHOR.sub(rf"\g<1>{name}-", tag[0])
        return _COLOUR.sub(lambda colour: f"var({_VARIABLES[colour[0]]})", owned)

    return _TAG.sub(settle, svg)


def short(label: str, limit: int = 24) -> str:
    """Return ``label`` on one line, cut to ``limit`` letters (Chinese ones count twice)."""
    line = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    room = limit
    for place, letter in enumerate(line):
        room -= 2 if _is_wide(letter) else 1
        if room < 0:
            return line[: max(place - 1, 1)] + "…"
    return line


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def _widest(names: Sequence[str]) -> float:
    """Return the width of the widest name in points; the reader's font is not known here."""
    widths = (sum(_WIDE_EM if _is_wide(c) else _PLAIN_EM for c in name) for name in names)
    return _SIZE * max(widths, default=0)


def _share_axis(axis: Any) -> None:
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0%", "25%", "50%", "75%", "100%"])


def _name(axis: Any, names: Sequence[str], rotation: int = 0) -> None:
    axis.set_ticks(range(len(names)), labels=list(names), parse_math=False, rotation=rotation)


def _cell(axes: Axes, place: tuple[int, int], *, count: int, part: float) -> None:
    from matplotlib.patches import Rectangle

    row, column = place
    right = row == column
    opacity = 0.08 + 0.42 * part if right else 0.2 + 0.8 * part
    axes.add_patch(
        Rectangle(
            (column - 0.47, row - 0.47), 0.94, 0.94, color=_COOL if right else _WARM,
            alpha=round(opacity, 3), lw=0,
        )
    )  # fmt: skip
    axes.text(
        column, row, str(count), ha="center", va="center", size=9,
        color=_ON if opacity > _STRONG and not right else _INK,
    )  # fmt: skip


def _drawn(
    draw: Callable[[Axes], None],
    *,
    height: float,
    left: float,
    width: float = _WIDTH,
    right: float = 14,
    top: float = 4,
    bottom: float = 42,
    paper: bool = False,
) -> str:
    """Return what ``draw`` drew, as SVG; sizes and margins are in points."""
    import matplotlib.style
    from matplotlib.figure import Figure

    style = _STYLE | {"svg.hashsalt": "triage"}
    with warnings.catch_warnings(), matplotlib.style.context(["default", style]):
        # Text stays text; only its measure uses a font that may lack the letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(width / _POINTS_AN_INCH, height / _POINTS_AN_INCH))
        inner = (width - left - right, height - top - bottom)
        box = (left / width, bottom / height, inner[0] / width, inner[1] / height)
        draw(figure.add_axes(box, facecolor="none"))
        stream = io.StringIO()
        figure.savefig(
            stream,
            format="svg",
            metadata=_NO_METADATA,
            facecolor="white" if paper else "none",
        )
    svg = stream.getvalue()
    return svg if paper else svg[svg.index("<svg") :]
