"""Answers of models that had not seen the tickets, beside the tickets' labels.

It owns the figures of a manifest and what of them a bundle keeps as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.metrics import (
    accuracy,
    expected_calibration_error,
    macro_f1,
    reliability,
    with_interval,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_REPORTED = 50  # a language with fewer rows gets no figures of its own


@dataclass(frozen=True, slots=True)
class Judged:
    """One task's answers beside the labels.

    Attributes:
        positions: which tickets, shape (n,).
        labels: the labels that ``true`` and ``predicted`` count.
        true, predicted: shape (n,); -1 stands for a true label that the head does not know.
        confidence: of the prediction, shape (n,).
        languages: language group of each ticket, shape (n,).
    """

    positions: NDArray[np.int64]
    labels: tuple[str, ...]
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    languages: NDArray[np.str_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which predictions are right, shape (n,)."""
        return np.asarray(self.true == self.predicted)

    def take(self, mask: NDArray[np.bool_]) -> Judged:
        """Return a subset."""
        return Judged(
            self.positions[mask],
            self.labels,
            self.true[mask],
            self.predicted[mask],
            self.confidence[mask],
            self.languages[mask],
        )

    def by_language(self) -> dict[str, Any]:
        """Return the figures of all tickets, and of each language that has enough of them."""
        figures = {"all": self.figures()}
        for code in np.unique(self.languages):
            mask = self.languages == code
            if mask.sum() >= MIN_REPORTED:
                figures[str(code)] = self.take(mask).figures()
        return figures

    def figures(self) -> dict[str, Any]:
        """Return rows, accuracy with its interval, macro-F1 and calibration error."""
        estimate = with_interval(accuracy, self.true, self.predicted)
        return {
            "rows": len(self.true),
            "accuracy": round(estimate.value, 4),
            "accuracy_95": [round(estimate.low, 4), round(estimate.high, 4)],
            "macro_f1": round(macro_f1(self.true, self.predicted), 4),
            "ece": round(expected_calibration_error(self.confidence, self.right), 4),
            "reliability": [
                [round(float(part), 4) for part in bin_]
                for bin_ in reliability(self.confidence, self.right)
            ],
        }
