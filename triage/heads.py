"""Heads: pooled linear experts over three views of a message, as plain arrays.

It owns the arithmetic of scores and probabilities; which texts and vectors the views come from is
left to ``classifier``. scikit-learn is imported by ``training`` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.errors import BundleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.lexical import SparseRows

FLOOR = np.float32(1e-6)  # keeps logarithms finite
POOLED = "any"  # the language group of messages in a language that had too few training rows
# Landmarks that stay in a core's cache while all messages of a batch pass by: read for each message
# anew from memory, 4,000 of them cost fifteen times as much.
CACHED = 512
NEAREST = 5  # landmarks whose mean cosine says how near the known messages are


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Vectors of known messages; a message's likeness to them is a view of its own.

    Attributes:
        vectors: unit rows, shape (landmarks, dim).
        gamma: width of the Gaussian kernel exp(-gamma |x - y|^2) over them, the features of
            Nystroem's approximation (Williams & Seeger 2000, "Using the Nystroem Method to Speed
            Up Kernel Machines").
    """

    vectors: NDArray[np.float32]
    gamma: float

    def cosines(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of each vector with each landmark, shape (n, landmarks)."""
        found = np.empty((len(vectors), len(self.vectors)), dtype=np.float32)
        for start in range(0, len(self.vectors), CACHED):
            part = np.ascontiguousarray(self.vectors[start : start + CACHED].T)
            found[:, start : start + CACHED] = by_row(vectors, part)
        return found

    def kernel(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the kernel's values for cosines of unit vectors, of the same shape."""
        values: NDArray[np.float32] = np.exp(np.float32(2 * self.gamma) * (cosines - 1))
        return values


@dataclass(frozen=True, slots=True)
class Views:
    """What experts read of n messages.

    Attributes:
        lexical: TF-IDF rows.
        dense: unit vectors, shape (n, dim).
        cosines: with the landmarks, shape (n, landmarks); no columns without landmarks.
        kernel: the same through the kernel.
    """

    lexical: SparseRows
    dense: NDArray[np.float32]
    cosines: NDArray[np.float32]
    kernel: NDArray[np.float32]

    def take(self, rows: Sequence[int]) -> Views:
        """Return the given messages, in the given order."""
        return Views(
            self.lexical.take(rows), self.dense[rows], self.cosines[rows], self.kernel[rows]
        )


@dataclass(frozen=True, slots=True)
class Expert:
    """A linear scorer of some of the views; what it does not read is ``None``.

    Attributes:
        lexical_weights: shape (terms, labels).
        dense_weights: shape (dim, labels).
        kernel_weights: shape (landmarks, labels).
        bias: shape (labels,).
    """

    lexical_weights: NDArray[np.float32] | None
    dense_weights: NDArray[np.float32] | None
    bias: NDArray[np.float32]
    kernel_weights: NDArray[np.float32] | None = None

    def scores(self, views: Views) -> NDArray[np.float32]:
        """Return the score of every label for every message, shape (n, labels)."""
        scores = np.tile(self.bias, (len(views.dense), 1))
        if self.lexical_weights is not None:
            scores = scores + views.lexical.dot(self.lexical_weights)
        if self.dense_weights is not None:
            scores = scores + by_row(views.dense, self.dense_weights)
        if self.kernel_weights is not None:
            scores = scores + by_row(views.kernel, self.kernel_weights)
        return scores


@dataclass(frozen=True, slots=True)
class Head:
    """One task (category, intent, priority, sentiment) with its experts and calibration.

    Attributes:
        experts: the first one is purely lexical.
        pooling: for each language group, one weight per expert (the temperature is inside).
        set_thresholds: for each group, the probability from which a label joins the prediction
            set; the least-ambiguous set of Sadinle, Lei & Wasserman (2019),
            https://arxiv.org/abs/1609.00451
    """

    labels: tuple[str, ...]
    experts: tuple[Expert, ...]
    pooling: Mapping[str, tuple[float, ...]]
    set_thresholds: Mapping[str, float]

    def fused(self, group: str) -> Expert:
        """Return the pooled experts of a language group as one linear scorer."""
        weights = self.pooling[group]
        return Expert(
            _weighted_sum([e.lexical_weights for e in self.experts], weights),
            _weighted_sum([e.dense_weights for e in self.experts], weights),
            np.asarray(np.tensordot(weights, [e.bias for e in self.experts], axes=1), np.float32),
            _weighted_sum([e.kernel_weights for e in self.experts], weights),
        )


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """How a parent task (category) listens to its child (intent, labelled ``parent/child``).

    The parent's probabilities become a logarithmic pool of its own and of the sum over each
    label's children.

    Attributes:
        weights: for each language group, the weights of own and of summed log-probabilities.
        set_thresholds: as in a head, for the pooled probabilities.
    """

    parent: str
    child: str
    weights: Mapping[str, tuple[float, float]]
    set_thresholds: Mapping[str, float]

    def pool(
        self, own: NDArray[np.float32], summed: NDArray[np.float32], *, group: str
    ) -> NDArray[np.float32]:
        """Return pooled probabilities; all shapes (n, parent labels)."""
        first, second = self.weights[group]
        return softmax(first * np.log(own + FLOOR) + second * np.log(summed + FLOOR))


def by_row(rows: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``rows @ weights``, row by row.

    A product of matrices may round differently with the number of rows; a message's scores must
    not depend on its batch.
    """
    products = [row @ weights for row in rows]
    return np.array(products, dtype=np.float32).reshape(len(rows), weights.shape[1])


def group_of(language: str, known: Mapping[str, object]) -> str:
    """Return the language group of a language: itself, or the common one."""
    return language if language in known else POOLED


def parent_matrix(parents: Sequence[str], children: Sequence[str]) -> NDArray[np.float32]:
    """Return which child ``a/b`` lies under parent ``a``: 0 or 1, shape (children, parents)."""
    rows = [[float(child.partition("/")[0] == parent) for parent in parents] for child in children]
    return np.array(rows, dtype=np.float32)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return row-wise probabilities of ``scores``, shape (n, labels)."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def check_width(head: Head, widths: tuple[int, int, int], *, task: str) -> None:
    """Raise BundleError unless weights fit (terms, dim, landmarks) and every label has a bias."""
    for expert in head.experts:
        if expert.bias.shape != (len(head.labels),):
            raise BundleError(
                f"head {task!r} has biases of shape {expert.bias.shape} for {len(head.labels)} "
                "labels; the bundle is damaged, train it again"
            )
        parts = (expert.lexical_weights, expert.dense_weights, expert.kernel_weights)
        for weights, width in zip(parts, widths, strict=True):
            if weights is not None and weights.shape != (width, len(head.labels)):
                raise BundleError(
                    f"head {task!r} has weights of shape {weights.shape}, expected "
                    f"{(width, len(head.labels))}; the bundle is damaged, train it again"
                )


def _weighted_sum(
    parts: Sequence[NDArray[np.float32] | None], weights: Sequence[float]
) -> NDArray[np.float32] | None:
    total: NDArray[np.float32] | None = None
    for part, weight in zip(parts, weights, strict=True):
        if part is not None and weight:
            scaled = part.astype(np.float32) * np.float32(weight)
            total = scaled if total is None else total + scaled
    return total
