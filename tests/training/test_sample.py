from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.corpus import Ticket
from training.grouping import near_groups
from training.sample import at_most, set_aside

LETTERS = ["".join(p) for p in product("bcdfg", "aeiou", "klmnp", "aeiou")]


def ticket(number: int, text: str, **labels: str) -> Ticket:
    empty = dict.fromkeys(("category", "intent", "priority", "sentiment"))
    return Ticket(f"t-{number}", text, text, {**empty, **labels})


def tickets_of(labels: list[str]) -> list[Ticket]:
    return [ticket(i, f"text {i}", category=label) for i, label in enumerate(labels)]


def counts(tickets: Sequence[Ticket]) -> dict[str, int]:
    return dict(Counter(str(t.labels["category"]) for t in tickets))


def test_rare_labels_are_kept_whole_and_frequent_ones_cut_to_one_height():
    tickets = tickets_of(["a"] * 100 + ["b"] * 40 + ["c"] * 3 + ["d"])
    assert counts(at_most(tickets, 44, seed=1)) == {"a": 20, "b": 20, "c": 3, "d": 1}
    assert counts(at_most(tickets, 100, seed=1)) == {"a": 56, "b": 40, "c": 3, "d": 1}


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(1, 50), st.integers(0, 3))
def test_thinning_keeps_the_number_the_order_and_a_common_height(
    labels: list[str], count: int, seed: int
):
    tickets = tickets_of(labels)
    kept = at_most(tickets, count, seed=seed)
    assert len(kept) == min(count, len(tickets))
    assert [t.id for t in kept] == [t.id for t in tickets if t in kept]
    taken, all_of = counts(kept), counts(tickets)
    height = max(taken.values(), default=0)
    assert all(n >= height - 1 or n == all_of[label] for label, n in taken.items())
    assert all(label in taken or height <= 1 for label in all_of)


def test_intents_count_before_categories_and_tickets_without_either_are_one_label():
    tickets = [ticket(i, "x", category="a", intent=f"a/{i % 2}") for i in range(20)]
    tickets += [ticket(i, "x", priority="low") for i in range(20, 40)]
    kept = at_most(tickets, 9, seed=1)
    assert Counter(t.labels["intent"] for t in kept) == {"a/0": 3, "a/1": 3, None: 3}


def test_few_enough_tickets_are_left_as_they_are():
    tickets = tickets_of(["a", "b", "a"])
    assert at_most(tickets, 3, seed=1) is tickets


def test_thinning_and_setting_aside_depend_on_the_seed_alone():
    tickets = varied(100, copies=1)
    assert at_most(tickets, 30, seed=4) == at_most(tickets, 30, seed=4)
    assert at_most(tickets, 30, seed=4) != at_most(tickets, 30, seed=5)
    assert set_aside(tickets, 0.3, seed=4) == set_aside(tickets, 0.3, seed=4)
    assert set_aside(tickets, 0.3, seed=4) != set_aside(tickets, 0.3, seed=5)


def varied(groups: int, *, copies: int = 2) -> list[Ticket]:
    """Return ``copies`` near-duplicates of each of ``groups`` texts that are nothing alike."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(LETTERS, size=8)) for _ in range(groups)]
    same = [f"{text}{'!' * copy}" for copy in range(copies) for text in texts]
    return [ticket(i, text, category="ab"[i % 2]) for i, text in enumerate(same)]


PAIRS = varied(40)
GROUPS = near_groups([t.text for t in PAIRS])


def test_the_made_up_pairs_are_pairs():
    assert Counter(GROUPS.tolist()) == dict.fromkeys(range(40), 2)


@given(st.integers(0, 50), st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=20)
def test_near_duplicates_never_straddle_the_calibration_share(seed: int, share: float):
    learn, aside = set_aside(PAIRS, share, seed=seed)
    group = dict(zip((t.id for t in PAIRS), GROUPS, strict=True))
    assert not {group[t.id] for t in learn} & {group[t.id] for t in aside}
    assert sorted(t.id for t in [*learn, *aside]) == sorted(t.id for t in PAIRS)
    assert [t.id for t in learn] == [t.id for t in PAIRS if t in learn]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_about_the_share_that_was_asked_is_set_aside(share: float):
    _, aside = set_aside(varied(1000, copies=1), share, seed=1)
    assert len(aside) / 1000 == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_where_all_are_near_duplicates_all_are_learnt_from(seed: int):
    tickets = varied(1, copies=5)
    assert set_aside(tickets, 0.5, seed=seed) in ((tickets, ()), (tickets, []))


def test_nothing_is_set_aside_unless_it_is_asked():
    tickets = tickets_of(["a", "b"])
    assert set_aside(tickets, 0.0, seed=1) == (tickets, ())


def test_of_no_tickets_none_is_set_aside():
    assert set_aside([], 0.5, seed=1) == ([], ())
