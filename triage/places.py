"""Files by path or by URL: opened, found and written; what they hold is read elsewhere.

URLs, such as ``s3://bucket/tickets.parquet``, are those of fsspec, which the extra ``ray`` brings.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from triage.errors import ConfigError, MissingExtraError, RecordError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:// is a disk


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether a file is still the same.

    Attributes:
        size: bytes.
        written: when it was last written; ``None`` where its place does not say.
    """

    size: int
    written: datetime | None


def is_url(name: str | Path) -> bool:
    """Tell whether a name is a URL and no path."""
    return isinstance(name, str) and _URL.match(name) is not None


@contextlib.contextmanager
def opened_place(name: str | Path) -> Iterator[IO[bytes]]:
    """Open a file for reading; the stream can seek.

    Raises:
        OSError: it cannot be read.
        ConfigError, MissingExtraError: URLs of that kind cannot be opened here.
    """
    if is_url(name):
        files, path = _filesystem(str(name))
        with files.open(path, "rb") as stream:
            yield cast("IO[bytes]", stream)
    else:
        with Path(name).open("rb") as stream:
            yield stream


def stamp_of(name: str | Path) -> Stamp:
    """Return the size of a file and when it was written.

    Raises:
        OSError: there is none.
    """
    if not is_url(name):
        found = Path(name).stat()
        return Stamp(found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
    files, path = _filesystem(str(name))
    written: datetime | None = None
    with contextlib.suppress(NotImplementedError, KeyError):
        written = files.modified(path)
    if written is not None and written.tzinfo is None:
        written = written.replace(tzinfo=UTC)
    return Stamp(int(files.size(path) or 0), written)


def files_at(url: str) -> list[str]:
    """Return the URLs of the files that a URL means: itself, those of a folder or a pattern.

    Raises:
        RecordError: the place cannot be listed.
    """
    files, path = _filesystem(url)
    try:
        if any(c in path for c in "*?["):
            paths = files.glob(path)
        elif files.isdir(path):
            paths = files.find(path)
        else:
            return [url]
    except OSError as fault:
        raise RecordError(f"{url} cannot be listed: {fault}; check address and rights") from fault
    scheme = url.partition("://")[0]
    return [
        found if is_url(found) else f"{scheme}://{found}"
        for found in map(files.unstrip_protocol, sorted(paths))
    ]


def put(local: Path, url: str) -> None:
    """Copy a file to a URL.

    Raises:
        RecordError: it cannot be written there; the file is still here.
    """
    files, path = _filesystem(url)
    try:
        files.makedirs(files._parent(path), exist_ok=True)  # noqa: SLF001  # its only name for it
        files.put_file(str(local), path)
    except OSError as fault:
        raise RecordError(
            f"{url} cannot be written: {fault}; the whole output lies in {local}, copy it by hand"
        ) from fault


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as fault:
        raise MissingExtraError("fsspec", extra="ray", purpose=f"opening {url}") from fault
    try:
        files, path = url_to_fs(url)
    except (ValueError, ImportError) as fault:
        raise ConfigError(
            f"{url} cannot be opened: {fault}; install what opens such addresses, or give a path"
        ) from fault
    return files, path
