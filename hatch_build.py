"""Build hook: a wheel carries models and datasets; an editable install reads the clone's."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedFiles(BuildHookInterface[Any]):
    """Adds ``models/`` and ``datasets/`` below ``triage/shipped/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the wheel's content, unless the build is an editable one."""
        if version != "editable":
            build_data["force_include"].update(
                {"models": "triage/shipped/models", "datasets": "triage/shipped/datasets"}
            )
