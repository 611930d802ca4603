"""Tuning the encoder on few tickets: heads with and without it, on the official test set.

Banking77, ten tickets a label. TRIAGE_BENCH_DRAWS says how many draws of them; a draw takes some
minutes on two idle cores.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.corpus import Ticket
from training.crossfit import Tuning, choose_encoder
from training.experts import FitOptions
from training.features import Featurised, featurise
from training.fit import fit_head
from training.metrics import expected_calibration_error
from training.significance import mcnemar
from training.tune import TuneRecipe
from triage.classifier import Classifier
from triage.encoder import Encoder, load_encoder
from triage.text import detect_language, normalise

PER_LABEL = 10
DRAWS = int(os.environ.get("TRIAGE_BENCH_DRAWS", "1"))
THREADS = int(os.environ.get("TRIAGE_BENCH_THREADS", "2"))
TASK = "category"
KEEP_ANYWAY = 2.0


def _tickets(path: Path) -> list[Ticket]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    nothing = dict.fromkeys(("intent", "priority", "sentiment"))
    return [
        Ticket(f"b-{i}", row["text"], normalise(row["text"]), {TASK: row["category"], **nothing})
        for i, row in enumerate(rows)
    ]


def _drawn(tickets: list[Ticket], seed: int) -> list[Ticket]:
    rng = np.random.default_rng(seed)
    names = np.array([t.labels[TASK] for t in tickets])
    chosen = [rng.permutation(np.flatnonzero(names == n))[:PER_LABEL] for n in np.unique(names)]
    return [tickets[i] for i in np.concatenate(chosen)]


def _answers(
    known: Featurised, encoder: Encoder, drawn: list[Ticket], test: list[Ticket]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which tickets of the test set are right, and the confidence in each answer."""
    labels = [str(t.labels[TASK]) for t in drawn]
    fit = fit_head(known.rows, labels, options=FitOptions(), apart=known.apart)
    heads = Classifier(known.features, {TASK: fit.head}, landmarks=known.landmarks)
    texts = [t.normalised for t in test]
    spoken = [detect_language(t.text).code for t in test]
    found = [p[TASK] for p in heads.predict(texts, encoder.encode(texts), languages=spoken)]
    right = np.array([p.best == t.labels[TASK] for p, t in zip(found, test, strict=True)])
    return right, np.array([p.probabilities.max() for p in found])


@pytest.mark.parametrize("seed", range(DRAWS))
def test_ten_tickets_a_label(bench_data: Path, tmp_path: Path, seed: int) -> None:
    test = _tickets(bench_data / "banking77" / "test.csv")
    drawn = _drawn(_tickets(bench_data / "banking77" / "train.csv"), seed)
    encoder, options = load_encoder(threads=THREADS), FitOptions()
    known = featurise(drawn, encoder, options=options)
    plain, plain_confidence = _answers(known, encoder, drawn, test)
    recipe = replace(TuneRecipe(), threads=THREADS, seed=seed)
    tuning = Tuning(workplace=tmp_path, recipe=recipe, level=KEEP_ANYWAY)
    choice = choose_encoder(drawn, known, encoder, source=None, tuning=tuning, options=options)
    tuned, tuned_confidence = _answers(choice.known, choice.encoder, drawn, test)
    gained, lost = int((tuned & ~plain).sum()), int((plain & ~tuned).sum())
    figures = {
        "seed": seed,
        "untuned": round(float(plain.mean()), 4),
        "tuned": round(float(tuned.mean()), 4),
        "p": round(mcnemar(gained, lost), 4),
        "ece_untuned": round(expected_calibration_error(plain_confidence, plain), 4),
        "ece_tuned": round(expected_calibration_error(tuned_confidence, tuned), 4),
        "record": choice.record,
    }
    print(json.dumps(figures))  # noqa: T201
    assert tuned.mean() > plain.mean() - 0.01
