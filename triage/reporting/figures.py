"""The figures of a report out of a tally, as plain values for JSON, CSV and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from triage.reporting.surprise import discoveries, rise
from triage.reporting.tally import ByDay, Spread, Tally

FALSE_DISCOVERIES = 0.05
LEAST = 5  # rows of the later period, below which nothing is called a rise
_WEEK = 7
_SHARE_DIGITS = 4


def figures_of(tally: Tally, *, period: int | None = None) -> dict[str, Any]:
    """Return every figure; those that need a column that no row has are ``None`` or empty.

    Args:
        period: days of the later period and of the one before it; a week by default, or half of
            the days there are where they are fewer than two weeks.
    """
    periods = _periods(tally, period)
    return {
        "rows": tally.rows,
        "errors": tally.errors,
        "undated": tally.undated,
        "first_day": min(tally.days).isoformat() if tally.days else None,
        "last_day": max(tally.days).isoformat() if tally.days else None,
        "periods": None if periods is None else [[d.isoformat() for d in p] for p in periods],
        "needs_review": _share(tally.review),
        "resolved": _share(tally.resolved),
        "answered": _share(tally.answered),
        "negative": _part(tally.sentiments["negative"], tally.sentiments.total()),
        "urgent": _part(tally.priorities["urgent"], tally.priorities.total()),
        "days": _days(tally),
        "hours": _hours(tally),
        "heat": _heat(tally),
        "categories": _mix(tally.categories, tally.category_days, periods),
        "intents": _mix(tally.intents, tally.intent_days, periods),
        "sentiments": _trend(tally.sentiment_days),
        "priorities": _trend(tally.priority_days),
        "responses": _responses(tally),
        "unanswered": _unanswered(tally),
        "agents": _agents(tally),
    }


def _periods(tally: Tally, asked: int | None) -> tuple[tuple[date, date], tuple[date, date]] | None:
    """Return first and last day of the earlier and of the later period."""
    if not tally.days:
        return None
    first, last = min(tally.days), max(tally.days)
    length = asked or min(_WEEK, ((last - first).days + 1) // 2)
    if length < 1 or first > last - timedelta(days=length):
        return None
    start = last - timedelta(days=length - 1)
    return (start - timedelta(days=length), start - timedelta(days=1)), (start, last)


def _mix(
    whole: Counter[str],
    by_day: ByDay,
    periods: tuple[tuple[date, date], tuple[date, date]] | None,
) -> list[dict[str, Any]]:
    """Return each label with its counts and shares in both periods, most frequent first."""
    before, now = (_within(by_day, p) for p in periods) if periods else (Counter(), Counter())
    all_before, all_now = before.total(), now.total()
    later = all_now / (all_now + all_before) if all_now + all_before else 0.0
    # Without an earlier row everything would be a rise.
    tested = {
        label: rise(now[label], before[label], share=later)
        for label in whole
        if all_before and now[label] >= LEAST
    }
    news = discoveries(tested, rate=FALSE_DISCOVERIES)
    return [
        {
            "label": label,
            "rows": count,
            "share": _part(count, whole.total()),
            "before": before[label] if periods else None,
            "now": now[label] if periods else None,
            "share_before": _part(before[label], all_before),
            "share_now": _part(now[label], all_now),
            "chance": float(f"{tested[label]:.3g}") if label in tested else None,
            "rising": label in news,
        }
        for label, count in whole.most_common()
    ]


def _within(by_day: ByDay, period: tuple[date, date]) -> Counter[str]:
    total: Counter[str] = Counter()
    for day, counts in by_day.items():
        if period[0] <= day <= period[1]:
            total.update(counts)
    return total


def _days(tally: Tally) -> list[dict[str, Any]]:
    """Return every day from the first to the last, quiet ones too."""
    return [
        {
            "day": day.isoformat(),
            "rows": tally.days[day],
            "needs_review": tally.review_days[day],
            "promotion": tally.promotions.get(day),
        }
        for day in _calendar(tally.days)
    ]


def _calendar(days: Iterable[date]) -> list[date]:
    known = list(days)
    if not known:
        return []
    first, last = min(known), max(known)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _hours(tally: Tally) -> list[dict[str, int]]:
    totals: Counter[int] = Counter(tally.promotion_hours)
    for (_, hour), count in tally.hours.items():
        totals[hour] += count
    return [{"hour": hour, "rows": totals[hour]} for hour in range(24)] if totals else []


def _heat(tally: Tally) -> dict[str, Any] | None:
    """Return mean rows an hour: a line a weekday without promotion days, and one of these."""
    if not tally.days:
        return None
    ordinary = Counter(d.weekday() for d in _calendar(tally.days) if d not in tally.promotions)
    lines = [
        [_mean(tally.hours[weekday, hour], ordinary[weekday]) for hour in range(24)]
        for weekday in range(_WEEK)
    ]
    special = len(tally.promotions)
    promotion = [_mean(tally.promotion_hours[hour], special) for hour in range(24)]
    return {"weekdays": lines, "promotion": promotion if special else None}


def _trend(by_day: ByDay) -> list[dict[str, Any]]:
    """Return counts of labels by day, quiet days left out."""
    return [{"day": day.isoformat(), **dict(by_day[day])} for day in sorted(by_day)]


def _responses(tally: Tally) -> dict[str, Any] | None:
    if not tally.response_days:
        return None
    whole = Spread()
    for spread in tally.response_days.values():
        whole.merge(spread)
    days = [
        {"day": day.isoformat(), "rows": spread.count, **_quantiles(spread)}
        for day, spread in sorted(tally.response_days.items())
    ]
    return {"rows": whole.count, **_quantiles(whole), "days": days}


def _quantiles(spread: Spread) -> dict[str, float | None]:
    found = {"median": spread.quantile(0.5), "slowest_tenth": spread.quantile(0.9)}
    return {name: None if value is None else round(value, 1) for name, value in found.items()}


def _unanswered(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "rows": tally.asked_intents[label],
            "open": count,
            "share": _part(count, tally.asked_intents[label]),
        }
        for label, count in tally.open_intents.most_common()
        if count
    ]


def _agents(tally: Tally) -> list[dict[str, Any]]:
    ranked = sorted(tally.agents.items(), key=lambda item: (-item[1].rows, item[0]))
    return [
        {
            "agent": name,
            "rows": agent.rows,
            "resolved": _part(agent.resolved, agent.known),
            "negative": _part(agent.negative, agent.toned),
            **_quantiles(agent.responses),
        }
        for name, agent in ranked
    ]


def _share(counter: Mapping[bool, int]) -> float | None:
    return _part(counter.get(True, 0), sum(counter.values()))


def _part(count: int, total: int) -> float | None:
    return round(count / total, _SHARE_DIGITS) if total else None


def _mean(count: int, days: int) -> float | None:
    return round(count / days, 2) if days else None
