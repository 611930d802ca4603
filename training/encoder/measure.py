"""What a sentence encoder is worth on held-out texts, Chinese, English and across the two.

It owns the figures; every function takes any ``encode`` (texts to unit vectors), so the teacher,
a checkpoint and an exported folder are measured alike.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.encoder.pairs import Corpus, Group
from training.encoder.readers import labelled_pairs

if TYPE_CHECKING:
    from pathlib import Path

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

LCQMC = "zh-paraphrase/lcqmc-dev.txt"
ATEC = "zh-paraphrase/atec_nlp_sim_train.csv"


def spearman(encode: Encode, pairs: Sequence[tuple[str, str, int]]) -> float:
    """Return the rank correlation of cosine with "says the same" (0 or 1)."""
    from scipy.stats import spearmanr

    left, right = encode([a for a, _, _ in pairs]), encode([b for _, b, _ in pairs])
    return float(spearmanr((left * right).sum(axis=1), [same for *_, same in pairs]).statistic)


def held_out_questions(data: Path, file: str, *, most: int = 4000) -> list[tuple[str, str, int]]:
    """Return the second half of a labelled file: no run trains on it."""
    pairs = labelled_pairs(data / file)
    return pairs[len(pairs) // 2 :][:most]


def recall_at_one(encode: Encode, texts: Sequence[str], aims: Vectors) -> float:
    """Return the share of ``texts`` whose own translation's vector is the nearest of ``aims``."""
    return float(((encode(texts) @ aims.T).argmax(axis=1) == np.arange(len(aims))).mean())


def traditional(texts: Sequence[str]) -> list[str]:
    """Return ``texts`` in Taiwan's script and words."""
    from opencc import OpenCC

    to_simplified, to_traditional = OpenCC("t2s"), OpenCC("s2twp")
    return [str(to_traditional.convert(to_simplified.convert(text))) for text in texts]


def probe(
    encode: Encode,
    train: tuple[Sequence[str], Sequence[str]],
    test: tuple[Sequence[str], Sequence[str]],
) -> float:
    """Return the accuracy of a logistic regression (C=10) on vectors, (texts, labels) each."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10, max_iter=2000)
    model.fit(encode(train[0]), np.array(train[1]))
    return float(model.score(encode(test[0]), np.array(test[1])))


def banking(data: Path) -> tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]:
    """Return Banking77's official train and test part, (texts, intents) each."""
    parts = []
    for name in ("train", "test"):
        with (data / f"banking77/{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        parts.append(([r["text"] for r in rows], [r["category"] for r in rows]))
    return parts[0], parts[1]


def tickets(
    own: Path, *, author: str
) -> tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]:
    """Return Chinese tickets as (texts, categories): of other authors, and of ``author``."""
    lines = (own / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [r for r in map(json.loads, lines) if r["language"].startswith("zh")]
    parts = []
    for own_words in (False, True):
        chosen = [r for r in rows if (r["author"] == author) is own_words]
        parts.append(([r["text"] for r in chosen], [r["category"] for r in chosen]))
    return parts[0], parts[1]


def equals_above_near_misses(encode: Encode, groups: Sequence[Group]) -> float:
    """Return how often two equal texts are nearer than a text and its near miss (AUROC)."""
    from sklearn.metrics import roc_auc_score

    pairs = [(g.same[0], g.same[1], 1) for g in groups if len(g.same) > 1]
    pairs += [(g.same[0], g.unlike[0], 0) for g in groups if g.unlike]
    left, right = encode([a for a, _, _ in pairs]), encode([b for _, b, _ in pairs])
    return float(roc_auc_score([same for *_, same in pairs], (left * right).sum(axis=1)))


def steering(encode: Encode, teach: Encode, data: Path, corpus: Corpus) -> dict[str, float]:
    """Return the quick figures that a run is watched by."""
    figures = {
        "lcqmc": spearman(encode, held_out_questions(data, LCQMC)),
        "atec": spearman(encode, held_out_questions(data, ATEC)),
    }
    if corpus.held_out_groups:
        groups = corpus.held_out_groups
        figures["phrases, near misses"] = equals_above_near_misses(encode, groups)
    for name, pairs in corpus.held_out.items():
        aims = teach([p.en for p in pairs])
        figures[f"{name} recall@1"] = recall_at_one(encode, [p.zh for p in pairs], aims)
    return figures


def full(
    encode: Encode, teach: Encode, *, data: Path, own: Path, corpus: Corpus
) -> dict[str, float]:
    """Return every figure; ``teach`` is the English teacher, which the aims come from.

    Cross-language figures are given against the student's own English vectors too, since those
    are what a product searches.
    """
    figures = steering(encode, teach, data, corpus)
    for name, pairs in corpus.held_out.items():
        aims = encode([p.en for p in pairs])
        chinese = [p.zh for p in pairs]
        figures[f"{name} recall@1, own English"] = recall_at_one(encode, chinese, aims)
        twins = traditional(chinese)
        figures[f"{name} recall@1, Traditional"] = recall_at_one(encode, twins, aims)
    train, test = banking(data)
    texts = test[0]
    figures["banking77 cosine to teacher"] = float((encode(texts) * teach(texts)).sum(1).mean())
    figures["banking77 accuracy"] = probe(encode, train, test)
    figures["tickets zh category, author e"] = probe(encode, *tickets(own, author="e"))
    return figures
