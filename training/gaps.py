"""Gaps of a knowledge base: messages without a confident reply, gathered to clusters and described.

Which vectors belong together is decided in ``training.clusters``; the health of the articles that
are there is looked at in ``training.article_health``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from training.article_texts import ArticleTexts
from training.clusters import LEAST, average_linkage, nearest
from training.exchanges import Exchange
from training.features import Stage
from training.grouping import near_groups
from training.terms import distinctive_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.encoder import Encoder

BELOW = 0.5
MIN_SIZE = 3
# A tenth of the questions of datasets/retrieval.jsonl are farther than this from every text of
# their right article; half are nearer to some text of an article of another intent.
NEAR = 0.5
ASIDE = frozenset({"other"})
EXAMPLES = 5
_TINY = 1e-9
_ENCODED = 1024  # texts between two reports

Report = Callable[[Stage], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapPlan:
    """What counts as a gap.

    Attributes:
        below: a message whose best suggestion is less confident is unanswered.
        min_size: messages of a cluster; smaller ones are single messages.
        least: mean cosine between clusters that are joined.
        near: cosine from which an article is near a typical message.
        aside: clusters that are mostly of these categories come last: thanks and greetings need
            no article.
    """

    below: float = BELOW
    min_size: int = MIN_SIZE
    least: float = LEAST
    near: float = NEAR
    aside: frozenset[str] = ASIDE


@dataclass(frozen=True, slots=True)
class NearArticle:
    """The article nearest to a cluster: the cosine of its nearest text to the typical message."""

    id: str
    title: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A cluster of unanswered messages.

    Attributes:
        typical: the medoid among the messages of the commonest language.
        size: messages, repeats counted.
        need: what one more article could give them: the sum over the messages of 1 - confidence
            times the cosine to the cluster's middle.
        languages: messages by language, the commonest first.
        negative: share in [0, 1]; ``urgent`` likewise.
        category: which the model gives most of them; ``intent`` likewise, with its share.
        terms: what tells the cluster from all other messages, strongest first.
        nearest: ``None`` where no article is near.
        examples: by language code, different texts, the nearest to the middle first.
        ids: of the messages, in their order.
    """

    typical: str
    size: int
    need: float
    languages: Mapping[str, int]
    negative: float
    urgent: float
    category: str
    intent: str
    intent_share: float
    terms: tuple[str, ...]
    nearest: NearArticle | None
    examples: Mapping[str, tuple[str, ...]]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """All messages accounted for: answered, in one of the clusters, or single.

    Attributes:
        clusters: the greatest need first, then those of categories that are put aside.
        singles: messages that are in no cluster.
    """

    messages: int
    unanswered: int
    clusters: tuple[Gap, ...]
    singles: tuple[Exchange, ...]


