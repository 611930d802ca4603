"""Fitting of the two parts of a ranker, and their out-of-fold answers.

Which messages teach it is left to ``ranker``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from triage.suggestion.ranking import ARTICLE_FEATURES, MESSAGE_FEATURES, Choice, ChoiceWeights

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
_STRENGTH = 0.05  # of the ridge penalty on standardised weights
_DIGITS = 5
_TINY = 1e-300
_ALWAYS = 50.0  # log-odds
_UNANSWERED = 0.1  # share of a shop's messages; of the starter's tickets 6 % ask for nothing


@dataclass(frozen=True, slots=True)
class Lesson:
    """One message to learn from.

    Attributes:
        choice: features of its hits and of the message.
        right: hits of which one is the right one; none where no hit is.
        answerable: whether the articles answer it, found or not.
        group: language group.
        source: lessons of one source are in one fold.
        exact: whether the right article is known, not its intent alone.
    """

    choice: Choice
    right: tuple[int, ...]
    answerable: bool
    group: str
    source: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Table:
    """Lessons as arrays, short ones padded; features standardised.

    Attributes:
        articles: shape (lessons, most hits, features).
        closed: 0 for a hit and minus infinity for padding, shape (lessons, most hits).
        right: 1 for each option that may be right, shape (lessons, most hits + 1); the last is
            "none".
    """

    articles: NDArray[np.float64]
    closed: NDArray[np.float64]
    right: NDArray[np.float64]


def fit_choice(lessons: Sequence[Lesson]) -> ChoiceWeights:
    """Return the weights of greatest penalised likelihood.

    Where it is known only that one of several hits is right, their probabilities are summed. A
    feature that never varies gets no weight.
    """
    answerable = _fit_answerable(lessons)
    asked = [lesson for lesson in lessons if lesson.answerable and len(lesson.choice.articles)]
    if not asked:
        return ChoiceWeights((0.0,) * len(ARTICLE_FEATURES), 0.0, answerable)
    articles, none = _fit_scores(_table(asked))
    exact = _table([lesson for lesson in asked if lesson.exact])
    if len(exact.right):
        articles, none = _sharpened(articles, none, exact)
    return ChoiceWeights(_rounded(articles), round(none, _DIGITS), answerable)


def _fit_scores(table: _Table) -> tuple[NDArray[np.float64], float]:
    """Return weights of the articles' features, and the score of "none"."""
    open_ = table.closed == 0
    centre, width = _scale(table.articles[open_])
    scaled = replace(
        table, articles=np.where(open_[..., None], (table.articles - centre) / width, 0.0)
    )
    start = np.zeros(table.articles.shape[2] + 1)
    found = minimize(_loss, start, args=(scaled,), jac=True, method="L-BFGS-B").x
    articles = found[:-1] / width
    # What centring took from every article is given back to "none".
    return articles, float(found[-1] + centre @ articles)


def _sharpened(
    articles: NDArray[np.float64], none: float, table: _Table
) -> tuple[NDArray[np.float64], float]:
    """Return the weights by which scores of messages with one right article are calibrated.

    Messages of which only the intent is known teach what counts, and blur how much: one scale and
    one score of "none" are fitted anew (temperature scaling, https://arxiv.org/abs/1706.04599).
    """
    scores = (table.articles @ articles)[..., None]
    scale, none = _fit_scores(replace(table, articles=scores))
    return articles * scale[0], none


def _fit_answerable(lessons: Sequence[Lesson]) -> tuple[float, ...]:
    """Return weights of the message's features; where all are alike, those of "always".

    The lessons weigh as if ``_UNANSWERED`` of them had no answer, however many were collected.
    """
    target = np.array([lesson.answerable for lesson in lessons], dtype=bool)
    always = (*(0.0 for _ in MESSAGE_FEATURES[:-1]), _ALWAYS)
    if not len(target) or target.all() or not target.any():
        return always
    rows = np.array([lesson.choice.message[:-1] for lesson in lessons])
    centre, width = _scale(rows)
    each = np.where(target, (1 - _UNANSWERED) / target.mean(), _UNANSWERED / (1 - target.mean()))
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit((rows - centre) / width, target, sample_weight=each)
    weights = model.coef_[0] / width
    return _rounded(np.append(weights, model.intercept_[0] - centre @ weights))


def out_of_fold(lessons: Sequence[Lesson]) -> list[ChoiceWeights]:
    """Return for each lesson the weights that were fitted without its source."""
    sources = sorted({lesson.source for lesson in lessons})
    order = np.random.default_rng(0).permutation(len(sources))
    fold_of = {source: int(place) % FOLDS for source, place in zip(sources, order, strict=True)}
    fitted = [
        fit_choice([lesson for lesson in lessons if fold_of[lesson.source] != fold])
        for fold in range(FOLDS)
    ]
    return [fitted[fold_of[lesson.source]] for lesson in lessons]


def _loss(weights: NDArray[np.float64], table: _Table) -> tuple[float, NDArray[np.float64]]:
    """Return the penalised negative log-likelihood and its gradient."""
    articles, none = weights[:-1], weights[-1]
    own = table.articles @ articles + table.closed
    scores = np.column_stack([own, np.full(len(own), none)])
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    total = raised.sum(axis=1)
    hit = (raised * table.right).sum(axis=1) + _TINY
    pull = raised / total[:, None] - raised * table.right / hit[:, None]
    slope = np.append(np.einsum("nk,nkd->d", pull[:, :-1], table.articles), pull[:, -1].sum())
    loss = np.log(total).sum() - np.log(hit).sum() + _STRENGTH * (weights @ weights)
    return float(loss), slope + 2 * _STRENGTH * weights


def _table(lessons: Sequence[Lesson]) -> _Table:
    most = max((len(lesson.choice.articles) for lesson in lessons), default=0)
    articles = np.zeros((len(lessons), most, len(ARTICLE_FEATURES)))
    closed = np.full((len(lessons), most), -np.inf)
    right = np.zeros((len(lessons), most + 1))
    for number, lesson in enumerate(lessons):
        right[number, list(lesson.right) or [most]] = 1.0
        count = len(lesson.choice.articles)
        articles[number, :count] = lesson.choice.articles
        closed[number, :count] = 0.0
    return _Table(articles, closed, right)


def _scale(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    deviation = rows.std(axis=0)
    return rows.mean(axis=0), np.where(deviation > 1e-9, deviation, np.inf)  # noqa: PLR2004


def _rounded(weights: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(weight), _DIGITS) for weight in weights)
