"""The golden results: ten messages and what the starter bundle makes of them.

``python -m tests.golden``, run in the repository's root, writes ``results.json`` anew. Do so after
the starter bundle, the policy or the extraction changed on purpose, and read the difference before
it is committed.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from triage.bundle import load_bundle
from triage.encoder import load_encoder
from triage.engine import Parts, TriageEngine
from triage.extraction import KeyInfoExtractor
from triage.priority import load_policy
from triage.sentiment import load_flags
from triage.settings import Settings

FOLDER = Path(__file__).resolve().parent
MESSAGES = FOLDER / "messages.jsonl"
RESULTS = FOLDER / "results.json"
MODELS = FOLDER.parents[1] / "models"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@functools.cache
def starter_parts() -> Parts:
    """Load the parts of the shipped bundle, once per process: loading takes seconds."""
    version = (MODELS / "current").read_text(encoding="utf-8").strip()
    bundle = load_bundle(MODELS / version)
    return Parts(
        bundle=bundle,
        encoder=load_encoder(str(MODELS / "encoder")),
        extractor=KeyInfoExtractor(),
        policy=load_policy(),
        sentiment=load_flags(weights=bundle.manifest.tone),
    )


def starter_engine(settings: Settings | None = None) -> TriageEngine:
    """Return an engine over the shipped bundle, with its clock fixed at ``NOW``."""
    return TriageEngine(starter_parts(), settings or Settings(), clock=lambda: NOW)


def golden_messages() -> list[dict[str, Any]]:
    """Return the ten messages."""
    return [json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]


def golden_results() -> list[dict[str, Any]]:
    """Return the JSON form of the ten results as they are now."""
    return [r.to_dict() for r in starter_engine().triage(golden_messages())]


def write_results() -> None:
    """Write the golden results anew."""
    content = json.dumps(golden_results(), ensure_ascii=False, indent=1)
    RESULTS.write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_results()
