from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder
from numpy.testing import assert_array_equal

from triage.bundle import INDEX, MANIFEST, kb_version_of, load_bundle, read_manifest, save_bundle
from triage.errors import BundleError
from triage.knowledge.saved import FILES as INDEX_FILES
from triage.records import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from training.corpus import Corpus
    from triage.bundle import Bundle

PARTS = ("heads.npz", "terms.txt", "articles.jsonl", "ranker.json", "evidence.npz")
FILES = (*PARTS, *(f"{INDEX}/{name}" for name in INDEX_FILES))


@pytest.fixture
def copied(bundle_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(bundle_folder, tmp_path / "copy")


@pytest.fixture(scope="module")
def loaded(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


def test_a_loaded_bundle_predicts_exactly_as_the_one_saved(
    bundle: Bundle, loaded: Bundle, corpus: Corpus
):
    texts = [t.normalised for t in corpus.tickets] + ["unbekannt", ""]
    vectors = FakeEncoder().encode(texts)
    languages = (["zh", "en", "fr"] * len(texts))[: len(texts)]
    before = bundle.classifier.predict(texts, vectors, languages=languages)
    after = loaded.classifier.predict(texts, vectors, languages=languages)
    for one, other in zip(before, after, strict=True):
        assert one.keys() == other.keys() == {"category", "intent", "priority", "sentiment"}
        for task, made in one.items():
            assert_array_equal(made.probabilities, other[task].probabilities)
            assert made.labels == other[task].labels
            assert made.prediction_set == other[task].prediction_set


def test_a_loaded_bundle_searches_and_ranks_exactly_as_the_one_saved(
    bundle: Bundle, loaded: Bundle, corpus: Corpus
):
    vectors = FakeEncoder().encode([t.normalised for t in corpus.tickets])
    for ticket, vector in zip(corpus.tickets, vectors, strict=True):
        hits = [
            made.knowledge.search(ticket.normalised, vector, day=date(2026, 11, 21))
            for made in (bundle, loaded)
        ]
        assert hits[0] == hits[1] != []
    assert loaded.ranker == bundle.ranker


def test_a_loaded_bundle_tells_what_it_was_made_of(bundle: Bundle, loaded: Bundle):
    assert set(loaded.manifest.files) == set(FILES)
    made = {k: getattr(bundle.manifest, k) for k in bundle.manifest.__slots__ if k != "files"}
    assert {k: getattr(loaded.manifest, k) for k in made} == made
    assert list(loaded.knowledge.articles.values()) == list(bundle.knowledge.articles.values())


def test_saving_again_replaces_the_bundle_and_leaves_nothing_beside_it(
    bundle: Bundle, tmp_path: Path
):
    folder = tmp_path / "models" / "tiny"
    save_bundle(bundle, folder)
    (folder / "stray.txt").write_text("old", encoding="utf-8")
    save_bundle(bundle, folder)
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]
    assert {p.name for p in folder.iterdir()} == {*PARTS, INDEX, MANIFEST}
    load_bundle(folder)


def test_the_weights_hold_no_pickled_objects(bundle_folder: Path):
    arrays = np.load(bundle_folder / "heads.npz", allow_pickle=False)
    assert all(arrays[key].dtype != object for key in arrays)
    for path in (bundle_folder / INDEX).iterdir():
        assert np.load(path, allow_pickle=False).dtype != object


def test_the_index_is_mapped_and_not_read(loaded: Bundle):
    for part in loaded.knowledge.compacted()[1].values():
        assert len(part) > 0
    for shelf in loaded.knowledge._shelves.values():
        for array in (shelf.parts[0].vectors.halves, shelf.parts[0].postings.rows):
            assert isinstance(array.base, np.memmap)


def test_a_bundle_of_format_2_is_loaded_and_finds_titles_and_questions(
    bundle: Bundle, copied: Path
):
    known = bundle.knowledge
    asked = [i for i, p in enumerate(known.passages) if p.kind != "body"]
    shutil.rmtree(copied / INDEX)
    halves = known.vectors[asked].astype(np.float16)
    np.savez_compressed(copied / "passages.npz", vectors=halves)
    files = {name: sha256_of(copied / name) for name in (*PARTS, "passages.npz")}
    old = load_bundle(edited(copied, lambda m: m.update(format=2, files=files)))
    assert old.knowledge.passages == tuple(known.passages[i] for i in asked)
    vector = FakeEncoder().encode(["退款"])[0]
    found = {h.article.id: h for h in known.search("退款", vector, day=date(2026, 11, 21))}
    hits = old.knowledge.search("退款", vector, day=date(2026, 11, 21))
    assert hits
    for hit in hits:
        assert hit.similarity == found[hit.article.id].similarity
        assert (hit.lexical_body, hit.similarity_body) == (0, 0)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("asked.halves.npy", np.zeros((3, 32), dtype=np.float16)),
        ("body.numbers.npy", np.full(12, 99, dtype=np.int32)),
        ("asked.tags.npy", np.zeros(36, dtype=np.int64)),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    copied: Path, name: str, array: NDArray[np.generic]
):
    np.save(copied / INDEX / name, array)
    digest = sha256_of(copied / INDEX / name)
    with pytest.raises(BundleError, match=r"damaged.*(asked|body).*train it again"):
        load_bundle(edited(copied, lambda m: m["files"].update({f"{INDEX}/{name}": digest})))


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused_by_name_with_a_remedy(copied: Path, name: str):
    with (copied / name).open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(BundleError, match=rf"{name} was changed.*restore the bundle"):
        load_bundle(copied)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name_with_a_remedy(copied: Path, name: str):
    (copied / name).unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing; restore the bundle"):
        load_bundle(copied)


