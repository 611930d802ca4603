"""A classifier as plain arrays and text in a folder, read without pickle.

``heads.npz`` and ``terms.txt`` hold a classifier; the one that lies below it, if any, has the same
two files with one more ``base-`` in front. Weights are stored in half precision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.classifier import Classifier
from triage.errors import BundleError
from triage.heads import Expert, Head, Hierarchy, Landmarks, check_width
from triage.lexical import LexicalFeatures
from triage.novelty import Novelty, Reference

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEADS, TERMS, BASE = "heads.npz", "terms.txt", "base-"
_WEIGHTS = ("lexical_weights", "dense_weights", "kernel_weights")


def files_of(classifier: Classifier, *, prefix: str = "") -> tuple[str, ...]:
    """Return the names of the files that hold ``classifier`` and what lies below it."""
    below = files_of(classifier.base, prefix=BASE + prefix) if classifier.base else ()
    return (prefix + HEADS, prefix + TERMS, *below)


def save_classifier(classifier: Classifier, folder: Path, *, prefix: str = "") -> None:
    """Write ``classifier``, and what lies below it, into ``folder``."""
    arrays = dict(_arrays(classifier))
    np.savez_compressed(folder / (prefix + HEADS), **arrays)  # type: ignore[arg-type]
    terms = "\n".join(classifier.features.terms)
    (folder / (prefix + TERMS)).write_text(terms, encoding="utf-8", newline="\n")
    if classifier.base is not None:
        save_classifier(classifier.base, folder, prefix=BASE + prefix)


def load_classifier(folder: Path, *, dim: int, prefix: str = "") -> Classifier:
    """Read what :func:`save_classifier` wrote.

    Args:
        dim: length of the encoder's vectors.

    Raises:
        KeyError, ValueError: an array is missing or has no sense.
        EOFError, BadZipFile: the file is no archive.
        BundleError: weights do not fit features and encoder.
    """
    terms = (folder / (prefix + TERMS)).read_text(encoding="utf-8").split("\n")
    # Opened here, since numpy leaves a file open that is no archive.
    with (
        (folder / (prefix + HEADS)).open("rb") as stream,
        np.load(stream, allow_pickle=False) as arrays,
    ):
        if len(arrays["idf"]) != len(terms):
            raise ValueError(f"{len(terms)} terms have {len(arrays['idf'])} weights")
        landmarks = _read_landmarks(arrays, dim=dim)
        heads = {str(task): _read_head(arrays, str(task)) for task in arrays["tasks"]}
        widths = (len(terms), dim, len(landmarks.vectors) if landmarks else 0)
        for task, head in heads.items():
            check_width(head, widths, task=task)
        below = BASE + prefix
        has_base = (folder / (below + HEADS)).is_file()
        return Classifier(
            LexicalFeatures(terms, arrays["idf"]),
            heads,
            hierarchy=_read_hierarchy(arrays),
            landmarks=landmarks,
            novelty=_read_novelty(arrays),
            base=load_classifier(folder, dim=dim, prefix=below) if has_base else None,
        )


def _arrays(classifier: Classifier) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "idf", classifier.features.idf
    yield "tasks", np.array(list(classifier.heads))
    for task, head in classifier.heads.items():
        yield f"{task}/labels", np.array(head.labels)
        yield f"{task}/experts", np.array(len(head.experts))
        yield f"{task}/groups", np.array(list(head.pooling))
        yield f"{task}/pooling", np.array(list(head.pooling.values()), dtype=np.float64)
        yield f"{task}/sets", np.array([head.set_thresholds[g] for g in head.pooling])
        for number, expert in enumerate(head.experts):
            yield f"{task}/{number}/bias", expert.bias
            for name in _WEIGHTS:
                if (weights := getattr(expert, name)) is not None:
                    yield f"{task}/{number}/{name}", weights.astype(np.float16)
    if (landmarks := classifier.landmarks) is not None:
        yield "landmarks/vectors", landmarks.vectors.astype(np.float16)
        yield "landmarks/gamma", np.array(landmarks.gamma)
    if (novelty := classifier.novelty) is not None:
        yield "novelty/task", np.array(novelty.task)
        yield "novelty/groups", np.array(list(novelty.references))
        for group, reference in novelty.references.items():
            yield f"novelty/{group}/means", reference.means
            yield f"novelty/{group}/deviations", reference.deviations
            yield f"novelty/{group}/totals", reference.totals
    if (hierarchy := classifier.hierarchy) is not None:
        yield "hierarchy/tasks", np.array([hierarchy.parent, hierarchy.child])
        yield "hierarchy/groups", np.array(list(hierarchy.weights))
        yield "hierarchy/weights", np.array(list(hierarchy.weights.values()))
        yield "hierarchy/sets", np.array([hierarchy.set_thresholds[g] for g in hierarchy.weights])


def _read_head(arrays: Mapping[str, NDArray[Any]], task: str) -> Head:
    def weights(number: int, name: str) -> NDArray[np.float32] | None:
        key = f"{task}/{number}/{name}"
        return arrays[key].astype(np.float32) if key in arrays else None

    experts = tuple(
        Expert(
            weights(number, "lexical_weights"),
            weights(number, "dense_weights"),
            arrays[f"{task}/{number}/bias"],
            weights(number, "kernel_weights"),
        )
        for number in range(int(arrays[f"{task}/experts"]))
    )
    groups = [str(g) for g in arrays[f"{task}/groups"]]
    pooling = {
        g: tuple(map(float, w)) for g, w in zip(groups, arrays[f"{task}/pooling"], strict=True)
    }
    sets = dict(zip(groups, map(float, arrays[f"{task}/sets"]), strict=True))
    return Head(tuple(map(str, arrays[f"{task}/labels"])), experts, pooling, sets)


def _read_landmarks(arrays: Mapping[str, NDArray[Any]], *, dim: int) -> Landmarks | None:
    if "landmarks/vectors" not in arrays:
        return None
    vectors = arrays["landmarks/vectors"].astype(np.float32)
    if vectors.shape[1:] != (dim,):
        raise BundleError(
            f"landmarks have the shape {vectors.shape}, but the encoder's vectors {dim} columns; "
            "the bundle is damaged, train it again"
        )
    return Landmarks(vectors, float(arrays["landmarks/gamma"]))


def _read_novelty(arrays: Mapping[str, NDArray[Any]]) -> Novelty | None:
    if "novelty/task" not in arrays:
        return None
    references = {
        str(group): Reference(
            *(arrays[f"novelty/{group}/{part}"] for part in ("means", "deviations", "totals"))
        )
        for group in arrays["novelty/groups"]
    }
    return Novelty(str(arrays["novelty/task"]), references)


def _read_hierarchy(arrays: Mapping[str, NDArray[Any]]) -> Hierarchy | None:
    if "hierarchy/tasks" not in arrays:
        return None
    parent, child = (str(t) for t in arrays["hierarchy/tasks"])
    groups = [str(g) for g in arrays["hierarchy/groups"]]
    pairs = [(float(own), float(other)) for own, other in arrays["hierarchy/weights"]]
    sets = dict(zip(groups, map(float, arrays["hierarchy/sets"]), strict=True))
    return Hierarchy(parent, child, dict(zip(groups, pairs, strict=True)), sets)
