"""What a bundle promises of the answers it gives alone, and from where on it asks a human."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training.fit import set_thresholds
from training.judged import Judged
from training.risk import accept
from triage.classifier import Classifier
from triage.engine import CATEGORY
from triage.heads import POOLED
from triage.text import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket
    from triage.bundle import Manifest

METHOD = "Learn then Test on the selective risk, exact binomial tail (arXiv:2110.01052)"


@dataclass(frozen=True, slots=True)
class Standard:
    """What shall hold of accepted answers.

    Attributes:
        max_error: at most this share of them is wrong,
        sure: with this probability.
        unfamiliar: share of known messages that may be called unlike anything known.
    """

    max_error: float = 0.1
    sure: float = 0.95
    unfamiliar: float = 0.02


@dataclass(frozen=True, slots=True)
class Review:
    """When a human must look at a category, and what is promised otherwise.

    Attributes:
        confidence: the least confidence, by language group.
        familiarity: the least familiarity.
        promises: what the manifest says of each group.
    """

    confidence: dict[str, float]
    familiarity: float
    promises: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Review:
        """Return the rules of a bundle whose category head is taken over."""
        confidence = dict(manifest.review_confidence)
        return cls(confidence, manifest.review_familiarity, dict(manifest.abstention))


def review_of(
    answers: Judged,
    familiarity: NDArray[np.float32],
    standard: Standard,
    *,
    groups: Sequence[str],
    exact: bool,
) -> Review:
    """Return the lowest thresholds at which the standard holds, for each language group.

    Args:
        answers: category answers of models that had not seen the n tickets.
        familiarity: of the same tickets, shape (n,).
        groups: language groups to state it for; the common one stands for the others.
        exact: whether they are answers of the final model, not of models of the folds.
    """
    confidence, promises = {}, {}
    familiar = familiarity >= standard.unfamiliar
    for group in groups:
        mask = (answers.languages == group) | (group == POOLED)
        part = answers.take(mask & familiar)
        found = accept(
            part.confidence, part.right, max_error=standard.max_error, sure=standard.sure
        )
        share = found.accepted * float(familiar[mask].mean()) if mask.any() else 0.0
        confidence[group] = found.threshold
        promises[group] = asdict(found) | {
            "rows": int(mask.sum()),
            "accepted": round(share, 4),
            "error": round(found.error, 4),
            "max_error": standard.max_error,
            "sure": standard.sure,
            "exact": exact,
            "method": METHOD,
        }
    return Review(confidence, standard.unfamiliar, promises)


def judge_held_out(
    classifier: Classifier,
    tickets: Sequence[Ticket],
    vectors: NDArray[np.float32],
    *,
    coverage: float,
) -> tuple[Classifier, Judged, NDArray[np.float32]]:
    """Return the category's answers on tickets that nothing was fitted on.

    Also returns the classifier with conformal sets by those tickets, and their familiarity.
    """
    labelled = [i for i, t in enumerate(tickets) if t.labels[CATEGORY] is not None]
    spoken = np.array([detect_language(tickets[i].text).code for i in labelled])
    texts = [tickets[i].normalised for i in labelled]
    found = classifier.predict(texts, vectors[labelled], languages=list(spoken))
    predictions = [prediction[CATEGORY] for prediction in found]
    labels = classifier.heads[CATEGORY].labels
    number = {label: i for i, label in enumerate(labels)}
    true = np.array([number.get(str(tickets[i].labels[CATEGORY]), -1) for i in labelled])
    probabilities = np.array([p.probabilities for p in predictions], dtype=np.float32)
    groups = language_groups(classifier)
    sets = set_thresholds(probabilities, true, languages=spoken, groups=groups, coverage=coverage)
    answers = Judged(
        np.array(labelled), labels, true, probabilities.argmax(axis=1),
        probabilities.max(axis=1), spoken,
    )  # fmt: skip
    shares = [1.0 if p.familiarity is None else p.familiarity for p in predictions]
    return _with_sets(classifier, sets), answers, np.array(shares, dtype=np.float32)


def language_groups(classifier: Classifier) -> tuple[str, ...]:
    """Return the language groups for which the classifier's categories are calibrated."""
    pair = classifier.hierarchy
    return tuple(pair.weights if pair is not None else classifier.heads[CATEGORY].pooling)


def _with_sets(classifier: Classifier, sets: Mapping[str, float]) -> Classifier:
    heads, pair = dict(classifier.heads), classifier.hierarchy
    if pair is not None:
        pair = replace(pair, set_thresholds=sets)
    else:
        heads[CATEGORY] = replace(heads[CATEGORY], set_thresholds=sets)
    return Classifier(
        classifier.features,
        heads,
        hierarchy=pair,
        landmarks=classifier.landmarks,
        novelty=classifier.novelty,
        base=classifier.base,
    )
