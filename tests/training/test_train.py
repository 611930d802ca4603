from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import NOW_UTC, FakeEncoder, starter_articles

from training.corpus import Corpus, Ticket
from training.risk import NOTHING
from training.sample import set_aside
from training.train import next_version, train_bundle
from triage.bundle import save_bundle
from triage.engine import TASKS
from triage.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from training.features import Stage
    from training.train import TrainingPlan
    from triage.bundle import Bundle

LETTERS = list("abcdefghijklmnopqrstuvwxyz")


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
    assert manifest.data["learnt_from"] == 60
    assert manifest.inherited == {}
    assert set(manifest.tone["anger"]) == set(manifest.labels["sentiment"]) - {"neutral"}
    assert manifest.format == 3


def test_a_corpus_too_small_to_promise_anything_asks_always(bundle: Bundle):
    """Sixty tickets, a third of them wrong, cannot show that at most a tenth is."""
    manifest = bundle.manifest
    assert set(manifest.abstention) == set(manifest.review_confidence) == {"any"}
    assert manifest.review_confidence["any"] == NOTHING
    promise = manifest.abstention["any"]
    assert (promise["rows"], promise["accepted"], promise["exact"]) == (60, 0.0, False)
    assert (promise["max_error"], promise["sure"]) == (0.1, 0.95)


def test_training_twice_gives_the_same_model(corpus: Corpus, plan: TrainingPlan, bundle: Bundle):
    stages: list[Stage] = []
    again = train_bundle(corpus, starter_articles(), FakeEncoder(), plan=plan, report=stages.append)
    assert again.manifest == bundle.manifest
    assert again.ranker == bundle.ranker
    assert stages[-1].done == stages[-1].total
    assert {s.name for s in stages} == {"encoding tickets", "fitting heads", "encoding articles"}


def without(corpus: Corpus, *tasks: str) -> Corpus:
    bare = [replace(t, labels={**t.labels, **dict.fromkeys(tasks)}) for t in corpus.tickets]
    return Corpus(tuple(bare), (), 0)


def test_a_task_without_labels_or_base_is_refused_by_name_with_a_remedy(
    corpus: Corpus, plan: TrainingPlan
):
    with pytest.raises(InputError, match=r"of sentiment, .*--base"):
        train_bundle(without(corpus, "sentiment"), starter_articles(), FakeEncoder(), plan=plan)


def test_a_task_without_labels_comes_from_the_base_and_the_manifest_says_so(
    corpus: Corpus, plan: TrainingPlan, bundle: Bundle
):
    plan = replace(plan, version="own-1", base=bundle)
    made = train_bundle(
        without(corpus, "sentiment", "priority"), starter_articles(), FakeEncoder(), plan=plan
    )
    assert made.manifest.inherited == {"priority": "tiny-1", "sentiment": "tiny-1"}
    assert made.manifest.labels == bundle.manifest.labels
    assert made.manifest.tone == bundle.manifest.tone
    assert set(made.manifest.metrics) & set(TASKS) == {"category", "intent"}
    assert made.manifest.metrics["category"] == bundle.manifest.metrics["category"]
    assert made.evidence is not None
    assert set(made.evidence.labels) == {"category", "intent"}


def test_an_inherited_category_keeps_the_promises_of_its_bundle(
    corpus: Corpus, plan: TrainingPlan, bundle: Bundle
):
    promise = {"any": {"threshold": 0.7, "max_error": 0.1, "accepted": 0.5}}
    rules = replace(
        bundle.manifest,
        review_confidence={"any": 0.7},
        review_familiarity=0.03,
        abstention=promise,
    )
    plan = replace(plan, base=replace(bundle, manifest=rules), calibration_share=0.3)
    made = train_bundle(
        without(corpus, "category", "intent"), starter_articles(), FakeEncoder(), plan=plan
    )
    assert made.manifest.inherited == {"category": "tiny-1", "intent": "tiny-1"}
    assert made.manifest.review_confidence == {"any": 0.7}
    assert made.manifest.review_familiarity == 0.03
    assert made.manifest.abstention == promise


def test_a_base_for_another_encoder_is_refused_with_a_remedy(
    corpus: Corpus, plan: TrainingPlan, bundle: Bundle
):
    other = FakeEncoder(name="other@1")
    with pytest.raises(InputError, match=r"'tiny-1'.*'fake@1', not 'other@1'; label those tasks"):
        train_bundle(corpus, starter_articles(), other, plan=replace(plan, base=bundle))


