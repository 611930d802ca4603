"""A trained model as a folder: manifest, heads, terms, articles and their index, ranker.

Weights are plain arrays (``.npz`` and ``.npy`` read without pickle), everything else is text. The
arrays of the index are mapped into memory. A folder is
written beside its place and renamed, so a reader never sees half a bundle; loading verifies every
file's hash before it is used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from triage.article import Article
from triage.classifier import Classifier
from triage.errors import BundleError, RecordError
from triage.evidence import Evidence, load_evidence, save_evidence
from triage.knowledge import KnowledgeIndex, load_index, passages_of, save_index
from triage.knowledge.saved import FILES as INDEX_FILES
from triage.records import article_fields, read_articles, sha256_of, write_jsonl
from triage.suggestion import Ranker, ranker_fields, ranker_from
from triage.weights import BASE, HEADS, TERMS, files_of, load_classifier, save_classifier

FORMAT = 3
KB_DIGITS = 12
READ_FORMATS = (2, 3)  # 2 has the vectors of titles and questions, and none of replies
MANIFEST = "manifest.json"
ARTICLES = "articles.jsonl"
_PASSAGES = "passages.npz"  # of format 2
_RANKER = "ranker.json"
INDEX = "knowledge"
_EVIDENCE = "evidence.npz"  # older bundles have none
ENCODER = "encoder"
OWN_ENCODER = f"./{ENCODER}"  # the source of an encoder that lies in the bundle
_FILES = (ARTICLES, _RANKER, *(f"{INDEX}/{name}" for name in INDEX_FILES))
_FILES_2 = (ARTICLES, _RANKER, _PASSAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle is made of and how good it was when it was made.

    Attributes:
        encoder: ``name`` and ``dim`` of the encoder whose vectors the heads read, and ``source``
            as ``load_encoder`` takes it; ``OWN_ENCODER`` for one in the bundle's own folder.
        data: name, hash and row count of each training file.
        review_confidence: category confidence below which a human must look, by language group.
        review_familiarity: familiarity below which a human must look; the share of known messages
            that fall below it.
        abstention: what is promised of the messages above those, by language group: ``threshold``,
            ``max_error``, ``sure``, ``rows``, ``accepted``, ``error`` and ``exact`` (false where
            out-of-fold answers stood in for answers of the final model).
        inherited: tasks whose heads come from another bundle, with its version.
        tone: what cues of tone add to the sentiment head's log-probabilities, by cue and label;
            none in older bundles, for which the weights of the file of cues stand in.
        metrics: figures from rows that the models had not seen, by name.
        files: SHA-256 of every other file in the folder.
        kb_version: fingerprint of the articles.
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
    review_familiarity: float = 0.0
    abstention: Mapping[str, Any] = field(default_factory=dict)
    inherited: Mapping[str, str] = field(default_factory=dict)
    tone: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    kb_version: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model, ready to be composed into an engine.

    Attributes:
        encoder: the folder of an encoder of its own; it is saved with the bundle. Its files are
            not among the manifest's: the name that the manifest records carries a fingerprint of
            them, which whoever loads the encoder compares, so its weights are hashed once.
    """

    manifest: Manifest
    classifier: Classifier
    knowledge: KnowledgeIndex
    ranker: Ranker
    evidence: Evidence | None = None
    encoder: Path | None = None

    @property
    def encoder_source(self) -> str | None:
        """What ``load_encoder`` is to be given, wherever the bundle lies now."""
        return str(self.encoder) if self.encoder else self.manifest.encoder.get("source")

    @property
    def kb_version(self) -> str:
        """Fingerprint of the articles, counted here where an older manifest has none."""
        return self.manifest.kb_version or kb_version_of(self.knowledge.articles.values())


