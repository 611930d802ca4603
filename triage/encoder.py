"""Texts to unit vectors: the shipped ONNX encoder, or any sentence-transformers model by name.

Importing this module loads no model library; torch is touched only when a model that is not an
exported folder is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from triage.errors import EncoderError, MissingExtraError
from triage.settings import default_models_dir

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_TOKENS = 4096
FORMAT = 1
NEEDED = {"format", "name", "dim", "max_tokens", "pad_token_id"}


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


def load_encoder(name_or_path: str | None = None, *, threads: int | None = None) -> Encoder:
    """Load the default encoder, an exported folder, or a sentence-transformers model.

    Args:
        name_or_path: ``None`` for ``models/encoder``; a folder made by
            ``training.encoder.export``; a sentence-transformers folder; or a model name that the
            local Hugging Face cache holds.
        threads: processor threads to use; default all.

    Raises:
        EncoderError: nothing loadable is found under that name.
        MissingExtraError: the model needs the extra ``encoders``.
    """
    if name_or_path is None:
        return OnnxEncoder(default_models_dir() / "encoder", threads=threads)
    if (Path(name_or_path) / "encoder.json").is_file():
        return OnnxEncoder(Path(name_or_path), threads=threads)
    return SentenceTransformerEncoder(name_or_path, threads=threads)


class OnnxEncoder:
    """An exported folder (model.onnx, tokenizer.json, encoder.json) run by ONNX Runtime.

    Texts are sorted by length and cut into batches of a bounded number of tokens, then mean-pooled
    over their own tokens and scaled to unit length.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        description = _read_description(folder)
        try:
            import onnxruntime
            from tokenizers import Tokenizer

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads or os.cpu_count() or 1
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as fault:  # onnxruntime and tokenizers raise classes of their own
            raise EncoderError(
                f"the encoder folder {folder} cannot be loaded: {fault}; "
                "make it again with python -m training.encoder.export"
            ) from fault
        self._tokenizer.enable_truncation(int(description["max_tokens"]))
        self._pad = int(description["pad_token_id"])
        self._dim = int(description["dim"])
        self._name = f"{description['name']}@{_fingerprint(folder)}"

    @property
    def name(self) -> str:
        """Model name and a fingerprint of its weights and tokenizer."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of ``texts``, shape (n, dim), in their order."""
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        encodings = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i]))
        for batch in _batches(order, [len(ids) for ids in encodings]):
            vectors[batch] = self._encode_batch([encodings[i] for i in batch])
        return vectors

    def _encode_batch(self, ids: list[list[int]]) -> NDArray[np.float32]:
        width = max(len(row) for row in ids)
        tokens = np.full((len(ids), width), self._pad, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for position, row in enumerate(ids):
            tokens[position, : len(row)] = row
            mask[position, : len(row)] = 1
        states = self._session.run(None, {"input_ids": tokens, "attention_mask": mask})[0]
        weights = mask[:, :, None].astype(np.float32)
        return _unit((states * weights).sum(axis=1) / weights.sum(axis=1))


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
    for file in ("model.onnx", "tokenizer.json", "encoder.json"):
        digest.update((folder / file).read_bytes())
    return digest.hexdigest()[:12]


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Cut ``order`` (shortest first) so that a padded batch holds at most BATCH_TOKENS tokens."""
    batches: list[list[int]] = []
    for index in order:
        if not batches or (len(batches[-1]) + 1) * lengths[index] > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(index)
    return batches


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (rows / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
