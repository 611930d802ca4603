"""A priority policy file (TOML) to a ``Policy``, or every mistake in it with line and remedy.

What single keys may hold is left to ``policy_tables``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from triage.domain import Priority
from triage.errors import ConfigError
from triage.policy import (
    AMOUNT_AT_STAKE,
    COMPUTED,
    CUSTOMER_TIER,
    DATE_MARK,
    EARLIER_CONTACTS,
    LEVELS,
    NEGATIVE_SENTIMENT,
    Combination,
    DeadlineRule,
    DeadlineStep,
    LearntRule,
    Policy,
    Promotion,
    Terms,
)
from triage.policy_tables import (
    CombinationTable,
    DeadlineTable,
    PolicyTables,
    PromotionTable,
    SignalTable,
    StepTable,
    known_keys,
)
from triage.signals import Signal, compiled, parse_toml, read_source
from triage.toml_lines import KeyPath, TomlLines

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DEFAULT_POLICY = Path(__file__).parent / "resources" / "priority.toml"
Entry = SignalTable | CombinationTable | StepTable


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where, and in words; ``value`` finds the line inside a long entry."""

    path: KeyPath
    words: str
    value: object = None


def read_policy(path: Path = DEFAULT_POLICY) -> Policy:
    """Read a policy file.

    Raises:
        ConfigError: the file cannot be read, or its mistakes: each with line, key, value, remedy.
    """
    source = read_source(path)
    content = parse_toml(source, path)
    try:
        tables = PolicyTables.model_validate(content)
    except ValidationError as fault:
        faults = [_fault(error) for error in fault.errors(include_url=False)]
        raise ConfigError(_told(faults, path, source, content)) from fault
    if faults := list(_contradictions(tables)):
        raise ConfigError(_told(faults, path, source, content))
    return _policy(tables)


def _told(faults: list[Fault], path: Path, source: str, content: Mapping[str, Any]) -> str:
    lines = TomlLines(source)
    placed = [
        (lines.line_of(f.path, f.value), f"{_key(f.path, content)} {f.words}") for f in faults
    ]
    told = [f"line {line}: {words}" for line, words in sorted(placed)]
    if len(told) == 1:
        return f"{path}, {told[0]}"
    return f"{path} has {len(told)} mistakes:\n" + "\n".join(f"  {each}" for each in told)


def _fault(error: ErrorDetails) -> Fault:
    """Put one of pydantic's findings into our words."""
    path, value = error["loc"], error["input"]
    if error["type"] == "missing":
        return Fault(path, f"is missing; add it, as in {DEFAULT_POLICY}")
    if error["type"] == "extra_forbidden":
        return Fault(path, _unknown(str(path[-1]), known_keys(path[:-1])))
    needed = error["msg"].removeprefix("Value error, ").replace("Input", "it", 1)
    if error["type"] == "value_error":  # our own: names the value and the remedy
        return Fault(path, f"is unusable: {needed}", value)
    return Fault(path, f"is {value!r}; {needed}", value)


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"
    return f"is not known ({name!r}); {remedy}"


def _key(path: KeyPath, content: Mapping[str, Any]) -> str:
    """Return ``levels.high``, or ``signal 'safety': weight`` inside one of several tables."""
    shown = ""
    inner: Any = content
    for part in path:
        inner = _at(inner, part)
        if isinstance(part, str):
            shown += f"{'' if not shown or shown.endswith(': ') else '.'}{part}"
        else:
            name = inner.get("name") if isinstance(inner, Mapping) else None
            shown += f" {repr(name) if isinstance(name, str) else part + 1}: "
    return shown.removesuffix(": ")


def _at(values: Any, position: str | int) -> Any:
    try:
        return values[position]
    except (TypeError, IndexError, KeyError):
        return None


def _contradictions(tables: PolicyTables) -> Iterator[Fault]:
    """Yield what one key says against another."""
    yield from _unordered(_thresholds(tables), ("levels",))
    yield from _unordered_minutes(_minutes(tables), ("sla_minutes",))
    for number, signal in enumerate(tables.signal):
        if not (signal.zh or signal.en or signal.patterns):
            yield Fault(("signal", number), "has no patterns; give it zh, en or patterns")
    yield from _repeated_names(tables)
    yield from _unknown_parts(tables)
    steps = tables.deadline.step if tables.deadline else ()
    for number, (before, after) in enumerate(pairwise(steps), start=1):
        if before.within_hours >= after.within_hours:
            fault = f"is {after.within_hours} after {before.within_hours}; put the nearest first"
            yield Fault(("deadline", "step", number, "within_hours"), fault)
    yield from _faulty_promotions(tables, set(_weights(tables)))


def _unknown_parts(tables: PolicyTables) -> Iterator[Fault]:
    words = {signal.name for signal in tables.signal}
    for number, combination in enumerate(tables.combination):
        for name in set(combination.all) - words:
            fault = f"names {name!r}, which is no [[signal]]; {_nearest(name, words)}"
            yield Fault(("combination", number, "all"), fault)


def _unordered(thresholds: Mapping[Priority, int], path: KeyPath) -> Iterator[Fault]:
    scores = list(thresholds.values())
    if scores != sorted(set(scores)):
        yield Fault(path, f"are {scores[1:]}; they must rise from normal to high to urgent")


def _unordered_minutes(minutes: Mapping[Priority, int], path: KeyPath) -> Iterator[Fault]:
    given = [minutes[level] for level in LEVELS if level in minutes]
    if given != sorted(given, reverse=True):
        yield Fault(path, f"are {given} from low to urgent; a higher level must not wait longer")


