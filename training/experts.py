"""Fitting of the experts that a head pools: each a linear scorer of one view of the tickets.

Lexical: a linear SVM on TF-IDF. Dense: multinomial logistic regression on the encoder's vectors.
Kernel: ridge regression on Gaussian likeness to landmarks (Nystroem). How they are pooled and
calibrated is left to ``fit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from triage.heads import Expert, Landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.lexical import SparseRows

BINARY = 2
BLOCK = 2048  # rows that are worked on at a time, so that copies stay small
JITTER = 1e-5
NO_LANDMARK = -1


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What a fit depends on beside its data; recorded in the manifest.

    Attributes:
        lexical_c: C of the lexical SVM.
        dense_c: C of the logistic regression times the number of tickets, so that the
            regularisation of one ticket does not depend on how many there are.
        landmarks: how many training messages become landmarks.
        gamma, ridge: width of the kernel and strength of its regression.
        balance: exponent on how much more a rare label's tickets weigh: 0 all alike (best
            accuracy), 1 all labels alike.
        coverage: share of right labels that prediction sets are to contain.
        jobs: processes that fit folds side by side; one is as fast until a fit takes minutes.
    """

    folds: int = 5
    seed: int = 13
    lexical_c: float = 0.7
    dense_c: float = 1e5
    landmarks: int = 4000
    gamma: float = 0.5
    ridge: float = 0.03
    balance: float = 0.0
    coverage: float = 0.9
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Views of labelled tickets, and the language group of each.

    Attributes:
        cosines: with the landmarks, shape (n, landmarks).
        landmark: which landmark each ticket is, or NO_LANDMARK, shape (n,).
    """

    lexical: csr_matrix
    dense: NDArray[np.float32]
    languages: NDArray[np.str_]
    cosines: NDArray[np.float32]
    landmark: NDArray[np.int64]

    def take(self, index: NDArray[np.int64]) -> Rows:
        """Return a subset."""
        return Rows(
            self.lexical[index],
            self.dense[index],
            self.languages[index],
            self.cosines[index],
            self.landmark[index],
        )


def to_csr(rows: SparseRows, terms: int) -> csr_matrix:
    """Return sparse rows as a SciPy matrix, shape (n, terms)."""
    shape = (len(rows.indptr) - 1, terms)
    return csr_matrix((rows.values, rows.indices, rows.indptr), shape=shape)


def make_rows(
    lexical: csr_matrix,
    vectors: NDArray[np.float32],
    *,
    languages: NDArray[np.str_],
    chosen: NDArray[np.int64],
    gamma: float,
) -> tuple[Rows, Landmarks]:
    """Return the views of n tickets and the landmarks, which are the tickets ``chosen``."""
    # Bundles store half precision; rounding here makes a loaded head equal to this one.
    landmarks = Landmarks(vectors[chosen].astype(np.float16).astype(np.float32), gamma)
    landmark = np.full(len(vectors), NO_LANDMARK, dtype=np.int64)
    landmark[chosen] = np.arange(len(chosen))
    cosines = vectors @ landmarks.vectors.T
    return Rows(lexical, vectors, languages, cosines, landmark), landmarks


def fit_experts(
    rows: Rows, target: NDArray[np.int64], label_count: int, *, options: FitOptions
) -> tuple[Expert, ...]:
    """Fit every expert on labelled rows.

    A label absent from ``target``, as in a fold that lacks it, reads nothing and has the lowest
    bias, so that it is never the best.

    Args:
        target: label of each row as a number below ``label_count``, shape (n,).
    """
    present = np.unique(target)
    if len(present) < BINARY:
        bias = np.full(label_count, -1.0, dtype=np.float32)
        bias[present] = 1.0
        weights = np.zeros((rows.lexical.shape[1], label_count), dtype=np.float32)
        return (Expert(weights, None, bias),) * len(EXPERTS)
    weight = _ticket_weights(target, options.balance)
    return (
        _lexical(rows, target, label_count, weight=weight, options=options),
        _dense(rows, target, label_count, weight=weight, options=options),
        _kernel(rows, target, label_count, weight=weight, options=options),
    )


EXPERTS = ("lexical", "dense", "kernel")


def scores_of(expert: Expert, rows: Rows, *, gamma: float) -> NDArray[np.float32]:
    """Return an expert's scores of every row, shape (n, labels), in whole matrix products."""
    scores = np.tile(expert.bias, (len(rows.dense), 1))
    if expert.lexical_weights is not None:
        scores += rows.lexical @ expert.lexical_weights
    if expert.dense_weights is not None:
        scores += rows.dense @ expert.dense_weights
    if expert.kernel_weights is not None:
        for start in range(0, len(scores), BLOCK):
            part = np.exp(np.float32(2 * gamma) * (rows.cosines[start : start + BLOCK] - 1))
            scores[start : start + BLOCK] += part @ expert.kernel_weights
    return scores


