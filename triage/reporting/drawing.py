"""The charts of a report as Plotly figures in JSON form; what is drawn comes from ``figures``.

Attributes are those of https://plotly.com/javascript/reference/; colours of text and grid are set
by the page, which knows whether it is light or dark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

COOL, WARM, PALE = "#2f7bc1", "#d9662b", "#9db4c9"
DAILY = 120  # days up to which trends are drawn by day
_SHOWN = 12  # labels of a mix
_LABEL_CHARS = 24
_ROW_PIXELS, _FOOT_PIXELS = 34, 90
_TONES = {"negative": WARM, "neutral": PALE, "positive": "#3f9b6c"}
_LEVELS = {"urgent": "#a8201a", "high": WARM, "normal": COOL, "low": PALE}
_SECONDS = 60.0
_DATES = {
    "type": "date",
    "tickformat": "%m-%d\n%Y",
    "nticks": 6,
    "tickangle": 0,
}  # read alike in both languages

Figures = Mapping[str, Any]
Words = Mapping[str, Any]
Chart = dict[str, Any]


def volume(figures: Figures, words: Words) -> Chart:
    """Return rows by day, promotion days in their colour, with the rows a human must see."""
    days = figures["days"]
    x = [entry["day"] for entry in days]
    rows: Chart = {
        "type": "bar",
        "name": words["total"],
        "x": x,
        "y": [entry["rows"] for entry in days],
        "text": [entry["promotion"] or "" for entry in days],
        "textposition": "none",
        "hovertemplate": "%{x}: %{y} %{text}<extra></extra>",
        "marker": {"color": [WARM if entry["promotion"] else COOL for entry in days]},
    }
    review: Chart = {
        "type": "scatter",
        "mode": "lines",
        "name": words["review_line"],
        "x": x,
        "y": [entry["needs_review"] for entry in days],
        "line": {"color": "#3b3f46", "width": 2},
        "meta": "ink",
    }
    traces = [rows] if figures["needs_review"] is None else [rows, review]
    return _chart(traces, {"xaxis": _DATES, "bargap": 0.15})


def by_hour(figures: Figures, words: Words) -> Chart:
    """Return rows by hour of the day."""
    hours = figures["hours"]
    trace = {
        "type": "bar",
        "name": words["rows"],
        "x": [f"{entry['hour']:02}" for entry in hours],
        "y": [entry["rows"] for entry in hours],
        "hovertemplate": "%{x}:00  %{y}<extra></extra>",
        "marker": {"color": COOL},
    }
    axis = {"type": "category", "dtick": 3}
    return _chart([trace], {"xaxis": axis, "bargap": 0.15, "showlegend": False})


def heat(figures: Figures, words: Words) -> Chart:
    """Return mean rows by weekday and hour, Monday on top, promotion days below."""
    found = figures["heat"]
    lines = list(zip(words["weekdays"], found["weekdays"], strict=True))
    if found["promotion"] is not None:
        lines.append((words["promotion_days"], found["promotion"]))
    trace = {
        "type": "heatmap",
        "x": [f"{hour:02}" for hour in range(24)],
        "y": [name for name, _ in lines],
        "z": [line for _, line in lines],
        "xgap": 1,
        "ygap": 1,
        "colorscale": [[0, "#e8f0f7"], [0.5, "#6aa5d8"], [1, "#12406b"]],
        "colorbar": {"thickness": 10, "outlinewidth": 0},
        "hovertemplate": "%{y} %{x}:00  %{z}<extra></extra>",
    }
    return _chart(
        [trace],
        {"xaxis": {"type": "category", "dtick": 3}, "yaxis": {"autorange": "reversed"}},
        height=330,
    )


def mix(entries: Sequence[Figures], words: Words) -> Chart:
    """Return the shares of the most frequent labels, beside those of the period before."""
    shown = list(entries[:_SHOWN])[::-1]
    labels = [entry["label"] for entry in shown]
    compared = any(entry["share_before"] is not None for entry in shown)

    def bars(name: str, key: str, colour: str) -> Chart:
        return {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": labels,
            "x": [entry[key] for entry in shown],
            "marker": {"color": colour},
            "hovertemplate": "%{y}: %{x:.1%}<extra>" + name + "</extra>",
        }

    traces = [bars(words["share"], "share", COOL)]
    if compared:
        traces = [
            bars(words["before"], "share_before", PALE),
            bars(words["now"], "share_now", COOL),
        ]
    layout = {
        "xaxis": {"tickformat": ".0%", "rangemode": "tozero"},
        "yaxis": _label_axis(labels),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"},
        "showlegend": compared,
        "bargap": 0.3,
    }
    return _chart(traces, layout, height=_FOOT_PIXELS + _ROW_PIXELS * len(shown))


def unanswered(entries: Sequence[Figures], words: Words) -> Chart:
    """Return the topics with most rows that no reply fitted."""
    shown = list(entries[:_SHOWN])[::-1]
    labels = [entry["label"] for entry in shown]
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": words["open"],
        "y": labels,
        "x": [entry["open"] for entry in shown],
        "text": [f"{entry['share']:.0%}" for entry in shown],
        "marker": {"color": WARM},
        "hovertemplate": "%{y}: %{x} (%{text})<extra></extra>",
    }
    layout = {"yaxis": _label_axis(labels), "showlegend": False}
    return _chart([trace], layout, height=_FOOT_PIXELS + _ROW_PIXELS * len(shown))


def tones(figures: Figures, words: Words) -> Chart:
    """Return the share of each tone by day or week."""
    return _shares(figures["sentiments"], _TONES, words)


def levels(figures: Figures, words: Words) -> Chart:
    """Return the share of each level of priority by day or week."""
    return _shares(figures["priorities"], _LEVELS, words)


def responses(figures: Figures, words: Words) -> Chart:
    """Return the minutes to the first response by day: median and slowest tenth."""
    days = figures["responses"]["days"]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": words[key],
            "x": [entry["day"] for entry in days],
            "y": [round(entry[key] / _SECONDS, 2) for entry in days],
            "line": {"color": colour, "width": 2},
            "marker": {"size": 5},
        }
        for key, colour in (("median", COOL), ("slowest_tenth", WARM))
    ]
    axis = {"title": {"text": words["minutes"]}, "rangemode": "tozero"}
    return _chart(traces, {"xaxis": _DATES, "yaxis": axis})


def _shares(days: Sequence[Figures], colours: Mapping[str, str], words: Words) -> Chart:
    counted = _weekly(days) if len(days) > DAILY else [
        (str(entry["day"]), Counter({k: v for k, v in entry.items() if k != "day"}))
        for entry in days
    ]  # fmt: skip
    traces = [
        {
            "type": "bar",
            "name": words[f"{label}_label"],
            "x": [day for day, _ in counted],
            "y": [round(counts[label] / counts.total(), 4) for _, counts in counted],
            "customdata": [counts[label] for _, counts in counted],
            "hovertemplate": "%{x}: %{y:.1%} (%{customdata})<extra>"
            + words[f"{label}_label"]
            + "</extra>",
            "marker": {"color": colour},
        }
        for label, colour in colours.items()
    ]
    layout = {
        "barmode": "stack",
        "bargap": 0.08,
        "xaxis": _DATES,
        "yaxis": {"tickformat": ".0%", "range": [0, 1]},
    }
    return _chart(traces, layout)


def _weekly(days: Sequence[Figures]) -> list[tuple[str, Counter[str]]]:
    weeks: dict[str, Counter[str]] = {}
    for entry in days:
        day = date.fromisoformat(entry["day"])
        monday = (day - timedelta(days=day.weekday())).isoformat()
        weeks.setdefault(monday, Counter()).update({k: v for k, v in entry.items() if k != "day"})
    return list(weeks.items())


def _chart(traces: list[Chart], layout: Chart, *, height: int = 320) -> Chart:
    whole = {
        "height": height,
        "margin": {"l": 44, "r": 12, "t": 30, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "dragmode": False,
        **layout,
    }
    whole["xaxis"] = {"automargin": True, **whole.get("xaxis", {})}
    whole["yaxis"] = {"automargin": True, **whole.get("yaxis", {})}
    return {"data": traces, "layout": whole}


def _label_axis(labels: Sequence[str]) -> Chart:
    """Return an axis of whole labels, shortened where they are shown."""
    short = [_short(label) for label in labels]
    return {"type": "category", "tickvals": list(labels), "ticktext": short}


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARS else f"{label[: _LABEL_CHARS - 1]}…"
