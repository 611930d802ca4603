"""Fitting of heads: out-of-fold scores of the experts, pooling, conformal thresholds.

Every probability that is calibrated here comes from models that did not see its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize

from training.experts import BINARY, FitOptions, Rows, fit_experts, scores_of
from training.features import Apart
from triage.errors import InputError
from triage.heads import FLOOR, POOLED, Expert, Head, Hierarchy, parent_matrix, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_PARALLEL_ROWS = 1000  # below it, starting processes costs more than they save
MIN_GROUP_ROWS = 200  # a language needs that many rows for pooling weights of its own


@dataclass(frozen=True, slots=True)
class FittedHead:
    """A head with the out-of-fold figures by which it was calibrated.

    Attributes:
        probabilities: shape (n, labels).
        pooled: the pooled scores that they are the softmax of, same shape.
        lexical: scores of the lexical expert alone, same shape.
    """

    head: Head
    probabilities: NDArray[np.float32]
    pooled: NDArray[np.float32]
    lexical: NDArray[np.float32]

    def take(self, index: NDArray[np.int64]) -> FittedHead:
        """Return the head with the figures of some rows."""
        parts = (part[index] for part in (self.probabilities, self.pooled, self.lexical))
        return FittedHead(self.head, *parts)


def fit_head(
    rows: Rows,
    labels: Sequence[str],
    *,
    options: FitOptions,
    fold: NDArray[np.int64] | None = None,
    apart: Apart | None = None,
    progress: Callable[[int], None] = lambda steps: None,
) -> FittedHead:
    """Fit one task's experts, pool them on out-of-fold scores and set conformal thresholds.

    Args:
        rows: features of n tickets.
        labels: their n labels.
        fold: which fold each ticket is in, from 0; default by label at random.
        apart: the same tickets by encoders that had not seen them; its folds are then used.
        progress: called with 1 after each fitted fold, of which there are ``options.folds`` or
            those of ``apart``, and once more.

    Raises:
        InputError: fewer than two different labels.
    """
    names = sorted(set(labels))
    if len(names) < BINARY:
        raise InputError(f"only the label {names} occurs; training needs at least two labels")
    target = np.array([names.index(label) for label in labels])
    if apart is not None:
        fold = apart.fold
    elif fold is None:
        fold = _folds(target, count=options.folds, seed=options.seed)
    views = apart.views if apart is not None else (rows,) * options.folds
    parts = [(view, np.flatnonzero(fold != f)) for f, view in enumerate(views)]

    def fit(seen: Rows, train: NDArray[np.int64]) -> tuple[Expert, ...]:
        return fit_experts(seen.take(train), target[train], len(names), options=options)

    jobs = options.jobs if len(target) >= MIN_PARALLEL_ROWS else 1
    # Processes: liblinear keeps one random state for all threads, so threads would not repeat.
    fitted: list[tuple[Expert, ...]] = []
    for experts in Parallel(n_jobs=jobs, return_as="generator")(
        delayed(fit)(*part) for part in (*parts, (rows, np.arange(len(target))))
    ):
        fitted.append(experts)
        progress(1)
    scores = _out_of_fold_scores(fitted[:-1], views, fold, gamma=options.gamma)
    pooling = _fit_pooling(scores, target, rows.languages)
    pooled = pooled_scores(scores, rows.languages, pooling)
    probabilities = softmax(pooled)
    thresholds = set_thresholds(
        probabilities, target, languages=rows.languages, groups=pooling, coverage=options.coverage
    )
    head = Head(tuple(names), fitted[-1], pooling, thresholds)
    return FittedHead(head, probabilities, pooled, scores[0])


def fit_hierarchy(
    parent: FittedHead,
    child: FittedHead,
    target: NDArray[np.int64],
    *,
    languages: NDArray[np.str_],
    options: FitOptions,
) -> tuple[Hierarchy, NDArray[np.float32]]:
    """Fit how category listens to intent; returns it with the pooled out-of-fold probabilities.

    Args:
        target: the parent's label of each row as a number, shape (n,).
    """
    names = parent.head.labels
    summed = child.probabilities @ parent_matrix(names, child.head.labels)
    scores = np.log(np.stack([parent.probabilities, summed]) + FLOOR)
    weights = _fit_pooling(scores, target, languages)
    pooled = softmax(pooled_scores(scores, languages, weights))
    thresholds = set_thresholds(
        pooled, target, languages=languages, groups=weights, coverage=options.coverage
    )
    pairs = {group: (own, other) for group, (own, other) in weights.items()}
    return Hierarchy("category", "intent", pairs, thresholds), pooled


def _folds(target: NDArray[np.int64], *, count: int, seed: int) -> NDArray[np.int64]:
    """Assign rows to folds so that each label is spread evenly; works for labels of one row."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(target), dtype=np.int64)
    offset = 0
    for label in np.unique(target):
        members = rng.permutation(np.flatnonzero(target == label))
        fold[members] = (np.arange(len(members)) + offset) % count
        offset += len(members)
    return fold