def many(**counts: int) -> Corpus:
    """Return tickets that tell their category plainly, each otherwise unlike the others."""
    rng = np.random.default_rng(1)
    words = {"refund": "refund money", "parcel": "parcel depot", "login": "login password"}
    texts = [
        (label, f"{words[label]} {' '.join(''.join(w) for w in rng.choice(LETTERS, (4, 5)))}")
        for label, count in counts.items()
        for _ in range(count)
    ]
    empty = dict.fromkeys(TASKS)
    tickets = (
        Ticket(f"{n}", text, text, {**empty, "category": label})
        for n, (label, text) in enumerate(texts)
    )
    return Corpus(tuple(tickets), (), 0)


def test_held_out_calibration_is_exact_and_counts_what_was_held_out(
    plan: TrainingPlan, bundle: Bundle
):
    corpus = many(refund=100, parcel=100, login=100)
    plan = replace(plan, base=bundle, calibration_share=0.4)
    made = train_bundle(corpus, starter_articles(), FakeEncoder(), plan=plan).manifest
    learnt, held = set_aside(corpus.tickets, 0.4, seed=7)
    promise = made.abstention["any"]
    assert promise["exact"] is True
    assert (promise["rows"], made.data["learnt_from"]) == (len(held), len(learnt))
    assert made.metrics["category"]["all"]["rows"] == len(learnt)
    assert (promise["accepted"], promise["error"]) == (pytest.approx(1, abs=0.1), 0.0)
    assert made.review_confidence["any"] == promise["threshold"] < 1
    assert promise["bound"] < 0.1


def test_what_is_held_out_has_the_labels_of_the_file_not_of_the_thinned_tickets(
    plan: TrainingPlan, bundle: Bundle
):
    corpus = many(refund=320, parcel=40, login=40)
    plan = replace(plan, base=bundle, calibration_share=0.25, most_tickets=90)
    made = train_bundle(corpus, starter_articles(), FakeEncoder(), plan=plan).manifest
    assert made.data["learnt_from"] == 90
    assert made.abstention["any"]["rows"] == pytest.approx(100, abs=25)
    assert made.abstention["any"]["exact"] is True


def test_where_no_held_out_ticket_has_a_category_the_promise_is_not_called_exact(
    plan: TrainingPlan, bundle: Bundle
):
    corpus = many(refund=40, parcel=40, login=40)
    _, held = set_aside(corpus.tickets, 0.3, seed=7)
    bare = {t.id for t in held}
    tickets = [
        replace(t, labels={**t.labels, "category": None, "priority": "low"}) if t.id in bare else t
        for t in corpus.tickets
    ]
    plan = replace(plan, base=bundle, calibration_share=0.3)
    made = train_bundle(
        Corpus(tuple(tickets), (), 0), starter_articles(), FakeEncoder(), plan=plan
    ).manifest
    assert made.abstention["any"]["exact"] is False
    assert made.abstention["any"]["rows"] == made.data["learnt_from"] == 120 - len(held)


def test_the_same_tickets_and_seed_give_equal_bytes_and_equal_figures(
    bundle: Bundle, corpus: Corpus, plan: TrainingPlan, tmp_path: Path
):
    again = train_bundle(corpus, starter_articles(), FakeEncoder(), plan=plan)
    save_bundle(bundle, tmp_path / "one")
    save_bundle(again, tmp_path / "two")
    files = {
        made: {p.relative_to(tmp_path / made): p for p in (tmp_path / made).rglob("*.*")}
        for made in ("one", "two")
    }
    assert files["one"].keys() == files["two"].keys()
    for name, path in files["one"].items():
        assert path.read_bytes() == files["two"][name].read_bytes(), name
    other = train_bundle(
        corpus,
        starter_articles(),
        FakeEncoder(),
        plan=replace(plan, options=replace(plan.options, seed=8)),
    )
    assert other.manifest.metrics["category"] != bundle.manifest.metrics["category"]


def test_the_next_version_is_the_first_free_one(tmp_path: Path):
    day = datetime(2026, 11, 21, tzinfo=UTC)
    assert next_version(tmp_path, "shop", day) == "shop-2026.11.21.1"
    (tmp_path / "shop-2026.11.21.1").mkdir()
    assert next_version(tmp_path, "shop", day) == "shop-2026.11.21.2"
