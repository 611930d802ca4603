"""Which characters a text file's bytes stand for: UTF-8, UTF-16 with its mark, GB18030, Windows.

It looks at bytes only; what the text says is decided by the caller.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from triage.errors import RecordError

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BROKEN = "\ufffd"  # stands where bytes were no character
_MARKS = {codecs.BOM_UTF8: "utf-8-sig"} | dict.fromkeys(UTF16_MARKS, "utf-16")
_CHUNK = 1 << 16
_TOLERATED = 20  # an encoding still fits when 20 characters decode for each that does not
_LONE_SHARE = 0.7  # Traditional Chinese in GB18030 has 0.2, German in Windows-1252 0.98
_WIDE = re.compile("[^\x00-\x7f\ufffd]+")
# A four-byte character of GB18030, or a run of bytes outside ASCII.
_HIGH_RUN = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Charset:
    """An encoding by its name in Python.

    Attributes:
        whole: every byte of the file decodes; otherwise read with ``errors="replace"`` and leave
            out what holds ``BROKEN``.
    """

    name: str
    whole: bool = True


def charset_of(stream: IO[bytes]) -> Charset:
    """Find a file's encoding in one pass over its bytes (a few, where it is not UTF-8).

    A byte-order mark decides; without one: UTF-8, also where a few bytes are broken; Windows-1252
    where bytes outside ASCII stand alone, as its curly apostrophe does; GB18030.

    Args:
        stream: can seek; it stands at its start afterwards.

    Raises:
        RecordError: nothing of these fits.
    """
    try:
        return _found(stream)
    finally:
        stream.seek(0)


def _found(stream: IO[bytes]) -> Charset:
    head = stream.read(1024)
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return Charset(name, whole=_decodes(stream, name))
    if b"\0" in head:
        raise RecordError(
            "holds zero bytes, as UTF-16 without its mark does; save the file as UTF-8"
        )
    if _decodes(stream, "utf-8"):
        return Charset("utf-8")
    if _nearly_decodes(stream, "utf-8"):
        return Charset("utf-8", whole=False)
    if _looks_western(stream):
        return Charset("cp1252", whole=_decodes(stream, "cp1252"))
    if _decodes(stream, "gb18030"):
        return Charset("gb18030")
    if _nearly_decodes(stream, "gb18030"):
        return Charset("gb18030", whole=False)
    raise RecordError("text is neither UTF-8 nor GB18030; save the file as UTF-8")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _decodes(stream: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for chunk in _chunks(stream):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _nearly_decodes(stream: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("replace")
    right = wrong = 0
    for chunk in _chunks(stream):
        text = decoder.decode(chunk)
        wrong += text.count(BROKEN)
        right += sum(map(len, _WIDE.findall(text)))
    wrong += len(decoder.decode(b"", final=True))
    return wrong * _TOLERATED <= right


def _looks_western(stream: IO[bytes]) -> bool:
    """Tell whether bytes outside ASCII mostly stand alone; in Chinese they come in pairs."""
    runs = lone = 0
    for chunk in _chunks(stream):
        for run in _HIGH_RUN.findall(chunk):
            runs += 1
            lone += len(run) == 1
    return lone >= _LONE_SHARE * runs
