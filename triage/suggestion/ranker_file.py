"""A ranker as JSON, as it lies in a bundle; those of older bundles are read as well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from triage.suggestion.past import Past, past_of
from triage.suggestion.ranking import (
    ARTICLE_FEATURES,
    MESSAGE_FEATURES,
    NEXT_CONFIDENCE,
    ChoiceWeights,
    LogisticWeights,
    Ranker,
)

_OLD_FEATURES = (
    "similarity", "lexical", "category", "intent", "similarity_gap", "lexical_gap", "bias",
)  # fmt: skip


def ranker_fields(ranker: Ranker) -> dict[str, Any]:
    """Return the JSON form of a ranker."""
    content: dict[str, Any] = {"features": list(_OLD_FEATURES)}
    if any(isinstance(weights, ChoiceWeights) for weights in ranker.weights.values()):
        content = {"features": list(ARTICLE_FEATURES), "message_features": list(MESSAGE_FEATURES)}
    return content | {
        "weights": {group: _weight_fields(weights) for group, weights in ranker.weights.items()},
        "lead": dict(ranker.lead),
        "answerable": dict(ranker.answerable),
        "next": ranker.next_confidence,
        "nothing_asked": list(ranker.nothing_asked),
        "unanswered": ranker.unanswered,
        "rule": dict(ranker.rule),
        "past": {
            "counts": {name: list(count) for name, count in ranker.past.counts.items()},
            "updated": {name: day.isoformat() for name, day in ranker.past.updated.items()},
        },
    }


def ranker_from(content: Mapping[str, Any]) -> Ranker:
    """Return the ranker that ``ranker_fields`` wrote, or that of an older bundle.

    Raises:
        ValueError: it reads other features than this Triage gives.
        KeyError: an entry is missing.
    """
    groups = content["weights"]
    weights: dict[str, ChoiceWeights | LogisticWeights]
    if content["features"] == list(_OLD_FEATURES):
        weights = {group: LogisticWeights(tuple(given)) for group, given in groups.items()}
    elif (content["features"], content["message_features"]) == (
        list(ARTICLE_FEATURES),
        list(MESSAGE_FEATURES),
    ):
        weights = {
            group: ChoiceWeights(
                tuple(given["articles"]), given["none"], tuple(given["answerable"])
            )
            for group, given in groups.items()
        }
    else:
        raise ValueError("its replies are ranked by other features than this Triage knows")
    known = {
        name: content[name]
        for name in ("lead", "answerable", "unanswered", "rule")
        if name in content
    }
    return Ranker(
        weights=weights,
        next_confidence=content.get("next", NEXT_CONFIDENCE),
        nothing_asked=tuple(content.get("nothing_asked", ())),
        past=_past_from(content.get("past", {})),
        **known,
    )


def _weight_fields(weights: ChoiceWeights | LogisticWeights) -> Any:
    if isinstance(weights, LogisticWeights):
        return list(weights.weights)
    return {
        "articles": list(weights.articles),
        "none": weights.none,
        "answerable": list(weights.answerable),
    }


def _past_from(content: Mapping[str, Any]) -> Past:
    counts = {name: (int(s), int(a)) for name, (s, a) in content.get("counts", {}).items()}
    updated = {n: date.fromisoformat(day) for n, day in content.get("updated", {}).items()}
    return past_of(counts, updated=updated)
