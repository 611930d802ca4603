"""The card says what the manifest says, and no more."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from training.card import card_text, reliability_svg, write_card
from training.risk import NOTHING
from triage.bundle import Bundle, Manifest
from triage.errors import BundleError

BINS = [[0.3, 0.25, 8], [0.9, 0.95, 40]]


def manifest(**changes: Any) -> Manifest:
    figures = {
        "rows": 48,
        "accuracy": 0.8333,
        "accuracy_95": [0.7, 0.9],
        "macro_f1": 0.81,
        "ece": 0.05,
        "reliability": BINS,
    }
    made = Manifest(
        version="shop-7",
        created="2026-11-21T10:00:00+00:00",
        labels={"category": ["account", "after_sales"], "priority": ["high", "low"]},
        encoder={"name": "mini@1", "dim": 32, "source": None},
        data={"tickets": {"file": "my tickets.jsonl", "sha256": "ab12", "rows": 48}},
        seed=7,
        review_confidence={"any": 0.5412},
        metrics={
            "method": "out-of-fold",
            "repeats_left_out": 3,
            "category": {"all": figures, "zh": figures},
        },
        libraries={"python": "3.11.7", "numpy": "2.4.6"},
    )
    return replace(made, **changes)


def with_promise(**promise: Any) -> Any:
    """Return a manifest that states its error, as later bundles do."""
    base = manifest()
    fields = {name: getattr(base, name) for name in base.__dataclass_fields__}
    return SimpleNamespace(**fields | {"abstention": {"zh": promise}})


def test_the_card_tells_origin_labels_figures_and_how_to_make_it_again():
    text = card_text(manifest())
    for said in (
        "# Model shop-7",
        "| tickets | my tickets.jsonl | 48 | ab12 |",
        "3 repeated tickets were left out.",
        "Encoder: mini@1, 32 dimensions.",
        "Seed: 7.",
        "Languages: zh.",
        "| category | 2 | 48 | account, after_sales |",
        "| priority | 2 | not recorded | high, low |",
        "| category | zh | 48 | 0.833 (0.700–0.900) | 0.810 | 0.050 |",
        "| any | 0.541 |",
        "without a guarantee",
        "triage train 'my tickets.jsonl' --name shop-7 --seed 7",
        "- numpy 2.4.6",
        "![Reliability diagram",
    ):
        assert said in text


def test_intervals_are_shown_for_whichever_figure_has_one():
    figures = {"rows": 9, "accuracy": 0.5, "macro_f1": 0.4, "macro_f1_95": [0.3, 0.5], "ece": None}
    text = card_text(manifest(metrics={"category": {"all": figures}}))
    assert "| category | all | 9 | 0.500 | 0.400 (0.300–0.500) | not recorded |" in text


def test_a_stated_error_is_given_with_its_certainty_and_method():
    text = card_text(with_promise(threshold=0.71, max_error=0.1, sure=0.9, method="exact bound"))
    assert "| zh | 0.710 | 10.0% | 90% |" in text
    assert "out-of-fold rows: exact bound." in text
    assert "without a guarantee" not in text


def test_where_no_confidence_is_enough_the_card_says_so():
    text = card_text(with_promise(threshold=NOTHING, max_error=0.01, sure=0.999))
    assert "| zh | none is enough | 1.0% | 99.9% |" in text


def test_an_exact_promise_is_said_to_come_from_held_out_rows():
    text = card_text(with_promise(threshold=0.71, max_error=0.1, exact=True, method="exact bound"))
    assert "Thresholds were chosen on held-out rows: exact bound." in text
    assert "Figures are out-of-fold" in text


def test_a_certainty_that_was_not_recorded_is_not_made_up():
    assert "| zh | 0.710 | 10.0% | not recorded |" in card_text(
        with_promise(threshold=0.71, max_error=0.1)
    )


def test_a_manifest_of_bare_keys_gives_a_card_that_says_what_is_missing():
    bare = manifest(data={}, metrics={}, libraries={}, review_confidence={}, encoder={})
    text = card_text(bare)
    assert "Encoder: not recorded." in text
    assert "No figures were recorded." in text
    assert "No thresholds were recorded." in text
    assert "reliability.svg" not in text
    assert "triage train tickets.jsonl --name shop-7" in text


def test_the_manifest_of_a_trained_bundle_gives_a_card(bundle: Bundle):
    text = card_text(bundle.manifest)
    assert "| tickets | tickets.jsonl | 60 | not recorded |" in text
    assert "| sentiment | all | 60 |" in text


def test_names_cannot_break_the_table_or_become_markup():
    labels = {"category": ["a|b", "<i>x</i>", "_y_", "two\nlines", "snake_case"]}
    text = card_text(manifest(labels=labels))
    row = next(line for line in text.splitlines() if line.startswith("| category | 5"))
    assert r"a\|b, \<i\>x\</i\>, \_y\_, two lines, snake_case" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_the_card_and_its_diagram_are_written_beside_the_manifest(tmp_path: Path):
    write_card(manifest(), tmp_path)
    assert (tmp_path / "CARD.md").read_text(encoding="utf-8") == card_text(manifest())
    drawn = (tmp_path / "reliability.svg").read_text(encoding="utf-8")
    assert drawn == reliability_svg(BINS)
    assert ET.fromstring(drawn).tag.endswith("svg")


def test_no_diagram_is_written_where_no_bins_were_recorded(tmp_path: Path):
    write_card(manifest(metrics={}), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["CARD.md"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(BundleError, match=r"none.*cannot be written"):
        write_card(manifest(), tmp_path / "none")
