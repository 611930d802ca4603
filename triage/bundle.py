"""A trained model as a folder: manifest, heads, terms, articles, passage vectors, ranker.

Weights are plain arrays (``.npz`` read without pickle), everything else is text. A folder is
written beside its place and renamed, so a reader never sees half a bundle; loading verifies every
file's hash before it is used.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.classifier import Classifier, Expert, Head, Hierarchy, check_width
from triage.errors import BundleError, RecordError
from triage.evidence import Evidence, load_evidence, save_evidence
from triage.knowledge import KnowledgeIndex, passages_of
from triage.lexical import LexicalFeatures
from triage.records import article_fields, read_articles, sha256_of, write_jsonl
from triage.suggestion import FEATURES, Ranker

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
MANIFEST = "manifest.json"
_HEADS, _TERMS, ARTICLES, _PASSAGES, _RANKER = (
    "heads.npz",
    "terms.txt",
    "articles.jsonl",
    "passages.npz",
    "ranker.json",
)
_FILES = (_HEADS, _TERMS, ARTICLES, _PASSAGES, _RANKER)
_EVIDENCE = "evidence.npz"  # older bundles have none


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle is made of and how good it was when it was made.

    Attributes:
        encoder: ``name`` and ``dim`` of the encoder whose vectors the heads read.
        data: name, hash and row count of each training file.
        review_confidence: category confidence below which a human must look, by language group.
        metrics: figures from rows that the models had not seen, by name.
        files: SHA-256 of every other file in the folder.
    """

    version: str
    created: str
    labels: Mapping[str, list[str]]
    encoder: Mapping[str, Any]
    data: Mapping[str, Any]
    seed: int
    review_confidence: Mapping[str, float]
    metrics: Mapping[str, Any]
    libraries: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model, ready to be composed into an engine."""

    manifest: Manifest
    classifier: Classifier
    knowledge: KnowledgeIndex
    ranker: Ranker
    evidence: Evidence | None = None


def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write ``bundle`` as ``folder``, all at once, replacing what stood there.

    Raises:
        BundleError: the place cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            _write_parts(bundle, scratch)
            scratch.chmod(0o755)
            if folder.exists():
                retired = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".retired."))
                folder.rename(retired / folder.name)
                scratch.rename(folder)
                shutil.rmtree(retired)
            else:
                scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as fault:
        raise BundleError(
            f"bundle {folder} cannot be written: {fault.strerror}; check disk space and rights"
        ) from fault


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle after checking format and hashes.

    Raises:
        BundleError: it is absent, of another format, or a file is missing or was changed.
    """
    manifest = read_manifest(folder)
    for name in _FILES:
        _verify(folder / name, manifest.files.get(name))
    try:
        terms = (folder / _TERMS).read_text(encoding="utf-8").split("\n")
        arrays = np.load(folder / _HEADS, allow_pickle=False)
        heads = {task: _read_head(arrays, task, labels) for task, labels in manifest.labels.items()}
        for task, head in heads.items():
            check_width(head, terms=len(terms), dim=int(manifest.encoder["dim"]), task=task)
        classifier = Classifier(
            LexicalFeatures(terms, arrays["idf"]), heads, hierarchy=_read_hierarchy(arrays)
        )
        articles = read_articles(folder / ARTICLES)
        vectors = np.load(folder / _PASSAGES, allow_pickle=False)["vectors"].astype(np.float32)
        ranker = json.loads((folder / _RANKER).read_text(encoding="utf-8"))
    except (KeyError, ValueError, RecordError) as fault:
        raise BundleError(f"bundle {folder} is damaged: {fault}; train it again") from fault
    if ranker["features"] != list(FEATURES):
        raise BundleError(f"bundle {folder} ranks by other features than this Triage; train again")
    return Bundle(
        manifest,
        classifier,
        KnowledgeIndex(articles, passages_of(articles), vectors),
        Ranker({group: tuple(w) for group, w in ranker["weights"].items()}),
        evidence=_read_evidence(folder, manifest),
    )


