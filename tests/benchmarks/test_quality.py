"""Quality of the served model on messages it was not trained on; figures for docs/quality.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.corpus import read_corpus
from training.evaluate import evaluate_engine
from triage.engine import TriageEngine
from triage.settings import default_datasets_dir

CATEGORY_FLOORS = {"zh": 0.70, "en": 0.60}


def _shown(title: str, figures: dict[str, Any]) -> None:
    print(f"\n{title}\n{json.dumps(figures, ensure_ascii=False, indent=1)}")  # noqa: T201


@pytest.mark.parametrize("language", ["zh", "en"])
def test_category_accuracy_on_real_messages_is_above_the_floor(
    engine: TriageEngine, bench_data: Path, language: str
) -> None:
    corpus = read_corpus(bench_data / "dev-labelled" / f"{language}.jsonl", keep_repeats=True)
    figures = evaluate_engine(engine, corpus)
    _shown(f"dev-labelled {language}", figures)
    category = figures["tasks"]["category"]["by_language"]["all"]
    assert category["accuracy"]["value"] >= CATEGORY_FLOORS[language]


def test_the_right_article_is_among_the_first_three_for_most_held_back_questions(
    engine: TriageEngine,
) -> None:
    corpus = read_corpus(default_datasets_dir() / "retrieval.jsonl", keep_repeats=True)
    figures = evaluate_engine(engine, corpus)["retrieval"]
    _shown("held-back questions", figures)
    assert figures["all"]["recall@3"]["value"] >= 0.85
