"""A model with other articles: the heads of a bundle with a new index and ranker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from training.features import Stage
from training.ranker import MIN_GROUP_QUERIES, fit_ranker
from training.train import index_articles
from triage.article import Article
from triage.bundle import Bundle, kb_version_of
from triage.errors import BundleError, InputError
from triage.intents import with_known_intents

if TYPE_CHECKING:
    from triage.encoder import Encoder

BASED_ON = "based_on"  # the key in the manifest's data of the model that the heads are from


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildPlan:
    """What a rebuilt model is called and says of its articles.

    Attributes:
        articles: for the manifest: name and hash of their file, and their number.
    """

    version: str
    created: datetime
    articles: Mapping[str, Any]


def rebuild_bundle(
    base: Bundle,
    articles: Sequence[Article],
    encoder: Encoder,
    *,
    plan: RebuildPlan,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Bundle:
    """Return ``base`` with other articles; its heads, promises and evidence stay.

    An article whose intent the heads do not know gets their guess. The ranker stays: it reads
    scores, not articles, and messages taught it when to suggest nothing. One that no message taught
    that is fitted anew where the articles have enough questions.

    Raises:
        InputError: there is no article.
        BundleError: the encoder is not that of the base.
    """
    if not articles:
        raise InputError("there is no article to build with; import some with `triage kb import`")
    expected = base.manifest.encoder["name"]
    if encoder.name != expected:
        raise BundleError(
            f"model {base.manifest.version!r} was trained on the encoder {expected!r}, but "
            f"{encoder.name!r} is loaded; train again or restore that encoder"
        )
    articles = with_known_intents(articles, base.classifier, encoder)
    index = index_articles(articles, encoder, report=report)
    ranker = base.ranker
    enough = sum(p.is_question for p in index.passages) >= MIN_GROUP_QUERIES
    if enough and not base.ranker.unanswered:
        predictions = base.classifier.predict(
            [p.text for p in index.passages],
            index.vectors,
            languages=[p.language.partition("-")[0] for p in index.passages],
        )
        ranker = fit_ranker(index, predictions, day=plan.created.date(), past=ranker.past)
    manifest = replace(
        base.manifest,
        version=plan.version,
        created=plan.created.isoformat(),
        kb_version=kb_version_of(articles),
        data=dict(base.manifest.data)
        | {"articles": dict(plan.articles), BASED_ON: base.manifest.version},
    )
    return replace(base, manifest=manifest, knowledge=index, ranker=ranker)


def chosen_articles(
    served: Sequence[Article], own: Sequence[Article], *, stored: Collection[str]
) -> list[Article]:
    """Return the articles of a base and a shop's own, which replace those with the same id.

    Args:
        stored: ids of all the shop's own, retired ones too: these leave the base.
    """
    return [*(a for a in served if a.id not in stored), *own]
