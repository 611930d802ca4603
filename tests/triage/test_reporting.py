"""The report: rows counted as they stream by, figures and their tests, and the page."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from triage.errors import MessageError
from triage.reporting.drawing import mix
from triage.reporting.entry import Entry, entry_of
from triage.reporting.figures import figures_of
from triage.reporting.page import PageLanguage, duration, render_report
from triage.reporting.surprise import discoveries, rise, upper_tail
from triage.reporting.tally import MOST_LABELS, OTHERS, Spread, Tally
from triage.resource import read_resource

MONDAY = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001  # the shop's own clock
NESTED: dict[str, Any] = {
    "id": "1",
    "created_at": "2026-11-02T01:00:00+00:00",
    "category": {"label": "refund", "intent": "refund/apply"},
    "priority": {"level": "high"},
    "sentiment": {"label": "negative"},
    "needs_review": True,
    "suggestions": [],
    "agent": "Ann",
    "first_response_seconds": 90,
    "resolution": {"resolved": False},
}
FLAT = {
    "created_at": "2026-11-02 09:00:00",
    "category": "refund",
    "intent": "refund/apply",
    "priority": "high",
    "sentiment": "negative",
    "needs_review": "true",
    "suggestions": "",
    "agent": "Ann",
    "first_response_seconds": "90",
    "resolved": "false",
}


def _tally(*entries: Entry, promotion: date | None = None) -> Tally:
    tally = Tally(promoted=lambda at: "sale" if at.date() == promotion else None)
    for entry in entries:
        tally.add(entry)
    return tally


def _entries(day: int, **counts: int) -> list[Entry]:
    """Return entries of a day, by the number of each intent."""
    at = MONDAY + timedelta(days=day)
    return [
        Entry(at=at, category="c", intent=intent)
        for intent, count in counts.items()
        for _ in range(count)
    ]


def test_nested_and_flat_rows_say_the_same() -> None:
    nested = entry_of(NESTED, zone=ZoneInfo("Asia/Shanghai"))
    assert nested == entry_of(FLAT)
    assert nested.at == MONDAY
    assert (nested.answered, nested.resolved, nested.response) == (False, False, 90.0)


def test_times_and_agents_are_found_among_kept_columns_of_the_input() -> None:
    kept = entry_of({"category": "x", "input": {"created_at": "2026-11-02", "agent": "Bo"}})
    assert (kept.at, kept.agent) == (MONDAY.replace(hour=0), "Bo")
    flat = entry_of({"input_created_at": "2026-11-02"})
    assert flat.at == MONDAY.replace(hour=0)
    assert entry_of({"written": "2026-11-02"}, time_column="written").at == flat.at


def test_what_a_row_does_not_tell_is_unknown_and_a_bad_time_is_an_error() -> None:
    assert entry_of({"id": "1"}) == Entry()
    with pytest.raises(MessageError, match="created_at"):
        entry_of({"created_at": "soon"})


@given(
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.01, 0.99),
)
def test_the_upper_tail_is_that_of_the_binomial(counts: tuple[int, int], share: float) -> None:
    count, trials = counts
    expected = float(binom.sf(count - 1, trials, share))
    assert upper_tail(count, trials, share) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_a_rise_is_judged_against_the_growth_of_everything() -> None:
    assert rise(10, 10, share=0.5) == pytest.approx(0.5881, abs=1e-4)
    assert rise(20, 10, share=2 / 3) > 0.5  # twice as much of everything is no news
    assert rise(20, 2, share=0.5) < 0.001


def test_discoveries_follow_benjamini_and_hochberg() -> None:
    chances = {"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.5}
    assert discoveries(chances, rate=0.05) == {"a", "b", "c"}
    assert discoveries({"a": 0.04, "b": 0.9}, rate=0.05) == set()
    assert discoveries({}, rate=0.05) == set()


def test_small_counts_do_not_shout_and_real_rises_do() -> None:
    before = [e for day in range(7) for e in _entries(day, steady=20, small=0, big=5)]
    now = [e for day in range(7, 14) for e in _entries(day, steady=20, big=15)]
    found = figures_of(_tally(*before, *now, *_entries(13, small=4)))
    rising = {entry["label"] for entry in found["intents"] if entry["rising"]}
    assert rising == {"big"}
    assert found["periods"] == [["2026-11-02", "2026-11-08"], ["2026-11-09", "2026-11-15"]]
    big = next(entry for entry in found["intents"] if entry["label"] == "big")
    assert (big["before"], big["now"], big["share_before"]) == (35, 105, 0.2)


def test_nothing_rises_without_an_earlier_period() -> None:
    found = figures_of(_tally(*_entries(0, new=50)))
    assert found["periods"] is None
    assert not any(entry["rising"] for entry in found["intents"])


def test_quiet_days_are_days_and_a_mean_an_hour_counts_them() -> None:
    found = figures_of(_tally(*_entries(0, x=6), *_entries(14, x=2)))
    assert [entry["rows"] for entry in found["days"]] == [6, *[0] * 13, 2]
    assert found["heat"]["weekdays"][0][9] == pytest.approx(8 / 3, abs=0.01)
    assert found["heat"]["weekdays"][1][9] == 0
    assert found["heat"]["promotion"] is None


def test_promotion_days_stand_in_a_line_of_their_own() -> None:
    found = figures_of(_tally(*_entries(0, x=2), *_entries(7, x=40), promotion=date(2026, 11, 9)))
    assert found["heat"]["weekdays"][0][9] == 2
    assert found["heat"]["promotion"][9] == 40
    assert [entry["promotion"] for entry in found["days"]] == [None] * 7 + ["sale"]


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=200), st.sampled_from([0.1, 0.5, 0.9]))
def test_quantiles_are_within_two_and_a_half_percent(values: list[float], share: float) -> None:
    spread = Spread()
    for value in values:
        spread.add(value)
    exact = sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]
    assert spread.quantile(share) == pytest.approx(exact, rel=0.0251)


def test_counters_stay_small_however_many_labels_there_are() -> None:
    tally = _tally(*(Entry(intent=f"i{n}", answered=False) for n in range(MOST_LABELS + 50)))
    assert len(tally.intents) == MOST_LABELS + 1
    assert tally.intents[OTHERS] == 50
    assert len(tally.open_intents) == MOST_LABELS + 1


def test_agents_and_topics_without_a_reply_have_their_figures() -> None:
    entries = [
        Entry(agent="Ann", resolved=True, sentiment="negative", response=60, intent="a",
              answered=False),
        Entry(agent="Ann", resolved=False, sentiment="neutral", response=60, intent="a",
              answered=True),
        Entry(agent="Bo", intent="b", answered=True),
    ]  # fmt: skip
    found = figures_of(_tally(*entries))
    first, second = found["agents"]
    assert (first["agent"], first["rows"], first["resolved"]) == ("Ann", 2, 0.5)
    assert first["negative"] == 0.5
    assert first["median"] == pytest.approx(60, rel=0.025)
    assert (second["agent"], second["resolved"], second["median"]) == ("Bo", None, None)
    assert found["unanswered"] == [{"label": "a", "rows": 2, "open": 1, "share": 0.5}]
    assert found["answered"] == pytest.approx(2 / 3, abs=1e-4)


def _page(tally: Tally, **options: Any) -> str:
    """Return the page without Plotly's script."""
    page = render_report(figures_of(tally), **options)
    assert page.count("<script>") == 2
    return re.sub(r"<script>/\*.*?</script>", "", page, count=1, flags=re.DOTALL)


