"""Which article answers a message: whether any does, and if so which, as probabilities.

Two parts. A logistic regression on the message tells whether the knowledge base holds an answer to
it at all: how near the nearest article is, how familiar the message, whether it asks for anything.
A conditional logit (McFadden 1974, "Conditional logit analysis of qualitative choice behavior")
over the articles that the index proposes, and the option that none of them is right, tells which.
A confidence is the product, so those of one message sum to at most 1. How both are fitted is left
to ``training.ranker``; what became of earlier suggestions to ``past``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from triage.knowledge import Hit, PassageKind
from triage.suggestion.past import NO_PAST, Past

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.classifier import Prediction

ARTICLE_FEATURES = (
    "similarity", "lexical", "category", "intent", "freshness", "acceptance", "body",
)  # fmt: skip
MESSAGE_FEATURES = ("nearest", "most", "familiarity", "nothing_asked", "constant")
POOLED = "any"
LEAD_CONFIDENCE = 0.3  # where no message was known that nothing answers
NEXT_CONFIDENCE = 0.1  # below it a further reply only distracts
_FLOOR = 1e-4
_MIDDLE = 0.5  # the familiarity of the message in the middle, where none is known


@dataclass(frozen=True, slots=True)
class Choice:
    """What a message offers to choose from.

    Attributes:
        articles: features of each hit, shape (hits, ``ARTICLE_FEATURES``).
        message: features of the message, shape (``MESSAGE_FEATURES``,).
    """

    articles: NDArray[np.float64]
    message: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChoiceWeights:
    """Weights of both parts.

    Attributes:
        articles: in the order of ``ARTICLE_FEATURES``.
        none: the score of the option that no proposed article is right.
        answerable: in the order of ``MESSAGE_FEATURES``.
    """

    articles: tuple[float, ...]
    none: float
    answerable: tuple[float, ...]

    def confidences(self, choice: Choice) -> list[float]:
        """Return the probability of each hit to be the right one."""
        scores = np.append(choice.articles @ self.articles, self.none)
        raised = np.exp(scores - scores.max())
        shares = self.answerability(choice) * raised[:-1] / raised.sum()
        return [float(share) for share in shares]

    def answerability(self, choice: Choice) -> float:
        """Return the probability that the knowledge base answers the message at all."""
        return _logistic(float(choice.message @ self.answerable))


@dataclass(frozen=True, slots=True)
class LogisticWeights:
    """Weights of bundles from before the outside option: each hit is judged on its own.

    Attributes:
        weights: of similarity, lexical, category, intent, the gaps of the first two to the best
            hit, and 1.
    """

    weights: tuple[float, ...]

    def confidences(self, choice: Choice) -> list[float]:
        """Return the probability of each hit to be the right one."""
        own = choice.articles[:, :4]
        gaps = own[:, :2].max(axis=0, initial=0.0) - own[:, :2]
        rows = np.column_stack([own, gaps, np.ones(len(own))])
        return [_logistic(float(score)) for score in rows @ self.weights]

    def answerability(self, choice: Choice) -> float:  # noqa: ARG002  # these cannot tell
        """Return 1, which every threshold lets pass."""
        return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranker:
    """Weights for each language group, and from which confidence a reply is suggested.

    Attributes:
        weights: by language group.
        lead: least confidence of the first reply, by language group.
        answerable: least probability that the message is answered at all, by language group.
        next_confidence: least confidence of the further replies.
        nothing_asked: intents of messages that ask for nothing an article could answer.
        unanswered: how many messages without an answer it was fitted on.
        rule: how ``lead`` was found, in words and figures.
        past: what became of earlier suggestions, by article.
    """

    weights: Mapping[str, ChoiceWeights | LogisticWeights]
    lead: Mapping[str, float] = field(default_factory=lambda: {POOLED: LEAD_CONFIDENCE})
    answerable: Mapping[str, float] = field(default_factory=lambda: {POOLED: 0.0})
    next_confidence: float = NEXT_CONFIDENCE
    nothing_asked: tuple[str, ...] = ()
    unanswered: int = 0
    rule: Mapping[str, object] = field(default_factory=dict)
    past: Past = NO_PAST

    def confidences(self, choice: Choice, *, language: str) -> list[float]:
        """Return the probability in [0, 1] of each hit to be the right one."""
        return self.weights.get(language, self.weights[POOLED]).confidences(choice)

    def offers(self, choice: Choice, *, language: str) -> bool:
        """Tell whether the best hit is likely enough to be suggested."""
        group = language if language in self.weights else POOLED
        weights = self.weights[group]
        return weights.answerability(choice) >= self.answerable.get(group, 0.0) and max(
            weights.confidences(choice), default=0.0
        ) >= self.lead.get(group, LEAD_CONFIDENCE)


def choice_of(
    hits: Sequence[Hit],
    *,
    category: Prediction,
    intent: Prediction,
    ranker: Ranker,
    day: date | None = None,
) -> Choice:
    """Return the features of a message's hits and of the message itself."""
    past = ranker.past
    rows = [
        (
            hit.similarity,
            hit.lexical,
            math.log(category.probability_of(hit.article.category) + _FLOOR),
            math.log(intent.probability_of(hit.article.intent) + _FLOOR),
            past.freshness(hit.article.id, day=day),
            past.acceptance(hit.article.id),
            float(hit.kind is PassageKind.BODY),
        )
        for hit in hits
    ]
    articles = np.array(rows, dtype=np.float64).reshape(len(rows), len(ARTICLE_FEATURES))
    nearest, most = articles[:, :2].max(axis=0, initial=0.0)
    familiarity = _MIDDLE if category.familiarity is None else category.familiarity
    idle = sum(intent.probability_of(name) for name in ranker.nothing_asked)
    message = (nearest, most, math.log(familiarity + _FLOOR), _log_odds(idle), 1.0)
    return Choice(articles, np.array(message))


def rank(
    hits: Sequence[Hit], choice: Choice, *, ranker: Ranker, language: str
) -> list[tuple[float, Hit]]:
    """Return every hit with its confidence, most confident first; ties by article id."""
    scored = list(zip(ranker.confidences(choice, language=language), hits, strict=True))
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].article.id))


def _log_odds(share: float) -> float:
    kept = min(max(share, _FLOOR), 1 - _FLOOR)
    return math.log(kept / (1 - kept))


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-max(min(score, 50.0), -50.0)))
