"""From one message's vector and lexical features to calibrated label probabilities for every task.

A head pools linear experts with weights per language, fitted on out-of-fold scores; the pool is
linear, so each language's experts are fused into one when a bundle is loaded. Tasks that a shop's
tickets do not label come from the classifier that lies below.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from triage.domain import Category, LabelScore
from triage.heads import Head, Hierarchy, Landmarks, Views, group_of, parent_matrix, softmax
from triage.novelty import Novelty, signs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.lexical import LexicalFeatures

ALTERNATIVES = 3  # labels shown beside the best


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities of one task for one message.

    Attributes:
        probabilities: calibrated, in the order of ``labels``, summing to 1.
        prediction_set: labels above the conformal threshold, likeliest first; never empty.
        familiarity: share of known messages that are no more familiar; ``None`` where the model
            was not taught to tell.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    prediction_set: tuple[str, ...]
    familiarity: float | None = None

    @property
    def best(self) -> str:
        """The likeliest label."""
        return self.labels[int(self.probabilities.argmax())]

    def probability_of(self, label: str) -> float:
        """Return a label's probability; 0 for a label that the head does not know."""
        place = _places(self.labels).get(label)
        return 0.0 if place is None else float(self.probabilities[place])

    def ranked(self) -> list[tuple[str, float]]:
        """Return (label, probability), likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return [(self.labels[i], float(self.probabilities[i])) for i in order]


class Classifier:
    """Heads over one set of lexical features and landmarks, and a classifier for other tasks."""

    def __init__(
        self,
        features: LexicalFeatures,
        heads: Mapping[str, Head],
        *,
        hierarchy: Hierarchy | None = None,
        landmarks: Landmarks | None = None,
        novelty: Novelty | None = None,
        base: Classifier | None = None,
    ) -> None:
        self.features = features
        self.heads = dict(heads)
        self.hierarchy = hierarchy
        self.landmarks = landmarks
        self.novelty = novelty
        self.base = base
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
        predictions: list[dict[str, Prediction]] = [{} for _ in texts]
        if self.base is not None:
            predictions = self.base.predict(texts, vectors, languages=languages)
        views = self._views(texts, vectors)
        for task, head in self.heads.items():
            for group, members in _grouped(languages, head.pooling).items():
                found = self._task(task, group, views.take(members))
                for member, prediction in zip(members, found, strict=True):
                    predictions[member][task] = prediction
        if self.hierarchy is not None:
            self._pool_hierarchy(self.hierarchy, predictions, languages)
        return predictions

    def predict_by_words(
        self, texts: Sequence[str], *, languages: Sequence[str]
    ) -> list[dict[str, Prediction]]:
        """Return each message's prediction for every task by the lexical expert alone.

        It takes no vector. Its scores are scaled by half the sum of the pool's weights, which was
        fitted for the pool and not for it: the probabilities are rough, the order of labels is not.

        Args:
            texts: normalised texts, n of them.
            languages: language codes; a code without weights of its own uses the common ones.
        """
        found: list[dict[str, Prediction]] = [{} for _ in texts]
        if self.base is not None:
            found = self.base.predict_by_words(texts, languages=languages)
        rows = self.features.transform(texts)
        for task, head in self.heads.items():
            expert = head.experts[0]
            scores = np.tile(expert.bias, (len(texts), 1))
            if expert.lexical_weights is not None:
                scores = scores + rows.dot(expert.lexical_weights)
            groups = [group_of(language, head.pooling) for language in languages]
            scale = np.array([[sum(head.pooling[g]) / 2] for g in groups], dtype=np.float32)
            for number, row in enumerate(softmax(scores * scale)):
                likely = _prediction_set(head.labels, row, head.set_thresholds[groups[number]])
                found[number][task] = Prediction(head.labels, row, likely)
        return found

    def _views(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Views:
        lexical = self.features.transform(texts)
        if self.landmarks is None:
            none = np.zeros((len(texts), 0), dtype=np.float32)
            return Views(lexical, vectors, none, none)
        cosines = self.landmarks.cosines(vectors)
        return Views(lexical, vectors, cosines, self.landmarks.kernel(cosines))

    def _task(self, task: str, group: str, views: Views) -> list[Prediction]:
        head = self.heads[task]
        scores = self._fused[task, group].scores(views)
        predictions = [
            Prediction(head.labels, row, _prediction_set(head.labels, row, threshold))
            for row in softmax(scores)
            for threshold in (head.set_thresholds[group],)
        ]
        if self.novelty is None or self.novelty.task != task:
            return predictions
        signs = signs_of(views.cosines, scores, head.experts[0].scores(views))
        familiarity = self.novelty.references[group].familiarity(signs)
        return [
            replace(prediction, familiarity=float(share))
            for prediction, share in zip(predictions, familiarity, strict=True)
        ]

    def _pool_hierarchy(
        self,
        hierarchy: Hierarchy,
        predictions: list[dict[str, Prediction]],
        languages: Sequence[str],
    ) -> None:
        parents = self.heads[hierarchy.parent].labels
        membership = parent_matrix(parents, self.heads[hierarchy.child].labels)
        for prediction, language in zip(predictions, languages, strict=True):
            group = group_of(language, hierarchy.weights)
            own, child = prediction[hierarchy.parent], prediction[hierarchy.child]
            summed = child.probabilities @ membership
            pooled = hierarchy.pool(own.probabilities[None], summed[None], group=group)[0]
            prediction[hierarchy.parent] = Prediction(
                parents,
                pooled,
                _prediction_set(parents, pooled, hierarchy.set_thresholds[group]),
                child.familiarity if own.familiarity is None else own.familiarity,
            )

    def strongest_term(self, task: str, label: str, text: str, *, language: str) -> str | None:
        """Return the term of a normalised text that speaks most for ``label``, if any does."""
        if task not in self.heads and self.base is not None:
            return self.base.strongest_term(task, label, text, language=language)
        head = self.heads[task]
        weights = self._fused[task, group_of(language, head.pooling)].lexical_weights
        rows = self.features.transform([text])
        if weights is None or not len(rows.indices):
            return None
        column = weights[rows.indices]
        lead = (column[:, head.labels.index(label)] - column.mean(axis=1)) * rows.values
        terms = [self.features.terms[i] for i in rows.indices]
        worth = [(s, t.strip()) for s, t in zip(lead, terms, strict=True) if len(t.strip()) > 1]
        best = max(worth, default=(0.0, ""))
        return best[1].removeprefix("w:") if best[0] > 0 else None

    def knows(self, task: str) -> bool:
        """Tell whether there is a head for ``task``, here or below."""
        return task in self.heads or (self.base is not None and self.base.knows(task))

    def labels(self) -> dict[str, list[str]]:
        """Return the labels of every task, here or below, by task's name."""
        below = self.base.labels() if self.base is not None else {}
        own = {task: list(head.labels) for task, head in self.heads.items()}
        return dict(sorted((below | own).items()))

    def only(self, tasks: Sequence[str]) -> Classifier:
        """Return a classifier of the given tasks alone, to lie below another one.

        A parent task keeps the child that it listens to, without which it would answer otherwise.
        """
        pair = self.hierarchy
        wanted = {*tasks, pair.child} if pair is not None and pair.parent in tasks else {*tasks}
        whole = {task: head for task, head in self.heads.items() if task in wanted}
        rest = [task for task in tasks if task not in whole]
        below = self.base.only(rest) if self.base is not None and rest else None
        if not whole and below is not None:
            return below
        both = pair is not None and {pair.parent, pair.child} <= set(whole)
        return Classifier(
            self.features,
            whole,
            hierarchy=pair if both else None,
            landmarks=self.landmarks,
            novelty=self.novelty if self.novelty and self.novelty.task in whole else None,
            base=below,
        )


@functools.lru_cache(maxsize=32)
def _places(labels: tuple[str, ...]) -> Mapping[str, int]:
    return {label: place for place, label in enumerate(labels)}


def _grouped(
    languages: Sequence[str], pooling: Mapping[str, tuple[float, ...]]
) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for position, language in enumerate(languages):
        members.setdefault(group_of(language, pooling), []).append(position)
    return members


def _prediction_set(
    labels: tuple[str, ...], probabilities: NDArray[np.float32], threshold: float
) -> tuple[str, ...]:
    order = np.argsort(-probabilities, kind="stable")
    chosen = [labels[i] for i in order if probabilities[i] >= threshold]
    return tuple(chosen) or (labels[order[0]],)


def category_of(categories: Prediction, intents: Prediction) -> Category:
    """Return the best category with its likeliest intent; itself stands where it has none."""
    (label, confidence), *others = categories.ranked()
    own = [name for name, _ in intents.ranked() if name.partition("/")[0] == label]
    return Category(
        label=label,
        intent=own[0] if own else label,
        confidence=confidence,
        alternatives=tuple(LabelScore(name, score) for name, score in others[:ALTERNATIVES]),
        prediction_set=categories.prediction_set,
        familiarity=categories.familiarity,
    )
