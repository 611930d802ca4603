from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.corpus import Corpus
from training.profile import drift, profile_of, stability_index

SHARES = st.lists(st.integers(1, 50), min_size=3, max_size=3).map(
    lambda counts: dict(zip("abc", (c / sum(counts) for c in counts), strict=True))
)


def some(corpus: Corpus, *, language: str | None = None, count: int | None = None) -> Corpus:
    """Return a part of the corpus: tickets in Chinese or English, or the first few."""
    chosen = [
        t for t in corpus.tickets if language is None or t.text.isascii() == (language == "en")
    ]
    return Corpus(tuple(chosen[:count]), (), 0)


def test_a_profile_holds_shares_and_quantiles_of_known_tickets(corpus: Corpus):
    profile = profile_of(corpus)
    third = pytest.approx(1 / 3, abs=1e-6)
    assert profile["labels"]["category"] == {"account": third, "logistics": third, "payment": third}
    assert profile["languages"] == {"en": 0.5, "zh": 0.5}
    lengths = [len(t.text) for t in corpus.tickets]
    assert profile["length_quantiles"][2] == np.median(lengths)
    assert profile["rows"] == 60
    for shares in profile["labels"].values():
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)


def test_a_profile_survives_a_manifest(corpus: Corpus):
    profile = profile_of(corpus)
    assert json.loads(json.dumps(profile)) == profile


def test_a_task_that_no_ticket_carries_is_not_in_the_profile(corpus: Corpus):
    bare = tuple(replace(t, labels={**t.labels, "sentiment": None}) for t in corpus.tickets)
    assert "sentiment" not in profile_of(Corpus(bare, (), 0))["labels"]


def test_the_stability_index_is_that_of_the_formula():
    before, after = {"a": 0.5, "b": 0.5}, {"a": 0.75, "b": 0.25}
    expected = 0.25 * math.log(1.5) - 0.25 * math.log(0.5)
    assert stability_index(before, after) == pytest.approx(expected)


@given(SHARES, SHARES)
def test_the_stability_index_is_symmetric_and_zero_only_without_change(
    before: dict[str, float], after: dict[str, float]
):
    forth, back = stability_index(before, after), stability_index(after, before)
    assert forth == pytest.approx(back)
    assert forth >= 0
    assert (forth < 1e-12) == (before == pytest.approx(after, abs=1e-7))


def test_a_label_that_is_new_moves_the_index_by_a_finite_amount():
    moved = stability_index({"a": 1.0}, {"a": 0.5, "b": 0.5})
    assert 0.25 < moved < math.inf


def test_the_same_tickets_show_no_drift(corpus: Corpus):
    found = drift(profile_of(corpus), corpus)
    assert found is not None
    assert {shift.reading for shift in found.labels} == {"stable"}
    assert all(shift.psi == 0 for shift in found.labels)
    assert found.strange_languages == {}
    assert found.shorter <= 0.05
    assert found.longer <= 0.05


def test_another_language_and_other_lengths_are_told(corpus: Corpus):
    found = drift(profile_of(some(corpus, language="zh")), some(corpus, language="en"))
    assert found is not None
    assert found.strange_languages == {"en": 1.0}
    assert found.longer > 0.8, "an English sentence has more characters than a Chinese one"


@pytest.mark.parametrize(
    ("rows", "kept", "reading"),
    [(6000, ("account",), "large"), (6000, ("account", "payment"), "large"), (20, None, "stable")],
)
def test_a_shift_is_read_by_size_beyond_chance(
    corpus: Corpus, rows: int, kept: tuple[str, ...] | None, reading: str
):
    chosen = tuple(t for t in corpus.tickets if kept is None or t.labels["category"] in kept)
    before = profile_of(corpus) | {"rows": rows}
    found = drift(before, Corpus(chosen, (), 0))
    assert found is not None
    shift = next(s for s in found.labels if s.task == "category")
    assert shift.reading == reading
    assert (shift.psi > shift.chance) == (reading != "stable")


def test_the_chance_of_a_shift_is_that_of_simulated_samples():
    rng = np.random.default_rng(6)
    shares = np.array([0.5, 0.3, 0.2])
    before, after = (rng.multinomial(n, shares, size=2000) / n for n in (800, 400))
    psi = ((after - before) * np.log(after / before)).sum(axis=1)
    bound = 5.991 * (1 / 800 + 1 / 400)  # the 95 % quantile of chi-squared with two degrees
    assert (psi > bound).mean() == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("lacking", ["labels", "languages", "length_quantiles", "rows", None])
def test_a_profile_that_lacks_something_gives_no_drift(corpus: Corpus, lacking: str | None):
    before = None if lacking is None else profile_of(corpus)
    if before is not None:
        del before[lacking]
    assert drift(before, corpus) is None
