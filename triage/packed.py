"""Files packed with gzip or Zstandard as streams that can go back, which readers of tables need."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from triage.errors import RecordError
from triage.places import opened_place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP, ZSTD = ".gz", ".zst"
PACKED = (GZIP, ZSTD)
_PIECE = 1 << 10  # packed bytes at a time: even of one repeated letter they hold 32 MB at most
_STEP = 1 << 16


class PackedError(Exception):
    """A packed file is damaged, cut or of another kind."""


def ending_of(path: str | Path) -> str:
    """Return the ending that tells a file's kind, before ``.gz`` or ``.zst``, in small letters."""
    name = Path(path).name.lower()
    packed = next((ending for ending in PACKED if name.endswith(ending)), "")
    return Path(name.removesuffix(packed)).suffix


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file by path or URL, unpacked if its name says that it is packed; the stream can seek.

    Raises:
        RecordError: while it is read, where it is no whole packed file.
    """
    suffix = Path(path).suffix.lower()
    with opened_place(path) as stream:
        try:
            if suffix == GZIP:
                with gzip.open(stream) as unpacked:
                    yield cast("IO[bytes]", unpacked)
            elif suffix == ZSTD:
                yield cast("IO[bytes]", io.BufferedReader(Unpacked(stream), _STEP))
            else:
                yield stream
        except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
            raise RecordError(f"is no whole gzip file ({fault}); compress it again") from fault
        except PackedError as fault:
            raise RecordError(f"is no whole zstd file ({fault}); compress it again") from fault


class Unpacked(io.RawIOBase):
    """The content of a packed stream; going back unpacks it again from its start.

    Memory stays bounded, unlike with a file unpacked at once.

    Raises:
        PackedError: on reading, where the stream is no whole Zstandard file.
    """

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame: Any = None
        self._held = memoryview(b"")
        self._rewind()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place in the unpacked content."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the unpacked content; its end is found by reading on."""
        if whence == io.SEEK_END:
            self._skip(None)
        wanted = offset if whence == io.SEEK_SET else self._place + offset
        if wanted < self._place:
            self._rewind()
        self._skip(wanted - self._place)
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` and return how many bytes came; 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._held and view and self._more():
            pass
        piece = self._held[: len(view)]
        self._held = self._held[len(piece) :]
        view[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _more(self) -> bool:
        """Unpack a little more; tell whether there was any."""
        import zstandard

        packed = self._frame.unused_data if self._frame is not None and self._frame.eof else b""
        packed = packed or self._packed.read(_PIECE)
        if not packed:
            if self._frame is not None and not self._frame.eof:
                raise PackedError("it is cut")
            return False
        if self._frame is None or self._frame.eof:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            self._held = memoryview(self._frame.decompress(packed))
        except zstandard.ZstdError as fault:
            raise PackedError(str(fault)) from fault
        return True

    def _rewind(self) -> None:
        self._packed.seek(0)
        self._place = 0
        self._frame = None
        self._held = memoryview(b"")

    def _skip(self, count: int | None) -> None:
        left = count
        while left is None or left > 0:
            piece = bytearray(_STEP if left is None else min(left, _STEP))
            if not (came := self.readinto(piece)):
                return
            left = None if left is None else left - came
