"""What `triage train` with its defaults reaches on public data: Banking77 and CLINC150.

Each model is trained on the official training rows and judged on the official test rows.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.corpus import read_corpus
from training.experts import FitOptions
from training.metrics import expected_calibration_error
from training.risk import accept
from training.selective import separation
from training.train import TrainingPlan, train_bundle
from triage.bundle import Bundle, load_bundle
from triage.encoder import Encoder, load_encoder
from triage.records import read_articles
from triage.registry import Registry
from triage.settings import default_datasets_dir, default_models_dir
from triage.text import detect_language, normalise

Rows = Sequence[tuple[str, str]]
SPLITS, MAX_ERROR, SURE = 20, 0.05, 0.95
FEW, DRAWS = 10, 5


@dataclass(frozen=True)
class Answers:
    """Category answers on test rows."""

    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    familiarity: NDArray[np.float32]


@dataclass(frozen=True)
class Workbench:
    """Trains with the defaults on rows, and answers with what came of it."""

    encoder: Encoder
    base: Bundle
    folder: Path

    def train(self, rows: Rows) -> Bundle:
        path = self.folder / "train.jsonl"
        lines = (json.dumps({"text": text, "category": label}) + "\n" for text, label in rows)
        path.write_text("".join(lines), encoding="utf-8")
        plan = TrainingPlan(
            version="bench", options=FitOptions(), data={}, created=datetime.now(UTC),
            base=self.base,
        )  # fmt: skip
        articles = read_articles(default_datasets_dir() / "articles.jsonl")[:20]
        return train_bundle(read_corpus(path), articles, self.encoder, plan=plan)

    def answer(self, bundle: Bundle, rows: Rows) -> Answers:
        texts = [normalise(text) for text, _ in rows]
        spoken = [detect_language(text).code for text, _ in rows]
        found = bundle.classifier.predict(texts, self.encoder.encode(texts), languages=spoken)
        answers = [prediction["category"] for prediction in found]
        return Answers(
            np.array([a.best == label for a, (_, label) in zip(answers, rows, strict=True)]),
            np.array([a.probabilities.max() for a in answers]),
            np.array([a.familiarity for a in answers]),
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    base = load_bundle(Registry(default_models_dir()).path())
    return Workbench(load_encoder(), base, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def banking(bench_data: Path) -> Callable[[str], Rows]:
    def rows(split: str) -> Rows:
        path = bench_data / "banking77" / f"{split}.csv"
        with path.open(encoding="utf-8") as stream:
            return [(row["text"], row["category"]) for row in csv.DictReader(stream)]

    return rows


@pytest.fixture(scope="module")
def clinc(bench_data: Path) -> dict[str, Rows]:
    path = bench_data / "clinc150" / "data_full.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {split: [(text, label) for text, label in rows] for split, rows in content.items()}


def _say(text: str) -> None:
    print(f"\n{text}")  # noqa: T201


def _interval(right: NDArray[np.bool_]) -> str:
    spread = 1.96 * right.std() / np.sqrt(len(right))
    return f"{right.mean():.4f} ± {spread:.4f} ({len(right)} rows)"


def _report(name: str, bundle: Bundle, answers: Answers, *, seconds: float) -> None:
    ece = expected_calibration_error(answers.confidence, answers.right)
    head = bundle.classifier.heads["category"]
    _say(
        f"{name}: accuracy {_interval(answers.right)}, calibration error {ece:.4f}, trained in "
        f"{seconds:.0f} s; weights of lexical, dense, kernel {head.pooling['en']}"
    )
    broken = [s for s in _splits(answers) if s[1] > MAX_ERROR]
    shares = [s[0] for s in _splits(answers)]
    errors = [s[1] for s in _splits(answers)]
    _say(
        f"{name}: at most {MAX_ERROR:.0%} wrong, {SURE:.0%} sure, {SPLITS} random halves of the "
        f"test rows: broken {len(broken)} times, accepted {np.mean(shares):.3f} on average, error "
        f"{np.mean(errors):.4f} on average, {np.max(errors):.4f} at most"
    )
    stated = bundle.manifest.review_confidence["en"]
    unseen = answers.right[answers.confidence >= stated]
    _say(
        f"{name}: as trained (at most 10 % wrong, from out-of-fold answers): accepted "
        f"{len(unseen) / len(answers.right):.3f}, error {1 - unseen.mean():.4f}"
    )


def _splits(answers: Answers) -> Iterator[tuple[float, float]]:
    """Yield accepted share and error of the other half, for each calibration on one half."""
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(len(answers.right))
        calibration, rest = np.array_split(order, 2)
        found = accept(
            answers.confidence[calibration],
            answers.right[calibration],
            max_error=MAX_ERROR,
            sure=SURE,
        )
        accepted = answers.right[rest][answers.confidence[rest] >= found.threshold]
        yield len(accepted) / len(rest), float((~accepted).mean()) if len(accepted) else 0.0


def test_banking77(bench: Workbench, banking: Callable[[str], Rows]) -> None:
    start = time.perf_counter()
    bundle = bench.train(banking("train"))
    seconds = time.perf_counter() - start
    answers = bench.answer(bundle, banking("test"))
    _report("Banking77", bundle, answers, seconds=seconds)


def test_banking77_at_ten_per_label(bench: Workbench, banking: Callable[[str], Rows]) -> None:
    rows, found = banking("train"), []
    for seed in range(DRAWS):
        shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
        taken: dict[str, int] = {}
        few = []
        for text, label in shuffled:
            taken[label] = taken.get(label, 0) + 1
            if taken[label] <= FEW:
                few.append((text, label))
        found.append(float(bench.answer(bench.train(few), banking("test")).right.mean()))
    _say(f"Banking77, {FEW} per label: mean {np.mean(found):.4f} of {np.round(found, 4)}")


def test_clinc150_in_and_out_of_scope(bench: Workbench, clinc: dict[str, Rows]) -> None:
    start = time.perf_counter()
    bundle = bench.train(clinc["train"])
    seconds = time.perf_counter() - start
    inside = bench.answer(bundle, clinc["test"])
    outside = bench.answer(bundle, clinc["oos_test"])
    _report("CLINC150", bundle, inside, seconds=seconds)
    for name in ("familiarity", "confidence"):
        area, recall = separation(getattr(inside, name), getattr(outside, name))
        _say(
            f"CLINC150, out of scope by {name}: AUROC {area.value:.4f} ({area.low:.4f}-"
            f"{area.high:.4f}), recall at 95 % acceptance {recall.value:.4f}"
        )
