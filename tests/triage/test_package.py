"""What imports cost: the package is light, and serving needs no training library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import triage

HEAVY = ("torch", "sklearn", "spacy", "scipy", "joblib", "openvino", "faiss", "opencc")


def imported_by(statement: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter holds after ``statement``."""
    shown = f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    code = f"import json, sys\n{statement}\n{shown}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def test_import_triage_imports_no_heavy_library():
    assert imported_by("import triage") == set()


def test_the_probe_sees_a_heavy_library():
    assert imported_by("import scipy") == {"scipy"}


@pytest.mark.parametrize("module", ["triage.engine", "triage.cli", "triage.registry"])
def test_serving_modules_import_no_training_library(module: str):
    assert not imported_by(f"import {module}") & {"torch", "sklearn", "scipy", "joblib"}


def test_extraction_does_not_import_torch():
    made = imported_by("from triage.extraction import KeyInfoExtractor; KeyInfoExtractor()")
    assert "spacy" in made
    assert "torch" not in made


def test_public_names_are_found_and_others_are_not():
    assert triage.Message(id="m", text="t").text == "t"
    assert issubclass(triage.TriageError, Exception)
    with pytest.raises(AttributeError, match="nothing"):
        _ = triage.nothing
