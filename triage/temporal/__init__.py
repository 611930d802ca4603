"""Date and time expressions, Chinese and English, to ISO 8601 given the time of the message.

Finds and resolves; which spans survive beside other key information is decided by ``extraction``.

What is shown is the shortest text that names the time: no preposition ("by Friday" is "Friday") and
no 前 behind a day (下周三前 is 下周三), but whole offsets (三天前, 24小时内, "within 24 hours"), and
with a day its part and its clock (昨天下午三点). A range is one expression and has the value of its
start; a number of days from–to has the value of its later end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from triage.folding import clues_of, fold, lower
from triage.temporal import chinese, english
from triage.temporal.pieces import CALENDAR, WEEKDAY, Clock, Piece

_RULES = (*chinese.RULES, *english.RULES)
_NEAR = 12  # characters between the parts of one expression
_JOINT = re.compile(r"[ ,]{0,2}(?:的|(?:(?:at|around|about|by|on|in the|in)\s){0,2})(?:大概|大约)?")
_RANGE = re.compile(r"\s?(?:[-~—–]{1,2}|到|至|to|until|till|through)\s?")
_BETWEEN = re.compile(r"\band\b|和|与")


def find_dates(text: str, now: datetime) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, ISO value) of each date expression in ``text``, without overlaps.

    The value is a day (``2026-11-20``), a minute (``2026-11-20T15:30``) where an hour or a span of
    hours is named, a month (``2026-10``) or a year; a week has the day it begins.
    """
    plain = lower(fold(text))
    yield from dates_in(plain, now, clues=clues_of(plain))


def dates_in(plain: str, now: datetime, *, clues: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Do as ``find_dates`` for a text that is folded and in lower case, with its clues."""
    pieces = [
        piece
        for rule in _RULES
        if not rule.clues.isdisjoint(clues)
        for piece in rule.pieces(plain, now)
    ]
    if not pieces:
        return
    day = None
    for piece in _ranged(plain, _joined(plain, _longest(pieces, len(plain)))):
        if piece.certain:
            # An hour alone is an hour of the day that was named before it.
            told = replace(piece, day=day) if piece.day is None else piece
            yield piece.start, piece.end, told.value(now)
            day = piece.day or day


def may_name_a_time(plain: str, *, clues: frozenset[str]) -> bool:
    """Tell whether any rule's pattern stands in a folded, lower-case text, whatever the time is."""
    return any(rule.pattern.search(plain) for rule in _RULES if not rule.clues.isdisjoint(clues))


def _longest(pieces: Sequence[Piece], size: int) -> list[Piece]:
    """Keep, of pieces that overlap, the longest; the first rule wins a tie."""
    taken = bytearray(size)
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: p.start - p.end):
        if not any(taken[piece.start : piece.end]):
            taken[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
            kept.append(piece)
    return sorted(kept, key=lambda p: p.start)


def _joined(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Make one of a day and the clock beside it."""
    out: list[Piece] = []
    for piece in pieces:
        one = None
        if out and piece.start - out[-1].end <= _NEAR:
            one = _together(out[-1], piece, text[out[-1].end : piece.start])
        if one is None:
            out.append(piece)
        else:
            out[-1] = one
    return out


def _together(first: Piece, second: Piece, between: str) -> Piece | None:
    if first.whole or second.whole or not _JOINT.fullmatch(between):
        return None
    whole = replace(second, start=first.start, certain=True)
    if first.day is None or second.day is None:
        if first.clock and second.clock and None not in (first.clock.hour, second.clock.hour):
            return None
        whole = replace(whole, day=first.day or second.day, certain=_certain(first, second))
        return replace(whole, clock=_one_clock(first.clock, second.clock))
    if {first.kind, second.kind} != {WEEKDAY, CALENDAR} or first.clock or between.strip(" ,"):
        return None
    return replace(whole, day=first.day if second.kind == WEEKDAY else second.day)


def _certain(first: Piece, second: Piece) -> bool:
    return bool(first.day or second.day) or first.certain or second.certain


def _one_clock(first: Clock | None, second: Clock | None) -> Clock | None:
    """Return the hour of one with the part of the day of the other."""
    if first is None or second is None:
        return first or second
    named = second if second.hour is not None else first
    return replace(named, part=second.part or first.part)


def _ranged(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Make one of a start and an end; it keeps the value of the start."""
    out: list[Piece] = []
    for piece in pieces:
        if out and piece.start - out[-1].end <= _NEAR:
            between = text[out[-1].end : piece.start]
            if out[-1].certain and _RANGE.fullmatch(between):
                out[-1] = replace(out[-1], end=piece.end)
                continue
        out.append(piece)
    return out
