"""What benchmarks share: public data from TRIAGE_BENCH_DATA, and a loaded engine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from triage.engine import TriageEngine, load_engine


@pytest.fixture(scope="session")
def bench_data() -> Path:
    named = os.environ.get("TRIAGE_BENCH_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("set TRIAGE_BENCH_DATA to the folder of public benchmark data")
    return Path(named)


@pytest.fixture(scope="session")
def engine() -> TriageEngine:
    return load_engine()
