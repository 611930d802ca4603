"""Tickets to the rows that heads are fitted on: terms learnt from them, and their vectors.

What is fitted on the rows is decided by the caller: training and the audit start from the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.fit import Rows, to_csr
from triage.lexical import LexicalFeatures
from triage.text import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket
    from triage.encoder import Encoder

ENCODE_STEP = 256
MIN_TEXTS = 2  # a term that one text alone holds teaches nothing
SMALL_CORPUS = 200  # below it, even such terms are kept


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a long run, for a progress bar."""

    name: str
    done: int
    total: int


def featurise(
    tickets: Sequence[Ticket],
    encoder: Encoder,
    *,
    report: Callable[[Stage], None] = lambda stage: None,
) -> tuple[LexicalFeatures, Rows]:
    """Learn the terms of ``tickets`` and return them with one row of features per ticket."""
    texts = [t.normalised for t in tickets]
    features = LexicalFeatures.fit(texts, min_texts=MIN_TEXTS if len(texts) > SMALL_CORPUS else 1)
    rows = Rows(
        to_csr(features.transform(texts), len(features.terms)),
        encode_all(encoder, texts, name="encoding tickets", report=report),
        np.array([detect_language(t.text).code for t in tickets]),
    )
    return features, rows


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
