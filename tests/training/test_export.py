from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose
from onnx import numpy_helper
from tiny_bert import DIM, exporting, make_tiny_bert

from training.encoder.export import _quantise, export_encoder, main
from triage.encoder import load_encoder
from triage.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("bert") / "tiny-bert")


@pytest.fixture(scope="module")
def exported(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with exporting():
        return export_encoder(str(bert), tmp_path_factory.mktemp("onnx") / "encoder", max_tokens=40)


def test_the_folder_holds_model_tokenizer_and_description(exported: Path):
    assert {p.name for p in exported.iterdir()} == {"model.onnx", "tokenizer.json", "encoder.json"}
    assert json.loads((exported / "encoder.json").read_text(encoding="utf-8")) == {
        "format": 1,
        "name": "tiny-bert",
        "dim": DIM,
        "max_tokens": 40,
        "pooling": "mean",
        "normalise": True,
        "pad_token_id": 0,
    }


def test_large_matrices_are_stored_as_bytes_and_small_ones_as_they_are(exported: Path):
    graph = onnx.load(str(exported / "model.onnx")).graph
    stored = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    whole = {n: a for n, a in stored.items() if a.dtype == np.int8}
    assert {a.shape for a in whole.values()} == {(400, DIM), (DIM, 320), (320, DIM)}
    matrices = [a for a in stored.values() if a.dtype == np.float32 and a.ndim == 2]
    assert matrices
    assert max(a.size for a in matrices) < 10_000


@pytest.mark.parametrize("axis", [0, 1])
def test_a_quantised_matrix_expands_to_within_half_a_step(axis: int):
    weights = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    weights[3] = 0
    graph = onnx.GraphProto()
    whole, scale = map(numpy_helper.to_array, _quantise(graph, "w", weights, axis=axis))
    steps = np.expand_dims(scale, 1 - axis)
    assert whole.dtype == np.int8
    assert len(scale) == weights.shape[axis]
    assert (np.abs(whole * steps - weights) <= steps / 2 + 1e-7).all()
    assert_allclose(scale.max(), np.abs(weights).max() / 127, rtol=1e-6)
    assert graph.node[0].output[0] == "w"


def test_the_command_replaces_what_stood_in_the_folder(
    bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "encoder"
    target.mkdir()
    (target / "stray").write_text("old", encoding="utf-8")
    with exporting():
        assert main([str(bert), str(target), "--max-tokens", "24"]) == 0
    assert not (target / "stray").exists()
    assert str(target) in capsys.readouterr().err
    assert load_encoder(str(target)).dim == DIM


def test_a_model_that_is_absent_is_refused_with_a_remedy(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="give a folder that holds it"):
        export_encoder(str(tmp_path / "empty"), tmp_path / "out")
