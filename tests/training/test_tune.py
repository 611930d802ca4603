from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from training.contrast import contrastive_loss, draws
from training.tune import TuneRecipe, name_of, tune_encoder
from triage.encoder import SentenceTransformerEncoder
from triage.errors import InputError

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

RECIPE = TuneRecipe(least_steps=12, rate=1e-3, temperature=0.1, batch=12, seed=3)
TEXTS = [
    f"{words} {rest}"
    for words in ("where is my parcel", "refund me please", "cancel order")
    for rest in ("now", "late x1", "zebra", "the 9 w")
]
LABELS = [label for label in "abc" for _ in range(4)]
TABLE = "embeddings.word_embeddings.weight"


def tuned(source: Path, target: Path, **changes: object) -> int:
    recipe = replace(RECIPE, **changes)
    return tune_encoder(str(source), TEXTS, LABELS, target=target, recipe=recipe)


def weights(folder: Path) -> dict[str, np.ndarray]:
    return {
        name: t.numpy() for name, t in safetensors.load_file(folder / "model.safetensors").items()
    }


def order(folder: Path) -> float:
    """Return how often two texts of one label are nearer than two of different labels."""
    vectors = SentenceTransformerEncoder(str(folder)).encode(TEXTS)
    first, second = np.triu_indices(len(TEXTS), k=1)
    cosines = (vectors @ vectors.T)[first, second]
    same = np.array(LABELS)[first] == np.array(LABELS)[second]
    return float((cosines[same][:, None] > cosines[~same]).mean())


def test_texts_of_one_label_move_together(tiny_bert: Path, tmp_path: Path) -> None:
    assert tuned(tiny_bert, tmp_path / "tuned", least_steps=60) == 60
    assert order(tmp_path / "tuned") > order(tiny_bert) + 0.1


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tiny_bert: Path, tmp_path: Path
) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        tuned(tiny_bert, tmp_path / name, seed=seed)
    one, two, other = (weights(tmp_path / name) for name in ("one", "two", "other"))
    for name, tensor in one.items():
        assert_array_equal(tensor, two[name], err_msg=name)
    assert any((tensor != other[name]).any() for name, tensor in one.items())


def test_embedding_tables_stay_and_the_body_moves(tiny_bert: Path, tmp_path: Path) -> None:
    tuned(tiny_bert, tmp_path / "tuned")
    before, after = weights(tiny_bert), weights(tmp_path / "tuned")
    assert before.keys() == after.keys()
    assert_array_equal(before[TABLE], after[TABLE])
    moved = "encoder.layer.1.output.dense.weight"
    assert (before[moved] != after[moved]).any()


def test_an_exported_folder_is_tuned_as_what_it_was_made_of(
    tiny_exported: Path, tmp_path: Path
) -> None:
    tuned(tiny_exported, tmp_path / "tuned", least_steps=60)
    assert not (tmp_path / "tuned" / "encoder.json").exists()
    assert weights(tmp_path / "tuned")[TABLE].dtype == weights(tiny_exported)[TABLE].dtype
    assert order(tmp_path / "tuned") > order(tiny_exported) + 0.1
    assert name_of(str(tiny_exported)) == name_of(str(tmp_path / "tiny-bert")) == "tiny-bert"


def test_nothing_of_the_source_is_changed_and_no_generator_is_moved(
    tiny_bert: Path, tmp_path: Path
) -> None:
    before, state = weights(tiny_bert), torch.random.get_rng_state()
    tuned(tiny_bert, tmp_path / "tuned")
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()
    for name, tensor in weights(tiny_bert).items():
        assert_array_equal(tensor, before[name])


@pytest.mark.parametrize(("seconds", "steps"), [(1, 12), (10, 6), (25, 3), (90, 1)])
def test_only_so_many_steps_are_made_as_fit_into_the_minutes(
    tiny_bert: Path, tmp_path: Path, seconds: int, steps: int
) -> None:
    clock = count(step=seconds)  # a step takes so many seconds; there is a minute
    recipe = replace(RECIPE, clock=lambda: float(next(clock)))
    target = tmp_path / "tuned"
    made = tune_encoder(str(tiny_bert), TEXTS, LABELS, target=target, recipe=recipe, minutes=1)
    assert made == steps
    assert (target / "model.safetensors").is_file()


def test_progress_ends_with_the_steps_made(tiny_bert: Path, tmp_path: Path) -> None:
    told = []
    tune_encoder(
        str(tiny_bert), TEXTS, LABELS, target=tmp_path / "t", recipe=RECIPE, report=told.append
    )
    assert (told[0].done, told[0].total) == (0, 12)
    assert (told[-1].done, told[-1].total) == (12, 12)


@pytest.mark.parametrize("labels", [["a"] * 3, ["a", "b", "c"], []])
def test_labels_that_tell_nothing_are_refused(labels: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two texts of one"):
        tune_encoder(None, TEXTS[: len(labels)], labels, target=tmp_path / "t", recipe=RECIPE)


def test_the_number_of_steps_follows_the_number_of_texts_within_bounds() -> None:
    recipe = TuneRecipe(passes=4, batch=64, least_steps=10, most_steps=200)
    assert [recipe.steps(n) for n in (5, 800, 10_000)] == [10, 50, 200]


def test_the_loss_of_four_texts_is_known() -> None:
    vectors = torch.tensor([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    alike = contrastive_loss(vectors, torch.tensor([0, 0, 1, 1]), temperature=0.5)
    assert_allclose(alike.item(), np.log(1 + 2 * np.exp(-2)), rtol=1e-6)
    apart = contrastive_loss(vectors, torch.tensor([0, 1, 0, 1]), temperature=0.5)
    assert_allclose(apart.item(), np.log(2 + np.exp(2)), rtol=1e-6)


def test_a_text_alone_with_its_label_is_only_held_against_others() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = contrastive_loss(vectors, torch.tensor([0, 0, 1]), temperature=1.0)
    assert_allclose(loss.item(), np.log(1 + np.exp(-1)), rtol=1e-6)


def test_every_draw_holds_a_pair_and_at_most_a_batch() -> None:
    labels = [*"aabbbbbbbbbb", *map(str, range(40))]
    for drawn in islice(draws(labels, count=4, batch=16, seed=0), 50):
        names, sizes = np.unique(np.array(labels)[drawn], return_counts=True)
        assert sizes.max() >= 2
        assert len(names) <= 4
        assert len(drawn) <= 16
        assert len(set(drawn)) == len(drawn)


def test_without_the_extra_the_error_carries_the_line_that_installs_it() -> None:
    code = """
import sys
sys.modules["sentence_transformers"] = None
from pathlib import Path
from training.tune import TuneRecipe, tune_encoder
from triage.errors import MissingExtraError
try:
    tune_encoder(None, ["a"] * 4, ["x", "x", "y", "y"], target=Path("t"), recipe=TuneRecipe())
except MissingExtraError as refused:
    print(refused, "torch" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'support-triage[encoders]'" in run.stdout
    assert run.stdout.strip().endswith("False")
