"""The stability index against hand calculation, chance and Jeffreys' divergence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.drift import BINS, Reference, Window, chance_index, ranges, reference_of, stability_index
from triage.engine import TriageEngine

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=20)


def reference(**changes: object) -> Reference:
    fields: dict[str, object] = {
        "model": "m-1",
        "labels": ("refund", "logistics"),
        "categories": (30, 70),
        "edges": (0.5, 0.9),
        "confidences": (10, 30, 60),
    }
    return Reference(**(fields | changes))  # type: ignore[arg-type]


def test_the_index_is_that_of_a_calculation_by_hand() -> None:
    # With a half in each bin: 60.5/101 and 40.5/101 against 80.5/101 and 20.5/101.
    p, q = (60.5 / 101, 40.5 / 101), (80.5 / 101, 20.5 / 101)
    by_hand = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert stability_index([60, 40], [80, 20]) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.1914, abs=1e-4)


@given(COUNTS, st.randoms())
def test_the_index_is_no_less_than_nought_and_the_same_both_ways(
    counts: list[int], random: object
) -> None:
    other = list(counts)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert stability_index(counts, other) >= 0
    assert stability_index(counts, other) == pytest.approx(stability_index(other, counts))


@given(COUNTS)
def test_equal_counts_have_no_drift(counts: list[int]) -> None:
    assert stability_index(counts, counts) == 0


def test_without_change_the_index_exceeds_its_chance_once_in_twenty_windows() -> None:
    rng = np.random.default_rng(7)
    shares = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
    limit = chance_index(2_000, 10_000, bins=len(shares))
    above = sum(
        stability_index(rng.multinomial(2_000, shares), rng.multinomial(10_000, shares)) > limit
        for _ in range(2_000)
    )
    assert 0.03 < above / 2_000 < 0.07


def test_chance_says_nothing_of_an_empty_window() -> None:
    assert chance_index(0, 100, bins=5) == math.inf
    assert chance_index(10, 100, bins=1) == math.inf


def test_a_full_window_forgets_its_oldest_message() -> None:
    window = Window(reference(), size=2)
    window.add("refund", 0.4)
    window.add("refund", 0.7)
    window.add("logistics", 0.95)
    assert window.categories == [1, 1]
    assert window.confidences == [0, 1, 1]


def test_a_label_of_another_model_is_passed_over() -> None:
    window = Window(reference())
    window.add("unheard_of", 0.9)
    assert sum(window.categories) == sum(window.confidences) == 0


def test_a_confidence_on_an_edge_falls_where_training_put_it() -> None:
    window = Window(reference())
    window.add("refund", 0.5)
    assert window.confidences == [1, 0, 0]
    assert ranges(window.reference)[0] == "0.000-0.500"


def test_the_shipped_model_tells_how_its_training_tickets_fell(engine: TriageEngine) -> None:
    found = reference_of(engine.bundle)
    assert found is not None
    assert found.model == engine.model
    assert set(found.labels) == set(engine.bundle.manifest.labels["category"])
    assert sum(found.categories) == sum(found.confidences) > 9_000
    assert len(found.confidences) == BINS
    assert max(found.confidences) < 1.2 * min(found.confidences), "tenths of the tickets"
