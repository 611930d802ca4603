"""Sentiment: reviews by a model trained on reviews, beside SnowNLP; English posts beside VADER.

Reviews are a stranger's texts: long, opinionated, with no neutral class. They tell whether the
heads can learn tone from tickets that carry it; the shipped model learns from our own messages.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.corpus import read_corpus
from training.experts import FitOptions
from training.grouping import near_groups
from training.metrics import macro_f1, with_interval
from training.train import TrainingPlan, train_bundle
from triage.bundle import Bundle, load_bundle
from triage.encoder import Encoder, load_encoder
from triage.engine import TriageEngine
from triage.records import read_articles
from triage.registry import Registry
from triage.settings import default_datasets_dir, default_models_dir
from triage.text import detect_language, normalise

SEED, HELD_OUT, FEW = 0, 0.2, 1500
NAMES = {"0": "negative", "1": "positive"}


@dataclass(frozen=True)
class Reviews:
    """Texts with ``negative`` or ``positive`` each."""

    texts: list[str]
    labels: NDArray[np.str_]

    def take(self, chosen: NDArray[np.bool_]) -> Reviews:
        return Reviews([t for t, c in zip(self.texts, chosen, strict=True) if c],
                       self.labels[chosen])  # fmt: skip


def _read(path: Path) -> Reviews:
    """Read a file of reviews, each text once."""
    with path.open(encoding="utf-8-sig") as stream:
        rows = [row for row in csv.DictReader(stream) if row["review"].strip()]
    unique = {normalise(row["review"]): row for row in rows}
    kept = [row for form, row in unique.items() if form]
    return Reviews([row["review"] for row in kept], np.array([NAMES[r["label"]] for r in kept]))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def shopping(bench_data: Path) -> tuple[Reviews, Reviews]:
    """Training and held-out reviews; near-duplicates are on one side."""
    reviews = _read(bench_data / "cn-reviews" / "online_shopping_10_cats.csv")
    groups = near_groups([normalise(t) for t in reviews.texts], seed=SEED)
    rng = np.random.default_rng(SEED)
    aside = (rng.random(int(groups.max()) + 1) < HELD_OUT)[groups]
    return reviews.take(~aside), reviews.take(aside)


@pytest.fixture(scope="module")
def bundle(
    shopping: tuple[Reviews, Reviews], encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    path = tmp_path_factory.mktemp("reviews") / "reviews.jsonl"
    rows = ({"text": t, "sentiment": str(la)} for t, la in
            zip(shopping[0].texts, shopping[0].labels, strict=True))  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    base = load_bundle(Registry(default_models_dir()).path())
    plan = TrainingPlan(
        version="reviews", options=FitOptions(), data={}, created=datetime.now(UTC), base=base
    )
    articles = read_articles(default_datasets_dir() / "articles.jsonl")[:20]
    return train_bundle(read_corpus(path), articles, encoder, plan=plan)


def _answers(bundle: Bundle, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.str_]:
    forms = [normalise(text) for text in texts]
    spoken = [detect_language(text).code for text in texts]
    found = bundle.classifier.predict(forms, encoder.encode(forms), languages=spoken)
    return np.array([p["sentiment"].best for p in found])


def _say(name: str, right: NDArray[np.bool_]) -> None:
    spread = 1.96 * right.std() / np.sqrt(len(right))
    print(f"\n{name}: {right.mean():.4f} ± {spread:.4f} ({len(right)} rows)")  # noqa: T201


def _snownlp(texts: Sequence[str]) -> NDArray[np.str_]:
    module = pytest.importorskip("snownlp", reason="pip install snownlp to measure beside it")
    scores = np.array([module.SnowNLP(text).sentiments for text in texts])
    return np.where(scores >= 0.5, "positive", "negative")


def test_held_out_shopping_reviews(
    bundle: Bundle, encoder: Encoder, shopping: tuple[Reviews, Reviews]
) -> None:
    held_out = shopping[1]
    _say("shopping reviews", _answers(bundle, encoder, held_out.texts) == held_out.labels)
    chosen = np.zeros(len(held_out.labels), dtype=bool)
    chosen[np.random.default_rng(SEED).permutation(len(chosen))[:FEW]] = True
    few = held_out.take(chosen)
    _say("shopping reviews, some, ours", _answers(bundle, encoder, few.texts) == few.labels)
    _say("shopping reviews, the same, SnowNLP", _snownlp(few.texts) == few.labels)


def test_take_away_reviews_by_a_model_of_shopping_reviews(
    bundle: Bundle, encoder: Encoder, bench_data: Path
) -> None:
    reviews = _read(bench_data / "cn-reviews" / "waimai_10k.csv")
    _say("take-away reviews", _answers(bundle, encoder, reviews.texts) == reviews.labels)
    chosen = np.zeros(len(reviews.labels), dtype=bool)
    chosen[np.random.default_rng(SEED).permutation(len(chosen))[:FEW]] = True
    few = reviews.take(chosen)
    _say("take-away reviews, some, ours", _answers(bundle, encoder, few.texts) == few.labels)
    _say("take-away reviews, the same, SnowNLP", _snownlp(few.texts) == few.labels)


def test_english_posts_beside_vader(engine: TriageEngine, bench_data: Path) -> None:
    module = pytest.importorskip(
        "vaderSentiment.vaderSentiment", reason="pip install vaderSentiment to measure beside it"
    )
    path = bench_data / "dev-labelled" / "en.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["sentiment"] in ("negative", "neutral")]
    true = [row["sentiment"] for row in rows]
    ours = [r.sentiment.label.value for r in engine.triage([row["text"] for row in rows])]
    reader = module.SentimentIntensityAnalyzer()
    compound = [reader.polarity_scores(row["text"])["compound"] for row in rows]
    theirs = ["negative" if c <= -0.05 else "neutral" for c in compound]  # VADER's own threshold
    for name, found in (("ours", ours), ("VADER", theirs)):
        known = ["neutral" if label == "positive" else label for label in found]
        score = with_interval(macro_f1, np.array(true), np.array(known))
        print(f"\nEnglish posts, negative or neutral, {name}: macro-F1 {score} ({len(rows)} rows)")  # noqa: T201
