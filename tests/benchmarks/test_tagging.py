"""Tagging many rows beside the script that people would write; figures for docs/benchmarks.md.

Rows: ``TRIAGE_BENCH_ROWS`` (20,000), a fifth of them identical to others. ``TRIAGE_BENCH_LINEAR``
names counts of rows to compare (``10000,100000``), ``TRIAGE_BENCH_KILLS`` how often a run of 50,000
rows is killed.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil
import pytest
from sklearn.linear_model import LogisticRegression

from triage.settings import default_models_dir
from triage.tagging.checkpoint import Progress
from triage.tagging.fields import Shape
from triage.tagging.loading import LoadTagger
from triage.tagging.run import Target, Work, tag_rows
from triage.tagging.sources import Source, newest

ROWS = int(os.environ.get("TRIAGE_BENCH_ROWS", "20000"))
SAMPLE = 2000  # rows of the script, which is slow
BATCH = 64
IDENTICAL = 0.2
LONGEST = 60  # characters of a short message
_HAN = range(0x4E00, 0xA000)
_TAILS = ("", "?", " pls", " thanks", "!!", " asap", " {n}")
_CHINESE_TAILS = ("", "？", "，谢谢", "，急", "！！", "，麻烦了", "，{n}")


def _texts(folder: Path) -> Iterator[str]:
    for name in ("banking77/train.csv", "banking77/test.csv", "bitext/utterances.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            yield from (row.get("text") or row.get("utterance") or "" for row in _rows(stream))
    sets = json.loads((folder / "clinc150/data_full.json").read_text(encoding="utf-8"))
    yield from (text for pairs in sets.values() for text, _ in pairs)
    for path in sorted((folder / "zh-paraphrase").iterdir()):
        for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            yield from (part for part in line.split("\t") if any(ord(c) in _HAN for c in part))
    for path in sorted((folder / "cn-reviews").glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            yield from (row.get("review") or "" for row in csv.DictReader(stream))


def _rows(stream: Any) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(stream)


@pytest.fixture(scope="module")
def texts(bench_data: Path) -> list[str]:
    """Return short messages, half of them Chinese, and among them a fifth that others repeat."""
    known = {t.strip() for t in _texts(bench_data) if t.strip() and len(t) <= LONGEST}
    chance = random.Random(20261124)
    chinese = sorted(t for t in known if any(ord(c) in _HAN for c in t))
    english = sorted(known - set(chinese))
    wanted = int(max(ROWS, *_counts()) * (1 - IDENTICAL))
    fresh: dict[str, None] = {}
    while len(fresh) < wanted:
        pool, tails = chance.choice(((chinese, _CHINESE_TAILS), (english, _TAILS)))
        text = chance.choice(pool) + chance.choice(tails).format(n=chance.randrange(10**6))
        fresh.setdefault(text)
    repeated = chance.choices(list(fresh), k=int(wanted * IDENTICAL / (1 - IDENTICAL)))
    mixed = [*fresh, *repeated]
    chance.shuffle(mixed)
    return mixed


def _counts() -> list[int]:
    return [int(n) for n in os.environ.get("TRIAGE_BENCH_LINEAR", "0").split(",")]


def _written(place: Path, texts: list[str]) -> Path:
    lines = (json.dumps({"id": str(n), "text": t}) + "\n" for n, t in enumerate(texts))
    place.write_text("".join(lines), encoding="utf-8")
    return place


def _children_peak() -> float:
    """Return the most memory, in MB, that a process of this one has held.

    ``ru_maxrss`` would tell that of this process instead: Linux hands it on through ``exec``.
    """
    peaks = [0]
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
            peaks += map(int, re.findall(r"VmHWM:\s+(\d+)", status))
    return max(peaks) / 1024


def _rate(source: Path, *, cached: int = 20_000, workers: int | None = None) -> tuple[float, float]:
    """Return rows a second, without the time in which processes start, and MB of a process."""
    marks: list[tuple[float, int]] = []
    peaks: list[float] = []

    def report(done: Progress) -> None:
        marks.append((time.perf_counter(), done.rows))
        peaks.append(_children_peak())

    count = len(os.sched_getaffinity(0)) if workers is None else workers
    out = source.with_name(f"out-{cached}-{count}.jsonl")
    work = Work(
        sources=(Source(str(source), chosen={}),),
        make=LoadTagger(cached=cached, threads=1 if count else None),
        workers=count,
        run={},
        now=newest([str(source)]),
    )
    target = Target(out=str(out), kind=out, shape=Shape(flat=False))
    tag_rows(work, target, report=report)
    # The first windows of all processes come with what is compiled and loaded once.
    begun = marks[min(2 * max(count, 1), len(marks) - 2)]
    return (marks[-1][1] - begun[1]) / (marks[-1][0] - begun[0]), max(peaks)


def _script(texts: list[str]) -> Callable[[list[str]], object]:
    """Return the straightforward script: encode in batches, classify, search."""
    sentence_transformers = pytest.importorskip("sentence_transformers")
    folder = str(default_models_dir() / "encoder")
    model = sentence_transformers.SentenceTransformer(folder, local_files_only=True).float()
    vectors = model.encode(texts, batch_size=BATCH, normalize_embeddings=True)
    heads = [
        LogisticRegression(max_iter=100).fit(vectors, np.arange(len(texts)) % labels)
        for labels in (12, 60, 4, 3)
    ]
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)

    def answer(texts: list[str]) -> object:
        found = model.encode(texts, batch_size=BATCH, normalize_embeddings=True)
        return [head.predict_proba(found) for head in heads], index.search(found, 3)

    return answer


def _script_rate(texts: list[str]) -> float:
    script = _script(texts[:600])
    start = time.perf_counter()
    script(texts[:SAMPLE])
    return min(SAMPLE, len(texts)) / (time.perf_counter() - start)


def test_rows_a_second_beside_the_script(texts: list[str], tmp_path: Path) -> None:
    source = _written(tmp_path / "in.jsonl", texts[:ROWS])
    before = _script_rate(texts)
    shortcut, peak = _rate(source)
    every, _ = _rate(source, cached=0)
    after = _script_rate(texts)
    script = (before + after) / 2
    print(  # noqa: T201
        f"\n{ROWS} rows, all fields: {shortcut:.0f} rows/s, {every:.0f} with every text computed; "
        f"script {script:.0f} ({before:.0f}, {after:.0f}); ratio {shortcut / script:.1f}, "
        f"{every / script:.1f}; peak of a process {peak:.0f} MB"
    )
    assert shortcut > script


def test_processes_beside_threads(texts: list[str], tmp_path: Path) -> None:
    source = _written(tmp_path / "in.jsonl", texts[: min(ROWS, 8000)])
    rates = {
        f"{n} processes" if n else "threads": _rate(source, workers=n)[0] for n in (0, 1, 2, 3)
    }
    print("\n" + ", ".join(f"{name} {rate:.0f} rows/s" for name, rate in rates.items()))  # noqa: T201


@pytest.mark.skipif(_counts() == [0], reason="set TRIAGE_BENCH_LINEAR=10000,100000")
def test_time_grows_with_rows(texts: list[str], tmp_path: Path) -> None:
    for count in _counts():
        source = _written(tmp_path / f"{count}.jsonl", texts[:count])
        rate, peak = _rate(source)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(  # noqa: T201
            f"\n{count} rows: {1e3 / rate:.3f} ms a row; peak of a process {peak:.0f} MB, "
            f"of the first {own:.0f} MB"
        )


@pytest.mark.skipif("TRIAGE_BENCH_KILLS" not in os.environ, reason="set TRIAGE_BENCH_KILLS=100")
def test_a_run_that_is_killed_again_and_again(texts: list[str], tmp_path: Path) -> None:
    source = _written(tmp_path / "in.jsonl", (texts * (50_000 // len(texts) + 1))[:50_000])
    command = [sys.executable, "-c", "from triage.cli import main; main()", "tag", str(source)]
    once, out = tmp_path / "once.jsonl", tmp_path / "out.jsonl"
    subprocess.run([*command, "-o", str(once)], check=True, capture_output=True)
    chance, kills = random.Random(7), 0
    wanted = int(os.environ["TRIAGE_BENCH_KILLS"])
    while not out.exists():
        process = subprocess.Popen([*command, "-o", str(out)], stderr=subprocess.DEVNULL)
        if kills < wanted:
            time.sleep(chance.uniform(3, 12))  # a process needs some to load its engine
            process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    print(f"\n{kills} kills, output equal: {out.read_bytes() == once.read_bytes()}")  # noqa: T201
    assert out.read_bytes() == once.read_bytes()
