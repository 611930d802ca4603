"""Tickets to the rows that heads are fitted on: terms learnt from them, and their vectors.

What is fitted on the rows is decided by the caller: training and the audit start from the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from training.experts import NO_LANDMARK, FitOptions, Rows, make_rows, to_csr
from training.sample import evenly
from triage.lexical import LexicalFeatures
from triage.text import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket
    from triage.encoder import Encoder
    from triage.heads import Landmarks

ENCODE_STEP = 256
MIN_TEXTS = 2  # a term that one text alone holds teaches nothing
SMALL_CORPUS = 200  # below it, even such terms are kept


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a long run, for a progress bar."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Featurised:
    """What was learnt of tickets before any label was read, with one row per ticket.

    Attributes:
        apart: for an encoder that was itself tuned on the tickets, what stands in for its rows
            wherever a ticket must not have been seen.
    """

    features: LexicalFeatures
    rows: Rows
    landmarks: Landmarks
    apart: Apart | None = None

    def with_vectors(self, vectors: NDArray[np.float32], *, gamma: float) -> Featurised:
        """Return the same tickets with other vectors, shape (n, dim), and the same landmarks."""
        rows, landmarks = make_rows(
            self.rows.lexical,
            vectors,
            languages=self.rows.languages,
            chosen=np.flatnonzero(self.rows.landmark != NO_LANDMARK),
            gamma=gamma,
        )
        return replace(self, rows=rows, landmarks=landmarks)


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows of the same n tickets by encoders that were tuned without one fold each.

    Attributes:
        fold: of each ticket, shape (n,).
        views: for each fold, all tickets by the encoder that has not seen that fold.
    """

    fold: NDArray[np.int64]
    views: tuple[Rows, ...]

    def take(self, index: NDArray[np.int64]) -> Apart:
        """Return some of the tickets."""
        return Apart(self.fold[index], tuple(view.take(index) for view in self.views))

    def unseen(self) -> Rows:
        """Return each ticket as the encoder sees it that was tuned without it.

        A landmark of the ticket's own fold is as far as can be: the final encoder has seen every
        landmark, so only those that were seen tell what a new message will be like.
        """
        first = self.views[0]
        dense, cosines = first.dense.copy(), first.cosines.copy()
        owners = np.flatnonzero(first.landmark != NO_LANDMARK)
        for number, view in enumerate(self.views):
            held = np.flatnonzero(self.fold == number)
            dense[held], cosines[held] = view.dense[held], view.cosines[held]
            same = first.landmark[owners[self.fold[owners] == number]]
            cosines[np.ix_(held, same)] = -1
        return replace(first, dense=dense, cosines=cosines)


def featurise(
    tickets: Sequence[Ticket],
    encoder: Encoder,
    *,
    options: FitOptions,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Featurised:
    """Learn the terms of ``tickets`` and choose landmarks among them, evenly over the labels."""
    texts = [t.normalised for t in tickets]
    features = LexicalFeatures.fit(texts, min_texts=MIN_TEXTS if len(texts) > SMALL_CORPUS else 1)
    rows, landmarks = make_rows(
        to_csr(features.transform(texts), len(features.terms)),
        encode_all(encoder, texts, name="encoding tickets", report=report),
        languages=np.array([detect_language(t.text).code for t in tickets]),
        chosen=evenly(
            [t.labels["intent"] or t.labels["category"] for t in tickets],
            count=options.landmarks,
            seed=options.seed,
        ),
        gamma=options.gamma,
    )
    return Featurised(features, rows, landmarks)


def encode_all(
    encoder: Encoder, texts: Sequence[str], *, name: str, report: Callable[[Stage], None]
) -> NDArray[np.float32]:
    """Return the vectors of ``texts``, shape (n, dim), reporting under ``name`` on the way."""
    vectors = np.zeros((len(texts), encoder.dim), dtype=np.float32)
    # Long texts first: the bar's estimate is then never too hopeful.
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    report(Stage(name, 0, len(texts)))
    for start in range(0, len(order), ENCODE_STEP):
        part = order[start : start + ENCODE_STEP]
        vectors[part] = encoder.encode([texts[i] for i in part])
        report(Stage(name, start + len(part), len(texts)))
    return vectors
