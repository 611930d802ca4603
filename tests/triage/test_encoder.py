from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tiny_bert import DIM

from triage.encoder import OnnxEncoder, SentenceTransformerEncoder, load_encoder
from triage.errors import EncoderError
from triage.inference import BATCH_TOKENS, HEIGHTS, WIDTHS, _batches

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEXTS = [
    "where is my order",
    "my parcel is late",
    "please cancel the order",
    "refund",
    "x9 zebra!? refund me the order please, my parcel is late late late",
    "",
]


@pytest.fixture(scope="module")
def encoder(tiny_exported: Path) -> OnnxEncoder:
    return OnnxEncoder(tiny_exported, threads=2)


@pytest.fixture
def copied(tiny_exported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_exported, tmp_path / "encoder")


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return (a * b).sum(axis=1)


def test_vectors_are_float32_rows_of_unit_length(encoder: OnnxEncoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), DIM) == (6, encoder.dim)
    assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_different_texts_have_different_vectors(encoder: OnnxEncoder):
    vectors = encoder.encode(TEXTS)
    products = vectors @ vectors.T - np.eye(len(TEXTS))
    assert products.max() < 0.99


def test_a_vector_does_not_depend_on_its_batch(encoder: OnnxEncoder):
    together = encoder.encode(TEXTS)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    assert_allclose(together, alone, atol=1e-5)
    assert_allclose(encoder.encode(TEXTS[::-1])[::-1], together, atol=1e-5)


def test_no_texts_give_no_rows(encoder: OnnxEncoder):
    assert encoder.encode([]).shape == (0, DIM)


def test_many_texts_in_many_threads_come_out_as_alone(encoder: OnnxEncoder):
    texts = [" ".join(TEXTS[i % 5].split()[: 1 + i % 7]) for i in range(300)]
    alone = {text: encoder.encode([text])[0] for text in set(texts)}
    expected = np.vstack([alone[text] for text in texts])
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(encoder.encode, [texts] * 6):
            assert cosines(found, expected).min() > 0.9999


def test_float32_vectors_are_those_of_sentence_transformers(tiny_exported: Path):
    original = load_encoder(str(tiny_exported.parent / "encoder"), precision="float32")
    library = SentenceTransformerEncoder(str(tiny_exported))
    assert cosines(original.encode(TEXTS), library.encode(TEXTS)).min() > 0.99999
    assert library.encode([]).shape == (0, library.dim) == (0, DIM)
    assert library.name == "sentence-transformers:encoder"


def test_int8_vectors_are_near_those_of_float32(encoder: OnnxEncoder, tiny_bert: Path):
    original = load_encoder(str(tiny_bert))
    assert isinstance(original, SentenceTransformerEncoder)
    assert encoder.precision == "int8"
    # Random weights as wide as these magnify rounding; test_default_encoder asks for more.
    assert cosines(encoder.encode(TEXTS), original.encode(TEXTS)).mean() > 0.95


def test_a_processor_whose_int8_goes_wrong_is_given_float32(copied: Path):
    probes = np.load(copied / "probes.npy")
    np.save(copied / "probes.npy", -probes)  # as if int8 here gave something else
    encoder = OnnxEncoder(copied)
    assert encoder.precision == "float32"
    assert OnnxEncoder(copied, precision="int8").precision == "int8"


def test_a_long_text_is_cut_at_the_exported_number_of_tokens(encoder: OnnxEncoder):
    # Thirty words and the two marks of begin and end are the 32 tokens of the export.
    cut, long, short = (
        " ".join(["order"] * n + [end]) for n, end in [(30, "me"), (30, "is"), (9, "is")]
    )
    vectors = encoder.encode([cut, long, short])
    assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert cosines(vectors[:1], vectors[2:])[0] < 0.999


@given(st.lists(st.integers(1, 600), max_size=200))
def test_batches_hold_every_text_once_in_a_bounded_number_of_padded_tokens(lengths: list[int]):
    batches = _batches(lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        (width,) = {next((w for w in WIDTHS if w >= lengths[i]), lengths[i]) for i in batch}
        assert len(batch) == 1 or len(batch) * width <= BATCH_TOKENS
        assert len(batch) in HEIGHTS


def test_an_exported_folder_loads_by_path_under_one_stable_name(tiny_exported: Path, copied: Path):
    name = load_encoder(str(tiny_exported)).name
    assert name.startswith("tiny-bert@")
    assert load_encoder(str(copied), threads=1).name == name


def test_the_name_changes_with_the_folders_content(encoder: OnnxEncoder, copied: Path):
    path = copied / "encoder.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(description | {"max_tokens": 16}), encoding="utf-8")
    assert OnnxEncoder(copied).name != encoder.name


def test_the_default_encoder_lies_in_the_models_folder(
    tiny_exported: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRIAGE_MODELS_DIR", str(tiny_exported.parent))
    assert load_encoder().dim == DIM


def test_an_absent_default_encoder_is_refused_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRIAGE_MODELS_DIR", str(tmp_path))
    with pytest.raises(EncoderError, match=r"TRIAGE_MODELS_DIR.*training\.encoder\.export"):
        load_encoder()


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("encoder.json", "{", "is not JSON"),
        ("encoder.json", '{"format": 1}', "format 1, this Triage reads 2"),
        ("encoder.json", "[]", "export it again"),
        ("encoder.json", '{"format": 2}', "export it again"),
        ("model.int8.onnx", "no model", r"cannot be loaded.*training\.encoder\.export"),
        ("tokenizer.json", "{}", r"cannot be loaded.*training\.encoder\.export"),
    ],
)
def test_a_damaged_folder_is_refused_with_a_remedy(
    copied: Path, file: str, content: str, fault: str
):
    (copied / file).write_text(content, encoding="utf-8")
    with pytest.raises(EncoderError, match=fault):
        load_encoder(str(copied))


def test_a_folder_without_a_model_is_refused_by_name(tmp_path: Path):
    with pytest.raises(EncoderError, match=f"no encoder '{tmp_path}'.*give a folder"):
        load_encoder(str(tmp_path))


class NetworkAskedError(BaseException):
    """Passes through every `except Exception` on its way, so that no library can hide it."""


def test_an_unknown_name_is_refused_without_asking_the_network(monkeypatch: pytest.MonkeyPatch):
    def refuse(host: str, *_: object, **__: object) -> None:
        raise NetworkAskedError(host)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(EncoderError, match="no encoder 'no-such-encoder-anywhere'"):
        load_encoder("no-such-encoder-anywhere")


def test_without_the_extra_the_line_that_installs_it_is_named():
    code = """
import sys
sys.modules["torch"] = None
from triage.encoder import load_encoder
from triage.errors import MissingExtraError
try:
    load_encoder("some-model")
except MissingExtraError as refused:
    print(refused)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'support-triage[encoders]'" in run.stdout


def test_the_fake_encoder_keeps_the_promises_of_an_encoder():
    fake = FakeEncoder()
    vectors = fake.encode(["a", "a", "bb", ""])
    assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert_array_equal(vectors[0], vectors[1])
    assert_array_equal(fake.encode(["bb"])[0], vectors[2])
    assert fake.encode([]).shape == (0, fake.dim)
    parcel, like, other = fake.encode(["my parcel is late", "my parcel was late", "退款没到"])
    assert parcel @ like > 0.7 > parcel @ other