def kb_version_of(articles: Iterable[Article]) -> str:
    """Return twelve hexadecimal digits that change with any word of any article.

    The order of the articles makes no difference.
    """
    fields = sorted((article_fields(article) for article in articles), key=lambda f: str(f["id"]))
    content = json.dumps(fields, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()[:KB_DIGITS]


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
    found = {path.name for path in folder.glob(f"{BASE}*")} | set(manifest.files)
    parts = _FILES if manifest.format == FORMAT else _FILES_2
    expected = {*parts, HEADS, TERMS} | {name for name in found if name.startswith(BASE)}
    for name in sorted(expected):
        _verify(folder / name, manifest.files.get(name))
    try:
        classifier = load_classifier(folder, dim=int(manifest.encoder["dim"]))
        knowledge = _read_index(folder, manifest)
        ranker = ranker_from(json.loads((folder / _RANKER).read_text(encoding="utf-8")))
    except (KeyError, ValueError, EOFError, BadZipFile, RecordError) as fault:
        raise BundleError(f"bundle {folder} is damaged: {fault}; train it again") from fault
    if manifest.labels != classifier.labels():
        raise BundleError(
            f"bundle {folder} is damaged: its manifest names other labels than its heads; "
            "restore it from a backup or train it again"
        )
    return Bundle(
        manifest,
        classifier,
        knowledge,
        ranker,
        evidence=_read_evidence(folder, manifest),
        encoder=_own_encoder(folder, manifest),
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
    if not isinstance(content, dict) or content.get("format") not in READ_FORMATS:
        found = content.get("format") if isinstance(content, dict) else None
        raise BundleError(
            f"bundle {folder} has format {found!r}, this Triage reads "
            f"{' and '.join(map(str, READ_FORMATS))}; train it again or "
            "install the Triage version that made it"
        )
    try:
        return Manifest(**content)
    except TypeError as fault:
        raise BundleError(f"{path} is no manifest: {fault}; train the bundle again") from fault


def _write_parts(bundle: Bundle, folder: Path) -> None:
    save_classifier(bundle.classifier, folder)
    (folder / INDEX).mkdir()
    articles = save_index(bundle.knowledge, folder / INDEX)
    with (folder / ARTICLES).open("wb") as stream:
        for article in articles:
            write_jsonl(stream, article_fields(article))
    _write_json(folder / _RANKER, ranker_fields(bundle.ranker))
    if bundle.evidence is not None:
        save_evidence(bundle.evidence, folder / _EVIDENCE)
    if bundle.encoder is not None:
        shutil.copytree(bundle.encoder, folder / ENCODER)
    manifest = asdict(bundle.manifest) | {"format": FORMAT}
    files = (*_FILES, *files_of(bundle.classifier))
    files = files if bundle.evidence is None else (*files, _EVIDENCE)
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


def _read_index(folder: Path, manifest: Manifest) -> KnowledgeIndex:
    """Read the index, or make that of an older bundle, in which no reply is searched.

    ``triage kb build`` makes a bundle of the present format from it, with replies.
    """
    articles = read_articles(folder / ARTICLES)
    if manifest.format == FORMAT:
        return load_index(folder / INDEX, articles)
    vectors = np.load(folder / _PASSAGES, allow_pickle=False)["vectors"]
    return KnowledgeIndex(articles, passages_of(articles, bodies=False), vectors)


def _read_evidence(folder: Path, manifest: Manifest) -> Evidence | None:
    if _EVIDENCE not in manifest.files:
        return None
    _verify(folder / _EVIDENCE, manifest.files[_EVIDENCE])
    return load_evidence(folder / _EVIDENCE)


def _own_encoder(folder: Path, manifest: Manifest) -> Path | None:
    if manifest.encoder.get("source") != OWN_ENCODER:
        return None
    if not (folder / ENCODER).is_dir():
        raise BundleError(
            f"{folder / ENCODER} is missing, the encoder that was tuned for this bundle; restore "
            "the bundle from a backup or train it again"
        )
    return folder / ENCODER
