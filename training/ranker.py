"""Fitting of the reply ranker on the articles' own questions, each searched without itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from triage.knowledge import KnowledgeIndex
from triage.suggestion import FEATURES, Ranker, hit_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.classifier import Prediction

MIN_GROUP_QUERIES = 100


def fit_ranker(
    index: KnowledgeIndex, predictions: Sequence[dict[str, Prediction]], *, day: date
) -> Ranker:
    """Fit the ranker by leave-one-out search over the index's passages.

    Args:
        predictions: category and intent of each passage, by heads that never saw them.
        day: the day on which articles must be valid to be searched.
    """
    rows: dict[str, list[tuple[float, ...]]] = {}
    right: dict[str, list[bool]] = {}
    for number, passage in enumerate(index.passages):
        if not passage.is_question:  # customers do not write like titles, nor like replies
            continue
        hits = index.search(passage.text, index.vectors[number], day=day, without=number)
        prediction = predictions[number]
        features = hit_features(hits, category=prediction["category"], intent=prediction["intent"])
        for group in ("any", passage.language.partition("-")[0]):
            rows.setdefault(group, []).extend(features)
            right.setdefault(group, []).extend(h.article.id == passage.article_id for h in hits)
    if not rows:
        return Ranker({"any": (0.0,) * len(FEATURES)})
    return Ranker(
        {
            group: _fit_logistic(np.array(rows[group]), np.array(right[group]))
            for group in rows
            if group == "any" or sum(right[group]) >= MIN_GROUP_QUERIES
        }
    )


def _fit_logistic(features: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return weights in the order of ``FEATURES``, whose last is the constant 1."""
    if right.all() or not right.any():
        return (0.0,) * len(FEATURES)
    model = LogisticRegression(C=10.0, max_iter=2000).fit(features[:, :-1], right)
    weights = [*model.coef_[0], model.intercept_[0]]
    return tuple(round(float(w), 5) for w in weights)
