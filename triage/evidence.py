"""What a model said of its own training tickets before it had seen them; hashes, never a text.

Fitting it is left to ``training``, weighing it against another model's too.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NONE = -1  # the prediction of a ticket that has no label for a task, or for which none was made
_HASH_BYTES = 8
# TypeError: a single array (.npy) under the name of several.
_DAMAGE = (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Out-of-fold predictions of a model for the tickets that it was trained on.

    Attributes:
        hashes: of the normalised texts (``text_hash``), ascending, shape (n,).
        predictions: for each task, positions in ``labels`` or ``NONE``, shape (n,).
        confidences: for each task, the probability of the predicted label, shape (n,).
        labels: for each task, the labels of its head.
    """

    hashes: NDArray[np.uint64]
    predictions: Mapping[str, NDArray[np.int32]]
    confidences: Mapping[str, NDArray[np.float32]]
    labels: Mapping[str, tuple[str, ...]]

    def __contains__(self, normalised: str) -> bool:
        """Tell whether the model was trained on a text."""
        return self._position(normalised) is not None

    def lookup(self, task: str, normalised: str) -> str | None:
        """Return what was predicted for a text out of fold, ``None`` where nothing was."""
        at = self._position(normalised)
        if at is None or task not in self.predictions:
            return None
        found = int(self.predictions[task][at])
        return None if found == NONE else self.labels[task][found]

    def _position(self, normalised: str) -> int | None:
        wanted = np.uint64(text_hash(normalised))
        at = int(np.searchsorted(self.hashes, wanted))
        return at if at < len(self.hashes) and self.hashes[at] == wanted else None


def text_hash(normalised: str) -> int:
    """Return 64 bits of BLAKE2b (RFC 7693) of a normalised text.

    It hides a text from readers of a bundle, but whoever guesses the whole text can confirm it.
    """
    digest = blake2b(normalised.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES)
    return int.from_bytes(digest.digest(), "little")


def evidence_of(
    texts: Sequence[str],
    *,
    predictions: Mapping[str, NDArray[Any]],
    confidences: Mapping[str, NDArray[Any]],
    labels: Mapping[str, Sequence[str]],
) -> Evidence:
    """Return evidence about normalised ``texts``, sorted by their hashes; of equals the first.

    Args:
        predictions: for each task, positions in its labels or ``NONE``, shape (texts,).
        confidences: for each task, shape (texts,).
    """
    hashes, order = np.unique(
        np.array([text_hash(t) for t in texts], dtype=np.uint64), return_index=True
    )
    return Evidence(
        hashes=hashes,
        predictions={task: np.asarray(p, np.int32)[order] for task, p in predictions.items()},
        confidences={task: np.asarray(c, np.float32)[order] for task, c in confidences.items()},
        labels={task: tuple(names) for task, names in labels.items()},
    )


def save_evidence(evidence: Evidence, path: Path) -> None:
    """Write ``evidence`` as ``.npz``; the same evidence gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {"hashes": evidence.hashes.astype(np.uint64)}
    for task in sorted(evidence.predictions):
        arrays[f"{task}/labels"] = np.array(evidence.labels[task], dtype=np.str_)
        arrays[f"{task}/predictions"] = evidence.predictions[task].astype(np.int32)
        arrays[f"{task}/confidences"] = evidence.confidences[task].astype(np.float32)
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def load_evidence(path: Path) -> Evidence:
    """Read what ``save_evidence`` wrote.

    Raises:
        BundleError: the file is absent, or its arrays are damaged or do not belong together.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            tasks = [name.removesuffix("/labels") for name in arrays if name.endswith("/labels")]
            evidence = Evidence(
                hashes=arrays["hashes"],
                predictions={task: arrays[f"{task}/predictions"] for task in tasks},
                confidences={task: arrays[f"{task}/confidences"] for task in tasks},
                labels={task: tuple(map(str, arrays[f"{task}/labels"])) for task in tasks},
            )
        _check(evidence)
    except _DAMAGE as fault:
        raise BundleError(
            f"{path} is damaged: {fault}; restore the bundle from a backup or train it again"
        ) from fault
    return evidence


def _check(evidence: Evidence) -> None:
    """Raise ValueError where arrays contradict each other."""
    hashes = evidence.hashes
    if hashes.dtype != np.uint64 or hashes.ndim != 1 or (hashes[1:] <= hashes[:-1]).any():
        raise ValueError("its hashes are no ascending 64-bit numbers")
    for task, labels in evidence.labels.items():
        predictions, confidences = evidence.predictions[task], evidence.confidences[task]
        if predictions.dtype != np.int32 or confidences.dtype != np.float32:
            raise ValueError(f"{task!r} holds {predictions.dtype} and {confidences.dtype}")
        if not predictions.shape == confidences.shape == hashes.shape:
            raise ValueError(f"{task!r} has {predictions.shape} rows for {hashes.shape} hashes")
        if ((predictions < NONE) | (predictions >= len(labels))).any():
            raise ValueError(f"{task!r} predicts a label beyond its {len(labels)}")
