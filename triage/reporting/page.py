"""The report as one HTML page that opens offline: its answers and charts, and their order.

Words are ``resources/report.toml``; charts come from ``drawing``; what came from a file is escaped.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from triage.pages import templates_of
from triage.reporting import drawing
from triage.reporting.figures import FALSE_DISCOVERIES, LEAST
from triage.resource import read_resource

_TEMPLATES = Path(__file__).parent / "templates"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_TABLE = 30  # lines of a table


class PageLanguage(StrEnum):
    """A language that the page's words are known in."""

    EN = "en"
    ZH = "zh"


def render_report(
    figures: Mapping[str, Any],
    *,
    language: PageLanguage = PageLanguage.EN,
    file: str | None = None,
    time_column: str = "created_at",
) -> str:
    """Return the page as HTML, Plotly's script within it; equal figures give equal text.

    Args:
        figures: of ``figures_of``.
        file: where the rows came from.
        time_column: that is named where no row has a time.
    """
    words = read_resource("report")[language.value]
    sections = _sections(figures, words)
    page: str = _template().render(
        words=words,
        figures=figures,
        notes=_notes(figures, words, file=file),
        answers=_answers(figures, words),
        sections=sections,
        charts={section["id"]: section["chart"] for section in sections},
        rising=[entry for entry in figures["intents"] if entry["rising"]][:_TABLE],
        rising_note=_compared("rising_note", figures, words),
        agents=figures["agents"][:_TABLE],
        left_out=_left_out(figures, words, time_column=time_column),
        script=_script(),
    )
    return page


def share(value: float | None) -> str:
    """Return ``0.813`` as ``81.3%``, and a dash for what is not known."""
    return "–" if value is None else f"{value:.1%}"


def duration(seconds: float | None, words: Mapping[str, Any]) -> str:
    """Return seconds in the unit that people would say: ``45 s``, ``12 min``, ``3.5 h``."""
    if seconds is None:
        return "–"
    lengths = (1, _MINUTE, _HOUR, _DAY)
    unit = max(place for place, length in enumerate(lengths) if seconds >= length or place == 0)
    text: str = words["units"][unit].format(seconds / lengths[unit])
    return text


def _answers(figures: Mapping[str, Any], words: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the first screen: a title, a figure in large, and a line below it."""
    found = [_total(figures, words)]
    found += [
        {"title": words[name], "headline": share(figures[name]), "note": ""}
        for name in ("needs_review", "negative", "urgent", "answered", "resolved")
        if figures[name] is not None
    ]
    if (responses := figures["responses"]) is not None:
        slowest = duration(responses["slowest_tenth"], words)
        found.append(
            {
                "title": words["first_response"],
                "headline": duration(responses["median"], words),
                "note": f"{words['typical']}; {words['slowest'].format(time=slowest)}",
            }
        )
    if (busiest := _busiest(figures, words)) is not None:
        found.append(busiest)
    return found


def _total(figures: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, str]:
    note = ""
    if days := figures["days"]:
        dated = sum(entry["rows"] for entry in days)
        most = max(days, key=lambda entry: entry["rows"])
        mean = words["per_day"].format(mean=f"{dated / len(days):,.1f}")
        note = f"{mean}; {words['peak'].format(day=most['day'], rows=format(most['rows'], ','))}"
    return {"title": words["total"], "headline": f"{figures['rows']:,}", "note": note}


def _busiest(figures: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, str] | None:
    if figures["heat"] is None:
        return None
    cells = [
        (mean, weekday, hour)
        for weekday, line in enumerate(figures["heat"]["weekdays"])
        for hour, mean in enumerate(line)
        if mean
    ]
    if not cells:
        return None
    mean, weekday, hour = max(cells, key=lambda cell: cell[0])
    note = words["busiest_note"].format(weekday=words["weekdays"][weekday], rows=f"{mean:,.1f}")
    return {"title": words["busiest"], "headline": f"{hour:02}:00", "note": note}


def _sections(figures: Mapping[str, Any], words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the charts that the figures allow, each with its title and note."""
    compared = "mix_note" if figures["periods"] else "mix_note_whole"
    trend = words["trend_note"].format(days=drawing.DAILY)
    draw: Sequence[tuple[str, Any, str, Callable[[], drawing.Chart], bool]] = (
        ("volume", figures["days"], words["volume_note"],
         lambda: drawing.volume(figures, words), True),
        ("heat", figures["heat"], words["heat_note"], lambda: drawing.heat(figures, words), False),
        ("hours", figures["hours"], "", lambda: drawing.by_hour(figures, words), False),
        ("categories", figures["categories"], _compared(compared, figures, words),
         lambda: drawing.mix(figures["categories"], words), False),
        ("intents", figures["intents"], _compared(compared, figures, words),
         lambda: drawing.mix(figures["intents"], words), False),
        ("sentiments", figures["sentiments"], trend, lambda: drawing.tones(figures, words), False),
        ("priorities", figures["priorities"], trend,
         lambda: drawing.levels(figures, words), False),
        ("responses", figures["responses"], words["responses_note"],
         lambda: drawing.responses(figures, words), False),
        ("unanswered", figures["unanswered"], words["unanswered_note"],
         lambda: drawing.unanswered(figures["unanswered"], words), False),
    )  # fmt: skip
    return [
        {"id": name, "title": words[name], "note": note, "chart": chart(), "wide": wide}
        for name, needed, note, chart, wide in draw
        if needed
    ]


def _compared(name: str, figures: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    periods = figures["periods"] or (("", ""), ("", ""))
    before, now = (first if first == last else f"{first} – {last}" for first, last in periods)
    text: str = words[name].format(
        before=before, now=now, rate=f"{FALSE_DISCOVERIES:.0%}", least=LEAST
    )
    return text


def _notes(figures: Mapping[str, Any], words: Mapping[str, Any], *, file: str | None) -> list[str]:
    days = ""
    if figures["first_day"]:
        days = words["from_days"].format(first=figures["first_day"], last=figures["last_day"])
    named = words["from_file"].format(file=file) if file else ""
    notes = [words["lead"].format(rows=f"{figures['rows']:,}", file=named, days=days)]
    if figures["errors"]:
        notes.append(words["errors"].format(count=f"{figures['errors']:,}"))
    if figures["undated"] and figures["days"]:
        notes.append(words["undated"].format(count=f"{figures['undated']:,}"))
    return notes


def _left_out(
    figures: Mapping[str, Any], words: Mapping[str, Any], *, time_column: str
) -> list[str]:
    """Return a line for each chart that a missing column leaves out."""
    lines = [] if figures["days"] else [words["missing_time"].format(column=time_column)]
    needs = [
        ("categories", figures["categories"], "category"),
        ("intents", figures["intents"], "intent"),
        ("sentiments", figures["negative"] is not None, "sentiment"),
        ("priorities", figures["urgent"] is not None, "priority"),
        ("responses", figures["responses"] or not figures["days"], "first_response_seconds"),
        ("unanswered", figures["answered"] is not None, "suggestions"),
        ("agents", figures["agents"], "agent"),
    ]
    return lines + [
        words["missing"].format(what=words[name], column=column)
        for name, there, column in needs
        if not there
    ]


@functools.cache
def _script() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _template() -> Any:
    return templates_of("triage.reporting", share, duration).get_template("report.html.j2")