def edited(folder: Path, change: Callable[[dict[str, object]], object]) -> Path:
    path = folder / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda m: m.update(format=1), r"format 1, this Triage reads 2 and 3; train it again"),
        (lambda m: m.pop("format"), r"format None, this Triage reads 2 and 3; train it again"),
        (lambda m: m.pop("encoder"), r"no manifest.*train the bundle again"),
        (lambda m: m.update(colour="red"), r"no manifest.*train the bundle again"),
        (lambda m: m["files"].pop("heads.npz"), r"heads\.npz was changed.*restore"),
        (lambda m: m["files"].update({"terms.txt": "0" * 64}), r"terms\.txt was changed.*restore"),
        (lambda m: m["encoder"].update(dim=64), r"vectors 64 columns.*train it again"),
        (lambda m: m["encoder"].pop("dim"), r"damaged.*dim.*train it again"),
        (lambda m: m["labels"]["category"].append("extra"), r"other labels.*train it again"),
        (lambda m: m["labels"].update(mood=["a"]), r"other labels.*train it again"),
    ],
)
def test_a_bundle_of_another_form_is_refused_with_a_remedy(
    copied: Path, change: Callable[[dict[str, object]], object], remedy: str
):
    with pytest.raises(BundleError, match=remedy):
        load_bundle(edited(copied, change))


def test_an_absent_bundle_is_refused_with_what_to_do(tmp_path: Path):
    with pytest.raises(BundleError, match=r"triage models list.*triage train"):
        load_bundle(tmp_path / "absent")


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_manifest_that_is_no_object_is_refused(copied: Path, content: str):
    (copied / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match="train"):
        read_manifest(copied)


def test_a_place_that_cannot_be_written_is_refused(bundle: Bundle, tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BundleError, match="cannot be written"):
        save_bundle(bundle, tmp_path / "file" / "tiny")


def test_the_version_of_a_knowledge_base_follows_its_words_and_not_its_order(bundle: Bundle):
    articles = list(bundle.knowledge.articles.values())
    version = kb_version_of(articles)
    assert bundle.manifest.kb_version == bundle.kb_version == version
    assert kb_version_of(articles[::-1]) == version
    assert kb_version_of(articles[:-1]) != version
    older = replace(bundle, manifest=replace(bundle.manifest, kb_version=""))
    assert older.kb_version == version
