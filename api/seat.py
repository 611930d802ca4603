"""Who is in the seat: the running engine, held in one place, and its successors.

A successor is loaded and warmed beside the running engine and takes its place between two batches;
one that cannot be loaded leaves it where it is. What batches are is left to ``desk``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from api.decisions import kb_version
from triage.bundle import MANIFEST
from triage.errors import TriageError
from triage.policy_file import DEFAULT_POLICY
from triage.records import sha256_of
from triage.registry import Registry

if TYPE_CHECKING:
    from triage.engine import TriageEngine
    from triage.settings import Settings

WATCH_SECONDS = 1.0
_log = logging.getLogger(__name__)
# The encoder prepares itself for each shape when it first meets it: for texts of these lengths, in
# words, alone. Longer ones are rare, and cost a few milliseconds more once.
WARM_WORDS = (2, 12, 18, 24, 30, 40, 56)
Stamp = tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class Incumbent:
    """An engine in use.

    Attributes:
        loaded: as it was loaded; its policy may follow a file.
        engine: its snapshot, whose policy stays; the one that judges.
        policy: hash of the policy's file.
    """

    loaded: TriageEngine
    engine: TriageEngine
    since: datetime
    policy: str


class Seat:
    """Holds the engine that judges; any thread may read ``engine``, once for each batch."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], TriageEngine],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._load = load
        self._clock = clock
        self._incumbent: Incumbent | None = None
        self._stamp: Stamp = None
        self._changing = asyncio.Lock()
        self.fault: str | None = None

    @property
    def engine(self) -> TriageEngine:
        """The engine in use."""
        assert self._incumbent is not None  # opened before anything is served
        return self._incumbent.engine

    async def open(self) -> None:
        """Load and warm the first engine; raises what loading raises."""
        self._stamp = stamp_of(self._settings)
        self._incumbent = await to_thread.run_sync(self._successor)

    async def reload(self) -> bool:
        """Load a successor and let it take over; ``False`` where it cannot be loaded.

        Why not is kept as ``fault`` until one can. Two calls at once load one after the other.
        """
        async with self._changing:
            self._stamp = await to_thread.run_sync(stamp_of, self._settings)
            try:
                self._incumbent = await to_thread.run_sync(self._successor)
            except (TriageError, OSError) as fault:
                self.fault = str(fault)
                _log.warning("the engine that was loaded last stays in use: %s", fault)
                return False
            self.fault = None
            _log.info("the model %s is in use", self.engine.model)
            return True

    async def watch(self, *, seconds: float = WATCH_SECONDS) -> None:
        """Follow the promoted model and the policy's file until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.look()
            except Exception:  # noqa: BLE001  # a watch that ends would be missed by nobody
                _log.exception("the watch over model and policy goes on")

    async def look(self) -> None:
        """Look once at the promoted model and at the policy's file, and follow them."""
        if await to_thread.run_sync(stamp_of, self._settings) != self._stamp:
            await self.reload()
            return
        async with self._changing:
            found = self._incumbent
            if found is not None and found.loaded.policy is not found.engine.policy:
                self._incumbent = await to_thread.run_sync(self._seated, found.loaded)

    def described(self) -> dict[str, Any]:
        """Return what is in use, for whoever asks whether the service is ready."""
        found = self._incumbent
        assert found is not None  # opened before anything is served
        manifest, source = found.engine.bundle.manifest, found.loaded.policy_source
        return {
            "model": found.engine.model,
            "encoder": manifest.encoder["name"],
            "policy": found.policy,
            "knowledge": kb_version(found.engine) or None,
            "since": found.since.isoformat(timespec="seconds"),
            "reload_fault": self.fault,
            "policy_fault": source.fault if source else None,
        }

    def _successor(self) -> Incumbent:
        engine = self._load()
        engine.triage(warm_up_texts())
        for text in warm_up_texts():
            engine.triage([text])
        return self._seated(engine)

    def _seated(self, engine: TriageEngine) -> Incumbent:
        path = self._settings.priority_policy or DEFAULT_POLICY
        digest = sha256_of(path)[:12]
        return Incumbent(engine, engine.snapshot(), self._clock(), digest)


def warm_up_texts() -> list[str]:
    """Return texts after which the encoder knows the shapes that matter."""
    words = "where is my parcel 我的快递到哪了 "
    lengths = [" ".join((words * 9).split()[:count]) for count in WARM_WORDS]
    # Each wakes what is loaded when first needed: language of Latin words, script, dates, numbers.
    kinds = [
        "could you please tell me when it will come",
        "請問發票什麼時候開",
        "明天下午三点 tel 13800138000",
    ]
    return lengths + kinds


def stamp_of(settings: Settings) -> Stamp:
    """Return what changes when another model is promoted or the one in use is made anew."""
    try:
        manifest: Path = Registry(settings.models_dir).path(settings.model) / MANIFEST
        found = manifest.stat()
    except (TriageError, OSError):
        return None
    return str(manifest), found.st_mtime_ns, found.st_size
