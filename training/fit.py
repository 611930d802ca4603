"""Fitting of classification heads: linear experts, out-of-fold pooling, conformal thresholds.

Every probability that is calibrated here comes from models that did not see its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

from triage.classifier import FLOOR, POOLED, Expert, Head, Hierarchy, parent_matrix, softmax
from triage.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.lexical import SparseRows

BINARY = 2
MIN_PARALLEL_ROWS = 1000  # below it, starting processes costs more than they save
MIN_GROUP_ROWS = 200  # a language needs that many rows for pooling weights of its own


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What a fit depends on beside its data; recorded in the manifest.

    Attributes:
        dense_scale: factor on unit vectors beside TF-IDF rows in the expert that sees both.
        coverage: share of right labels that prediction sets are to contain.
        jobs: processes that fit folds side by side; one is as fast until a fit takes minutes.
    """

    folds: int = 3
    seed: int = 13
    lexical_c: float = 0.7
    both_c: float = 0.5
    dense_scale: float = 0.6
    coverage: float = 0.9
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of the labelled tickets: lexical, dense and the language group of each."""

    lexical: csr_matrix
    dense: NDArray[np.float32]
    languages: NDArray[np.str_]

    def take(self, index: NDArray[np.int64]) -> Rows:
        """Return a subset."""
        return Rows(self.lexical[index], self.dense[index], self.languages[index])


@dataclass(frozen=True, slots=True)
class FittedHead:
    """A head with the out-of-fold probabilities by which it was calibrated, shape (n, labels)."""

    head: Head
    probabilities: NDArray[np.float32]


def to_csr(rows: SparseRows, terms: int) -> csr_matrix:
    """Return sparse rows as a SciPy matrix, shape (n, terms)."""
    shape = (len(rows.indptr) - 1, terms)
    return csr_matrix((rows.values, rows.indices, rows.indptr), shape=shape)


def fit_head(
    rows: Rows,
    labels: Sequence[str],
    *,
    options: FitOptions,
    fold: NDArray[np.int64] | None = None,
    progress: Callable[[int], None] = lambda steps: None,
) -> FittedHead:
    """Fit one task's experts, pool them on out-of-fold scores and set conformal thresholds.

    Args:
        rows: features of n tickets.
        labels: their n labels.
        fold: the fold of each ticket, from 0 to ``options.folds - 1``, shape (n,); by default
            each label is spread evenly.
        progress: called with 1 after each fitted fold; there are ``options.folds + 1``.

    Raises:
        InputError: fewer than two different labels.
    """
    names = sorted(set(labels))
    if len(names) < BINARY:
        raise InputError(f"only the label {names} occurs; training needs at least two labels")
    target = np.array([names.index(label) for label in labels])
    if fold is None:
        fold = _folds(target, count=options.folds, seed=options.seed)
    parts = [np.flatnonzero(fold != f) for f in range(options.folds)] + [np.arange(len(target))]

    def fit(train: NDArray[np.int64]) -> tuple[Expert, ...]:
        return _fit_experts(rows.take(train), target[train], len(names), options=options)

    jobs = options.jobs if len(target) >= MIN_PARALLEL_ROWS else 1
    # Processes: liblinear keeps one random state for all threads, so threads would not repeat.
    fitted: list[tuple[Expert, ...]] = []
    for experts in Parallel(n_jobs=jobs, return_as="generator")(
        delayed(fit)(train) for train in parts
    ):
        fitted.append(experts)
        progress(1)
    scores = _out_of_fold_scores(fitted[:-1], rows, fold, options=options)
    pooling = _fit_pooling(scores, target, rows.languages)
    probabilities = _pooled(scores, rows.languages, pooling)
    thresholds = _set_thresholds(probabilities, target, rows.languages, pooling, options.coverage)
    final = tuple(_rescaled(e, options.dense_scale) for e in fitted[-1])
    return FittedHead(Head(tuple(names), final, pooling, thresholds), probabilities)


def fit_hierarchy(
    parent: FittedHead,
    child: FittedHead,
    labels: Sequence[str],
    *,
    languages: NDArray[np.str_],
    options: FitOptions,
) -> tuple[Hierarchy, NDArray[np.float32]]:
    """Fit how category listens to intent; returns it with the pooled out-of-fold probabilities."""
    names = parent.head.labels
    target = np.array([names.index(label) for label in labels])
    summed = child.probabilities @ parent_matrix(names, child.head.labels)
    scores = np.log(np.stack([parent.probabilities, summed]) + FLOOR)
    weights = _fit_pooling(scores, target, languages)
    pooled = _pooled(scores, languages, weights)
    thresholds = _set_thresholds(pooled, target, languages, weights, options.coverage)
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


def _fit_experts(
    rows: Rows, target: NDArray[np.int64], label_count: int, *, options: FitOptions
) -> tuple[Expert, ...]:
    width = rows.lexical.shape[1]
    both = hstack([rows.lexical, csr_matrix(rows.dense * options.dense_scale)]).tocsr()
    lexical_weights, lexical_bias = _fit_linear(
        rows.lexical, target, label_count, c=options.lexical_c, seed=options.seed
    )
    weights, bias = _fit_linear(both, target, label_count, c=options.both_c, seed=options.seed)
    return (
        Expert(lexical_weights, None, lexical_bias),
        Expert(weights[:width], weights[width:], bias),
    )


def _fit_linear(
    features: csr_matrix, target: NDArray[np.int64], label_count: int, *, c: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a one-against-rest linear SVM; a label absent from this fold scores lowest."""
    weights = np.zeros((features.shape[1], label_count), dtype=np.float32)
    present = np.unique(target)
    if len(present) == 1:
        bias = np.full(label_count, -1.0, dtype=np.float32)
        bias[present] = 1.0
        return weights, bias
    model = LinearSVC(C=c, random_state=seed).fit(features, target)
    coefficients, intercept = model.coef_, model.intercept_
    if len(model.classes_) == BINARY:  # scikit-learn keeps one column for two labels
        coefficients = np.vstack([-coefficients, coefficients])
        intercept = np.concatenate([-intercept, intercept])
    bias = np.full(label_count, min(-1.0, float(intercept.min())), dtype=np.float32)
    # Bundles store half precision; rounding here makes a loaded head equal to this one.
    weights[:, model.classes_] = coefficients.T.astype(np.float16)
    bias[model.classes_] = intercept
    return weights, bias


