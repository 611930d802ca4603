"""Cues of tone beside the head: what joining them is worth out of fold, and the weights they get.

``pytest -n 0 -s tests/benchmarks/test_tone.py`` prints the figures and, for the file of cues, the
weights. The words were chosen with these tickets in view, so the gain on others is smaller.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.corpus import read_corpus
from training.experts import FitOptions
from training.features import featurise
from training.fit import fit_head
from training.grouping import group_folds, near_groups
from training.metrics import accuracy, expected_calibration_error, macro_f1
from training.tone import Heard, cross_joined, fit_tone, joined, shown_by
from triage.cue_file import read_cues
from triage.encoder import load_encoder
from triage.settings import default_datasets_dir


def test_joining_cues_makes_the_right_labels_likelier() -> None:
    heard, fold, languages = _heard()
    cues = read_cues()
    blank = replace(cues, cues=tuple(replace(cue, weights={}) for cue in cues.cues))
    sides = {
        "head alone": heard.probabilities,
        "with the file's weights": joined(heard, cues, {}),
        "fitted without the fold, from 0": cross_joined(heard, blank, fold),
    }
    for group in ("all", "zh", "en"):
        mask = (languages == group) | (group == "all")
        for name, shares in sides.items():
            print(f"{group}, {name}: {_figures(shares[mask], heard.target[mask])}")  # noqa: T201
    for name, weights in fit_tone(heard, cues).items():
        count = int((heard.shown[:, [c.name for c in cues.cues].index(name)] > 0).sum())
        print(f"{name} ({count} tickets): {weights}")  # noqa: T201
    assert _log_loss(sides["fitted without the fold, from 0"], heard.target) < _log_loss(
        heard.probabilities, heard.target
    )


def _heard() -> tuple[Heard, np.ndarray, np.ndarray]:
    tickets = list(read_corpus(default_datasets_dir() / "tickets.jsonl").tickets)
    tickets = [t for t in tickets if t.labels["sentiment"] is not None]
    options = FitOptions()
    known = featurise(tickets, load_encoder(), options=options)
    labels = [str(t.labels["sentiment"]) for t in tickets]
    target = np.unique(labels, return_inverse=True)[1]
    groups = near_groups([t.normalised for t in tickets], seed=options.seed)
    fold = group_folds(groups, target, count=options.folds, seed=options.seed)
    fit = fit_head(known.rows, labels, options=options, fold=fold)
    heard = Heard(
        labels=fit.head.labels,
        probabilities=fit.probabilities,
        shown=shown_by(read_cues(), [t.text for t in tickets]),
        target=target,
    )
    return heard, fold, known.rows.languages


def _figures(shares: np.ndarray, target: np.ndarray) -> str:
    predicted = shares.argmax(axis=1)
    error = expected_calibration_error(shares.max(axis=1), predicted == target)
    return (
        f"accuracy {accuracy(target, predicted):.4f}, macro-F1 {macro_f1(target, predicted):.4f}, "
        f"log-loss {_log_loss(shares, target):.4f}, calibration error {error:.4f}"
    )


def _log_loss(shares: np.ndarray, target: np.ndarray) -> float:
    return float(-np.log(shares[np.arange(len(target)), target]).mean())
