"""Taggers over the engine of a model: what a process needs to load one, and what names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from triage.bundle import read_manifest
from triage.engine import load_engine
from triage.errors import ConfigError
from triage.privacy import Redactor
from triage.registry import Registry
from triage.settings import load_settings
from triage.tagging.sameness import Sameness
from triage.tagging.tagger import CACHED, Tagger

if TYPE_CHECKING:
    from triage.settings import Settings

# How many processes or threads there are does not change a result.
_IDLE = frozenset({"host", "port", "workers", "threads", "max_batch", "max_body_bytes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTagger:
    """Loads an engine and makes a tagger of it; may be sent to another process.

    Attributes:
        threads: of the encoder; all cores by default.
        cached: results that are remembered; 0 computes every message.
        settings: those of the first process, for one on another machine; by default its own.
        version: what the model there must be, as ``model_version`` tells it.
    """

    model: str | None = None
    redact: bool = False
    threads: int | None = None
    cached: int = CACHED
    settings: Settings | None = None
    version: str | None = None

    def __call__(self, now: datetime) -> Tagger:
        """Return a tagger that takes ``now`` for the time of messages that have none.

        Raises:
            BundleError, EncoderError, ConfigError: as ``triage.engine.load_engine``; or the model
                is another one than that of the run.
        """
        settings = self.settings or load_settings(threads=self.threads)
        if self.version is not None:
            found = model_version(self.model, settings=settings)
            if found != self.version:
                raise ConfigError(
                    f"the model here is {found}, that of the run {self.version}; give every "
                    "machine the same folder of models"
                )
        engine = load_engine(self.model, settings=settings)
        return Tagger(
            engine,
            key=Sameness(engine.parts).key if self.cached else None,
            now=now,
            redactor=Redactor() if self.redact else None,
            cached=self.cached,
        )


def model_version(model: str | None, *, settings: Settings | None = None) -> str:
    """Return the version of a model by name or folder, without loading it.

    Raises:
        BundleError: there is none.
    """
    settings = settings or load_settings()
    manifest = read_manifest(Registry(settings.models_dir).path(model or settings.model))
    return f"{manifest.version} of {manifest.created}"


def portable(settings: Settings) -> Settings:
    """Return settings for a process in another folder: one thread, and every path absolute."""
    paths = {
        name: value.absolute()
        for name in type(settings).model_fields
        if isinstance(value := getattr(settings, name), Path)
    }
    return settings.model_copy(update={**paths, "threads": 1})


def settings_digest(settings: Settings) -> str:
    """Return what tells whether results may differ for other settings or files named in them."""
    digest = sha256(settings.model_dump_json(exclude=set(_IDLE)).encode())
    for path in (settings.priority_policy, settings.catalogue):
        if path is not None and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
