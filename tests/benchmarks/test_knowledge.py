"""The knowledge index: its scale with synthetic articles, its recall on held-back questions.

``TRIAGE_BENCH_ARTICLES`` sets another number of articles than 100,000. Times are given by the wall
and by the processor: on a busy machine only the second says something of the index.
"""

from __future__ import annotations

import csv
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.rebuild import RebuildPlan, rebuild_bundle
from training.train import now_utc
from triage.article import Article, ArticleText
from triage.encoder import Encoder, load_encoder
from triage.engine import TriageEngine
from triage.knowledge import Hit, KnowledgeIndex, Passage, PassageKind, dense, passages_of
from triage.knowledge.saved import load_index, save_index
from triage.records import read_articles
from triage.settings import default_datasets_dir
from triage.text import normalise

DAY = date(2026, 11, 21)
ARTICLES = int(os.environ.get("TRIAGE_BENCH_ARTICLES", "100000"))
ADDED, QUERIES, DIM, CLUSTERS = 1_000, 500, 384, 2_000
SEED = 6
Score = Callable[[Hit], float]
SCORES: dict[str, Score] = {
    "bm25 alone": lambda hit: max(hit.lexical, hit.lexical_body),
    "dense alone": lambda hit: max(hit.similarity, hit.similarity_body),
}


def _say(text: str) -> None:
    print(f"\n{text}")  # noqa: T201


