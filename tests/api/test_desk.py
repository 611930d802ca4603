"""The desk: common batches, lanes, bounds, deadlines, a cache that changes nothing, reloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest
from counted import NOW, POISON, CountedEngine, as_engine
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cache import ResultCache, content_key, dated
from api.cores import threads_of_worker
from api.desk import Desk
from api.lanes import Fate, Job, Lanes
from api.refusals import BusyError, ClosingError, LateError
from api.seat import Seat
from api.urgency import Lane, Urgency
from tests.golden.__main__ import starter_engine
from triage.domain import Customer, Message, Role, Turn
from triage.errors import BundleError
from triage.priority import load_policy
from triage.settings import Settings

EAST = timezone(timedelta(hours=8))


def message(text: str, id: str = "m", **fields: Any) -> Message:  # noqa: A002
    return Message(id=id, text=text, **fields)


@asynccontextmanager
async def a_desk(
    engine: CountedEngine, *, load: Callable[[], CountedEngine] | None = None, **options: Any
) -> AsyncIterator[tuple[Desk, Seat]]:
    settings = Settings(**options)
    seat = Seat(settings, lambda: as_engine(load() if load else engine))
    await seat.open()
    engine.batches.clear()
    desk = Desk(seat, settings)
    desk.open()
    try:
        yield desk, seat
    finally:
        engine.free.set()
        await desk.close()


async def held(desk: Desk, engine: CountedEngine) -> asyncio.Future[Any]:
    """Return the future of a message at which the engine is stopped until it is set free."""
    engine.free.clear()
    engine.busy.clear()
    future, _ = desk.submit([message("first")])
    await asyncio.get_running_loop().run_in_executor(None, engine.busy.wait)
    return future


def run(test: Callable[[], Any]) -> None:
    asyncio.run(test())


def test_what_waits_while_a_batch_runs_is_the_next_batch_urgent_first() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine) as (desk, _):
            first = await held(desk, engine)
            texts = ["b", "c", "my phone battery exploded and burned me"]
            futures = [desk.submit([message(t, id=t)])[0] for t in texts]
            engine.free.set()
            results = [(await f)[0] for f in futures]
            assert [r.id for r in results] == [r.team for r in results] == texts
            assert (await first)[0].team == "first"
            assert engine.batches == [["first"], [texts[2], "b", "c"]]

    run(test)


def test_a_long_batch_does_not_hold_up_single_requests_and_two_take_turns() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine, batch_messages=4) as (desk, _):
            await held(desk, engine)
            one = desk.submit([message(f"x{i}") for i in range(6)])[0]
            two = desk.submit([message(f"y{i}") for i in range(6)])[0]
            single = [desk.submit([message(f"s{i}")])[0] for i in range(3)]
            engine.free.set()
            assert [r.team for r in await one] == [f"x{i}" for i in range(6)]
            assert [r.team for r in await two] == [f"y{i}" for i in range(6)]
            await asyncio.gather(*single)
            assert engine.batches[1:3] == [["s0", "s1", "s2", "x0"], ["y0", "x1", "y1", "x2"]]

    run(test)


def test_equal_messages_are_judged_once_and_keep_their_ids() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine) as (desk, _):
            results = await desk.submit([message("same", id=f"i{n}") for n in range(5)])[0]
            again, job = desk.submit([message("same", id="late")])
            assert job is None
            assert [r.id for r in [*results, *await again]] == [
                "i0",
                "i1",
                "i2",
                "i3",
                "i4",
                "late",
            ]
            assert engine.batches == [["same"]]

    run(test)


def test_a_message_that_breaks_the_engine_fails_alone() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine) as (desk, _):
            await held(desk, engine)
            futures = [desk.submit([message(t)])[0] for t in ("b", POISON, "c")]
            engine.free.set()
            results = await asyncio.gather(*futures, return_exceptions=True)
            assert isinstance(results[1], ValueError)
            assert [r[0].team for r in (results[0], results[2])] == ["b", "c"]  # type: ignore[index]

    run(test)


def test_a_full_lane_is_refused_with_a_time_and_the_urgent_one_has_its_own_room() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine, queue_messages=4) as (desk, _):
            await held(desk, engine)
            for number in range(4):
                desk.submit([message(f"n{number}")])
            with pytest.raises(BusyError) as busy:
                desk.submit([message("one too many")])
            assert busy.value.seconds > 0
            vip = Customer(tier="VIP")
            urgent = [desk.submit([message(f"u{n}", customer=vip)])[0] for n in range(2)]
            with pytest.raises(BusyError):
                desk.submit([message("u", customer=vip)])
            assert desk.waiting == {"urgent": 2, "normal": 4}
            (quick,) = await desk.degraded([message("quick")])
            assert quick.degraded
            engine.free.set()
            await asyncio.gather(*urgent)
            assert engine.batches[1][:2] == ["u0", "u1"]

    run(test)


def test_a_long_likely_wait_makes_a_lane_full_too() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine, queue_seconds=0.001) as (desk, _):
            await held(desk, engine)
            desk.submit([message("b")])
            with pytest.raises(BusyError):
                desk.submit([message("c")])

    run(test)


def test_late_and_abandoned_requests_never_reach_the_engine() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine) as (desk, _):
            await held(desk, engine)
            late, _ = desk.submit([message("late")], seconds=0.001)
            gone, job = desk.submit([message("gone")])
            assert job is not None
            desk.forget(job)
            kept, _ = desk.submit([message("kept")], seconds=60)
            await asyncio.sleep(0.01)
            engine.free.set()
            with pytest.raises(LateError):
                await late
            assert (await kept)[0].team == "kept"
            assert gone.cancelled()
            assert engine.batches == [["first"], ["kept"]]
            assert desk.waiting == {"urgent": 0, "normal": 0}

    run(test)


def test_closing_serves_what_was_accepted_and_refuses_the_rest() -> None:
    async def test() -> None:
        engine = CountedEngine()
        async with a_desk(engine) as (desk, _):
            first = await held(desk, engine)
            waiting = [desk.submit([message(f"w{n}")])[0] for n in range(40)]
            desk.refuse_new()
            with pytest.raises(ClosingError):
                desk.submit([message("new")])
            engine.free.set()
            await desk.close()
            await first
            assert [(await f)[0].team for f in waiting] == [f"w{n}" for n in range(40)]

    run(test)


def test_thirty_reloads_under_load_fail_nothing_and_mix_nothing() -> None:
    async def test() -> None:
        numbers = count(1)

        def load() -> CountedEngine:
            engine = CountedEngine(f"fake-{next(numbers)}")
            made.append(engine)
            return engine

        made: list[CountedEngine] = []
        async with a_desk(CountedEngine(), load=load, cache_results=8) as (desk, seat):
            done = asyncio.Event()
            seen: set[str] = set()

            async def ask(who: int) -> int:
                for number in count():
                    if done.is_set():
                        return number
                    texts = [f"{who}-{number % 3}-{i}" for i in range(1 + who % 3)]
                    results = await desk.submit([message(t) for t in texts])[0]
                    assert [r.team for r in results] == texts
                    seen.update(r.model for r in results)
                    await asyncio.sleep(0)
                return 0

            asking = [asyncio.create_task(ask(who)) for who in range(8)]
            for _ in range(30):
                assert await seat.reload()
                await asyncio.sleep(0.002)
            done.set()
            assert all(await asyncio.gather(*asking))
            assert seat.engine.model == "fake-31"
            assert len(seen) > 10
            assert "fake-31" in seen

    run(test)


def test_an_engine_that_cannot_be_loaded_leaves_the_old_one_and_says_why() -> None:
    async def test() -> None:
        faults = iter([None, BundleError("damaged"), None])

        def load() -> CountedEngine:
            if (fault := next(faults)) is not None:
                raise fault
            return CountedEngine("good")

        async with a_desk(CountedEngine(), load=load) as (desk, seat):
            assert not await seat.reload()
            assert seat.described()["reload_fault"] == "damaged"
            assert (await desk.submit([message("still served")])[0])[0].model == "good"
            assert await seat.reload()
            assert seat.described()["reload_fault"] is None

    run(test)


MESSAGES = st.builds(
    Message,
    id=st.sampled_from(["a", "b"]),
    text=st.sampled_from(
        ["退款 3 天没到", "my parcel must be here tomorrow", "ok", "明天下午三点要用"]
    ),
    subject=st.sampled_from([None, "refund", "包裹"]),
    channel=st.sampled_from([None, "mail"]),
    customer=st.sampled_from([None, Customer(tier="vip"), Customer(name="Ann")]),
    created_at=st.sampled_from(
        [
            None,
            datetime(2026, 11, 11, 1, tzinfo=UTC),
            datetime(2026, 11, 11, 9, tzinfo=EAST),
            datetime(2026, 11, 11, 9),  # noqa: DTZ001  # the customer's own clock
        ]
    ),
    fields=st.sampled_from([{}, {"order_id": "A-1"}, {"order_id": "A-1", "product": "cup"}]),
    contacts=st.sampled_from([0, 2]),
    turns=st.sampled_from(
        [
            (),
            (Turn(Role.CUSTOMER, "在吗"), Turn(Role.AGENT, "您好")),
            (Turn(Role.CUSTOMER, "退款呢", datetime(2026, 11, 11, 8, tzinfo=EAST)),),
        ]
    ),
)


@given(st.lists(MESSAGES, min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_a_kept_result_equals_a_fresh_one(messages: list[Message]) -> None:
    engine, cache = starter_engine(), ResultCache(6)
    for given_message in messages:
        known = dated(given_message, engine.now)
        key = content_key(known)
        fresh = engine.triage([given_message])[0]
        kept = cache.get(engine, key)
        if kept is not None:
            assert replace(kept, id=known.id) == fresh
        cache.put(engine, key, engine.triage([known])[0])
        assert len(cache) <= 6


@given(MESSAGES, MESSAGES)
@settings(max_examples=200, deadline=None)
def test_messages_with_one_key_differ_in_their_ids_alone(one: Message, other: Message) -> None:
    keys = [content_key(dated(m, lambda: NOW)) for m in (one, other)]
    if keys[0] is not None and keys[0] == keys[1]:
        assert repr(replace(dated(one, lambda: NOW), id="")) == repr(
            replace(dated(other, lambda: NOW), id="")
        )


def test_a_message_with_turns_and_no_time_is_neither_dated_nor_kept() -> None:
    talk = message("and?", turns=(Turn(Role.CUSTOMER, "hi"),))
    assert dated(talk, lambda: NOW) is talk
    assert content_key(talk) is None
    assert dated(message("x"), lambda: NOW).created_at == NOW.replace(second=0)


def test_the_cache_of_one_engine_holds_nothing_of_another() -> None:
    cache, one, other = ResultCache(4), object(), object()
    engine = CountedEngine()
    (result,) = engine.triage([message("x")])
    cache.get(one, "key")
    cache.put(one, "key", result)
    assert cache.get(one, "key") is result
    assert cache.get(other, "key") is None
    cache.put(one, "key", result)
    assert cache.get(other, "key") is None


@pytest.mark.parametrize(
    ("text", "tier", "lane"),
    [
        ("where is my parcel", None, Lane.NORMAL),
        ("where is my parcel", "VIP", Lane.URGENT),
        ("账号被盗了，钱被转走", None, Lane.URGENT),
        ("充电宝爆炸了", None, Lane.URGENT),
        ("I will sue you, my lawyer writes tomorrow", None, Lane.URGENT),
        ("", None, Lane.NORMAL),
    ],
)
def test_tier_and_strong_words_make_a_message_urgent(
    text: str, tier: str | None, lane: Lane
) -> None:
    assert Urgency(load_policy().policy).lane_of([text], tier) is lane


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from(Lane)), max_size=12), st.integers(1, 9)
)
def test_every_message_has_exactly_one_turn(jobs: list[tuple[int, Lane]], most: int) -> None:
    lanes = Lanes(most_messages=most, most_chars=10)
    for size, lane in jobs:
        lanes.add(Job(tuple(message("four") for _ in range(size)), lane, 0.0))
    seen = 0
    while len(lanes):
        found = lanes.take(0.0)
        assert 0 < len(found.turns) <= max(most, 3)
        seen += len(found.turns)
    assert seen == sum(size for size, _ in jobs)
    assert not lanes.take(0.0).turns


def test_whoever_waits_behind_others_still_gets_a_share() -> None:
    lanes = Lanes(most_messages=8, most_chars=10_000)
    for number in range(20):
        lanes.add(Job((message(f"u{number}"),), Lane.URGENT, 0.0))
    lanes.add(Job((message("n"),), Lane.NORMAL, 0.0))
    lanes.add(Job((message("b0"), message("b1")), Lane.NORMAL, 0.0))
    texts = [turn.message.text for turn in lanes.take(0.0).turns]
    assert texts == ["u0", "u1", "u2", "u3", "u4", "u5", "n", "b0"]


def test_a_job_whose_deadline_passed_is_late() -> None:
    job = Job((message("x"),), Lane.NORMAL, 0.0, deadline=1.0)
    assert job.fate(0.5) is Fate.WANTED
    assert job.fate(1.0) is Fate.LATE


@pytest.mark.parametrize(("workers", "cores", "threads"), [(1, 8, 8), (3, 8, 2), (9, 8, 1)])
def test_workers_share_the_cores(workers: int, cores: int, threads: int) -> None:
    assert threads_of_worker(workers, cores=cores) == threads
