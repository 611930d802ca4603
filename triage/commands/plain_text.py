"""Plain text for ``triage redact``: which inputs it is, and their paragraphs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from triage.charset import charset_of
from triage.errors import RecordError
from triage.records import STDIO

_ENDINGS = (".txt", ".log", ".md", ".eml")
_LONGEST = 100  # lines of a paragraph; a longer one is cut


def looks_plain(source: str) -> bool:
    """Tell whether an input is text and no table; of ``.txt`` those are tables that hold tabs."""
    if source == STDIO:
        return not _first_bytes(sys.stdin.buffer).lstrip().startswith((b"{", b"["))
    path = Path(source)
    if path.suffix.lower() not in _ENDINGS or not path.is_file():
        return False
    with path.open("rb") as stream:
        return path.suffix.lower() != ".txt" or b"\t" not in stream.readline()


def read_plain(source: str) -> Iterator[tuple[str, str]]:
    """Yield the encoding and the text of each paragraph with its line ends; joined, all of it.

    Raises:
        RecordError: the file cannot be read.
    """
    if source == STDIO:
        text = TextIOWrapper(sys.stdin.buffer, "utf-8", errors="surrogateescape", newline="")
        yield from (("utf-8", part) for part in _paragraphs(text))
        text.detach()  # leaves standard input open
        return
    try:
        with Path(source).open("rb") as stream:
            charset = charset_of(stream)
            # Without the mark of UTF-16 or UTF-8 in front of every paragraph.
            name = "utf-8" if charset.name == "utf-8-sig" else charset.name
            errors = "surrogateescape" if charset.whole or name == "utf-8" else "replace"
            with TextIOWrapper(stream, name, errors=errors, newline="") as text:
                yield from ((name, part) for part in _paragraphs(text))
    except OSError as fault:
        raise RecordError(
            f"{source} cannot be read: {fault.strerror}; check path and rights"
        ) from fault


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if not line.strip() or len(held) == _LONGEST:
            yield "".join(held)
            held = []
    if held:
        yield "".join(held)


def _first_bytes(stream: IO[bytes]) -> bytes:
    """Return some bytes that will be read again."""
    if stream.seekable():
        place = stream.tell()
        head = stream.read(64)
        stream.seek(place)
        return head
    peek = getattr(stream, "peek", None)
    return bytes(peek(64)) if peek is not None else b"{"
