"""Labelled tickets and articles to a bundle: learn, calibrate, index, rank, describe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.abstain import Review, Standard, judge_held_out, language_groups, review_of
from training.asked import asked_in, beyond_scope, together
from training.corpus import Corpus
from training.crossfit import Tuning, choose_encoder
from training.experts import FitOptions
from training.features import Featurised, Stage, encode_all, featurise
from training.judged import Judged
from training.learn import Learnt, learn
from training.profile import PROFILE, profile_of
from training.ranker import fit_ranker
from training.sample import at_most, set_aside
from training.tune import require_extra
from triage.article import Article
from triage.bundle import OWN_ENCODER, Bundle, Manifest, kb_version_of
from triage.classifier import Classifier
from triage.engine import CATEGORY, SENTIMENT, TASKS
from triage.errors import InputError
from triage.evidence import NONE, Evidence, evidence_of
from triage.knowledge import KnowledgeIndex, passages_of
from triage.suggestion import NO_PAST, Past

if TYPE_CHECKING:
    from training.corpus import Ticket
    from triage.encoder import Encoder

TUNING = "tuning"  # the key in the manifest's data of what a tuning found
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "openvino", "faiss-cpu", "spacy")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """Everything a training run depends on beside tickets, articles and encoder.

    Attributes:
        standard: the error rate to state, and of what.
        calibration_share: share of the tickets that is kept from the heads, so that the stated
            error rate is exact; 0 states it from out-of-fold answers.
        most_tickets: more tickets than that are thinned out, rare labels last.
        data: name, hash and rows of each file, for the manifest.
        encoder_source: how ``load_encoder`` finds the encoder again; ``None`` for the default.
        base: the bundle that tasks without labels are taken from.
        out_of_scope: texts that no article answers, which teach when to suggest nothing.
        past: what agents made of earlier suggestions.
        tuning: where and how long to try a tuning of the encoder, if at all.
    """

    version: str
    options: FitOptions
    data: dict[str, Any]
    created: datetime
    standard: Standard = field(default_factory=Standard)
    calibration_share: float = 0.0
    most_tickets: int = 50_000
    encoder_source: str | None = None
    base: Bundle | None = None
    out_of_scope: Sequence[str] = ()
    past: Past = NO_PAST
    tuning: Tuning | None = None


def train_bundle(
    corpus: Corpus,
    articles: Sequence[Article],
    encoder: Encoder,
    *,
    plan: TrainingPlan,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Bundle:
    """Train the heads on the tickets and fit the ranker on the articles.

    Args:
        report: called as the work goes on.

    Raises:
        InputError: a task has no two labels, and no base to take it from; or it would be taken
            from a base though the encoder is to be tuned.
    """
    _check_plan(plan, encoder)
    seed = plan.options.seed
    # Set aside first: thinning changes the shares of labels, which the stated error rests on.
    rest, held_out = set_aside(corpus.tickets, plan.calibration_share, seed=seed)
    tickets = at_most(rest, plan.most_tickets, seed=seed)
    encoder, known, own, tuned = _encoded(tickets, encoder, plan=plan, report=report)
    learnt = learn(
        tickets,
        known,
        options=plan.options,
        base=plan.base.classifier if plan.base else None,
        report=report,
    )
    classifier, review = _reviewed(learnt, held_out, encoder, plan=plan, report=report)
    index = index_articles(articles, encoder, report=report)
    predictions = classifier.predict(
        [p.text for p in index.passages],
        index.vectors,
        languages=[p.language.partition("-")[0] for p in index.passages],
    )
    asked = together(
        asked_in(tickets, learnt, known.rows.dense),
        beyond_scope(plan.out_of_scope, encoder, classifier, report=report),
    )
    ranker = fit_ranker(index, predictions, day=plan.created.date(), asked=asked, past=plan.past)
    manifest = Manifest(
        version=plan.version,
        created=plan.created.isoformat(),
        kb_version=kb_version_of(articles),
        labels=classifier.labels(),
        encoder={"name": encoder.name, "dim": encoder.dim}
        | {"source": OWN_ENCODER if own else plan.encoder_source},
        data=dict(plan.data) | {"learnt_from": len(tickets), PROFILE: profile_of(corpus)} | tuned,
        seed=seed,
        review_confidence=review.confidence,
        review_familiarity=review.familiarity,
        abstention=review.promises,
        inherited={task: plan.base.manifest.version for task in learnt.inherited if plan.base},
        tone=plan.base.manifest.tone
        if plan.base and SENTIMENT in learnt.inherited
        else learnt.tone,
        metrics=_metrics(corpus, learnt.judged),
        libraries={"python": sys.version.split()[0]}
        | {name: installed_version(name) for name in _LIBRARIES},
    )
    evidence = _evidence(tickets, learnt.judged)
    return Bundle(manifest, classifier, index, ranker, evidence=evidence, encoder=own)


def _encoded(
    tickets: Sequence[Ticket],
    encoder: Encoder,
    *,
    plan: TrainingPlan,
    report: Callable[[Stage], None],
) -> tuple[Encoder, Featurised, Path | None, dict[str, Any]]:
    """Return the encoder to use, tickets as it sees them, its own folder, and what to record."""
    known = featurise(tickets, encoder, options=plan.options, report=report)
    if plan.tuning is None:
        return encoder, known, None, {}
    choice = choose_encoder(
        tickets,
        known,
        encoder,
        source=plan.encoder_source,
        tuning=plan.tuning,
        options=plan.options,
        report=report,
    )
    return choice.encoder, choice.known, choice.folder, {TUNING: choice.record}


def _check_plan(plan: TrainingPlan, encoder: Encoder) -> None:
    base = plan.base
    if plan.tuning is not None:
        require_extra()
    if base is not None and plan.tuning is not None:
        raise InputError(
            "the encoder cannot be tuned while tasks without labels are taken from the model "
            f"{base.manifest.version!r}, whose heads read the untuned one; label every task "
            f"({', '.join(TASKS)}), or train without --tune-encoder"
        )
    if base is not None and base.manifest.encoder["name"] != encoder.name:
        raise InputError(
            f"the model {base.manifest.version!r}, from which tasks without labels are taken, "
            f"reads the encoder {base.manifest.encoder['name']!r}, not {encoder.name!r}; label "
            "those tasks, or train on that encoder"
        )


def _reviewed(
    learnt: Learnt,
    held_out: Sequence[Ticket],
    encoder: Encoder,
    *,
    plan: TrainingPlan,
    report: Callable[[Stage], None],
) -> tuple[Classifier, Review]:
    """Return the classifier, with sets from the held-out tickets if any, and its review rules."""
    classifier = learnt.classifier
    if CATEGORY in learnt.inherited:
        if plan.base is None:
            raise InputError("no ticket carries a category, and there is no base model")
        return classifier, Review.of(plan.base.manifest)
    held_out = [t for t in held_out if t.labels[CATEGORY] is not None]
    if not held_out:
        answers = learnt.judged[CATEGORY]
        familiarity = learnt.familiarity[answers.positions]
        groups = language_groups(classifier)
        return classifier, review_of(
            answers, familiarity, plan.standard, groups=groups, exact=False
        )
    vectors = encode_all(
        encoder, [t.normalised for t in held_out], name="calibrating", report=report
    )
    classifier, answers, familiarity = judge_held_out(
        classifier, held_out, vectors, coverage=plan.options.coverage
    )
    groups = language_groups(classifier)
    return classifier, review_of(answers, familiarity, plan.standard, groups=groups, exact=True)


def _evidence(tickets: Sequence[Ticket], judged: Mapping[str, Judged]) -> Evidence:
    """Return what a later comparison of models needs, without the tickets' texts."""
    predictions, confidences = {}, {}
    for task, answers in judged.items():
        predicted = np.full(len(tickets), NONE, dtype=np.int32)
        predicted[answers.positions] = answers.predicted
        confidence = np.zeros(len(tickets), dtype=np.float32)
        confidence[answers.positions] = answers.confidence
        predictions[task], confidences[task] = predicted, confidence
    return evidence_of(
        [t.normalised for t in tickets],
        predictions=predictions,
        confidences=confidences,
        labels={task: answers.labels for task, answers in judged.items()},
    )


def index_articles(
    articles: Sequence[Article], encoder: Encoder, *, report: Callable[[Stage], None]
) -> KnowledgeIndex:
    """Encode the passages of articles and index them."""
    passages = passages_of(articles)
    vectors = encode_all(
        encoder, [p.text for p in passages], name="encoding articles", report=report
    )
    return KnowledgeIndex(articles, passages, vectors)


def _metrics(corpus: Corpus, judged: Mapping[str, Judged]) -> dict[str, Any]:
    figures = {task: judged[task].by_language() for task in TASKS if task in judged}
    return {"method": "out-of-fold", "repeats_left_out": corpus.repeats} | figures


def now_utc() -> datetime:
    """Return the present moment, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def next_version(folder: Path, stem: str, day: datetime) -> str:
    """Return the first free name of the form ``stem-2026.11.21.1``."""
    base = f"{stem}-{day:%Y.%m.%d}"
    number = 1
    while (folder / f"{base}.{number}").exists():
        number += 1
    return f"{base}.{number}"
