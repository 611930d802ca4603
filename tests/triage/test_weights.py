from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from known_heads import DIM, LABELS, assert_equal_to_the_bit, classifier_of, predictions_of

from triage.bundle import MANIFEST, load_bundle, save_bundle
from triage.errors import BundleError
from triage.records import sha256_of
from triage.weights import files_of, load_classifier, save_classifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from triage.bundle import Bundle
    from triage.classifier import Classifier

TASKS = tuple(LABELS)
Arrays = dict[str, np.ndarray]


def stack(depth: int) -> Classifier:
    """Return a classifier with ``depth`` others below it."""
    if not depth:
        return classifier_of(*TASKS, listens=True, novelty="intent")
    below = stack(depth - 1)
    if depth == 1:
        return classifier_of("priority", seed=1, base=below.only(["category", "sentiment"]))
    return classifier_of("category", "intent", seed=2, listens=True, novelty="category", base=below)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_loaded_classifier_predicts_to_the_bit_as_the_one_saved(depth: int, tmp_path: Path):
    saved = stack(depth)
    save_classifier(saved, tmp_path)
    loaded = load_classifier(tmp_path, dim=DIM)
    assert_equal_to_the_bit(predictions_of(loaded), predictions_of(saved))
    assert loaded.labels() == saved.labels()
    assert (loaded.base is None) == (depth == 0)


@pytest.mark.parametrize(
    ("depth", "prefixes"), [(0, [""]), (1, ["", "base-"]), (2, ["", "base-", "base-base-"])]
)
def test_the_files_of_a_classifier_are_those_that_are_written(
    depth: int, prefixes: list[str], tmp_path: Path
):
    names = files_of(stack(depth))
    assert list(names) == [f"{p}{name}" for p in prefixes for name in ("heads.npz", "terms.txt")]
    save_classifier(stack(depth), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names)


def test_a_classifier_without_landmarks_novelty_or_hierarchy_is_read_as_it_was(tmp_path: Path):
    bare = classifier_of("priority")
    save_classifier(bare, tmp_path)
    loaded = load_classifier(tmp_path, dim=DIM)
    assert (loaded.hierarchy, loaded.novelty, loaded.base) == (None, None, None)
    assert loaded.landmarks is not None
    assert loaded.landmarks.gamma == 0.5
    assert loaded.heads["priority"].pooling == bare.heads["priority"].pooling
    assert loaded.heads["priority"].set_thresholds == bare.heads["priority"].set_thresholds


def test_equal_content_gives_equal_bytes(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_classifier(stack(1), tmp_path / name)
    for name in files_of(stack(1)):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_bundle_with_two_classifiers_below_is_written_and_read_whole(
    bundle: Bundle, tmp_path: Path
):
    whole = with_classifier(bundle, stack(2))
    save_bundle(whole, tmp_path / "deep")
    loaded = load_bundle(tmp_path / "deep")
    assert set(files_of(stack(2))) <= set(loaded.manifest.files)
    assert_equal_to_the_bit(predictions_of(loaded.classifier), predictions_of(stack(2)))


@pytest.mark.parametrize("name", ["base-heads.npz", "base-base-terms.txt"])
def test_a_missing_or_changed_file_below_is_refused_by_name(
    bundle: Bundle, tmp_path: Path, name: str
):
    folder = tmp_path / "deep"
    save_bundle(with_classifier(bundle, stack(2)), folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    with pytest.raises(BundleError, match=rf"{name} was changed.*restore the bundle"):
        load_bundle(folder)
    (folder / name).unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing; restore the bundle"):
        load_bundle(folder)


def test_weights_that_the_manifest_does_not_name_are_refused(bundle: Bundle, tmp_path: Path):
    save_bundle(with_classifier(bundle, stack(0)), tmp_path / "one")
    save_classifier(stack(0), tmp_path / "one", prefix="base-")
    with pytest.raises(BundleError, match=r"base-heads\.npz was changed"):
        load_bundle(tmp_path / "one")


REQUIRED = (
    "idf", "tasks", "category/labels", "category/experts", "category/groups", "category/pooling",
    "category/sets", "category/0/bias", "landmarks/gamma", "novelty/groups", "novelty/any/means",
    "novelty/zh/totals", "hierarchy/groups", "hierarchy/weights", "hierarchy/sets",
)  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("prefix", ["", "base-"])
def test_a_missing_array_is_refused_with_a_remedy(
    bundle: Bundle, tmp_path: Path, name: str, prefix: str
):
    folder = damaged(bundle, tmp_path, lambda arrays: arrays.pop(name), prefix=prefix)
    with pytest.raises(BundleError, match=r"is damaged.*train it again"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.update({"category/labels": np.array(["a", "b"])}),
        lambda a: a.update({"category/0/bias": np.zeros(4, np.float32)}),
        lambda a: a.update({"category/0/lexical_weights": np.zeros((2, 3), np.float16)}),
        lambda a: a.update({"category/2/kernel_weights": np.zeros((9, 3), np.float16)}),
        lambda a: a.update({"category/pooling": a["category/pooling"][:1]}),
        lambda a: a.update({"category/pooling": a["category/pooling"][:, :2]}),
        lambda a: a.update({"landmarks/vectors": a["landmarks/vectors"][:, :5]}),
        lambda a: [a.pop("landmarks/vectors"), a.pop("landmarks/gamma")],
        lambda a: a.update({"idf": a["idf"][1:]}),
        lambda a: a.update({"hierarchy/tasks": np.array(["category"])}),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(
    bundle: Bundle, tmp_path: Path, change: Callable[[Arrays], object]
):
    with pytest.raises(BundleError, match="train it again"):
        load_bundle(damaged(bundle, tmp_path, change))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"no archive"])
def test_weights_that_are_no_archive_are_refused(bundle: Bundle, tmp_path: Path, content: bytes):
    folder = damaged(bundle, tmp_path, lambda arrays: None)
    (folder / "heads.npz").write_bytes(content)
    recorded(folder, "heads.npz")
    with pytest.raises(BundleError, match=r"is damaged.*train it again"):
        load_bundle(folder)


def with_classifier(bundle: Bundle, classifier: Classifier) -> Bundle:
    manifest = replace(bundle.manifest, labels=classifier.labels())
    return replace(bundle, manifest=manifest, classifier=classifier)


def damaged(
    bundle: Bundle, tmp_path: Path, change: Callable[[Arrays], object], *, prefix: str = ""
) -> Path:
    """Save a bundle, change the arrays of its heads and record their new hash."""
    whole = classifier_of(*TASKS, listens=True, novelty="intent")
    whole = classifier_of(*TASKS, seed=1, listens=True, novelty="intent", base=whole)
    save_bundle(with_classifier(bundle, whole), tmp_path / "damaged")
    path = tmp_path / "damaged" / f"{prefix}heads.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path, **arrays)
    recorded(path.parent, path.name)
    return path.parent


def recorded(folder: Path, name: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][name] = sha256_of(folder / name)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
