from __future__ import annotations

from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training import grouping
from training.grouping import group_folds, near_groups
from triage.errors import InputError
from triage.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = (
    "退款", "快递", "地址", "发票", "什么时候", "没到", "帮我", "改一下", "refund", "parcel",
    "late", "address", "please", "change", "my",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
ODD = st.text(max_size=12) | st.sampled_from(["", " ", "\ud800", "😀", "a", "ab", "0", "\0"])


def shingles(text: str) -> set[str]:
    form = normalise(text).replace(" ", "")
    return {form[i : i + 3] for i in range(max(1, len(form) - 2))}


def jaccard(first: str, second: str) -> float:
    one, two = shingles(first), shingles(second)
    return len(one & two) / len(one | two)


def exact_groups(texts: Sequence[str], threshold: float) -> list[int]:
    """Group by comparing every pair: the plain reference."""
    group = list(range(len(texts)))
    for a, b in combinations(range(len(texts)), 2):
        if jaccard(texts[a], texts[b]) >= threshold:
            group = [group[a] if g == group[b] else g for g in group]
    first = list(dict.fromkeys(group))
    return [first.index(g) for g in group]


def test_equal_and_nearly_equal_texts_share_a_group():
    texts = [
        "我的快递三天没动了怎么还不到",
        "my parcel is late and nobody tells me why",
        "我的快遞三天沒動了怎么还不到啊",
        "My parcel is late and nobody tells me why!",
        "where is my refund",
        "我的快递三天没动了怎么还不到",
    ]
    assert near_groups(texts).tolist() == [0, 1, 0, 1, 2, 0]


def test_texts_that_differ_in_numbers_spaces_or_letter_case_alone_are_equal():
    texts = ["Order 20261120123 没到", "order 98765432101没到", "ORDER  11111111111 没 到"]
    assert near_groups(texts).tolist() == [0, 0, 0]


def test_a_group_is_what_links_connect():
    chain = ["abcdefghijklmnop", "abcdefghijklmnopqrs", "abcdefghijklmnopqrstuvw"]
    assert jaccard(chain[0], chain[1]) > 0.7 < jaccard(chain[1], chain[2])
    assert jaccard(chain[0], chain[2]) < 0.7
    assert near_groups(chain).tolist() == [0, 0, 0]
    assert near_groups([chain[0], chain[2]]).tolist() == [0, 1]


def test_the_threshold_itself_is_near_enough():
    pair = ["abcdefghi", "abcdefghijkl"]
    assert jaccard(*pair) == 0.7
    assert near_groups(pair).tolist() == [0, 0]
    assert near_groups(pair, threshold=0.71).tolist() == [0, 1]


def test_no_texts_give_no_groups():
    assert near_groups([]).tolist() == []


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float):
    with pytest.raises(InputError, match="above 0 and at most 1"):
        near_groups(["a"], threshold=threshold)


@given(st.lists(TEXTS, max_size=30), st.sampled_from([0.4, 0.7, 0.9]))
def test_groups_are_those_of_comparing_every_pair(texts: list[str], threshold: float):
    assert near_groups(texts, threshold=threshold).tolist() == exact_groups(texts, threshold)


@given(st.lists(ODD, max_size=12))
def test_texts_without_a_common_shingle_are_never_linked(texts: list[str]):
    group = near_groups(texts, threshold=0.05)
    for g in range(int(group.max(initial=-1)) + 1):
        members = [texts[i] for i in np.flatnonzero(group == g)]
        for text in members if len(members) > 1 else ():
            assert sum(bool(shingles(text) & shingles(other)) for other in members) > 1


@given(st.lists(TEXTS, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_nothing_but_the_numbering(texts: list[str], random: Random):
    order = list(range(len(texts)))
    random.shuffle(order)
    group, shuffled = near_groups(texts), near_groups([texts[i] for i in order])
    pairs = {(int(group[i]), int(shuffled[place])) for place, i in enumerate(order)}
    assert len(pairs) == len(set(group.tolist())) == len(set(shuffled.tolist()))
    assert_array_equal(group, near_groups(texts))


def test_a_crowded_bucket_still_joins_near_texts():
    stem = "please tell me when the parcel that i ordered last week will arrive at my house in "
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [stem + a + b for a in letters for b in letters]
    assert len(texts) > 5 * grouping.WINDOW
    assert set(near_groups(texts).tolist()) == {0}


def test_pairs_at_the_threshold_are_all_but_never_missed_over_many_chunks():
    rng = np.random.default_rng(8)
    texts = []
    for _ in range(10_000):
        letters = [chr(0x4E00 + c) for c in rng.integers(0, 20000, size=23)]
        texts += ["".join(letters[:17]), "".join(letters)]  # 15 of 21 shingles: 0.714
    assert sum(map(len, texts)) > grouping._CHUNK
    assert len(texts) // 2 > grouping._PAIR_CHUNK
    group = near_groups(texts)
    missed = (group[0::2] != group[1::2]).sum()
    assert missed <= 10
    assert group.max() + 1 == 10_000 + missed


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=60),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_folds_never_split_a_group(pairs: list[tuple[int, int]], count: int, seed: int):
    groups = np.array([g for g, _ in pairs], dtype=np.int64)
    labels = np.array([la for _, la in pairs], dtype=np.int64)
    fold = group_folds(groups, labels, count=count, seed=seed)
    assert fold.shape == labels.shape
    assert ((fold >= 0) & (fold < count)).all()
    for group in np.unique(groups):
        assert len(set(fold[groups == group])) == 1
    assert_array_equal(fold, group_folds(groups, labels, count=count, seed=seed))


@given(st.lists(st.integers(0, 8), max_size=80), st.integers(1, 6))
def test_single_tickets_are_dealt_evenly_label_by_label(labels: list[int], count: int):
    target = np.array(labels, dtype=np.int64)
    fold = group_folds(np.arange(len(target)), target, count=count, seed=1)
    for label in np.unique(target):
        counts = np.bincount(fold[target == label], minlength=count)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(fold, minlength=count)
    assert sizes.max() - sizes.min() <= len(np.unique(target))


def test_single_tickets_even_out_what_groups_left_uneven():
    groups = np.array([0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7])
    labels = np.zeros(12, dtype=np.int64)
    fold = group_folds(groups, labels, count=3, seed=0)
    assert np.bincount(fold).tolist() == [4, 4, 4]


def test_two_tickets_of_a_label_come_into_two_folds():
    groups, labels = np.arange(9), np.array([0, 0, 1, 1, 2, 2, 3, 3, 4])
    fold = group_folds(groups, labels, count=3, seed=2)
    for label in range(4):
        assert len(set(fold[labels == label])) == 2


def test_groups_of_a_rare_label_are_spread_before_their_size_is_looked_at():
    groups = np.repeat(np.arange(6), 2)
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0])
    fold = group_folds(groups, labels, count=3, seed=0)
    assert sorted(np.bincount(fold[labels == 1], minlength=3).tolist()) == [1, 1, 1]


def test_another_seed_deals_otherwise():
    groups, labels = np.arange(60), np.arange(60) % 4
    first, second = (group_folds(groups, labels, count=3, seed=s) for s in (1, 2))
    assert (first != second).any()
