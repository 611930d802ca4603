from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import starter_articles
from numpy.testing import assert_array_equal

from training.contender import load_contender
from training.corpus import Corpus
from training.crossfit import FOLDS, Tuning, verdict
from training.experts import NO_LANDMARK, FitOptions, Rows, to_csr
from training.features import Apart, featurise
from training.fit import fit_head
from training.train import TUNING, train_bundle
from training.tune import TuneRecipe
from triage.bundle import OWN_ENCODER, load_bundle, save_bundle
from triage.encoder import load_encoder
from triage.engine import load_engine
from triage.errors import BundleError, InputError
from triage.lexical import LexicalFeatures
from triage.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from training.train import TrainingPlan
    from triage.bundle import Bundle

pytest.importorskip("torch")

RECIPE = TuneRecipe(least_steps=4, passes=1, rate=1e-4, seed=3)
KEEP_ANYWAY = 2.0


def trained(corpus: Corpus, source: Path, plan: TrainingPlan, tuning: Tuning) -> Bundle:
    plan = replace(plan, encoder_source=str(source), tuning=tuning)
    return train_bundle(corpus, starter_articles(), load_encoder(str(source)), plan=plan)


@pytest.fixture(scope="module")
def kept(
    corpus: Corpus,
    tiny_exported: Path,
    plan: TrainingPlan,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return the models folder of a bundle with an encoder of its own, written and then moved."""
    workplace = tmp_path_factory.mktemp("workplace")
    tuning = Tuning(workplace=workplace, recipe=RECIPE, level=KEEP_ANYWAY)
    made = trained(corpus, tiny_exported, plan, tuning)
    assert [p.name for p in workplace.iterdir()] == ["encoder"]
    first = tmp_path_factory.mktemp("first")
    save_bundle(made, first / "own-1")
    shutil.rmtree(workplace)
    moved = tmp_path_factory.mktemp("moved")
    shutil.move(first / "own-1", moved / "own-1")
    return moved


def test_a_bundle_with_its_own_encoder_serves_from_where_it_was_moved_to(kept: Path) -> None:
    engine = load_engine(str(kept / "own-1"))
    assert engine.bundle.manifest.encoder["source"] == OWN_ENCODER
    assert engine.bundle.manifest.encoder["name"].startswith("tiny-bert-tuned@")
    (result,) = engine.triage(["where is my parcel"])
    assert result.category.label in engine.bundle.manifest.labels["category"]


def test_a_comparison_finds_the_own_encoder_too(kept: Path, corpus: Corpus) -> None:
    (answers,) = load_contender(kept / "own-1").answer(corpus.tickets[:1])
    assert set(answers) == {"category", "intent", "priority", "sentiment"}


def test_the_encoder_inside_is_no_version(kept: Path) -> None:
    assert [m.version for m in Registry(kept).versions()] == ["tiny-1"]


def test_a_loaded_bundle_saved_again_takes_its_encoder_along(kept: Path, tmp_path: Path) -> None:
    save_bundle(load_bundle(kept / "own-1"), tmp_path / "again")
    source = load_bundle(tmp_path / "again").encoder_source
    assert source == str(tmp_path / "again" / "encoder")
    assert load_encoder(source).name == load_encoder(str(kept / "own-1" / "encoder")).name


def test_another_encoder_in_the_bundle_is_refused(
    kept: Path, tiny_exported: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(kept / "own-1", tmp_path / "copy")
    shutil.rmtree(copy / "encoder")
    with pytest.raises(BundleError, match="was tuned for this bundle; restore"):
        load_bundle(copy)
    shutil.copytree(tiny_exported, copy / "encoder")
    with pytest.raises(BundleError, match="was trained on the encoder 'tiny-bert-tuned@"):
        load_engine(str(copy))


def test_the_manifest_records_what_was_compared(kept: Path, tiny_exported: Path) -> None:
    record = load_bundle(kept / "own-1").manifest.data[TUNING]
    assert record["kept"] is True
    assert (record["task"], record["tickets"]) == ("intent", 60)
    assert record["steps"] == [4] * FOLDS
    assert record["final_steps"] == 4
    assert record["source"] == str(tiny_exported)
    gain = (record["gained"] - record["lost"]) / 60
    assert record["tuned"] - record["untuned"] == pytest.approx(gain, abs=1e-4)


def test_figures_of_a_kept_encoder_are_those_of_tickets_it_had_not_seen(kept: Path) -> None:
    manifest = load_bundle(kept / "own-1").manifest
    assert manifest.metrics["intent"]["all"]["accuracy"] == manifest.data[TUNING]["tuned"]


@pytest.mark.parametrize(
    ("gained", "lost", "p", "kept"),
    [(20, 5, 0.0020, True), (5, 20, 0.9995, False), (3, 2, 0.5, False), (0, 0, 1.0, False)],
)
def test_only_a_gain_that_is_more_than_luck_wins(
    gained: int, lost: int, p: float, *, kept: bool
) -> None:
    before = np.array([False] * gained + [True] * lost + [True] * 25)
    after = np.array([True] * gained + [False] * lost + [True] * 25)
    found = verdict(before, after, level=0.05)
    assert (found["gained"], found["lost"], found["p"]) == (gained, lost, p)
    assert found["kept"] is kept
    assert found["tuned"] == pytest.approx((25 + gained) / len(before), abs=1e-4)


def test_an_encoder_that_loses_is_not_kept(
    corpus: Corpus, tiny_exported: Path, plan: TrainingPlan, tmp_path: Path
) -> None:
    ruinous = replace(RECIPE, rate=1.0)
    made = trained(corpus, tiny_exported, plan, Tuning(workplace=tmp_path, recipe=ruinous))
    record = made.manifest.data[TUNING]
    assert record["kept"] is False
    assert record["tuned"] <= record["untuned"]
    assert made.encoder is None
    assert made.manifest.encoder["source"] == made.encoder_source == str(tiny_exported)
    assert made.manifest.encoder["name"] == load_encoder(str(tiny_exported)).name
    assert list(tmp_path.iterdir()) == []


def test_tasks_of_a_base_are_refused_before_anything_is_tuned(
    corpus: Corpus, tiny_exported: Path, plan: TrainingPlan, bundle: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="without --tune-encoder"):
        trained(corpus, tiny_exported, replace(plan, base=bundle), Tuning(workplace=tmp_path))


def test_too_few_tickets_of_a_label_are_refused(
    corpus: Corpus, tiny_exported: Path, plan: TrainingPlan, tmp_path: Path
) -> None:
    few = Corpus(corpus.tickets[::10], (), 0)
    with pytest.raises(InputError, match="3 tickets of one"):
        trained(few, tiny_exported, plan, Tuning(workplace=tmp_path))


def rows_of(vectors: np.ndarray, landmark: list[int]) -> Rows:
    features = LexicalFeatures.fit(["a b", "a c"])
    texts = ["a b"] * len(vectors)
    lexical = to_csr(features.transform(texts), len(features.terms))
    landmarks = vectors[[i for i, number in enumerate(landmark) if number != NO_LANDMARK]]
    languages = np.array(["en"] * len(vectors))
    return Rows(lexical, vectors, languages, vectors @ landmarks.T, np.array(landmark))


def test_each_ticket_is_seen_by_the_encoder_that_lacked_it_and_by_landmarks_that_it_had() -> None:
    landmark = [0, 1, NO_LANDMARK, NO_LANDMARK]
    one, two = (rows_of(np.full((4, 2), value, dtype=np.float32), landmark) for value in (1, 2))
    apart = Apart(np.array([0, 1, 0, 1]), (one, two))
    unseen = apart.unseen()
    assert_array_equal(unseen.dense[:, 0], [1, 2, 1, 2])
    assert_array_equal(unseen.cosines, [[-1, 2], [8, -1], [-1, 2], [8, -1]])
    assert_array_equal(apart.take(np.array([1, 2])).fold, [1, 0])


def test_heads_of_a_fold_are_fitted_and_judged_on_what_its_own_encoder_sees() -> None:
    """An encoder that betrays the labels it has seen does not make the figures better."""
    rng = np.random.default_rng(0)
    labels = np.array([*"ab"] * 30)
    fold = np.arange(60) // 2 % 2
    truth = np.where(labels == "a", 1.0, -1.0)[:, None].astype(np.float32)
    noise = rng.choice([-1.0, 1.0], size=(60, 1)).astype(np.float32)
    landmark = [*range(60)]
    betraying = rows_of(truth, landmark)
    views = tuple(rows_of(np.where((fold == f)[:, None], noise, truth), landmark) for f in range(2))
    options = FitOptions(seed=1)
    naive = fit_head(betraying, labels, options=options, fold=fold)
    honest = fit_head(betraying, labels, options=options, apart=Apart(fold, views))
    right = [
        (np.array(fit.head.labels)[fit.probabilities.argmax(axis=1)] == labels).mean()
        for fit in (naive, honest)
    ]
    assert right[0] == 1.0
    assert right[1] < 0.75
    assert honest.head.experts[1].dense_weights is not None


def test_other_vectors_keep_terms_and_landmarks(corpus: Corpus, encoder: object) -> None:
    known = featurise(corpus.tickets, encoder, options=FitOptions(landmarks=7))
    vectors = np.eye(60, 32, dtype=np.float32)
    other = known.with_vectors(vectors, gamma=0.5)
    assert other.features is known.features
    assert_array_equal(other.rows.landmark, known.rows.landmark)
    assert_array_equal(other.landmarks.vectors, vectors[known.rows.landmark != NO_LANDMARK])
