from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from training.difference import FigureChange, LabelChange, difference_of

if TYPE_CHECKING:
    from triage.bundle import Bundle, Manifest


@pytest.fixture
def before(bundle: Bundle) -> Manifest:
    return replace(
        bundle.manifest,
        labels={"category": ["a", "b"], "tone": ["x"]},
        data={"tickets": {"rows": 10, "sha256": "1"}},
        metrics={
            "method": "out-of-fold",
            "category": {"all": {"rows": 10, "accuracy": 0.8, "accuracy_95": [0.7, 0.9]}},
        },
        review_confidence={"any": 0.5},
    )


@pytest.fixture
def after(before: Manifest) -> Manifest:
    return replace(
        before,
        version="tiny-2",
        labels={"category": ["b", "c"], "tone": ["x"]},
        data={"tickets": {"rows": 12, "sha256": "2"}, "articles": {"rows": 3}},
        metrics={
            "category": {"all": {"rows": 12, "accuracy": 0.9}, "en": {"accuracy": 0.7}},
        },
        review_confidence={"any": 0.5, "en": 0.6},
    )


def test_labels_that_came_and_went_are_told(before: Manifest, after: Manifest):
    assert difference_of(before, after).labels == (
        LabelChange(task="category", added=("c",), removed=("a",)),
        LabelChange(task="tone", added=(), removed=()),
    )


def test_figures_stand_side_by_side_with_their_difference(before: Manifest, after: Manifest):
    figures = difference_of(before, after).figures
    assert figures == (
        FigureChange(task="category", language="all", figure="rows", before=10, after=12),
        FigureChange(task="category", language="all", figure="accuracy", before=0.8, after=0.9),
        FigureChange(task="category", language="en", figure="accuracy", before=None, after=0.7),
    )
    assert [f.difference for f in figures] == [2, 0.1, None]


def test_entries_of_files_and_thresholds_are_compared_one_by_one(before: Manifest, after: Manifest):
    found = difference_of(before, after)
    assert [(c.name, c.before, c.after) for c in found.files] == [
        ("tickets.rows", 10, 12),
        ("tickets.sha256", "1", "2"),
        ("articles.rows", None, 3),
    ]
    assert [(c.name, c.changed) for c in found.thresholds] == [("any", False), ("en", True)]
    assert not any(c.changed for c in (*found.origin, *found.libraries))
    assert not found.same_tickets
    assert difference_of(before, before).same_tickets
    assert found.to_dict()["figures"][1]["difference"] == 0.1