def _repeated_names(tables: PolicyTables) -> Iterator[Fault]:
    seen = {*COMPUTED, CUSTOMER_TIER}
    for path, entry in _entries(tables):
        if entry.name in seen:
            yield Fault((*path, "name"), f"is {entry.name!r} a second time; choose another")
        seen.add(entry.name)


def _entries(tables: PolicyTables) -> Iterator[tuple[KeyPath, Entry]]:
    """Yield each table that has a name and a weight of its own, with its place."""
    for number, signal in enumerate(tables.signal):
        yield ("signal", number), signal
    for number, combination in enumerate(tables.combination):
        yield ("combination", number), combination
    for number, step in enumerate(tables.deadline.step if tables.deadline else ()):
        yield ("deadline", "step", number), step


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {near[0]!r}?" if near else "correct the name"


def _faulty_promotions(tables: PolicyTables, names: set[str]) -> Iterator[Fault]:
    for number, promotion in enumerate(tables.promotion):
        path: KeyPath = ("promotion", number)
        if promotion.first > promotion.last:
            dates = f"is {promotion.first}, after until = {promotion.last}"
            yield Fault((*path, "from"), f"{dates}; exchange the two")
        for other in tables.promotion[:number]:
            if promotion.first <= other.last and other.first <= promotion.last:
                days = f"({other.first} to {other.last}); let one end before the other begins"
                yield Fault((*path, "from"), f"is {promotion.first}, inside {other.name!r} {days}")
        for name in promotion.weights:
            if name not in names:
                fault = f"is not a signal of this file; {_nearest(name, names)}"
                yield Fault((*path, "weights", name), fault)
        if promotion.levels.model_fields_set:
            yield from _unordered(_thresholds(tables, promotion), (*path, "levels"))
        if promotion.sla_minutes.model_fields_set:
            yield from _unordered_minutes(_minutes(tables, promotion), (*path, "sla_minutes"))


def _thresholds(
    tables: PolicyTables, promotion: PromotionTable | None = None
) -> dict[Priority, int]:
    changed = promotion.levels.model_dump(exclude_none=True) if promotion else {}
    given = tables.levels.model_dump() | changed
    return {Priority.LOW: 0} | {p: given[p.value] for p in LEVELS if p is not Priority.LOW}


def _minutes(tables: PolicyTables, promotion: PromotionTable | None = None) -> dict[Priority, int]:
    changed = promotion.sla_minutes.model_dump(exclude_none=True) if promotion else {}
    given = (tables.sla_minutes.model_dump() if tables.sla_minutes else {}) | changed
    return {Priority(level): minutes for level, minutes in given.items()}


def _weights(tables: PolicyTables) -> dict[str, int]:
    weights = {entry.name: entry.weight for _, entry in _entries(tables)}
    for name, table in (
        (AMOUNT_AT_STAKE, tables.amount),
        (EARLIER_CONTACTS, tables.contacts),
        (NEGATIVE_SENTIMENT, tables.sentiment),
    ):
        if table is not None:
            weights[name] = table.weight
    return weights


def _floors(tables: PolicyTables) -> dict[str, Priority]:
    floors = {entry.name: entry.floor for _, entry in _entries(tables)}
    if tables.amount:
        floors[AMOUNT_AT_STAKE] = tables.amount.floor
    return {name: Priority(floor) for name, floor in floors.items() if floor}


def _policy(tables: PolicyTables) -> Policy:
    reach = {Priority(level): p for level, p in tables.learnt.reach.model_dump().items()}
    return Policy(
        terms=_terms(tables),
        signals=tuple(_signal(table) for table in tables.signal),
        floors=_floors(tables),
        tiers={name.lower(): points for name, points in tables.tiers.items()},
        learnt=LearntRule(
            reach=reach, lift=tables.learnt.lift, lift_to=Priority(tables.learnt.lift_to)
        ),
        combinations=tuple(Combination(c.name, c.all) for c in tables.combination),
        deadline=_deadline(tables.deadline) if tables.deadline else None,
        amounts=tables.amount.above if tables.amount else {},
        most_contact_points=tables.contacts.most if tables.contacts else 0,
        negative_above=tables.sentiment.above if tables.sentiment else 1.0,
        promotions=tuple(
            Promotion(p.name, p.first, p.last, _terms(tables, p)) for p in tables.promotion
        ),
    )


def _terms(tables: PolicyTables, promotion: PromotionTable | None = None) -> Terms:
    return Terms(
        thresholds=_thresholds(tables, promotion),
        weights=_weights(tables) | (promotion.weights if promotion else {}),
        sla_minutes=_minutes(tables, promotion),
    )


def _signal(table: SignalTable) -> Signal:
    return Signal(
        table.name,
        anywhere=compiled(table.patterns, any_case=True) if table.patterns else None,
        chinese=compiled(table.zh) if table.zh else None,
        english=compiled(table.en, word_start=True) if table.en else None,
        unless=compiled(table.unless, any_case=True) if table.unless else None,
    )


def _deadline(table: DeadlineTable) -> DeadlineRule:
    wording, unless = (
        [pattern.replace("DATE", DATE_MARK) for pattern in patterns]
        for patterns in (table.wording, table.unless)
    )
    return DeadlineRule(
        wording=compiled(wording, any_case=True),
        unless=compiled(unless, any_case=True) if unless else None,
        steps=tuple(DeadlineStep(s.name, timedelta(hours=s.within_hours)) for s in table.step),
    )
