from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fakes import NOW_UTC, FakeEncoder, starter_articles

from training.corpus import Corpus
from training.train import next_version, train_bundle
from triage.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from training.features import Stage
    from training.train import TrainingPlan
    from triage.bundle import Bundle


def test_the_manifest_tells_what_was_learnt_and_how_well(bundle: Bundle):
    manifest = bundle.manifest
    assert manifest.labels["category"] == ["account", "logistics", "payment"]
    assert len(manifest.labels["intent"]) == 6
    assert manifest.encoder == {"name": "fake@1", "dim": 32, "source": None}
    assert (manifest.version, manifest.seed) == ("tiny-1", 7)
    assert manifest.created == NOW_UTC.isoformat()
    figures = manifest.metrics["category"]["all"]
    assert figures["rows"] == 60
    assert figures["accuracy_95"][0] <= figures["accuracy"] <= figures["accuracy_95"][1]
    assert figures["accuracy"] > 0.6  # three balanced labels: chance is a third
    assert 0 <= manifest.review_confidence["any"] <= 1


def test_training_twice_gives_the_same_model(corpus: Corpus, plan: TrainingPlan, bundle: Bundle):
    stages: list[Stage] = []
    again = train_bundle(corpus, starter_articles(), FakeEncoder(), plan=plan, report=stages.append)
    assert again.manifest == bundle.manifest
    assert again.ranker == bundle.ranker
    assert stages[-1].done == stages[-1].total
    assert {s.name for s in stages} == {"encoding tickets", "fitting heads", "encoding articles"}


def test_a_task_without_labels_is_refused_by_name(corpus: Corpus, plan: TrainingPlan):
    bare = [replace(t, labels={**t.labels, "sentiment": None}) for t in corpus.tickets]
    with pytest.raises(InputError, match="'sentiment'"):
        train_bundle(Corpus(tuple(bare), (), 0), starter_articles(), FakeEncoder(), plan=plan)


def test_the_next_version_is_the_first_free_one(tmp_path: Path):
    day = datetime(2026, 11, 21, tzinfo=UTC)
    assert next_version(tmp_path, "shop", day) == "shop-2026.11.21.1"
    (tmp_path / "shop-2026.11.21.1").mkdir()
    assert next_version(tmp_path, "shop", day) == "shop-2026.11.21.2"
