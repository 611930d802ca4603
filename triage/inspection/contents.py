"""What Triage reads: model, encoder, priority policy, catalogue, the shop's articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from triage.bundle import Bundle, load_bundle
from triage.encoder import LEAST_FIDELITY, OnnxEncoder, load_encoder
from triage.errors import TriageError
from triage.extraction import read_catalogue
from triage.inspection.finding import Finding, fail, failed, ok, warn
from triage.policy_file import DEFAULT_POLICY, read_policy
from triage.registry import Registry
from triage.settings import default_models_dir

if TYPE_CHECKING:
    from triage.encoder import Encoder
    from triage.settings import Settings

PROBES, DESCRIPTION = "probes.npy", "encoder.json"


def model_and_encoder(settings: Settings) -> Iterator[Finding]:
    """Judge the bundle that would be served, every file by its hash, and its encoder."""
    try:
        folder = Registry(settings.models_dir).path(settings.model)
        bundle = load_bundle(folder)
    except (TriageError, OSError) as fault:
        yield failed("model", fault)
        return
    files = len(bundle.manifest.files)
    yield ok("model", f"{bundle.manifest.version} in {folder}, {files} files as they were made")
    yield from _encoder(bundle, settings)


def policy(settings: Settings) -> Finding:
    """Judge the priority policy."""
    path = settings.priority_policy or DEFAULT_POLICY
    try:
        found = read_policy(path)
    except (TriageError, OSError) as fault:
        return failed("policy", fault)
    return ok("policy", f"{path}, {len(found.signals)} signals")


def catalogue(settings: Settings) -> Finding:
    """Judge the file of products, if there is one."""
    if settings.catalogue is None:
        return ok("catalogue", "none is set")
    try:
        products = read_catalogue(settings.catalogue)
    except (TriageError, OSError) as fault:
        return failed("catalogue", fault)
    if not products:
        return warn(
            "catalogue", f"{settings.catalogue} holds no product", remedy="add a row for each"
        )
    return ok("catalogue", f"{settings.catalogue}, {len(products)} products")


def articles(settings: Settings) -> Finding:
    """Judge the folder of the shop's own articles."""
    folder = settings.kb_folder
    if not folder.exists():
        told = f"{folder} is not there; the articles of the model are used"
        if settings.kb_dir is None:
            return ok("kb", told)
        return fail("kb", f"{folder} is not there", remedy="make it, or correct TRIAGE_KB_DIR")
    if not folder.is_dir():
        return fail("kb", f"{folder} is no folder", remedy="correct TRIAGE_KB_DIR")
    return ok("kb", f"{folder}")


def _encoder(bundle: Bundle, settings: Settings) -> Iterator[Finding]:
    wanted, source = bundle.manifest.encoder["name"], bundle.encoder_source
    folder = Path(source) if source else default_models_dir() / "encoder"
    exported = (folder / DESCRIPTION).is_file()
    try:
        # At int8 outright: left to itself it would quietly take float32 where int8 goes wrong.
        found: Encoder = (
            OnnxEncoder(folder, threads=settings.threads, precision="int8")
            if exported or source is None
            else load_encoder(source, threads=settings.threads)
        )
    except TriageError as fault:
        yield failed("encoder", fault)
        return
    if found.name != wanted:
        yield fail(
            "encoder",
            f"{found.name} is here, the model was trained on {wanted}",
            remedy="restore that encoder from a backup, or train again with `triage train`",
        )
        return
    yield ok("encoder", f"{found.name}, its files as they were when the model was trained")
    if exported:
        yield _probes(folder, found)


def _probes(folder: Path, encoder: Encoder) -> Finding:
    """Compare vectors of known texts with those of the processor that made the folder."""
    texts = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")).get("probes", [])
    if not texts:
        return warn("vectors", "the encoder has no probes", remedy="export it again")
    try:
        made = np.load(folder / PROBES, allow_pickle=False)
    except (OSError, ValueError) as fault:
        return fail("vectors", f"{folder / PROBES}: {fault}", remedy="restore the encoder's folder")
    least = float((encoder.encode(texts) * made).sum(axis=1).min())
    told = f"{len(texts)} known texts, least cosine {least:.4f}"
    if least > LEAST_FIDELITY:
        return ok("vectors", told)
    exact = OnnxEncoder(folder, precision="float32")
    if float((exact.encode(texts) * made).sum(axis=1).min()) > LEAST_FIDELITY:
        remedy = "nothing must be done: float32 is used, at about half the speed"
        return warn("vectors", f"{told}: int8 goes wrong on this processor", remedy=remedy)
    return fail("vectors", told, remedy="restore the encoder's folder from a backup")
