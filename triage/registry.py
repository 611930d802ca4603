"""The bundles in ``models/``: which there are, which one is current, promote and roll back.

``current`` is a text file that names the promoted version; it is replaced in one step. Every
promotion is a line of ``promotions.jsonl``, from which a rollback reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from triage.bundle import MANIFEST, Manifest, read_manifest
from triage.errors import BundleError
from triage.records import whole_file

CURRENT = "current"
HISTORY = "promotions.jsonl"
PROMOTE, ROLLBACK = "promote", "rollback"
_VERSION = re.compile(r"[A-Za-z0-9][\w.+-]{0,99}")


def check_version(version: str) -> str:
    """Return ``version`` if it can name a bundle, else raise BundleError."""
    if not _VERSION.fullmatch(version) or version in (CURRENT, HISTORY, "encoder"):
        raise BundleError(
            f"{version!r} cannot name a bundle; use letters, digits, dots and dashes, "
            "as in 'shop-2026.11.1'"
        )
    return version


class Registry:
    """The folder of bundles."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder = folder
        self._clock = clock

    def versions(self) -> list[Manifest]:
        """Return the manifests of all bundles, oldest first."""
        folders = (p.parent for p in self.folder.glob(f"*/{MANIFEST}"))
        found = [read_manifest(f) for f in folders if not f.name.startswith(".")]
        return sorted(found, key=lambda m: (m.created, m.version))

    def current(self) -> str:
        """Return the promoted version.

        Raises:
            BundleError: none was promoted.
        """
        try:
            return (self.folder / CURRENT).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise BundleError(
                f"no model is promoted in {self.folder}; make one with "
                "`triage train datasets/tickets.jsonl` or promote one with `triage models promote`"
            ) from fault

    def path(self, model: str | None = None) -> Path:
        """Return the folder of a version, of ``current``, or of a bundle given as a folder."""
        if model is None or model == CURRENT:
            return self.folder / check_version(self.current())
        if (Path(model) / MANIFEST).is_file():
            return Path(model)
        return self.folder / check_version(model)

    def promote(self, version: str, *, record: Mapping[str, Any] | None = None) -> None:
        """Make ``version`` current.

        Args:
            record: kept beside the promotion in the history, such as who and why; JSON values.

        Raises:
            BundleError: there is no such bundle.
        """
        read_manifest(self.folder / check_version(version))
        self._switch(version, action=PROMOTE, record=record)

    def rollback(self, *, record: Mapping[str, Any] | None = None) -> str:
        """Make the version current that the present one replaced; returns its name.

        A second rollback goes one further back. No model is loaded.
        """
        stack = self._stack()
        if len(stack) < 2:  # noqa: PLR2004  # the present one and the one before
            raise BundleError(
                f"{self.current()!r} replaced no other model; promote one with "
                "`triage models promote`"
            )
        read_manifest(self.folder / stack[-2])
        self._switch(stack[-2], action=ROLLBACK, record=record)
        return stack[-2]

    def history(self) -> list[dict[str, Any]]:
        """Return promotions and rollbacks, oldest first.

        Each has ``at``, ``action``, ``version``, ``before`` and what was recorded beside it.

        Raises:
            BundleError: a line of the history is damaged.
        """
        path = self.folder / HISTORY
        lines = path.read_bytes().splitlines() if path.exists() else []
        try:
            return [orjson.loads(line) for line in lines]
        except orjson.JSONDecodeError as fault:
            raise BundleError(
                f"{path} holds a line that is no JSON: {fault}; remove that line"
            ) from fault

    def _switch(self, version: str, *, action: str, record: Mapping[str, Any] | None) -> None:
        before = self.current() if (self.folder / CURRENT).is_file() else None
        at = self._clock().isoformat()
        entry = {"at": at, "action": action, "version": version, "before": before}
        entry |= {name: value for name, value in (record or {}).items() if name not in entry}
        with (self.folder / HISTORY).open("ab") as stream:
            stream.write(orjson.dumps(entry) + b"\n")
        with whole_file(self.folder / CURRENT) as stream:
            stream.write(f"{version}\n".encode())

    def _stack(self) -> list[str]:
        """Return the versions that a series of rollbacks would walk, the present one last."""
        stack: list[str] = []
        for entry in self.history():
            if not stack and entry["before"]:
                stack.append(entry["before"])
            if entry["action"] == ROLLBACK:
                stack.pop()
            elif not stack or stack[-1] != entry["version"]:
                stack.append(entry["version"])
        return stack
