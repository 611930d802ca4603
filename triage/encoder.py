"""Texts to unit vectors: the shipped encoder, an exported one, or a sentence-transformers model.

Importing this module loads no model library; torch is touched only when a model that is not an
exported folder is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from triage.errors import EncoderError, MissingExtraError
from triage.inference import GRAPHS, Inference
from triage.settings import default_models_dir

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
# Texts that are cut and sorted by length at a time: tokens cost far more memory than text.
CHUNK = 2048
NEEDED = {"format", "name", "dim", "max_tokens", "pad_token_id"}
# Below this cosine to the vectors of the processor that made the folder, int8 goes wrong here.
LEAST_FIDELITY = 0.99

Precision = Literal["int8", "float32"]


class Encoder(Protocol):
    """Anything that turns texts into rows of unit length."""

    @property
    def name(self) -> str:
        """A stable id of the weights, recorded in bundles."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (n, dim); a text's vector does not depend on the others."""


def load_encoder(
    name_or_path: str | None = None,
    *,
    threads: int | None = None,
    precision: Precision | None = None,
) -> Encoder:
    """Load the default encoder, an exported folder, or a sentence-transformers model.

    Args:
        name_or_path: ``None`` for ``models/encoder``; a folder made by
            ``training.encoder.export``; a sentence-transformers folder; or a model name that the
            local Hugging Face cache holds.
        threads: processor threads to use; default all.
        precision: of an exported folder's arithmetic; default int8 where it gives the folder's
            vectors on this processor, else float32.

    Raises:
        EncoderError: nothing loadable is found under that name.
        MissingExtraError: the model needs the extra ``encoders``.
    """
    if name_or_path is None:
        return OnnxEncoder(default_models_dir() / "encoder", threads=threads, precision=precision)
    if (Path(name_or_path) / "encoder.json").is_file():
        return OnnxEncoder(Path(name_or_path), threads=threads, precision=precision)
    return SentenceTransformerEncoder(name_or_path, threads=threads)


class OnnxEncoder:
    """An exported folder (graphs, model.safetensors, tokenizer.json, encoder.json), without torch.

    Texts are sorted by length and padded to one of a few shapes, so that memory stays small and
    no shape is compiled twice.
    """

    def __init__(
        self, folder: Path, *, threads: int | None = None, precision: Precision | None = None
    ) -> None:
        description = _read_description(folder)
        self._pad = int(description["pad_token_id"])
        self._dim = int(description["dim"])
        self._threads = threads or os.cpu_count() or 1
        try:
            from tokenizers import Tokenizer

            self._name = f"{description['name']}@{_fingerprint(folder)}"
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(int(description["max_tokens"]))
            self._inference = self._load(folder, precision or "int8")
            if precision is None and not self._is_true(folder, description):
                self._inference = self._load(folder, "float32")
        except Exception as fault:  # openvino and tokenizers raise classes of their own
            raise EncoderError(
                f"the encoder folder {folder} cannot be loaded: {' '.join(str(fault).split())}; "
                "make it again with python -m training.encoder.export"
            ) from fault

    @property
    def name(self) -> str:
        """Model name and a fingerprint of its weights and tokenizer."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def precision(self) -> Precision:
        """The arithmetic in use."""
        return self._precision

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of ``texts``, shape (n, dim), in their order."""
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = list(texts[start : start + CHUNK])
            ids = [e.ids for e in self._tokenizer.encode_batch_fast(chunk)]
            vectors[start : start + CHUNK] = self._inference.vectors(ids)
        return vectors

    def _load(self, folder: Path, precision: Precision) -> Inference:
        self._precision = precision
        graph = folder / GRAPHS[precision]
        return Inference(graph, dim=self._dim, pad=self._pad, threads=self._threads)

    def _is_true(self, folder: Path, description: dict[str, Any]) -> bool:
        """Return whether the probes' vectors come out as they did when the folder was made."""
        probes: list[str] = description.get("probes", [])
        if not probes:
            return True
        made = np.load(folder / "probes.npy", allow_pickle=False)
        cosines = (self.encode(probes) * made).sum(axis=1)
        return bool(cosines.min() > LEAST_FIDELITY)


class SentenceTransformerEncoder:
    """Any model that sentence-transformers can load, from a folder or the local cache."""

    def __init__(self, name_or_path: str, *, threads: int | None = None) -> None:
        # Triage is offline: without this, the hub's client asks its server even for local files.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as absent:
            raise MissingExtraError(
                "sentence-transformers", extra="encoders", purpose=f"the encoder {name_or_path!r}"
            ) from absent
        if threads:
            torch.set_num_threads(threads)
        try:
            self._model: Any = SentenceTransformer(name_or_path, local_files_only=True)
        except (OSError, ValueError) as fault:
            raise EncoderError(
                f"no encoder {name_or_path!r}: it is no folder with a model and cannot be had "
                "offline; give a folder, or put the model into the Hugging Face cache first"
            ) from fault
        self._name = f"sentence-transformers:{Path(name_or_path).name}"

    @property
    def name(self) -> str:
        """Model name behind the prefix ``sentence-transformers:``."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of ``texts``, shape (n, dim), in their order."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        rows = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)


def _read_description(folder: Path) -> dict[str, Any]:
    try:
        description = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    except FileNotFoundError as absent:
        raise EncoderError(
            f"no encoder in {folder}; set TRIAGE_MODELS_DIR to the folder that holds 'encoder/', "
            "or make one with python -m training.encoder.export all-MiniLM-L6-v2 models/encoder"
        ) from absent
    except ValueError as fault:
        raise EncoderError(
            f"{folder / 'encoder.json'} is not JSON: {fault}; export it again"
        ) from fault
    if isinstance(description, dict) and description.get("format", FORMAT) != FORMAT:
        raise EncoderError(
            f"{folder} has encoder format {description['format']!r}, this Triage reads {FORMAT}; "
            "export it again with this version"
        )
    if not isinstance(description, dict) or NEEDED - set(description):
        raise EncoderError(
            f"{folder / 'encoder.json'} lacks one of {sorted(NEEDED)}; export it again"
        )
    return description


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in ("model.safetensors", "tokenizer.json", "encoder.json", *GRAPHS.values()):
        digest.update((folder / file).read_bytes())
    return digest.hexdigest()[:12]
