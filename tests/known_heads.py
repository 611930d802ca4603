"""Classifiers of drawn weights that use every view, for tests of serving, writing and reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from fakes import FakeEncoder

from triage.classifier import Classifier, Prediction
from triage.heads import Expert, Head, Hierarchy, Landmarks
from triage.lexical import LexicalFeatures
from triage.novelty import SIGNS, Novelty, Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIM, LANDMARKS = 32, 7
TEXTS = (
    "where is my parcel", "the parcel is late", "refund my money", "please pay my money back",
    "我的快递到哪里了", "退款怎么还没到", "i forgot my password", "账号登录不上去",
)  # fmt: skip
LABELS = {
    "category": ("a", "b", "c"),
    "intent": ("a/x", "a/y", "b/x", "c/z"),
    "priority": ("high", "low"),
    "sentiment": ("negative", "positive"),
}
GROUPS = ("any", "zh")


def classifier_of(
    *tasks: str,
    seed: int = 0,
    listens: bool = False,
    novelty: str | None = None,
    base: Classifier | None = None,
    labels: Mapping[str, tuple[str, ...]] = LABELS,
) -> Classifier:
    """Return a classifier with drawn weights.

    Args:
        listens: whether category listens to intent.
        novelty: the task whose head tells how familiar a message is.
    """
    rng = np.random.default_rng(seed)
    # Each has a vocabulary of its own, so that reading the wrong one would be noticed.
    features = LexicalFeatures.fit(TEXTS[seed % 3 :])
    vectors = half(FakeEncoder(dim=DIM).encode([f"{seed} {n}" for n in range(LANDMARKS)]))
    heads = {task: _head(rng, labels[task], len(features.terms)) for task in tasks}
    sets = {"any": 0.2, "zh": 0.3}
    weights = {"any": (0.4, 0.8), "zh": (0.0, 1.5)}
    return Classifier(
        features,
        heads,
        hierarchy=Hierarchy("category", "intent", weights, sets) if listens else None,
        landmarks=Landmarks(vectors, 0.5),
        novelty=_novelty(rng, novelty) if novelty else None,
        base=base,
    )


def half(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``values`` rounded to what a bundle stores."""
    return values.astype(np.float16).astype(np.float32)


def predictions_of(
    classifier: Classifier, texts: Sequence[str] = TEXTS, languages: Sequence[str] = ()
) -> list[dict[str, Prediction]]:
    """Return what ``classifier`` says of ``texts``, whose languages alternate by default."""
    spoken = languages or [("en", "zh", "fr")[i % 3] for i in range(len(texts))]
    vectors = FakeEncoder(dim=DIM).encode(texts)
    return classifier.predict(texts, vectors, languages=spoken)


def assert_equal_to_the_bit(
    some: Sequence[Mapping[str, Prediction]], others: Sequence[Mapping[str, Prediction]]
) -> None:
    """Fail unless two lists of predictions agree in every number."""
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert one.keys() == other.keys()
        for task, made in one.items():
            np.testing.assert_array_equal(made.probabilities, other[task].probabilities)
            assert made.labels == other[task].labels
            assert made.prediction_set == other[task].prediction_set
            assert made.familiarity == other[task].familiarity


def _head(rng: np.random.Generator, labels: tuple[str, ...], terms: int) -> Head:
    def drawn(*shape: int) -> NDArray[np.float32]:
        return half(rng.normal(size=shape).astype(np.float32))

    count = len(labels)
    experts = (
        Expert(drawn(terms, count), None, drawn(count)),
        Expert(None, drawn(DIM, count), drawn(count)),
        Expert(None, None, drawn(count), drawn(LANDMARKS, count)),
    )
    pooling = {group: tuple(rng.uniform(0.1, 2, size=3)) for group in GROUPS}
    return Head(labels, experts, pooling, {"any": 0.25, "zh": 0.4})


def _novelty(rng: np.random.Generator, task: str) -> Novelty:
    references = {
        group: Reference(
            rng.normal(size=SIGNS).astype(np.float32),
            rng.uniform(0.5, 2, size=SIGNS).astype(np.float32),
            np.sort(rng.normal(scale=6, size=50)).astype(np.float32),
        )
        for group in GROUPS
    }
    return Novelty(task, references)
