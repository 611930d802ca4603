"""Turns out of plain text with speakers' names: "客服: … 用户: …", "Agent: … Customer: …"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from triage.domain import Role, Turn
from triage.errors import MessageError
from triage.resource import read_resource
from triage.transcripts.moments import TIME, moment_of
from triage.turns import role_of

_NUMBERED = r"(?:\s?[#\w-]{0,12})?"  # 客服小王, 客服001, agent_7


@dataclass(frozen=True, slots=True)
class _Speaker:
    start: int
    end: int
    role: Role
    at: datetime | None


def turns_in(text: str) -> tuple[Turn, ...]:
    """Cut a text into turns at the speakers' names.

    A name of a speaker (``roles`` in ``resources/conversation.toml``, also with a number or a name
    behind it) counts at the start of a line, or behind the end of a sentence, with a colon; or
    alone in a line with a time. Words before the first speaker are nobody's.

    Raises:
        MessageError: no speaker is found.
    """
    speakers = list(_speakers(text))
    if not speakers:
        raise MessageError(
            "text",
            f"names no speaker: {text[:40]!r}",
            remedy="write 客服: … 用户: …, or Agent: … Customer: …, a turn a line",
        )
    ends = [speaker.start for speaker in speakers[1:]] + [len(text)]
    return tuple(
        Turn(speaker.role, words, speaker.at)
        for speaker, end in zip(speakers, ends, strict=True)
        if (words := text[speaker.end : end].strip())
    )


def _speakers(text: str) -> Iterator[_Speaker]:
    for match in _pattern().finditer(text):
        written = match["before"] or match["behind"] or match["alone"]
        name = match["name"] or match["header"]
        yield _Speaker(
            match.start(),
            match.end(),
            _role(name),
            moment_of(written, field="at") if written else None,
        )


def _role(name: str) -> Role:
    """Return whose name begins ``name``; the longest known name wins."""
    plain = name.strip().casefold()
    for length in range(len(plain), 0, -1):
        try:
            return role_of(plain[:length])
        except ValueError:
            continue
    raise AssertionError(name)  # the pattern is made of known names


@functools.cache
def _pattern() -> re.Pattern[str]:
    listed = read_resource("conversation")["roles"].values()
    names = sorted((name for aliases in listed for name in aliases), key=len, reverse=True)
    known = "|".join(re.escape(name).replace(r"\ ", r"\s") for name in names)
    name = rf"(?:{known}){_NUMBERED}"
    # In mid-line a sentence must have ended, or a name with a capital or in Chinese stands behind
    # a space.
    start = (
        r"(?:^[ \t]*|(?<=[\u3002！？!?.;；~～…])[ \t]*"
        r"|(?<=[ \t\u3000])(?=(?-i:[A-Z[【\u4e00-\u9fff])))"
    )
    return re.compile(
        rf"{start}(?:[\[(（]?(?P<before>{TIME})[\])）]?\s{{0,2}})?"
        rf"[【\[<]?(?P<name>{name})[】\]>]?\s?(?:[\[(（]?(?P<behind>{TIME})[\])）]?\s?)?[:：]\s?"
        rf"|^[ \t]*(?P<header>{name})[ \t]+[\[(（]?(?P<alone>{TIME})[\])）]?[ \t]*$",
        re.IGNORECASE | re.MULTILINE,
    )
