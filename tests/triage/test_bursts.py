"""Bursts: what raises an alarm and what does not, on a small world with made-up vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
from arrivals import START, Plan, Sort, World, score, simulate, told_by
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from triage.bursts import (
    BurstDetector,
    Calendar,
    Event,
    Incident,
    Kind,
    Period,
    Sensitivity,
    Topic,
)
from triage.bursts.replay import false_alarms, replay, shuffled
from triage.bursts.sample import Sample, quantised
from triage.bursts.state import load_detector, save_detector
from triage.errors import ConfigError, MessageError, RecordError

DIM = 24
DAYS = 8
SURGE = date(2026, 3, 8)
INTENTS = tuple(f"c{n % 6}/i{n}" for n in range(24))
SMALL = Plan(days=12, per_day=600, incidents=4)
PLAIN = Plan(days=DAYS, per_day=500, incidents=0)
NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)


def unit(vector: np.ndarray) -> list[float]:
    return (vector / np.linalg.norm(vector)).tolist()


def sort_of(intent: str, vector: np.ndarray, text: str) -> Sort:
    return Sort(text, intent.partition("/")[0], intent, "en", unit(vector))


@cache
def sorts() -> tuple[Sort, ...]:
    """600 things to say, those of one intent a little alike."""
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(len(INTENTS), DIM))
    return tuple(
        sort_of(INTENTS[n % 24], centres[n % 24] * 0.5 + rng.normal(size=DIM), f"text {n}")
        for n in range(600)
    )


@cache
def scenarios() -> dict[str, tuple[Sort, ...]]:
    rng = np.random.default_rng(2)
    made = {}
    for n in range(8):
        centre = rng.normal(size=DIM)
        wordings = (centre + rng.normal(size=DIM) * 0.3 for _ in range(8))
        made[f"s{n}"] = tuple(sort_of(INTENTS[n], v, f"trouble {n}") for v in wordings)
    return made


@cache
def planted(seed: int) -> World:
    return simulate(sorts(), scenarios(), plan=SMALL, seed=seed)


@cache
def ordinary(*, surge: bool = False) -> tuple[Event, ...]:
    plan = replace(PLAIN, surge=SURGE if surge else None)
    return simulate(sorts(), {}, plan=plan, seed=8).events


def plain(text: str) -> str:
    return text


def detector(**options: float) -> BurstDetector:
    return BurstDetector(Sensitivity(**options), redact=plain)


def facts(incidents: Sequence[Incident]) -> list[dict[str, object]]:
    return [incident.to_dict() for incident in incidents]


def burst(
    count: int, *, start: datetime = NOON, intent: str | None = "c1/i1", spread: float = 0.2
) -> list[Event]:
    """Messages one minute apart about one new thing."""
    rng = np.random.default_rng(3)
    centre = rng.normal(size=DIM)
    return [
        Event(
            id=f"x{n}",
            at=start + timedelta(minutes=n),
            category=intent.partition("/")[0] if intent else None,
            intent=intent,
            vector=unit(centre + spread * rng.normal(size=DIM)),
            text=f"the till is broken, call 555{n}",
            language="zh" if n % 3 else "en",
        )
        for n in range(count)
    ]


def with_burst(extra: Sequence[Event]) -> list[Event]:
    return sorted([*ordinary(), *extra], key=lambda e: (e.at, e.id))


def told_of(extra: Sequence[Event]) -> list[Incident]:
    return replay(with_burst(extra), detector())


def test_planted_incidents_are_told_soon_and_hardly_anything_else() -> None:
    found = [
        score(w := planted(seed), told_by(replay(w.events, detector())), plan=SMALL)
        for seed in (5, 6)
    ]
    assert sum(len(each.delays) for each in found) >= 7, "of eight"
    assert sum(each.false for each in found) <= 2, "in more than three weeks"
    assert sum(each.repeats for each in found) == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_surge_of_everything_raises_no_alarm_whether_announced_or_not(*, known: bool) -> None:
    periods = (Period("sale", SURGE, SURGE),) if known else ()
    calm = BurstDetector(calendar=Calendar(periods=periods))
    told = replay(ordinary(surge=True), calm)
    assert [i for i in told if i.detected_at.date() == SURGE] == []


def test_an_incident_says_what_happened_since_when_and_to_whom() -> None:
    (incident,) = told_of(burst(12))
    assert incident.topic.kind is Kind.CLUSTER
    assert incident.intent == "c1/i1"
    assert incident.started_at == NOON
    assert NOON + timedelta(minutes=3) <= incident.detected_at <= NOON + timedelta(minutes=8)
    assert incident.size >= 12
    assert incident.expected < 1
    assert incident.score > 4
    assert "till is broken" in incident.title
    assert {e.id for e in incident.evidence} >= {f"x{n}" for n in range(12)}
    assert incident.languages["zh"] >= 8


def test_an_incident_closes_when_its_rate_is_back() -> None:
    (incident,) = told_of(burst(12))
    assert incident.closed_at is not None
    assert timedelta(hours=1) < incident.closed_at - incident.last_at < timedelta(hours=4)


def test_an_incident_that_goes_on_stays_open() -> None:
    seen = detector()
    for event in with_burst(burst(40)):
        if event.at <= NOON + timedelta(minutes=39):
            seen.add(event)
    (incident,) = seen.incidents
    assert incident.open
    assert incident.size >= 38


def test_time_alone_closes_an_incident() -> None:
    seen = detector()
    for event in with_burst(burst(12)):
        if event.at <= NOON + timedelta(minutes=11):
            seen.add(event)
    assert len(seen.incidents) == 1
    (closed,) = seen.advance(NOON + timedelta(hours=8))
    assert not closed.open
    assert seen.incidents == ()


def test_a_burst_of_an_intent_in_all_kinds_of_words_is_told_as_one_of_the_intent() -> None:
    scattered = [
        replace(event, vector=unit(np.random.default_rng(n).normal(size=DIM)))
        for n, event in enumerate(burst(30))
    ]
    (incident,) = told_of(scattered)
    assert incident.topic == Topic(Kind.INTENT, "c1/i1")


def test_without_vectors_intents_are_watched_all_the_same() -> None:
    bare = [replace(event, vector=None) for event in with_burst(burst(30))]
    (incident,) = replay(bare, detector())
    assert incident.topic == Topic(Kind.INTENT, "c1/i1")
    assert incident.size >= 25


def test_without_tags_similar_messages_are_found_all_the_same() -> None:
    bare = [replace(event, intent=None, category=None) for event in with_burst(burst(12))]
    (incident,) = replay(bare, detector())
    assert incident.topic.kind is Kind.CLUSTER
    assert incident.intent is None


def test_one_person_who_writes_the_same_again_and_again_is_no_incident() -> None:
    assert told_of([replace(event, sender="c-1") for event in burst(30)]) == []


def test_many_persons_who_write_the_same_are_one() -> None:
    assert len(told_of([replace(event, sender=event.id) for event in burst(12)])) == 1


def test_nothing_is_told_while_the_detector_has_seen_too_little() -> None:
    early = burst(30, start=START + timedelta(days=1, hours=12))
    assert told_of(early) == []


def test_fewer_allowed_alarms_need_more_evidence() -> None:
    events = with_burst(burst(20))
    strict, lax = (replay(events, detector(alarms_per_week=a)) for a in (1e-9, 1.0))
    assert strict[0].detected_at > lax[0].detected_at


def test_what_an_incident_brought_does_not_become_usual() -> None:
    second = [
        replace(event, id=f"y{n}", at=event.at - timedelta(days=1))
        for n, event in enumerate(burst(30))
    ]
    told = told_of([*burst(12), *second])
    assert len(told) == 2
    assert told[1].detected_at <= NOON + timedelta(minutes=8)


def test_texts_are_shown_only_as_the_redactor_leaves_them() -> None:
    events = with_burst(burst(12))
    hidden = BurstDetector(redact=lambda text: text.replace("555", "[PHONE]"))
    shown = json.dumps(facts(replay(events, hidden)), ensure_ascii=False)
    assert "[PHONE]" in shown
    assert "555" not in shown
    assert "call 555" not in json.dumps(hidden.to_dict())


def test_without_a_redactor_no_text_is_kept() -> None:
    quiet = BurstDetector()
    told = json.dumps(facts(replay(with_burst(burst(12)), quiet)))
    assert "till" not in told + json.dumps(quiet.to_dict())


def test_an_id_that_comes_twice_counts_once() -> None:
    doubled = [event for event in burst(3) for _ in range(5)]
    assert told_of(doubled) == []


def test_messages_may_come_late_within_the_lateness() -> None:
    events = with_burst(burst(12))
    patient = Sensitivity(lateness=timedelta(minutes=10))
    rng = np.random.default_rng(4)
    delays = rng.uniform(0, 540, len(events))
    arrival = [e for _, e in sorted(
        zip((e.at + timedelta(seconds=d) for e, d in zip(events, delays, strict=True)), events,
            strict=True), key=lambda pair: pair[0])]  # fmt: skip
    assert arrival != events
    mixed, ordered = (BurstDetector(patient, redact=plain) for _ in range(2))
    assert facts(replay(arrival, mixed)) == facts(replay(events, ordered))
    assert mixed.late == 0


def test_messages_that_come_later_still_count_and_are_numbered() -> None:
    events = with_burst(burst(12))
    tardy = [*events[:-50], *events[-40:], *events[-50:-40]]
    seen = detector()
    replay(tardy, seen)
    assert seen.late == 10


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(MessageError, match="no zone"):
        detector().add(Event(id="a", at=datetime(2026, 3, 1)))  # noqa: DTZ001


def test_the_zone_of_a_time_changes_nothing() -> None:
    events = with_burst(burst(12))
    abroad = [replace(e, at=e.at.astimezone(timezone(timedelta(hours=8)))) for e in events]
    assert facts(replay(abroad, detector())) == facts(replay(events, detector()))


@limits(max_examples=6)
@given(st.integers(0, 10**6), st.booleans())
def test_a_detector_that_is_saved_and_loaded_goes_on_as_if_nothing_happened(
    place: int,
    patient: bool,  # noqa: FBT001  # hypothesis gives it
) -> None:
    events = with_burst(burst(12))[-1500:]
    cut = place % len(events)
    chosen = Sensitivity(warmup=timedelta(days=1), lateness=timedelta(minutes=5 if patient else 0))
    whole = BurstDetector(chosen, redact=plain)
    expected = [changed for event in events for changed in whole.add(event)]
    first = BurstDetector(chosen, redact=plain)
    got = [changed for event in events[:cut] for changed in first.add(event)]
    state = json.loads(json.dumps(first.to_dict()))
    second = BurstDetector.from_dict(state, chosen, redact=plain)
    assert json.loads(json.dumps(second.to_dict())) == state
    got += [changed for event in events[cut:] for changed in second.add(event)]
    assert facts(got) == facts(expected)
    assert second.flush() == whole.flush()
    assert second.to_dict() == whole.to_dict()


@limits(max_examples=6)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_simultaneous_messages_changes_nothing(seed: int) -> None:
    minutes = [
        replace(e, at=e.at.replace(minute=e.at.minute // 10 * 10, second=0))
        for e in with_burst(burst(12))[-1500:]
    ]
    chosen = Sensitivity(warmup=timedelta(days=1))
    mixed = sorted(Random(seed).sample(minutes, len(minutes)), key=lambda event: event.at)
    assert [e.id for e in mixed] != [e.id for e in minutes]
    one, other = (BurstDetector(chosen, redact=plain) for _ in range(2))
    assert facts(replay(mixed, one)) == facts(replay(minutes, other))
    assert one.to_dict() == other.to_dict()
    assert len(facts(replay(minutes, BurstDetector(chosen)))) == 1


def test_memory_does_not_grow_with_time() -> None:
    seen = detector()
    held = 0
    for event in ordinary():
        seen.add(event)
        held = max(held, len(seen._scene.window))
    assert 100 < held < 400, "six hours of eight days"


def test_the_sample_of_the_past_has_an_end_and_prefers_what_is_new() -> None:
    sample = Sample()
    day = 86_400
    for number in range(12_000):
        vector = [1.0, 0.0] if number < 6000 else [0.0, 1.0]
        sample.learn(quantised(vector), id_=str(number), at=number / 6000 * 28 * day)
    old, new = (sample.shares(quantised(v), [0.9])[0].mean for v in ([1.0, 0.0], [0.0, 1.0]))
    assert len(sample.keys) == 4096
    assert new / old == pytest.approx(2, rel=0.15), "half as likely after four weeks"


def test_a_state_survives_in_a_file(tmp_path: Path) -> None:
    seen = detector()
    replay(with_burst(burst(12)), seen)
    save_detector(seen, tmp_path / "state.json")
    assert load_detector(tmp_path / "state.json", redact=plain).to_dict() == seen.to_dict()


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "not JSON"), ("[]", "no detector"), ('{"format": 9}', "has format 9"),
     ('{"format": 1}', "damaged")],
)  # fmt: skip
def test_an_unusable_state_is_refused_with_the_remedy(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RecordError, match=reason):
        load_detector(path)


def test_an_absent_state_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.json cannot be read"):
        load_detector(tmp_path / "none.json")


def test_alarms_per_week_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="alarms_per_week is 0"):
        Sensitivity(alarms_per_week=0)


def test_every_window_needs_a_weight() -> None:
    with pytest.raises(ConfigError, match="3 windows and 4 weights"):
        Sensitivity(minutes=(15, 45, 120))


def test_shuffling_keeps_times_and_mix_and_scatters_incidents() -> None:
    events = with_burst(burst(12))
    made = shuffled(events, Calendar(), seed=1)
    assert [e.at for e in made] == [e.at for e in events]
    assert sorted(e.id for e in made) == sorted(e.id for e in events)
    assert {e.at.hour for e in made if e.id.startswith("x")} == {12}
    assert len({e.at.date() for e in made if e.id.startswith("x")}) > 5


def test_false_alarms_on_shuffled_messages_are_few_where_an_incident_is_told() -> None:
    events = with_burst(burst(12))
    found = false_alarms(events, Sensitivity(), calendar=Calendar())
    assert found.alarms <= 1
    assert found.weeks == pytest.approx((DAYS - 3) / 7, rel=0.02)


def test_false_alarms_of_no_messages_are_none() -> None:
    assert false_alarms([], Sensitivity(), calendar=Calendar()).per_week == 0