def test_the_page_escapes_what_came_from_a_file_and_asks_for_nothing_outside() -> None:
    evil = "</script><b>x"
    entries = [Entry(at=MONDAY, intent=evil, category=evil, agent=evil)]
    page = _page(_tally(*entries), file="<i>.jsonl")
    assert "<b>x" not in page
    assert "<i>.jsonl" not in page
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="', page)


def test_the_page_speaks_both_languages() -> None:
    tally = _tally(*_entries(0, a=9), *_entries(1, a=9), promotion=date(2026, 11, 3))
    assert "Busiest hours for staffing" in _page(tally)
    chinese = _page(tally, language=PageLanguage.ZH)
    assert '<html lang="zh-Hans">' in chinese
    assert "最忙时段" in chinese
    words = read_resource("report")
    assert set(words["en"]) == set(words["zh"])


def test_charts_without_their_column_are_left_out_with_a_line_that_names_it() -> None:
    page = _page(_tally(Entry(category="c", intent="c/i")), time_column="written")
    assert "no row has a time. Missing column: written" in page
    assert 'id="chart-volume"' not in page
    assert 'id="chart-categories"' in page
    for column in ("sentiment", "priority", "suggestions", "agent"):
        assert f"no row has the column {column}" in page


def test_a_report_of_no_rows_is_a_page_too() -> None:
    page = render_report(figures_of(Tally()))
    assert "0 rows" in page


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0.4, "0 s"), (59, "59 s"), (600, "10 min"), (5400, "1.5 h"),
     (129600, "1.5 days")],
)  # fmt: skip
def test_durations_are_said_in_their_unit(seconds: float | None, shown: str) -> None:
    assert duration(seconds, read_resource("report")["en"]) == shown


def test_long_labels_are_shortened_on_the_axis_alone() -> None:
    names = [f"after_sales/exchange_of_goods_{letter}" for letter in "ab"]
    chart = mix(figures_of(_tally(*(Entry(intent=n) for n in names)))["intents"], words_of_page())
    assert chart["data"][0]["y"] == names[::-1]
    assert len(set(chart["layout"]["yaxis"]["ticktext"])) == 1


def words_of_page() -> Any:
    return read_resource("report")["en"]
