from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.encoder.average import average, main


def folder(path: Path, *, rows: list[int], body: float, vocabulary: str = "{}") -> Path:
    path.mkdir()
    (path / "tokenizer.json").write_text(vocabulary, encoding="utf-8")
    tensors = {
        "rows": torch.tensor(rows, dtype=torch.int8),
        "body": torch.tensor([body], dtype=torch.float16),
    }
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    return path


def test_the_mean_keeps_the_types_and_rounds_rows_to_the_grid(tmp_path: Path):
    one = folder(tmp_path / "one", rows=[10, -127, 0], body=1.0)
    two = folder(tmp_path / "two", rows=[13, -126, 0], body=2.0)
    found = load_file(average([one, two], tmp_path / "mean") / "model.safetensors")
    assert found["rows"].dtype == torch.int8
    assert found["rows"].tolist() == [12, -126, 0]  # halves go to the even neighbour
    assert found["body"].dtype == torch.float16
    assert found["body"].tolist() == [1.5]


def test_the_mean_of_one_folder_is_that_folder(tmp_path: Path):
    one = folder(tmp_path / "one", rows=[1, 2], body=0.25)
    mean = average([one], tmp_path / "mean")
    assert (mean / "tokenizer.json").read_text(encoding="utf-8") == "{}"
    assert load_file(mean / "model.safetensors")["rows"].tolist() == [1, 2]


@pytest.mark.parametrize(("rows", "vocabulary"), [([1, 2, 3], "{}"), ([1, 2], "{ }")])
def test_students_of_different_vocabularies_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[int], vocabulary: str
):
    one = folder(tmp_path / "one", rows=[1, 2], body=0.0)
    two = folder(tmp_path / "two", rows=rows, body=0.0, vocabulary=vocabulary)
    assert main([str(one), str(two), "-o", str(tmp_path / "mean")]) == 2
    assert "differ in vocabulary or shape" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
