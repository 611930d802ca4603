"""Labelled tickets and articles to a bundle: encode, fit, calibrate, index, rank, describe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.corpus import Corpus
from training.features import Stage, encode_all, featurise
from training.fit import FitOptions, FittedHead, Rows, fit_head, fit_hierarchy
from training.metrics import (
    accuracy,
    expected_calibration_error,
    macro_f1,
    review_threshold,
    with_interval,
)
from training.ranker import fit_ranker
from triage.bundle import Bundle, Manifest
from triage.classifier import POOLED, Classifier
from triage.domain import Article
from triage.engine import CATEGORY, INTENT, TASKS
from triage.errors import InputError
from triage.knowledge import KnowledgeIndex, passages_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.encoder import Encoder

MIN_REPORTED = 50  # a language with fewer rows gets no figures of its own
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "openvino", "faiss-cpu", "bm25s", "spacy")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """Everything a training run depends on beside tickets, articles and encoder.

    Attributes:
        max_error: error rate aimed at above the review threshold.
        data: name, hash and rows of each file, for the manifest.
        encoder_source: how ``load_encoder`` finds the encoder again; ``None`` for the default.
    """

    version: str
    options: FitOptions
    data: dict[str, Any]
    created: datetime
    max_error: float = 0.1
    encoder_source: str | None = None


def train_bundle(
    corpus: Corpus,
    articles: Sequence[Article],
    encoder: Encoder,
    *,
    plan: TrainingPlan,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Bundle:
    """Train every head on the tickets and fit the ranker on the articles.

    Args:
        report: called as the work goes on.

    Raises:
        InputError: a task has no labels, or only one.
    """
    tickets = corpus.tickets
    features, rows = featurise(tickets, encoder, report=report)
    fitted = _fit_heads(corpus, rows, options=plan.options, report=report)
    both = _rows_with(corpus, CATEGORY, INTENT)
    hierarchy, pooled = fit_hierarchy(
        _part(fitted[CATEGORY], corpus, CATEGORY, both),
        _part(fitted[INTENT], corpus, INTENT, both),
        [str(tickets[i].labels[CATEGORY]) for i in both],
        languages=rows.languages[both],
        options=plan.options,
    )
    heads = {task: fit.head for task, fit in fitted.items()}
    classifier = Classifier(features, heads, hierarchy=hierarchy)
    index = _index(articles, encoder, report=report)
    predictions = classifier.predict(
        [p.text for p in index.passages],
        index.vectors,
        languages=[p.language.partition("-")[0] for p in index.passages],
    )
    ranker = fit_ranker(index, predictions, day=plan.created.date())
    labels = np.array(heads[CATEGORY].labels)
    category = _Judged.of(pooled, labels, [str(tickets[i].labels[CATEGORY]) for i in both])
    manifest = Manifest(
        version=plan.version,
        created=plan.created.isoformat(),
        labels={task: list(head.labels) for task, head in heads.items()},
        encoder={"name": encoder.name, "dim": encoder.dim, "source": plan.encoder_source},
        data=plan.data,
        seed=plan.options.seed,
        review_confidence=category.thresholds(rows.languages[both], heads, plan.max_error),
        metrics=_metrics(corpus, fitted, category, rows.languages, both),
        libraries={"python": sys.version.split()[0]}
        | {name: installed_version(name) for name in _LIBRARIES},
    )
    return Bundle(manifest, classifier, index, ranker)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Out-of-fold predictions beside the truth."""

    true: NDArray[np.str_]
    predicted: NDArray[np.str_]
    confidence: NDArray[np.float32]

    @classmethod
    def of(
        cls, probabilities: NDArray[np.float32], labels: NDArray[np.str_], true: Sequence[str]
    ) -> _Judged:
        best = probabilities.argmax(axis=1)
        return cls(np.array(true), labels[best], probabilities.max(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.true == self.predicted)

    def take(self, mask: NDArray[np.bool_]) -> _Judged:
        return _Judged(self.true[mask], self.predicted[mask], self.confidence[mask])

    def thresholds(
        self, languages: NDArray[np.str_], heads: Any, max_error: float
    ) -> dict[str, float]:
        def threshold(mask: NDArray[np.bool_]) -> float:
            part = self.take(mask)
            return round(review_threshold(part.confidence, part.right, max_error=max_error), 4)

        return {
            group: threshold((languages == group) | (group == POOLED))
            for group in heads[CATEGORY].pooling
        }

    def figures(self) -> dict[str, Any]:
        estimate = with_interval(accuracy, self.true, self.predicted)
        return {
            "rows": len(self.true),
            "accuracy": round(estimate.value, 4),
            "accuracy_95": [round(estimate.low, 4), round(estimate.high, 4)],
            "macro_f1": round(macro_f1(self.true, self.predicted), 4),
            "ece": round(expected_calibration_error(self.confidence, self.right), 4),
        }


def _fit_heads(
    corpus: Corpus, rows: Rows, *, options: FitOptions, report: Callable[[Stage], None]
) -> dict[str, FittedHead]:
    total = (options.folds + 1) * len(TASKS)
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        report(Stage("fitting heads", done, total))

    fitted = {}
    for task in TASKS:
        members = _rows_with(corpus, task)
        if not len(members):
            raise InputError(f"no ticket carries a {task!r}; label some, or start from the starter")
        labels = [str(corpus.tickets[i].labels[task]) for i in members]
        fitted[task] = fit_head(rows.take(members), labels, options=options, progress=advance)
    return fitted


def _rows_with(corpus: Corpus, *tasks: str) -> NDArray[np.int64]:
    """Return the positions of tickets that are labelled for all of ``tasks``."""
    have = [all(t.labels[task] is not None for task in tasks) for t in corpus.tickets]
    return np.flatnonzero(have)


def _part(fit: FittedHead, corpus: Corpus, task: str, wanted: NDArray[np.int64]) -> FittedHead:
    """Restrict out-of-fold probabilities of ``task`` to the wanted tickets."""
    position = {int(i): p for p, i in enumerate(_rows_with(corpus, task))}
    return FittedHead(fit.head, fit.probabilities[[position[int(i)] for i in wanted]])


def _index(
    articles: Sequence[Article], encoder: Encoder, *, report: Callable[[Stage], None]
) -> KnowledgeIndex:
    passages = passages_of(articles)
    vectors = encode_all(
        encoder, [p.text for p in passages], name="encoding articles", report=report
    )
    # Bundles store half precision; rounding here makes a loaded index equal to this one.
    return KnowledgeIndex(articles, passages, vectors.astype(np.float16).astype(np.float32))


def _metrics(
    corpus: Corpus,
    fitted: dict[str, FittedHead],
    category: _Judged,
    languages: NDArray[np.str_],
    both: NDArray[np.int64],
) -> dict[str, Any]:
    metrics: dict[str, Any] = {"method": "out-of-fold", "repeats_left_out": corpus.repeats}
    for task, fit in fitted.items():
        members = _rows_with(corpus, task)
        true = [str(corpus.tickets[i].labels[task]) for i in members]
        judged = _Judged.of(fit.probabilities, np.array(fit.head.labels), true)
        spoken = languages[members]
        if task == CATEGORY:
            judged, spoken = category, languages[both]
        metrics[task] = {"all": judged.figures()} | {
            str(code): judged.take(spoken == code).figures()
            for code in np.unique(spoken)
            if (spoken == code).sum() >= MIN_REPORTED
        }
    return metrics


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
