"""The TOML files that ship inside the package, each read once; a shop's own files are not here."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "resources"


@functools.cache
def read_resource(name: str) -> dict[str, Any]:
    """Return the content of ``resources/<name>.toml``; do not change it, it is shared."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