def find_gaps(
    exchanges: Sequence[Exchange],
    articles: ArticleTexts,
    encoder: Encoder,
    *,
    plan: GapPlan | None = None,
    report: Report = lambda stage: None,
) -> Gaps:
    """Return clusters of the messages that got no confident reply, Chinese and English together.

    Texts that are equal or nearly equal (``training.grouping.near_groups``) are one text with a
    weight; only one of them is encoded and clustered. Order of the messages changes nothing but
    which of several equal texts is shown.
    """
    plan = plan or GapPlan()
    open_ = [e for e in exchanges if e.confidence < plan.below]
    if not open_:
        return Gaps(messages=len(exchanges), unanswered=0, clusters=(), singles=())
    groups = near_groups([e.normalised for e in open_])
    first = np.unique(groups, return_index=True)[1]
    weights = np.bincount(groups)
    vectors = encoded([open_[i].normalised for i in first], encoder, report=report)
    labels = average_linkage(
        vectors,
        weights=weights,
        least=plan.least,
        report=lambda n: report(Stage("clustering", len(first) - n, len(first))),
    )
    report(Stage("clustering", len(first), len(first)))
    sizes = np.bincount(labels, weights=weights)
    kept = np.flatnonzero(sizes >= plan.min_size)
    number = np.full(len(sizes), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    known = _Known(open_, groups, first, vectors, number[labels])
    terms = _terms(exchanges, known, below=plan.below)
    shapes = [_gap(known, n, terms=terms[n]) for n in range(len(kept))]
    typical = vectors[[group for _, group in shapes]]
    gaps = _with_nearest([gap for gap, _ in shapes], typical, articles, least=plan.near)
    alone = known.cluster[groups] < 0
    return Gaps(
        messages=len(exchanges),
        unanswered=len(open_),
        clusters=tuple(
            sorted(gaps, key=lambda g: (g.category in plan.aside, -g.need, -g.size, g.typical))
        ),
        singles=tuple(e for e, single in zip(open_, alone, strict=True) if single),
    )


def encoded(
    texts: Sequence[str], encoder: Encoder, *, report: Report, name: str = "encoding"
) -> NDArray[np.float32]:
    """Return the vectors of texts, shape (n, dim), saying how far it is."""
    vectors = np.zeros((len(texts), encoder.dim), dtype=np.float32)
    for start in range(0, len(texts), _ENCODED):
        vectors[start : start + _ENCODED] = encoder.encode(list(texts[start : start + _ENCODED]))
        report(Stage(name, min(start + _ENCODED, len(texts)), len(texts)))
    return vectors


@dataclass(frozen=True, slots=True)
class _Known:
    """Unanswered messages and their groups of near-equal texts.

    Attributes:
        groups: of each message.
        first: of each group the place of its first message; the next two go by group too.
        cluster: -1 for none.
    """

    messages: Sequence[Exchange]
    groups: NDArray[np.int64]
    first: NDArray[np.int64]
    vectors: NDArray[np.float32]
    cluster: NDArray[np.int64]

    def text(self, group: int) -> str:
        """Return the text that stands for a group."""
        return self.messages[int(self.first[group])].text

    def by_language(self, groups: NDArray[np.int64]) -> dict[str, list[int]]:
        """Return groups by language code in their order, the language of most messages first."""
        found: dict[str, list[int]] = {}
        for group in groups.tolist():
            found.setdefault(_code(self.messages[int(self.first[group])]), []).append(group)
        weights = np.bincount(self.groups)
        count = {code: int(weights[held].sum()) for code, held in found.items()}
        return dict(sorted(found.items(), key=lambda item: (-count[item[0]], item[0])))


def _terms(exchanges: Sequence[Exchange], known: _Known, *, below: float) -> list[tuple[str, ...]]:
    """Return the terms of each cluster; answered messages tell what is common."""
    texts = [known.messages[i].normalised for i in known.first]
    answered = sorted({e.normalised for e in exchanges if e.confidence >= below})
    groups = np.concatenate([known.cluster, np.full(len(answered), -1, dtype=np.int64)])
    return distinctive_terms([*texts, *answered], groups)


def _gap(known: _Known, number: int, *, terms: tuple[str, ...]) -> tuple[Gap, int]:
    """Return a cluster, no article near it yet, with the group of its typical message."""
    rows = np.flatnonzero(known.cluster[known.groups] == number).tolist()
    members = [known.messages[row] for row in rows]
    distinct = np.flatnonzero(known.cluster == number)
    places = np.searchsorted(distinct, known.groups[rows])
    middle = np.bincount(places) @ known.vectors[distinct]
    # The text nearest to the sum of all has the greatest sum of cosines to all: the medoid.
    closeness = known.vectors[distinct] @ (middle / max(float(np.linalg.norm(middle)), _TINY))
    texts = known.by_language(distinct[np.lexsort((known.first[distinct], -closeness))])
    typical = next(iter(texts.values()))[0]
    category, _ = _commonest(e.category for e in members)
    intent, count = _commonest(e.intent for e in members)
    gap = Gap(
        typical=known.text(typical),
        size=len(members),
        need=float(np.array([1 - e.confidence for e in members]) @ closeness[places]),
        languages=dict(Counter(e.language for e in members).most_common()),
        negative=sum(e.negative for e in members) / len(members),
        urgent=sum(e.urgent for e in members) / len(members),
        category=category,
        intent=intent,
        intent_share=count / len(members),
        terms=terms,
        nearest=None,
        examples={
            code: tuple(known.text(group) for group in groups[:EXAMPLES])
            for code, groups in texts.items()
        },
        ids=tuple(e.id for e in members),
    )
    return gap, typical


def _commonest(names: Iterable[str]) -> tuple[str, int]:
    """Return the commonest name, of several the first by the alphabet, and its count."""
    counts = Counter(names)
    name = min(counts, key=lambda n: (-counts[n], n))
    return name, counts[name]


def _with_nearest(
    gaps: Sequence[Gap], vectors: NDArray[np.float32], articles: ArticleTexts, *, least: float
) -> list[Gap]:
    """Return clusters with the article nearest to each; ``vectors`` are of the typical messages."""
    scores, rows = nearest(articles.vectors, vectors, count=1)
    found = []
    for gap, score, row in zip(gaps, scores[:, 0].tolist(), rows[:, 0].tolist(), strict=True):
        if row < 0 or score < least:
            found.append(gap)
            continue
        article = articles.articles[int(articles.owners[row])]
        title = articles.title(article, next(iter(gap.examples)))
        found.append(replace(gap, nearest=NearArticle(article.id, title, min(score, 1.0))))
    return found


def _code(exchange: Exchange) -> str:
    return exchange.language.partition("-")[0]
