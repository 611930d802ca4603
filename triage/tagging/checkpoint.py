"""How far a run has come, beside its output, so that it goes on where it was interrupted.

``OUT.part`` holds the finished rows, ``OUT.progress`` how many bytes of it are good. What stands
behind them was being written when the run ended, and is written again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import orjson

from triage.errors import ConfigError, RecordError


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is finished.

    Attributes:
        run: what a run must have in common with the interrupted one, by its name for people.
        now: the time of messages that have none, ISO 8601.
        rows: of the input.
        rejected: those of them with an error.
        places: good bytes of each partial file.
        seen: original columns so far, in order, where they are kept.
    """

    run: Mapping[str, str]
    now: str
    rows: int = 0
    rejected: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    seen: tuple[str, ...] = ()


class Checkpoint:
    """The partial files of one output and their progress.

    Args:
        out: the output; the partial files lie beside it.
        kinds: endings of the partial files, such as ``part``.
    """

    def __init__(self, out: Path, *, kinds: Sequence[str]) -> None:
        self._paths = {kind: out.with_name(f"{out.name}.{kind}") for kind in kinds}
        self._place = out.with_name(f"{out.name}.progress")
        self._streams: dict[str, IO[bytes]] = {}

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that a run leaves while it is not finished."""
        return (*self._paths.values(), self._place)

    def path(self, kind: str) -> Path:
        """Return a partial file's place."""
        return self._paths[kind]

    def found(self, run: Mapping[str, str]) -> Progress | None:
        """Return how far an interrupted run came; ``None`` where there is none.

        Raises:
            ConfigError: it was another run; what differs is named.
        """
        try:
            fields = orjson.loads(self._place.read_bytes())
            progress = Progress(**{**fields, "seen": tuple(fields["seen"])})
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise ConfigError(
                f"{self._place} cannot be read ({fault}); begin anew with --restart"
            ) from fault
        differing = [name for name, value in run.items() if progress.run.get(name) != value]
        if differing:
            raise ConfigError(
                f"{self._place} is of an interrupted run with another {' and '.join(differing)}; "
                "begin anew with --restart, or name another output"
            )
        sizes = {kind: path.stat().st_size for kind, path in self._paths.items() if path.exists()}
        if any(sizes.get(kind, -1) < place for kind, place in progress.places.items()):
            raise ConfigError(
                f"{self._place} tells of rows that are no longer there; begin anew with --restart"
            )
        return progress

    @contextlib.contextmanager
    def opened(self, progress: Progress) -> Iterator[Mapping[str, IO[bytes]]]:
        """Open the partial files behind what is finished.

        Raises:
            RecordError: a file cannot be written.
        """
        with contextlib.ExitStack() as stack:
            try:
                for kind, path in self._paths.items():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    stream = stack.enter_context(path.open("r+b" if path.exists() else "w+b"))
                    stream.truncate(progress.places.get(kind, 0))
                    stream.seek(0, os.SEEK_END)
                    self._streams[kind] = stream
            except OSError as fault:
                raise RecordError(
                    f"{path} cannot be written: {fault.strerror}; name another file"
                ) from fault
            yield self._streams

    def save(self, progress: Progress) -> Progress:
        """Record what is finished, once it is safely written; returned with its places."""
        for stream in self._streams.values():
            stream.flush()
            os.fsync(stream.fileno())
        places = {kind: stream.tell() for kind, stream in self._streams.items()}
        saved = replace(progress, places=places)
        scratch = self._place.with_name(f".{self._place.name}")
        with scratch.open("wb") as stream:
            stream.write(orjson.dumps(asdict(saved)))
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(self._place)
        return saved

    def remove(self) -> None:
        """Remove all that is left of a run."""
        for path in self.files:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()


def described(options: Mapping[str, Any]) -> str:
    """Return options as one text, to be compared with those of an interrupted run."""
    return orjson.dumps(options, option=orjson.OPT_SORT_KEYS, default=str).decode()
