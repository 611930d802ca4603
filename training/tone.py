"""The weights of cues of tone beside a head, fitted on its out-of-fold probabilities.

Which cues there are is left to ``triage.cue_file``; how they are joined, to ``triage.sentiment``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from triage.domain import Sentiment
from triage.heads import FLOOR, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.cues import Cues
    from triage.sentiment import Weights

PENALTY = 5.0  # of squared distance from the prior; some ten messages outweigh it
_FREE = (Sentiment.NEGATIVE, Sentiment.POSITIVE)  # neutral is what they are measured against


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Messages as head and cues hear them.

    Attributes:
        labels: of the head, in the order of columns.
        probabilities: out of fold, shape (n, labels).
        shown: how often each cue counts in each message, shape (n, cues).
        target: the right label's number, shape (n,).
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    shown: NDArray[np.float64]
    target: NDArray[np.int64]

    def take(self, mask: NDArray[np.bool_]) -> Heard:
        """Return some of the messages."""
        return Heard(
            labels=self.labels,
            probabilities=self.probabilities[mask],
            shown=self.shown[mask],
            target=self.target[mask],
        )


def shown_by(cues: Cues, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how often each cue counts in each text as written, shape (texts, cues)."""
    column = {cue.name: number for number, cue in enumerate(cues.cues)}
    shown = np.zeros((len(texts), len(column)))
    for row, text in zip(shown, texts, strict=True):
        for hit in cues.find(text):
            row[column[hit.cue.name]] = hit.times
    return shown


def fit_tone(heard: Heard, cues: Cues, *, penalty: float = PENALTY) -> Weights:
    """Return each cue's weights: those that make the right labels likeliest, near the file's.

    Multinomial logistic regression with the logarithms of the head's probabilities as offset and
    a normal prior around the file's weights, so that few messages change little: the maximum a
    posteriori estimate (Bishop 2006, "Pattern Recognition and Machine Learning", section 4.5).

    Args:
        penalty: precision of the prior.
    """
    columns = [i for i, label in enumerate(heard.labels) if label in _FREE]
    prior = np.array(
        [[cue.weights.get(heard.labels[i], 0.0) for i in columns] for cue in cues.cues]
    )
    one_hot = np.eye(len(heard.labels))[heard.target]
    base = np.log(heard.probabilities.astype(np.float64) + FLOOR)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(prior.shape)
        scores = base.copy()
        scores[:, columns] += heard.shown @ weights
        top = scores.max(axis=1, keepdims=True)
        logs = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        off = weights - prior
        slope = heard.shown.T @ (np.exp(logs) - one_hot)[:, columns] + penalty * off
        value = -(logs * one_hot).sum() + penalty / 2 * (off**2).sum()
        return float(value), np.asarray(slope.ravel())

    found = minimize(loss, prior.ravel(), jac=True, method="L-BFGS-B").x.reshape(prior.shape)
    return {
        cue.name: {heard.labels[i]: round(float(w), 3) for i, w in zip(columns, row, strict=True)}
        for cue, row in zip(cues.cues, found, strict=True)
    }


def joined(heard: Heard, cues: Cues, weights: Weights) -> NDArray[np.float32]:
    """Return the probabilities of head and cues together, shape (n, labels)."""
    each = np.array(
        [
            [weights.get(cue.name, cue.weights).get(label, 0.0) for label in heard.labels]
            for cue in cues.cues
        ]
    )
    scores = np.log(heard.probabilities.astype(np.float64) + FLOOR) + heard.shown @ each
    return softmax(scores.astype(np.float32))


def cross_joined(heard: Heard, cues: Cues, fold: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the joined probabilities of each message by weights fitted without its fold.

    Args:
        fold: which fold each message is in, shape (n,).
    """
    found = np.empty_like(heard.probabilities)
    for number in np.unique(fold):
        mask = fold == number
        found[mask] = joined(heard.take(mask), cues, fit_tone(heard.take(~mask), cues))
    return found
