"""Heads that turn one message's vector and lexical features into calibrated label probabilities.

Plain numpy at serving: scikit-learn is imported by ``training`` only. A head pools linear experts
(lexical, dense, both) with weights per language, fitted on out-of-fold scores; the pool is linear,
so each language's experts are fused into one weight matrix when a bundle is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.errors import BundleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.lexical import LexicalFeatures, SparseRows

FLOOR = np.float32(1e-6)  # keeps logarithms finite
POOLED = "any"  # the language group of messages in a language that had too few training rows


@dataclass(frozen=True, slots=True)
class Expert:
    """A linear scorer: ``lexical @ lexical_weights + dense @ dense_weights + bias``.

    Attributes:
        lexical_weights: shape (terms, labels), or ``None`` for a purely dense expert.
        dense_weights: shape (dim, labels), or ``None`` for a purely lexical expert.
        bias: shape (labels,).
    """

    lexical_weights: NDArray[np.float32] | None
    dense_weights: NDArray[np.float32] | None
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """One task (category, intent, priority, sentiment) with its experts and calibration.

    Attributes:
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


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities of one task for one message.

    Attributes:
        probabilities: calibrated, in the order of ``labels``, summing to 1.
        prediction_set: labels above the conformal threshold, likeliest first; never empty.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    prediction_set: tuple[str, ...]

    @property
    def best(self) -> str:
        """The likeliest label."""
        return self.labels[int(self.probabilities.argmax())]

    def probability_of(self, label: str) -> float:
        """Return a label's probability; 0 for a label that the head does not know."""
        return float(self.probabilities[self.labels.index(label)]) if label in self.labels else 0.0

    def ranked(self) -> list[tuple[str, float]]:
        """Return (label, probability), likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return [(self.labels[i], float(self.probabilities[i])) for i in order]


class Classifier:
    """All heads of a bundle over one set of lexical features."""

    def __init__(
        self,
        features: LexicalFeatures,
        heads: Mapping[str, Head],
        *,
        hierarchy: Hierarchy | None = None,
    ) -> None:
        self.features = features
        self.heads = dict(heads)
        self.hierarchy = hierarchy
        self._fused = {
            (task, group): head.fused(group)
            for task, head in heads.items()
            for group in head.pooling
        }

    def predict(
        self, texts: Sequence[str], vectors: NDArray[np.float32], *, languages: Sequence[str]
    ) -> list[dict[str, Prediction]]:
        """Return each message's prediction for every task.

        Args:
            texts: normalised texts (``triage.text.normalise``), n of them.
            vectors: their encodings, shape (n, dim).
            languages: language codes; a code without weights of its own uses the common ones.
        """
        rows = self.features.transform(texts)
        predictions: list[dict[str, Prediction]] = [{} for _ in texts]
        for task, head in self.heads.items():
            for group, members in _grouped(languages, head.pooling).items():
                scores = _scores(self._fused[task, group], rows.take(members), vectors[members])
                for member, probabilities in zip(members, softmax(scores), strict=True):
                    predictions[member][task] = Prediction(
                        head.labels,
                        probabilities,
                        _prediction_set(head.labels, probabilities, head.set_thresholds[group]),
                    )
        if self.hierarchy is not None:
            self._pool_hierarchy(self.hierarchy, predictions, languages)
        return predictions

    def _pool_hierarchy(
        self,
        hierarchy: Hierarchy,
        predictions: list[dict[str, Prediction]],
        languages: Sequence[str],
    ) -> None:
        parents = self.heads[hierarchy.parent].labels
        membership = parent_matrix(parents, self.heads[hierarchy.child].labels)
        for prediction, language in zip(predictions, languages, strict=True):
            group = _group(language, hierarchy.weights)
            own = prediction[hierarchy.parent].probabilities
            summed = prediction[hierarchy.child].probabilities @ membership
            pooled = hierarchy.pool(own[None], summed[None], group=group)[0]
            prediction[hierarchy.parent] = Prediction(
                parents, pooled, _prediction_set(parents, pooled, hierarchy.set_thresholds[group])
            )

    def strongest_term(self, task: str, label: str, text: str, *, language: str) -> str | None:
        """Return the term of a normalised text that speaks most for ``label``, if any does."""
        head = self.heads[task]
        weights = self._fused[task, _group(language, head.pooling)].lexical_weights
        rows = self.features.transform([text])
        if weights is None or not len(rows.indices):
            return None
        column = weights[rows.indices]
        lead = (column[:, head.labels.index(label)] - column.mean(axis=1)) * rows.values
        terms = [self.features.terms[i] for i in rows.indices]
        worth = [(s, t.strip()) for s, t in zip(lead, terms, strict=True) if len(t.strip()) > 1]
        best = max(worth, default=(0.0, ""))
        return best[1].removeprefix("w:") if best[0] > 0 else None


def parent_matrix(parents: Sequence[str], children: Sequence[str]) -> NDArray[np.float32]:
    """Return which child ``a/b`` lies under parent ``a``: 0 or 1, shape (children, parents)."""
    rows = [[float(child.partition("/")[0] == parent) for parent in parents] for child in children]
    return np.array(rows, dtype=np.float32)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return row-wise probabilities of ``scores``, shape (n, labels)."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def check_width(head: Head, *, terms: int, dim: int, task: str) -> None:
    """Raise BundleError unless the head's weights fit the features and the encoder."""
    for expert in head.experts:
        for weights, width in ((expert.lexical_weights, terms), (expert.dense_weights, dim)):
            if weights is not None and weights.shape != (width, len(head.labels)):
                raise BundleError(
                    f"head {task!r} has weights of shape {weights.shape}, expected "
                    f"{(width, len(head.labels))}; the bundle is damaged, train it again"
                )


def _group(language: str, pooling: Mapping[str, object]) -> str:
    return language if language in pooling else POOLED


def _grouped(
    languages: Sequence[str], pooling: Mapping[str, tuple[float, ...]]
) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for position, language in enumerate(languages):
        members.setdefault(_group(language, pooling), []).append(position)
    return members


def _scores(expert: Expert, rows: SparseRows, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    scores = np.tile(expert.bias, (len(vectors), 1))
    if expert.lexical_weights is not None:
        scores = scores + rows.dot(expert.lexical_weights)
    if expert.dense_weights is not None:
        # Row by row: a matrix product may round differently with the number of rows.
        dense = [vector @ expert.dense_weights for vector in vectors]
        scores = scores + np.array(dense).reshape(scores.shape)
    return scores


def _prediction_set(
    labels: tuple[str, ...], probabilities: NDArray[np.float32], threshold: float
) -> tuple[str, ...]:
    order = np.argsort(-probabilities, kind="stable")
    chosen = [labels[i] for i in order if probabilities[i] >= threshold]
    return tuple(chosen) or (labels[order[0]],)


def _weighted_sum(
    parts: Sequence[NDArray[np.float32] | None], weights: Sequence[float]
) -> NDArray[np.float32] | None:
    total: NDArray[np.float32] | None = None
    for part, weight in zip(parts, weights, strict=True):
        if part is not None and weight:
            scaled = part.astype(np.float32) * np.float32(weight)
            total = scaled if total is None else total + scaled
    return total