def _out_of_fold_scores(
    fitted: Sequence[tuple[Expert, ...]],
    views: Sequence[Rows],
    fold: NDArray[np.int64],
    *,
    gamma: float,
) -> NDArray[np.float32]:
    """Return scores, shape (experts, n, labels), each row scored by the experts that lacked it."""
    labels = len(fitted[0][0].bias)
    scores = np.zeros((len(fitted[0]), len(fold), labels), dtype=np.float32)
    for number, experts in enumerate(fitted):
        held = np.flatnonzero(fold == number)
        part = views[number].take(held)
        for e, expert in enumerate(experts):
            scores[e, held] = scores_of(expert, part, gamma=gamma)
    return scores


def _fit_pooling(
    scores: NDArray[np.float32], target: NDArray[np.int64], languages: NDArray[np.str_]
) -> dict[str, tuple[float, ...]]:
    """Fit one non-negative weight per expert and language by out-of-fold log-loss.

    A logarithmic opinion pool; with one expert it is temperature scaling (Guo et al. 2017,
    https://arxiv.org/abs/1706.04599), which it generalises.
    """
    pooling = {POOLED: _pooling_weights(scores, target)}
    for language in np.unique(languages):
        members = np.flatnonzero(languages == language)
        if len(members) >= MIN_GROUP_ROWS:
            pooling[str(language)] = _pooling_weights(scores[:, members], target[members])
    return pooling


def _pooling_weights(scores: NDArray[np.float32], target: NDArray[np.int64]) -> tuple[float, ...]:
    rows = np.arange(len(target))

    def loss(weights: NDArray[np.float64]) -> float:
        pooled = np.tensordot(weights, scores, axes=1)
        top = pooled.max(axis=1)
        log_sum = top + np.log(np.exp(pooled - top[:, None]).sum(axis=1))
        return float((log_sum - pooled[rows, target]).mean())

    start = np.full(len(scores), 2.0)
    best = minimize(loss, start, method="L-BFGS-B", bounds=[(0, 50)] * len(scores))
    return tuple(round(float(w), 4) for w in best.x)


def pooled_scores(
    scores: NDArray[np.float32],
    languages: NDArray[np.str_],
    pooling: Mapping[str, tuple[float, ...]],
) -> NDArray[np.float32]:
    """Return the weighted sums of experts' scores, shape (experts, n, labels) to (n, labels)."""
    pooled = np.zeros(scores.shape[1:], dtype=np.float32)
    for group in np.unique(languages):
        members = np.flatnonzero(languages == group)
        weights = np.array(pooling.get(str(group), pooling[POOLED]), dtype=np.float32)
        pooled[members] = np.tensordot(weights, scores[:, members], axes=1)
    return pooled


def set_thresholds(
    probabilities: NDArray[np.float32],
    target: NDArray[np.int64],
    *,
    languages: NDArray[np.str_],
    groups: Iterable[str],
    coverage: float,
) -> dict[str, float]:
    """Return, for each language group, the probability from which a label joins the set.

    Split conformal prediction: the right label is above it in at least ``coverage`` of messages.

    Args:
        target: the right label of each message as a number; -1 for one that the head lacks.
    """
    # A label that the head does not know (-1) is in no set.
    true = np.where(target < 0, 0, probabilities[np.arange(len(target)), target])
    thresholds = {}
    for group in groups:
        scores = true if group == POOLED else true[languages == group]
        # The finite-sample quantile of split conformal prediction, on the low side.
        rank = int(np.floor((1 - coverage) * (len(scores) + 1) + 1e-9))
        thresholds[group] = float(np.sort(scores)[rank - 1]) if rank else 0.0
    return thresholds
