"""Authors held out: how a model does on a voice it has never heard, and how more texts help."""

from __future__ import annotations

import numpy as np
import pytest

from training.corpus import Ticket, read_corpus
from training.experts import FitOptions, make_rows, to_csr
from training.features import Featurised
from training.learn import learn
from training.metrics import accuracy, macro_f1, with_interval
from training.sample import evenly
from triage.classifier import Classifier
from triage.encoder import load_encoder
from triage.lexical import LexicalFeatures
from triage.settings import default_datasets_dir
from triage.text import detect_language

TASKS = ("category", "intent", "priority", "sentiment")


@pytest.fixture(scope="module")
def encoded() -> tuple[list[Ticket], np.ndarray, np.ndarray]:
    tickets = list(read_corpus(default_datasets_dir() / "tickets.jsonl").tickets)
    vectors = load_encoder().encode([t.normalised for t in tickets])
    languages = np.array([detect_language(t.text).code for t in tickets])
    return tickets, vectors, languages


def test_every_author_held_out(encoded: tuple[list[Ticket], np.ndarray, np.ndarray]) -> None:
    tickets, vectors, languages = encoded
    authors = np.array([t.author for t in tickets])
    shares = []
    for author in sorted(set(authors)):
        train, held = np.flatnonzero(authors != author), np.flatnonzero(authors == author)
        classifier = _fitted([tickets[i] for i in train], vectors[train], languages[train])
        predictions = classifier.predict(
            [tickets[i].normalised for i in held], vectors[held], languages=list(languages[held])
        )
        line = [f"author {author}: {len(held)} messages"]
        for task in TASKS:
            true = np.array([tickets[i].labels[task] for i in held])
            predicted = np.array([p[task].best for p in predictions])
            estimate = with_interval(accuracy, true, predicted)
            line.append(
                f"{task} {estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f}) "
                f"F1 {macro_f1(true, predicted):.3f}"
            )
            if task == "category":
                shares.append(estimate.value)
        print("; ".join(line))  # noqa: T201
    assert np.mean(shares) > 0.7


@pytest.mark.parametrize("author", ["e", "k"])
def test_more_texts_of_others_help_with_a_voice_never_heard(
    encoded: tuple[list[Ticket], np.ndarray, np.ndarray], author: str
) -> None:
    tickets, vectors, languages = encoded
    authors = np.array([t.author for t in tickets])
    held = np.flatnonzero(authors == author)
    others = np.random.default_rng(13).permutation(np.flatnonzero(authors != author))
    true = np.array([tickets[i].labels["category"] for i in held])
    curve = []
    for share in (0.125, 0.25, 0.5, 1.0):
        train = others[: int(share * len(others))]
        classifier = _fitted([tickets[i] for i in train], vectors[train], languages[train])
        predictions = classifier.predict(
            [tickets[i].normalised for i in held], vectors[held], languages=list(languages[held])
        )
        curve.append(accuracy(true, np.array([p["category"].best for p in predictions])))
        print(f"author {author}: {len(train)} texts, category {curve[-1]:.3f}")  # noqa: T201
    assert curve[-1] > curve[0]


def _fitted(tickets: list[Ticket], vectors: np.ndarray, languages: np.ndarray) -> Classifier:
    options = FitOptions()
    features = LexicalFeatures.fit([t.normalised for t in tickets], min_texts=2)
    rows, landmarks = make_rows(
        to_csr(features.transform([t.normalised for t in tickets]), len(features.terms)),
        vectors,
        languages=languages,
        chosen=evenly(
            [t.labels["intent"] for t in tickets], count=options.landmarks, seed=options.seed
        ),
        gamma=options.gamma,
    )
    return learn(tickets, Featurised(features, rows, landmarks), options=options).classifier
