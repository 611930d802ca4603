"""Events out of files of tagged rows: which field means what, and times with their zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from triage.bursts.event import Event
from triage.errors import RecordError
from triage.tables import Reject, read_rows

TIME = "created_at"
_KEPT = "input"  # under it `triage tag --keep` leaves a row's own columns


@dataclass(frozen=True, slots=True)
class Reading:
    """The events of a file by time, what could not be used, and the zone of its times."""

    events: tuple[Event, ...]
    rejects: tuple[Reject, ...]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Dated:
    line: int
    event: Event  # its time may still lack a zone


def read_events(
    path: str | Path,
    *,
    time: str = TIME,
    originals: str | Path | None = None,
    zone: tzinfo | None = None,
) -> Reading:
    """Read tagged rows, nested as in JSON lines or flat as in CSV, sorted by time.

    Args:
        time: the column with the time, ISO 8601.
        originals: the file that was tagged, joined by id; gives times, texts and customers that
            the tagged rows lack.
        zone: of times that have none; default: that of the first row that has one, else UTC.

    Raises:
        RecordError: a file cannot be read, or no row has a time.
    """
    known = _originals(originals) if originals is not None else {}
    dated: list[_Dated] = []
    rejects: list[Reject] = []
    for number, row in enumerate(read_rows(path), start=1):
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        reason = _fault(row.fields, known, time)
        if reason:
            rejects.append(Reject(row.line, reason, str(row.fields.get("id", ""))))
        else:
            dated.append(_Dated(row.line, _event(row.fields, known, time, number=number)))
    if not dated:
        _refuse(path, rejects, time)
    zone = zone or next((d.event.at.tzinfo for d in dated if d.event.at.tzinfo), None) or UTC
    events = [_zoned(d.event, zone) for d in dated]
    return Reading(tuple(sorted(events, key=lambda e: (e.at, e.id))), tuple(rejects), zone)


def _refuse(path: str | Path, rejects: Iterable[Reject], time: str) -> None:
    first = next(iter(rejects), None)
    if first is None:
        raise RecordError(f"{path} has no rows; give what `triage tag` wrote")
    raise RecordError(
        f"{path}: no row can be used; line {first.line}: {first.reason}. Times stand in the column "
        f"{time!r}: name another with --time, tag with --keep, or give the file that was tagged "
        "with --originals"
    )


def _originals(path: str | Path) -> dict[str, Mapping[str, Any]]:
    rows = (row for row in read_rows(path) if not isinstance(row, Reject))
    return {str(row.fields["id"]): row.fields for row in rows if row.fields.get("id") is not None}


def _fault(fields: Mapping[str, Any], known: Mapping[str, Any], time: str) -> str | None:
    if fields.get("error"):
        return f"was not tagged: {fields['error']}"
    value = _own(fields, known, time)
    if value in (None, ""):
        return f"has no time in {time!r}"
    if not isinstance(value, str):
        return f"{time} is {value!r:.60}; give ISO 8601, as 2026-11-11T09:30:00"
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return f"{time} is {value!r:.60}; give ISO 8601, as 2026-11-11T09:30:00"
    return None


def _event(fields: Mapping[str, Any], known: Mapping[str, Any], time: str, *, number: int) -> Event:
    customer = _own(fields, known, "customer")
    sender = customer.get("id") if isinstance(customer, Mapping) else None
    sender = sender or _own(fields, known, "customer_id")
    text = fields.get("understood_text") or _own(fields, known, "text")
    return Event(
        id=str(fields.get("id") or f"row {number}"),
        at=datetime.fromisoformat(_own(fields, known, time)),
        category=_label(fields, "label", "category"),
        intent=_label(fields, "intent", "intent"),
        text=text if isinstance(text, str) and text.strip() else None,
        language=fields.get("language") or None,
        sender=None if sender in (None, "") else str(sender),
    )


def _own(fields: Mapping[str, Any], known: Mapping[str, Any], name: str) -> Any:
    """Return a field of the row, of its own columns kept beside the tags, or of its original."""
    kept = fields.get(_KEPT)
    original = known.get(str(fields.get("id")), {})
    for source in (fields, kept if isinstance(kept, Mapping) else {}, original):
        if source.get(name) not in (None, ""):
            return source[name]
    return None


def _label(fields: Mapping[str, Any], key: str, flat: str) -> str | None:
    category = fields.get("category")
    value = category.get(key) if isinstance(category, Mapping) else fields.get(flat)
    return str(value) if value else None


def _zoned(event: Event, zone: tzinfo) -> Event:
    return event if event.at.tzinfo else replace(event, at=event.at.replace(tzinfo=zone))