def _out_of_fold_scores(
    fitted: Sequence[tuple[Expert, ...]],
    rows: Rows,
    fold: NDArray[np.int64],
    *,
    options: FitOptions,
) -> NDArray[np.float32]:
    """Return scores, shape (experts, n, labels), each row scored by the experts that lacked it."""
    labels = len(fitted[0][0].bias)
    scores = np.zeros((len(fitted[0]), len(fold), labels), dtype=np.float32)
    for number, experts in enumerate(fitted):
        held = np.flatnonzero(fold == number)
        part = rows.take(held)
        for e, expert in enumerate(experts):
            scores[e, held] = expert.bias
            if expert.lexical_weights is not None:
                scores[e, held] += part.lexical @ expert.lexical_weights
            if expert.dense_weights is not None:
                scores[e, held] += (part.dense * options.dense_scale) @ expert.dense_weights
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


def _pooled(
    scores: NDArray[np.float32],
    languages: NDArray[np.str_],
    pooling: Mapping[str, tuple[float, ...]],
) -> NDArray[np.float32]:
    probabilities = np.zeros(scores.shape[1:], dtype=np.float32)
    for group in np.unique(languages):
        members = np.flatnonzero(languages == group)
        weights = np.array(pooling.get(str(group), pooling[POOLED]), dtype=np.float32)
        probabilities[members] = softmax(np.tensordot(weights, scores[:, members], axes=1))
    return probabilities


def _set_thresholds(
    probabilities: NDArray[np.float32],
    target: NDArray[np.int64],
    languages: NDArray[np.str_],
    pooling: Mapping[str, tuple[float, ...]],
    coverage: float,
) -> dict[str, float]:
    true = probabilities[np.arange(len(target)), target]
    thresholds = {}
    for group in pooling:
        scores = true if group == POOLED else true[languages == group]
        # The finite-sample quantile of split conformal prediction, on the low side.
        rank = int(np.floor((1 - coverage) * (len(scores) + 1) + 1e-9))
        thresholds[group] = float(np.sort(scores)[rank - 1]) if rank else 0.0
    return thresholds


def _rescaled(expert: Expert, dense_scale: float) -> Expert:
    """Fold the training scale of dense features into the weights, so that serving needs none."""
    if expert.dense_weights is None:
        return expert
    dense = (expert.dense_weights * np.float32(dense_scale)).astype(np.float16)
    return Expert(expert.lexical_weights, dense.astype(np.float32), expert.bias)
