"""Fixtures of all tests: the tiny corpus and the bundle that is trained from it once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fakes import NOW_UTC, FakeEncoder, starter_articles, ticket_rows, write_rows
from hypothesis import settings
from tiny_bert import export_tiny, make_tiny_bert

from training.corpus import Corpus, read_corpus
from training.experts import FitOptions
from training.train import TrainingPlan, train_bundle
from triage.bundle import save_bundle
from triage.extraction import KeyInfoExtractor

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any test imports the hub's client

if TYPE_CHECKING:
    from pathlib import Path

    from triage.bundle import Bundle

settings.register_profile("tests", deadline=None, derandomize=True, database=None, max_examples=80)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sentence-transformers folder with random weights."""
    return make_tiny_bert(tmp_path_factory.mktemp("bert") / "tiny-bert")


@pytest.fixture(scope="session")
def tiny_exported(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the export of ``tiny_bert``, cut at 32 tokens."""
    return export_tiny(tiny_bert, tmp_path_factory.mktemp("exported") / "encoder", max_tokens=32)


@pytest.fixture(scope="session")
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture(scope="session")
def extractor() -> KeyInfoExtractor:
    return KeyInfoExtractor()


@pytest.fixture(scope="session")
def tickets_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("tickets") / "tickets.jsonl", ticket_rows())


@pytest.fixture(scope="session")
def corpus(tickets_path: Path) -> Corpus:
    return read_corpus(tickets_path)


@pytest.fixture(scope="session")
def plan() -> TrainingPlan:
    return TrainingPlan(
        version="tiny-1",
        options=FitOptions(folds=3, seed=7, jobs=1),
        data={"tickets": {"file": "tickets.jsonl", "rows": 60}},
        created=NOW_UTC,
    )


@pytest.fixture(scope="session")
def bundle(corpus: Corpus, encoder: FakeEncoder, plan: TrainingPlan) -> Bundle:
    return train_bundle(corpus, starter_articles(), encoder, plan=plan)


@pytest.fixture(scope="session")
def bundle_folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved bundle; copy it before changing it."""
    folder = tmp_path_factory.mktemp("models") / "tiny-1"
    save_bundle(bundle, folder)
    return folder
