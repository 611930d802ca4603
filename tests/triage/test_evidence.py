from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.bundle import MANIFEST, load_bundle, save_bundle
from triage.errors import BundleError
from triage.evidence import NONE, Evidence, evidence_of, load_evidence, save_evidence, text_hash

if TYPE_CHECKING:
    from pathlib import Path

    from triage.bundle import Bundle

TEXTS = ("my parcel is late", "退款", "hello")


@pytest.fixture
def evidence() -> Evidence:
    return evidence_of(
        TEXTS,
        predictions={"category": np.array([1, 0, NONE]), "priority": np.array([NONE, 0, 0])},
        confidences={"category": np.array([0.9, 0.8, 0.0]), "priority": np.array([0.0, 0.5, 0.6])},
        labels={"category": ["payment", "logistics"], "priority": ["low"]},
    )


def test_the_hash_of_a_text_is_known():
    # From coreutils: printf 退款 | b2sum -l 64, read from the last byte to the first.
    assert text_hash("") == 0xB4B2797457A0A6E4
    assert text_hash("退款") == 0x1B3BC2C0F9624488


def test_hashes_are_sorted_and_predictions_follow_their_texts(evidence: Evidence):
    assert (np.diff(evidence.hashes.astype(object)) > 0).all()
    assert [evidence.lookup("category", t) for t in TEXTS] == ["logistics", "payment", None]
    assert [evidence.lookup("priority", t) for t in TEXTS] == [None, "low", "low"]
    assert evidence.lookup("mood", TEXTS[0]) is None


def test_a_text_of_the_training_is_told_from_others(evidence: Evidence):
    assert all(t in evidence for t in TEXTS)
    assert "another" not in evidence
    assert evidence.lookup("category", "another") is None


def test_of_two_equal_texts_the_first_counts():
    made = evidence_of(
        ["a", "a"],
        predictions={"category": np.array([1, 0])},
        confidences={"category": np.array([0.5, 0.5])},
        labels={"category": ["x", "y"]},
    )
    assert len(made.hashes) == 1
    assert made.lookup("category", "a") == "y"


@given(st.lists(st.tuples(st.text(), st.integers(-1, 2)), unique_by=lambda row: row[0]))
def test_every_text_finds_its_own_prediction(rows: list[tuple[str, int]]):
    made = evidence_of(
        [text for text, _ in rows],
        predictions={"category": np.array([p for _, p in rows], int)},
        confidences={"category": np.zeros(len(rows))},
        labels={"category": "abc"},
    )
    for text, position in rows:
        expected = None if position == NONE else "abc"[position]
        assert made.lookup("category", text) == expected


def test_what_is_loaded_is_what_was_saved_and_holds_no_text(evidence: Evidence, tmp_path: Path):
    save_evidence(evidence, tmp_path / "one.npz")
    loaded = load_evidence(tmp_path / "one.npz")
    assert loaded.labels == evidence.labels
    np.testing.assert_array_equal(loaded.hashes, evidence.hashes)
    for task, predictions in evidence.predictions.items():
        np.testing.assert_array_equal(loaded.predictions[task], predictions)
        np.testing.assert_array_equal(loaded.confidences[task], evidence.confidences[task])
    with np.load(tmp_path / "one.npz") as arrays:
        texts = [n for n in arrays.files if arrays[n].dtype.kind == "U"]
    assert texts == ["category/labels", "priority/labels"]


def test_the_same_evidence_gives_the_same_bytes_in_any_order_of_tasks(
    evidence: Evidence, tmp_path: Path
):
    turned = replace(
        evidence,
        predictions=dict(reversed(evidence.predictions.items())),
        labels=dict(reversed(evidence.labels.items())),
    )
    save_evidence(evidence, tmp_path / "one.npz")
    save_evidence(turned, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hashes": np.array([3, 2, 1], np.uint64)}, "ascending"),
        ({"hashes": np.array([1, 1, 2], np.uint64)}, "ascending"),
        ({"hashes": np.array([1.0, 2.0, 3.0])}, "ascending"),
        ({"hashes": np.array([1, 2], np.uint64)}, "rows"),
        ({"category/predictions": np.array([0, 1, 2], np.int32)}, "beyond its 2"),
        ({"category/predictions": np.array([0, 1, -2], np.int32)}, "beyond its 2"),
        ({"category/predictions": np.array([0.0, 1.0, 1.0])}, "float64"),
        ({"category/confidences": np.zeros(2, np.float32)}, "damaged"),
        ({"category/confidences": None}, "category/confidences"),
        ({"hashes": None}, "hashes"),
        ({"hashes": np.array(["a", {}], dtype=object)}, "damaged"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(
    evidence: Evidence, tmp_path: Path, change: dict[str, Any], told: str
):
    path = tmp_path / "evidence.npz"
    save_evidence(evidence, path)
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files} | change
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(BundleError, match=rf"is damaged: .*{told.removeprefix('damaged')}.*train"):
        load_evidence(path)


@pytest.mark.parametrize("kept", [0, 1, 40, 200, -30])
def test_a_file_cut_short_is_refused(evidence: Evidence, tmp_path: Path, kept: int):
    path = tmp_path / "evidence.npz"
    save_evidence(evidence, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BundleError, match=r"is damaged.*restore the bundle"):
        load_evidence(path)


def test_a_single_array_is_refused(tmp_path: Path):
    with (tmp_path / "evidence.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(BundleError, match="is damaged"):
        load_evidence(tmp_path / "evidence.npz")


def test_an_absent_file_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match=r"evidence\.npz is damaged.*train it again"):
        load_evidence(tmp_path / "evidence.npz")


def test_a_bundle_carries_its_evidence_and_vouches_for_it(
    bundle: Bundle, evidence: Evidence, tmp_path: Path
):
    save_bundle(replace(bundle, evidence=evidence), tmp_path / "v")
    loaded = load_bundle(tmp_path / "v")
    assert loaded.evidence is not None
    assert loaded.evidence.lookup("category", TEXTS[0]) == "logistics"
    assert "evidence.npz" in loaded.manifest.files
    with (tmp_path / "v" / "evidence.npz").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(BundleError, match=r"evidence\.npz was changed"):
        load_bundle(tmp_path / "v")
    (tmp_path / "v" / "evidence.npz").unlink()
    with pytest.raises(BundleError, match=r"evidence\.npz is missing"):
        load_bundle(tmp_path / "v")


def test_a_bundle_made_without_evidence_is_loaded_and_trusts_no_stray_file(
    bundle: Bundle, evidence: Evidence, tmp_path: Path
):
    save_bundle(replace(bundle, evidence=None), tmp_path / "v")
    assert load_bundle(tmp_path / "v").evidence is None
    save_evidence(evidence, tmp_path / "v" / "evidence.npz")
    assert load_bundle(tmp_path / "v").evidence is None


def test_two_bundles_with_the_same_evidence_have_the_same_hash_of_it(
    bundle: Bundle, evidence: Evidence, tmp_path: Path
):
    for name in "ab":
        save_bundle(replace(bundle, evidence=evidence), tmp_path / name)
    first, second = (
        json.loads((tmp_path / name / MANIFEST).read_text(encoding="utf-8"))["files"]
        for name in "ab"
    )
    assert first == second
