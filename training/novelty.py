"""Fitting of familiarity from the out-of-fold signs of known messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.experts import BLOCK, NO_LANDMARK, Rows
from triage.heads import POOLED
from triage.novelty import SIGNS, Novelty, Reference, signs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.fit import FittedHead

KEPT = 2000  # points of the reference distribution that are stored


def fit_novelty(task: str, fit: FittedHead, rows: Rows) -> tuple[Novelty, NDArray[np.float32]]:
    """Learn what known messages look like; returns it with their own familiarity, shape (n,).

    Args:
        fit: the task's head with out-of-fold scores of the same n rows.
        rows: their views; a ticket that is a landmark is not compared with itself.
    """
    signs = _signs(fit, rows)
    references = {}
    familiarity = np.zeros(len(signs), dtype=np.float32)
    for group in fit.head.pooling:
        members = np.flatnonzero((rows.languages == group) | (group == POOLED))
        references[group] = reference = _reference(signs[members])
        if group == POOLED:
            members = np.flatnonzero(~np.isin(rows.languages, list(fit.head.pooling)))
        familiarity[members] = reference.familiarity(signs[members])
    return Novelty(task, references), familiarity


def _signs(fit: FittedHead, rows: Rows) -> NDArray[np.float32]:
    signs = np.zeros((len(rows.landmark), SIGNS), dtype=np.float32)
    for start in range(0, len(signs), BLOCK):
        part = slice(start, start + BLOCK)
        cosines, landmark = rows.cosines[part].copy(), rows.landmark[part]
        owners = np.flatnonzero(landmark != NO_LANDMARK)
        cosines[owners, landmark[owners]] = -1
        signs[part] = signs_of(cosines, fit.pooled[part], fit.lexical[part])
    return signs


def _reference(signs: NDArray[np.float32]) -> Reference:
    # In double precision the mean of equal values is exact, so that their deviation is 0.
    means = signs.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviations = signs.std(axis=0, dtype=np.float64)
    # A sign that never varies says nothing.
    deviations = np.where(deviations > 0, deviations, np.float32(np.inf)).astype(np.float32)
    totals = np.sort(Reference(means, deviations, signs[:0, 0]).total(signs))
    if len(totals) > KEPT:
        totals = np.quantile(totals, (np.arange(KEPT) + 0.5) / KEPT).astype(np.float32)
    return Reference(means, deviations, totals)
