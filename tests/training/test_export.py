from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import numpy_helper
from tiny_bert import CALIBRATION, DIM

from training.encoder.export import PROBES, export_encoder, main, messages
from training.encoder.inplace import SMALLEST, stored_tensors
from triage.encoder import load_encoder
from triage.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folder_holds_a_standard_model_two_graphs_and_a_description(tiny_exported: Path):
    names = {p.name for p in tiny_exported.iterdir()}
    assert {"model.onnx", "model.int8.onnx", "model.safetensors", "tokenizer.json"} < names
    description = json.loads((tiny_exported / "encoder.json").read_text(encoding="utf-8"))
    assert description == {
        "format": 2,
        "name": "tiny-bert",
        "dim": DIM,
        "max_tokens": 32,
        "pad_token_id": 0,
        "probes": list(PROBES),
    }


@pytest.mark.parametrize("graph", ["model.onnx", "model.int8.onnx"])
def test_large_matrices_lie_in_the_weights_file_alone(tiny_exported: Path, graph: str):
    model = onnx.load(str(tiny_exported / graph), load_external_data=False)
    here = [t for t in model.graph.initializer if not t.external_data]
    assert max(np.prod(t.dims) for t in here) < SMALLEST
    stored = {t.name: t for t in stored_tensors(tiny_exported / "model.safetensors")}
    onnx.load_external_data_for_model(model, str(tiny_exported))
    read = {t.name: t for t in model.graph.initializer if t.name in stored}
    assert len(read) == 5  # words, and two layers of two wide matrices
    for name, tensor in read.items():
        assert_array_equal(numpy_helper.to_array(tensor), stored[name].values)


def test_both_graphs_are_valid_onnx(tiny_exported: Path):
    for graph in ("model.onnx", "model.int8.onnx"):
        onnx.checker.check_model(str(tiny_exported / graph), full_check=True)


def test_another_onnx_runtime_gives_the_same_vectors(tiny_exported: Path):
    runtime = pytest.importorskip("onnxruntime")
    ids = np.array([[2, 9, 14, 3]], dtype=np.int64)
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    vectors = [
        runtime.InferenceSession(str(tiny_exported / graph)).run(None, feed)[0][0]
        for graph in ("model.onnx", "model.int8.onnx")
    ]
    assert vectors[0] @ vectors[1] > 0.99
    assert np.linalg.norm(vectors[1]) == pytest.approx(1, abs=1e-5)


def test_the_folder_loads_with_sentence_transformers_as_the_same_model(
    tiny_exported: Path, tiny_bert: Path
):
    library = pytest.importorskip("sentence_transformers")
    before, after = (
        library.SentenceTransformer(str(folder), device="cpu").encode(
            CALIBRATION, normalize_embeddings=True
        )
        for folder in (tiny_bert, tiny_exported)
    )
    assert (before * after).sum(axis=1).min() > 0.9999


def test_the_command_replaces_what_stood_in_the_folder(
    tiny_bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target, texts = tmp_path / "encoder", tmp_path / "texts.jsonl"
    target.mkdir()
    (target / "stray").write_text("old", encoding="utf-8")
    texts.write_text("\n".join(json.dumps({"text": text}) for text in CALIBRATION))
    assert main([str(tiny_bert), str(target), "--texts", str(texts), "--name", "mine"]) == 0
    assert not (target / "stray").exists()
    assert str(target) in capsys.readouterr().err
    assert load_encoder(str(target)).name.startswith("mine@")


def test_calibration_texts_are_drawn_over_the_whole_file_by_seed(tmp_path: Path):
    file = tmp_path / "tickets.jsonl"
    file.write_text("\n".join(json.dumps({"text": str(i)}) for i in range(100)))
    drawn = messages(file, count=10)
    assert drawn == messages(file, count=10)
    assert len(set(drawn)) == 10
    assert max(map(int, drawn)) > 50


def test_a_model_that_is_absent_is_refused_with_a_remedy(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="give a folder that holds it"):
        export_encoder(str(tmp_path / "empty"), tmp_path / "out", texts=CALIBRATION)