def _ticket_weights(target: NDArray[np.int64], balance: float) -> NDArray[np.float64]:
    counts = np.bincount(target)
    labels = (counts > 0).sum()
    raw = (len(target) / (labels * counts[target])) ** balance
    weights: NDArray[np.float64] = raw / raw.mean()
    return weights


def _lexical(
    rows: Rows, target: NDArray[np.int64], label_count: int, *,
    weight: NDArray[np.float64], options: FitOptions,
) -> Expert:  # fmt: skip
    model = LinearSVC(C=options.lexical_c, random_state=options.seed)
    model.fit(rows.lexical, target, sample_weight=weight)
    weights, bias = _spread(model, label_count)
    return Expert(weights, None, bias)


def _dense(
    rows: Rows, target: NDArray[np.int64], label_count: int, *,
    weight: NDArray[np.float64], options: FitOptions,
) -> Expert:  # fmt: skip
    # A looser tolerance stops far from the optimum: 0.7 points fewer right on 77 labels.
    model = LogisticRegression(C=options.dense_c / len(target), max_iter=1000, tol=1e-4)
    model.fit(rows.dense, target, sample_weight=weight)
    weights, bias = _spread(model, label_count)
    return Expert(None, weights, bias)


def _spread(
    model: LinearSVC | LogisticRegression, label_count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights, shape (features, labels), and biases of a fitted one-against-rest model."""
    coefficients, intercept = model.coef_, model.intercept_
    if len(model.classes_) == BINARY:  # scikit-learn keeps one column for two labels
        coefficients = np.vstack([-coefficients, coefficients])
        intercept = np.concatenate([-intercept, intercept])
    weights = np.zeros((coefficients.shape[1], label_count), dtype=np.float32)
    bias = np.full(label_count, min(-1.0, float(intercept.min())), dtype=np.float32)
    # Bundles store half precision; rounding here makes a loaded head equal to this one.
    weights[:, model.classes_] = coefficients.T.astype(np.float16)
    bias[model.classes_] = intercept
    return weights, bias


def _kernel(
    rows: Rows, target: NDArray[np.int64], label_count: int, *,
    weight: NDArray[np.float64], options: FitOptions,
) -> Expert:  # fmt: skip
    """Fit ridge regression of one-hot labels in the span of the landmarks among ``rows``.

    A landmark that is not among them, as in a fold that lacks it, gets no weight. Solves
    (K'WK + ridge M) B = K'WY with K the kernel of rows and landmarks and M that of landmarks.
    """
    owners = np.flatnonzero(rows.landmark != NO_LANDMARK)
    columns = rows.landmark[owners]
    kernel = Landmarks(rows.dense, options.gamma).kernel
    mutual = kernel(rows.cosines[owners][:, columns].astype(np.float64))
    gram = options.ridge * (mutual + mutual.T) / 2
    aims = np.zeros((len(columns), label_count))
    one_hot = np.eye(label_count)
    for start in range(0, len(target), BLOCK):
        part = slice(start, start + BLOCK)
        values = kernel(rows.cosines[part][:, columns].astype(np.float64))
        gram += values.T @ (values * weight[part, None])
        aims += values.T @ (one_hot[target[part]] * weight[part, None])
    gram[np.diag_indices_from(gram)] += JITTER
    solved = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), aims)
    weights = np.zeros((rows.cosines.shape[1], label_count), dtype=np.float32)
    weights[columns] = solved.astype(np.float16)
    absent = np.setdiff1d(np.arange(label_count), target)
    bias = np.zeros(label_count, dtype=np.float32)
    bias[absent] = -1.0
    return Expert(None, None, bias, weights)