def _memory() -> float:
    """Return the memory of this process in MiB, without mapped files."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kibibytes,) = re.findall(r"RssAnon:\s+(\d+) kB", status)
    return int(kibibytes) / 1024


# --- scale ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Synthetic:
    """Articles with the passages and vectors that an import would give."""

    articles: list[Article]
    passages: list[Passage]
    vectors: NDArray[np.float32]


class Author:
    """Writes articles of words with Zipf's frequencies, and vectors in clusters on the sphere."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(SEED)
        path = default_datasets_dir() / "tickets.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines()
        texts = [normalise(json.loads(line)["text"]) for line in lines]
        words = sorted({w for t in texts for w in t.split() if w.isascii() and w.isalpha()})
        self.words = np.array(words, dtype=object)
        self.rng.shuffle(self.words)
        frequency = 1 / np.arange(1, len(words) + 1)
        self.frequency = frequency / frequency.sum()
        self.han = " ".join(t for t in texts if not t.isascii())
        self.centres = self._unit(self.rng.normal(size=(CLUSTERS, DIM)))

    def write(self, numbers: Iterable[int]) -> Synthetic:
        articles, passages = [], []
        for number in numbers:
            tag = ("zh-Hans", "en")[number % 2]
            title, one, other, reply = (self._text(n, tag) for n in (5, 10, 10, 40))
            text = ArticleText(title=title, questions=(one, other), reply=reply)
            name = f"a{number}"
            articles.append(Article(id=name, intent="x/y", translations={tag: text}))
            kinds = [PassageKind.TITLE, *[PassageKind.QUESTION] * 2, PassageKind.BODY]
            passages += [
                Passage(name, tag, t, kind, t)
                for kind, t in zip(kinds, (title, one, other, reply), strict=True)
            ]
        return Synthetic(articles, passages, self._vectors(len(passages)))

    def _text(self, words: int, tag: str) -> str:
        if tag == "en":
            return " ".join(self.words[self.rng.choice(len(self.words), words, p=self.frequency)])
        start = int(self.rng.integers(0, len(self.han) - 2 * words))
        return self.han[start : start + 2 * words]

    def near(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        noise = self.rng.normal(size=vectors.shape) / np.sqrt(DIM)
        return self._unit(vectors + 0.6 * noise)

    def _vectors(self, count: int) -> NDArray[np.float32]:
        centres = self.centres[self.rng.integers(0, CLUSTERS, count)]
        return self._unit(centres + self.rng.normal(size=(count, DIM)) / np.sqrt(DIM))

    @staticmethod
    def _unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
        whole = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return whole.astype(np.float32)


def _percentiles(spent: Sequence[float]) -> str:
    p50, p99 = np.percentile(spent, [50, 99]) * 1e3
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"


def _timed(index: KnowledgeIndex, texts: Sequence[str], vectors: NDArray[np.float32]) -> str:
    wall, cpu = [], []
    for text, vector in zip(texts, vectors, strict=True):
        start, busy = time.perf_counter(), time.thread_time()
        index.search(text, vector, day=DAY)
        wall.append(time.perf_counter() - start)
        cpu.append(time.thread_time() - busy)
    return f"wall {_percentiles(wall)}; processor {_percentiles(cpu)}"


def test_a_hundred_thousand_articles_are_added_to_and_searched(tmp_path: Path) -> None:
    author = Author()
    made = author.write(range(ARTICLES))
    start = time.perf_counter()
    index = KnowledgeIndex(made.articles, made.passages, made.vectors)
    _say(
        f"{ARTICLES} articles, {index.size} passages: built in {time.perf_counter() - start:.1f} s"
    )
    chosen = author.rng.integers(0, index.size, QUERIES)
    texts = [made.passages[i].text for i in chosen]
    vectors = author.near(made.vectors[chosen])
    found = _recall_of_sieve(index, vectors)
    _say(f"peer: {_flat(made.vectors, vectors[:100])}")
    articles = save_index(index, tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.iterdir()) / 2**20
    del index, made
    before = _memory()
    start = time.perf_counter()
    loaded = load_index(tmp_path, articles)
    _say(f"loaded in {time.perf_counter() - start:.2f} s; {size:.0f} MiB of files")
    _timed(loaded, texts[:50], vectors[:50])
    _say(f"query beyond encoding: {_timed(loaded, texts, vectors)}")
    _say(f"memory beside mapped files and articles: {_memory() - before:.0f} MiB")
    new = author.write(range(ARTICLES, ARTICLES + ADDED))
    start = time.perf_counter()
    loaded.add(new.articles, new.passages, new.vectors)
    spent = time.perf_counter() - start
    _say(f"{ADDED} articles ({len(new.passages)} passages) added in {spent:.2f} s, vectors given")
    _say(f"query after it: {_timed(loaded, texts, vectors)}")
    assert found >= 0.98
    assert spent < 10


def _flat(vectors: NDArray[np.float32], asked: NDArray[np.float32]) -> str:
    """Return what FAISS's exact search alone takes for as many vectors as there are articles."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    peer = faiss.IndexFlatIP(DIM)
    peer.add(vectors[:ARTICLES])
    spent = []
    for vector in asked:
        busy = time.thread_time()
        peer.search(vector[None], 48)
        spent.append(time.thread_time() - busy)
    faiss.omp_set_num_threads(threads)
    return f"flat search of {peer.ntotal} vectors, processor {_percentiles(spent)}"


def _recall_of_sieve(index: KnowledgeIndex, vectors: NDArray[np.float32]) -> float:
    """Return which share of the exact five nearest titles and questions the sieve gives."""
    parts = [part.vectors for part in index._shelves["asked"].parts]
    masks = [np.ones(len(part.halves), dtype=np.bool_) for part in parts]
    (halves,) = [part.halves.astype(np.float32) for part in parts]
    shared = []
    for vector in vectors:
        (rows,) = dense.near(parts, vector, masks=masks, most=48)
        order = np.argsort(-parts[0].cosines(vector, rows), kind="stable")[:5]
        exact = np.argpartition(-(halves @ vector), 5)[:5]
        shared.append(len({*rows[order].tolist()} & {*exact.tolist()}) / 5)
    recall = float(np.mean(shared))
    _say(f"sieve among {len(halves)} vectors: recall@5 {recall:.4f} of exact")
    return recall


# --- recall --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def _indexed(articles: Sequence[Article], encoder: Encoder, *, bodies: bool) -> KnowledgeIndex:
    passages = passages_of(articles, bodies=bodies)
    return KnowledgeIndex(articles, passages, encoder.encode([p.text for p in passages]))


def _questions() -> list[dict[str, str]]:
    path = default_datasets_dir() / "retrieval.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _figures(
    ranked: Iterable[Sequence[str]], rows: Sequence[dict[str, str]]
) -> dict[str, tuple[int, float, float]]:
    """Return rows, recall@1 and recall@3 by language."""
    found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for ids, row in zip(ranked, rows, strict=True):
        right = row["article_id"]
        for group in (row["language"], "all"):
            found[group].append((right in ids[:1], right in ids[:3]))
    return {
        group: (len(pairs), *(round(float(x), 3) for x in np.mean(pairs, axis=0)))
        for group, pairs in sorted(found.items())
    }  # type: ignore[misc]


def _ranked(
    index: KnowledgeIndex, texts: Sequence[str], encoder: Encoder, *, score: Score
) -> list[list[str]]:
    plain = [normalise(text) for text in texts]
    found = []
    for text, vector in zip(plain, encoder.encode(plain), strict=True):
        hits = index.search(text, vector, day=DAY)
        found.append([h.article.id for h in sorted(hits, key=lambda h: -score(h))])
    return found


def _fused(hit: Hit) -> float:
    return max(hit.similarity, hit.similarity_body) + 0.3 * max(hit.lexical, hit.lexical_body)


def test_held_back_questions_beside_bm25_alone_and_dense_alone(
    encoder: Encoder, engine: TriageEngine
) -> None:
    articles = read_articles(default_datasets_dir() / "articles.jsonl")
    rows = _questions()
    texts = [row["text"] for row in rows]
    for bodies in (False, True):
        index = _indexed(articles, encoder, bodies=bodies)
        for name, score in SCORES.items():
            figures = _figures(_ranked(index, texts, encoder, score=score), rows)
            _say(f"{name}, {'with' if bodies else 'without'} bodies: {figures}")
    plan = RebuildPlan(version="bench", created=now_utc(), articles={})
    rebuilt = rebuild_bundle(engine.bundle, articles, encoder, plan=plan)
    parts = replace(engine._parts, bundle=rebuilt)
    ours = {
        "ranked by the shipped model": engine,
        "ranked by that model rebuilt with bodies": TriageEngine(parts, engine._settings),
    }
    for name, made in ours.items():
        ranked = [[i for i, _ in pairs] for pairs in made.rank_articles(texts)]
        figures = _figures(ranked, rows)
        _say(f"{name}: {figures}")
        assert figures["all"][2] >= 0.9


def test_chinese_questions_find_articles_that_are_only_in_english(
    encoder: Encoder, engine: TriageEngine
) -> None:
    """The same Chinese questions search the English texts alone, and the Chinese texts alone."""
    articles = read_articles(default_datasets_dir() / "articles.jsonl")
    rows = [row for row in _questions() if row["language"] != "en"]
    texts = [row["text"] for row in rows]
    figures = {}
    for language in ("en", "zh"):
        index = _indexed([_only(article, language) for article in articles], encoder, bodies=True)
        by_score = _figures(_ranked(index, texts, encoder, score=SCORES["dense alone"]), rows)
        parts = replace(engine._parts, bundle=replace(engine.bundle, knowledge=index))
        made = TriageEngine(parts, engine._settings).rank_articles(texts)
        ranked = _figures([[i for i, _ in pairs] for pairs in made], rows)
        figures[language] = ranked["all"]
        _say(f"{language} texts only, dense alone {by_score['all']}, ranked {ranked}")
    assert figures["en"][1] >= figures["zh"][1] - 0.1


def _only(article: Article, language: str) -> Article:
    texts = {t: x for t, x in article.translations.items() if t.startswith(language)}
    return replace(article, translations=texts)


def test_bitext_utterances_find_the_canonical_reply_of_their_intent(
    encoder: Encoder, bench_data: Path
) -> None:
    """Per intent 20 utterances, drawn with a seed, are the questions; all others are queries."""
    path = bench_data / "bitext-responses" / "responses.csv"
    by_intent: dict[str, dict[str, str]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            by_intent[row["intent"]].setdefault(row["instruction"], row["response"])
    rng = np.random.default_rng(SEED)
    articles, rows = [], []
    for intent, replies in sorted(by_intent.items()):
        said = [str(text) for text in rng.permutation(sorted(replies))]
        questions = tuple(said[:20])
        text = ArticleText(
            title=intent.replace("_", " "), questions=questions, reply=replies[said[0]]
        )
        articles.append(Article(id=intent, intent=f"x/{intent}", translations={"en": text}))
        rows += [{"text": t, "language": "en", "article_id": intent} for t in said[20:]]
    figures = _compared(articles, rows, encoder)
    assert figures["en"][1] >= 0.97


def test_bank_questions_find_another_wording_of_their_answer(
    encoder: Encoder, bench_data: Path
) -> None:
    """Leave one out: answers that several questions have; each question is searched without itself.

    The index holds every answer of the file, under its other questions; one that has a single
    question stands under it and only distracts.
    """
    (path,) = (bench_data / "bankfaqs").glob("*.csv")
    by_answer: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            question = row["Question"].strip()
            if question not in by_answer[row["Answer"].strip()]:
                by_answer[row["Answer"].strip()].append(question)
    articles = [
        Article(
            id=f"a{i}",
            intent="x/y",
            translations={
                "en": ArticleText(title=asked[0], questions=tuple(asked[1:]), reply=answer)
            },
        )
        for i, (answer, asked) in enumerate(by_answer.items())
    ]
    for bodies in (False, True):
        index = _indexed(articles, encoder, bodies=bodies)
        held = {
            (p.article_id, p.written): n for n, p in enumerate(index.passages) if p.kind != "body"
        }
        vectors = index.vectors
        ranked: dict[str, list[list[str]]] = defaultdict(list)
        rows = []
        for article in articles:
            text = article.translations["en"]
            for asked in (text.title, *text.questions) if text.questions else ():
                number = held[article.id, asked]
                plain, vector = normalise(asked), vectors[number]
                hits = index.search(plain, vector, day=DAY, without=number)
                for name, score in {**SCORES, "fused": _fused}.items():
                    best = sorted(hits, key=lambda h, score=score: -score(h))
                    ranked[name].append([h.article.id for h in best])
                rows.append({"language": "en", "article_id": article.id})
        for name, ids in ranked.items():
            _say(f"bankfaqs, {name}, {bodies=}: {_figures(ids, rows)['en']}")


def _compared(
    articles: Sequence[Article], rows: Sequence[dict[str, str]], encoder: Encoder
) -> dict[str, tuple[int, float, float]]:
    index = _indexed(articles, encoder, bodies=True)
    texts = [row["text"] for row in rows]
    figures = {}
    for name, score in {**SCORES, "fused": _fused}.items():
        figures = _figures(_ranked(index, texts, encoder, score=score), rows)
        _say(f"{name}: {figures}")
    return figures
