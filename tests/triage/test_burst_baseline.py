"""What is usual: tails of counts against scipy, hours of the week, shares, days of promotions."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from triage.bursts import Calendar, Period, read_periods
from triage.bursts.calendar import hour_of_week
from triage.bursts.sample import Sample, packed, quantised, unpacked
from triage.bursts.shares import Shares
from triage.bursts.tail import log10_tail
from triage.bursts.volume import Volume
from triage.errors import ConfigError

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def hour_at(days: float, calendar: Calendar | None = None) -> int:
    return (calendar or Calendar()).hour((MONDAY + timedelta(days=days)).timestamp())


def filled(volume: Volume, *, weeks: int, wild: int | None = None) -> Volume:
    """Teach a volume 10 messages an hour, 30 at noon, and 1,000 in one hour if asked."""
    start = hour_at(0)
    for hour in range(start, start + weeks * 168 + 1):
        usual = 30 if hour % 24 == 12 else 10
        for _ in range(1000 if hour == wild else usual):
            volume.learn(hour)
    return volume


@pytest.mark.parametrize("count", [1, 2, 5, 17, 60, 400])
@pytest.mark.parametrize("mean", [0.003, 0.4, 3.0, 48.0])
def test_poisson_tails_are_those_of_scipy(count: int, mean: float) -> None:
    known = stats.poisson.logsf(count - 1, mean) / math.log(10)
    if math.isfinite(known):
        assert log10_tail(count, mean) == pytest.approx(known, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("count", [1, 4, 20, 90])
@pytest.mark.parametrize("mean", [0.02, 1.0, 20.0])
@pytest.mark.parametrize("size", [0.5, 3.0, 100.0, 1e6])
def test_negative_binomial_tails_are_those_of_scipy(count: int, mean: float, size: float) -> None:
    known = stats.nbinom.sf(count - 1, size, size / (size + mean))
    if known > 1e-280:
        assert log10_tail(count, mean, size=size) == pytest.approx(
            math.log10(known), rel=1e-6, abs=1e-9
        )


def test_known_tails() -> None:
    assert log10_tail(0, 3.0) == 0.0
    assert log10_tail(1, 0.0) == -math.inf
    assert 10 ** log10_tail(1, 1.0) == pytest.approx(1 - math.exp(-1))
    assert 10 ** log10_tail(2, 1.0, size=1.0) == pytest.approx(0.25), "geometric"
    assert log10_tail(5000, 0.001) < -20_000, "where a float would be 0"


@given(st.integers(1, 200), st.floats(0.01, 50), st.floats(0.3, 1e6))
def test_more_messages_are_less_likely_and_doubt_makes_many_likelier(
    count: int, mean: float, size: float
) -> None:
    tail = log10_tail(count, mean, size=size)
    assert tail <= 1e-12
    assert log10_tail(count + 1, mean, size=size) <= tail + 1e-9
    if count > 3 * mean + 5:
        assert log10_tail(count, mean, size=size / 2) >= tail


def test_hours_of_the_week_begin_on_monday() -> None:
    assert hour_of_week(hour_at(0)) == 0
    assert hour_of_week(hour_at(6.99)) == 167


def test_hours_are_those_of_the_shops_clock() -> None:
    shanghai = Calendar(ZoneInfo("Asia/Shanghai"))
    assert hour_of_week(hour_at(0, shanghai)) == 8
    berlin = Calendar(ZoneInfo("Europe/Berlin"))
    winter, summer = (
        datetime(2026, 3, day, 9, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() for day in (27, 30)
    )
    assert (berlin.hour(summer) - berlin.hour(winter)) % 24 == 0


def test_the_usual_hour_is_the_median_of_its_weeks() -> None:
    wild = hour_at(7.5)
    volume = filled(Volume(Calendar()), weeks=4, wild=wild)
    assert volume.rate(hour_at(28.5)) == 30
    assert volume.rate(hour_at(28)) == 10
    noon = (MONDAY + timedelta(days=28, hours=11.5)).timestamp()
    assert volume.expected(noon, noon + 3600) == pytest.approx(20)


def test_in_the_first_week_other_days_stand_in() -> None:
    volume = Volume(Calendar())
    for hour in range(hour_at(0), hour_at(3) + 1):
        for _ in range(30 if hour % 24 == 12 else 10):
            volume.learn(hour)
    assert volume.rate(hour_at(3.5)) == 30


def test_before_anything_is_known_nothing_is_expected() -> None:
    assert Volume(Calendar()).expected(0, 3600) == 0


def test_a_promotion_multiplies_the_usual_by_its_stated_volume() -> None:
    day = (MONDAY + timedelta(days=28)).date()
    volume = filled(Volume(Calendar(UTC, [Period("sale", day, day, 5.0)])), weeks=4)
    start = (MONDAY + timedelta(days=28)).timestamp()
    assert volume.expected(start, start + 3600) == 50
    assert volume.expected(start - 3600, start) == 10


def test_a_promotion_without_volume_is_expected_to_be_like_the_last() -> None:
    first, second = ((MONDAY + timedelta(days=days)).date() for days in (15, 29))
    periods = [Period("a", first, first), Period("b", second, second)]
    volume = Volume(Calendar(UTC, periods))
    for hour in range(hour_at(0), hour_at(29) + 1):
        for _ in range(40 if hour_at(15) <= hour < hour_at(16) else 10):
            volume.learn(hour)
    assert volume.factor(hour_at(29)) == pytest.approx(4)
    assert volume.rate(hour_at(22)) == 10, "the promotion left no trace in the usual"


def test_a_volume_survives_json() -> None:
    volume = filled(Volume(Calendar()), weeks=2)
    again = Volume.from_dict(json.loads(json.dumps(volume.to_dict())), Calendar())
    assert [again.rate(h) for h in range(hour_at(15), hour_at(16))] == [
        volume.rate(h) for h in range(hour_at(15), hour_at(16))
    ]


def test_shares_follow_the_hour_where_it_is_well_known_and_fade() -> None:
    shares = Shares()
    for day in range(28):
        for _ in range(400):
            shares.learn(("category a",), hour_at(day), promoted=False)
        for _ in range(400):
            shares.learn(("category b",), hour_at(day + 0.5), promoted=False)
    midnight = shares.share("category a", hour_at(28), promoted=False)
    noon = shares.share("category a", hour_at(28.5), promoted=False)
    assert midnight.mean > 0.8
    assert noon.mean < 0.2
    for _ in range(400):
        shares.learn(("category b",), hour_at(28 + 28 * 5), promoted=False)
    assert shares.share("category a", hour_at(170), promoted=False).mean < midnight.mean / 2


def test_a_topic_never_seen_has_a_small_and_badly_known_share() -> None:
    shares = Shares()
    for _ in range(1000):
        shares.learn(("category a",), hour_at(0), promoted=False)
    new = shares.share("category new", hour_at(7), promoted=False)
    assert new.mean == pytest.approx(0.5 / 1100 * 300 / 1300)
    assert new.shape < 1


def test_promotions_have_a_mix_of_their_own() -> None:
    shares = Shares()
    for _ in range(900):
        shares.learn(("intent usual",), hour_at(0), promoted=False)
        shares.learn(("intent coupon",), hour_at(1), promoted=True)
    usual = shares.share("intent coupon", hour_at(2), promoted=False)
    promoted = shares.share("intent coupon", hour_at(2), promoted=True)
    assert promoted.mean > 0.7
    assert usual.mean < 0.01


def test_only_so_many_topics_are_remembered() -> None:
    shares = Shares()
    for number in range(2500):
        for _ in range(1 + (number >= 2400)):
            shares.learn((f"intent {number}",), hour_at(0), promoted=False)
    shares.learn(("intent 2499",), hour_at(1), promoted=False)
    assert len(shares.counts) == 2000
    assert "intent 2450" in shares.counts


def test_quantised_vectors_give_exact_products_in_any_order() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 384))
    whole = np.stack([quantised(row / np.linalg.norm(row)) for row in rows])
    exact = whole.astype(np.int64) @ whole.astype(np.int64).T
    assert (whole @ whole.T == exact).all()
    assert (whole[::-1] @ whole[3] == exact[::-1, 3]).all()
    assert (unpacked(packed(whole), dim=384) == whole).all()


def test_the_share_of_similar_messages_is_that_of_the_past() -> None:
    sample = Sample()
    for number in range(1000):
        vector = [1.0, 0.0] if number % 10 == 0 else [0.0, 1.0]
        sample.learn(quantised(vector), id_=str(number), at=number)
    (share,) = sample.shares(quantised([1.0, 0.0]), [0.9])
    assert share.mean == pytest.approx(0.1, abs=0.001)
    assert share.shape == 100.5


def test_promotions_are_read_from_a_policy_or_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "promotions.toml"
    path.write_text(
        "[levels]\nhigh = 60\n"
        '[[promotion]]\nname = "11.11"\nfrom = 2026-11-01\nuntil = 2026-11-11\nvolume = 8\n'
        '[[promotion]]\nname = "12.12"\nfrom = 2026-12-12\nuntil = 2026-12-12\n',
        encoding="utf-8",
    )
    assert read_periods(path) == (
        Period("11.11", date(2026, 11, 1), date(2026, 11, 11), 8.0),
        Period("12.12", date(2026, 12, 12), date(2026, 12, 12)),
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[[promotion]]\nfrom = 2026-11-01", "promotion 1: until is None; give a day"),
        ('[[promotion]]\nfrom = "soon"\nuntil = 2026-11-01', "from is 'soon'; give a day"),
        ("[[promotion]]\nfrom = 2026-11-02\nuntil = 2026-11-01", "exchange the two"),
        ("[[promotion]]\nfrom = 2026-11-01\nuntil = 2026-11-01\nvolume = 0", "volume is 0; give"),
        ("promotion = 3", "write .*promotion.* tables"),
        ("promotion = [3]", "write .*promotion.* tables"),
        ("promotion", "is no TOML"),
    ],
)
def test_a_mistake_in_a_promotion_is_told(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "promotions.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=reason):
        read_periods(path)


def test_an_absent_file_of_promotions_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_periods(tmp_path / "none.toml")
