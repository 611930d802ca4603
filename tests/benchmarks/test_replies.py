"""When a reply is suggested and how often the first one is right; figures for docs/quality.md.

The ranker is fitted on tickets, the articles' questions and ``datasets/out_of_scope.jsonl``, never
on what is measured here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.metrics import expected_calibration_error
from triage.domain import TriageResult
from triage.engine import TriageEngine
from triage.settings import default_datasets_dir

STEP = 128
LEAST_SUGGESTED = 0.85
MOST_OFFERED = 0.05


def _results(engine: TriageEngine, texts: Sequence[str]) -> list[TriageResult]:
    parts = (texts[start : start + STEP] for start in range(0, len(texts), STEP))
    return [result for part in parts for result in engine.triage(part)]


def _share(results: Sequence[TriageResult]) -> float:
    return sum(bool(result.suggestions) for result in results) / len(results)


def _shown(title: str, **figures: Any) -> None:
    print(f"\n{title}\n{json.dumps(figures, ensure_ascii=False, indent=1)}")  # noqa: T201


def _out_of_scope(folder: Path) -> list[str]:
    content = json.loads((folder / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    return [text for key in sorted(content) if key.startswith("oos") for text, _ in content[key]]


def _small_talk(folder: Path, language: str) -> list[str]:
    path = folder / "smalltalk" / language / "data.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return [example["text"] for example in content["rasa_nlu_data"]["common_examples"]]


def test_most_questions_that_an_article_answers_get_a_suggestion(engine: TriageEngine) -> None:
    path = default_datasets_dir() / "retrieval.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows]
    results = _results(engine, texts)
    ranked = engine.rank_articles(texts)
    wanted = [row["article_id"] for row in rows]
    confidence = np.array([order[0][1] if order else 0.0 for order in ranked])
    right = np.array(
        [bool(order) and order[0][0] == name for order, name in zip(ranked, wanted, strict=True)]
    )
    first = [
        result.suggestions[0].article_id == name
        for result, name in zip(results, wanted, strict=True)
        if result.suggestions
    ]
    _shown(
        "held-back questions",
        rows=len(rows),
        suggested=_share(results),
        right_of_suggested=float(np.mean(first)),
        recall_at_1=float(right.mean()),
        mean_confidence=float(confidence.mean()),
        ece=expected_calibration_error(confidence, right),
    )
    assert _share(results) >= LEAST_SUGGESTED
    assert np.mean(first) >= LEAST_SUGGESTED


@pytest.mark.parametrize("name", ["clinc150 oos", "smalltalk en", "smalltalk zh-CN"])
def test_messages_that_no_article_answers_are_seldom_offered_a_reply(
    engine: TriageEngine, bench_data: Path, name: str
) -> None:
    kind, part = name.split()
    texts = _out_of_scope(bench_data) if kind == "clinc150" else _small_talk(bench_data, part)
    share = _share(_results(engine, texts))
    _shown(name, rows=len(texts), offered=share)
    assert share < MOST_OFFERED