def read_manifest(folder: Path) -> Manifest:
    """Read and check a bundle's manifest alone."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BundleError(
            f"no bundle in {folder} ({MANIFEST} is missing); list what there is with "
            "`triage models list`, or make one with `triage train`"
        ) from fault
    except ValueError as fault:
        raise BundleError(f"{path} is not JSON: {fault}; train the bundle again") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise BundleError(
            f"bundle {folder} has format {found!r}, this Triage reads {FORMAT}; train it again "
            "or install the Triage version that made it"
        )
    try:
        return Manifest(**content)
    except TypeError as fault:
        raise BundleError(f"{path} is no manifest: {fault}; train the bundle again") from fault


def _write_parts(bundle: Bundle, folder: Path) -> None:
    np.savez_compressed(folder / _HEADS, **dict(_head_arrays(bundle.classifier)))  # type: ignore[arg-type]
    terms = bundle.classifier.features.terms
    (folder / _TERMS).write_text("\n".join(terms), encoding="utf-8", newline="\n")
    with (folder / ARTICLES).open("wb") as stream:
        for article in bundle.knowledge.articles.values():
            write_jsonl(stream, article_fields(article))
    np.savez_compressed(folder / _PASSAGES, vectors=bundle.knowledge.vectors.astype(np.float16))
    weights = {group: list(w) for group, w in bundle.ranker.weights.items()}
    _write_json(folder / _RANKER, {"features": list(FEATURES), "weights": weights})
    if bundle.evidence is not None:
        save_evidence(bundle.evidence, folder / _EVIDENCE)
    manifest = asdict(bundle.manifest)
    files = _FILES if bundle.evidence is None else (*_FILES, _EVIDENCE)
    manifest["files"] = {name: sha256_of(folder / name) for name in files}
    _write_json(folder / MANIFEST, manifest)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _verify(path: Path, recorded: str | None) -> None:
    if not path.is_file():
        raise BundleError(f"{path} is missing; restore the bundle from a backup or train it again")
    if sha256_of(path) != recorded:
        raise BundleError(
            f"{path} was changed since the bundle was made (its hash differs from the manifest); "
            "restore the bundle from a backup or train it again"
        )


def _read_evidence(folder: Path, manifest: Manifest) -> Evidence | None:
    if _EVIDENCE not in manifest.files:
        return None
    _verify(folder / _EVIDENCE, manifest.files[_EVIDENCE])
    return load_evidence(folder / _EVIDENCE)


def _head_arrays(classifier: Classifier) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "idf", classifier.features.idf
    for task, head in classifier.heads.items():
        yield f"{task}/experts", np.array(len(head.experts))
        yield f"{task}/groups", np.array(list(head.pooling))
        yield f"{task}/pooling", np.array(list(head.pooling.values()), dtype=np.float64)
        yield f"{task}/sets", np.array([head.set_thresholds[g] for g in head.pooling])
        for number, expert in enumerate(head.experts):
            yield f"{task}/{number}/bias", expert.bias
            for name in ("lexical_weights", "dense_weights"):
                if (weights := getattr(expert, name)) is not None:
                    yield f"{task}/{number}/{name}", weights.astype(np.float16)
    if (hierarchy := classifier.hierarchy) is not None:
        yield "hierarchy/tasks", np.array([hierarchy.parent, hierarchy.child])
        yield "hierarchy/groups", np.array(list(hierarchy.weights))
        yield "hierarchy/weights", np.array(list(hierarchy.weights.values()))
        yield "hierarchy/sets", np.array([hierarchy.set_thresholds[g] for g in hierarchy.weights])


def _read_head(arrays: Mapping[str, NDArray[Any]], task: str, labels: list[str]) -> Head:
    def weights(number: int, name: str) -> NDArray[np.float32] | None:
        key = f"{task}/{number}/{name}"
        return arrays[key].astype(np.float32) if key in arrays else None

    experts = tuple(
        Expert(
            weights(number, "lexical_weights"),
            weights(number, "dense_weights"),
            arrays[f"{task}/{number}/bias"],
        )
        for number in range(int(arrays[f"{task}/experts"]))
    )
    groups = [str(g) for g in arrays[f"{task}/groups"]]
    pooling = {
        g: tuple(map(float, w)) for g, w in zip(groups, arrays[f"{task}/pooling"], strict=True)
    }
    sets = dict(zip(groups, map(float, arrays[f"{task}/sets"]), strict=True))
    return Head(tuple(labels), experts, pooling, sets)


def _read_hierarchy(arrays: Mapping[str, NDArray[Any]]) -> Hierarchy | None:
    if "hierarchy/tasks" not in arrays:
        return None
    parent, child = (str(t) for t in arrays["hierarchy/tasks"])
    groups = [str(g) for g in arrays["hierarchy/groups"]]
    pairs = [(float(own), float(other)) for own, other in arrays["hierarchy/weights"]]
    sets = dict(zip(groups, map(float, arrays["hierarchy/sets"]), strict=True))
    return Hierarchy(parent, child, dict(zip(groups, pairs, strict=True)), sets)
