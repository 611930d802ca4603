"""What a recogniser proposes, which proposals stand, and the form of text that they read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

PERSONAL = (
    "phone", "email", "id_number", "passport", "bank_card", "address", "person", "chat_id", "plate",
    "birth_date", "secret", "tax_no",
)  # fmt: skip
CHOSEN = ("order_id", "tracking_no")  # redacted only where somebody asks for it
KEPT = "kept"  # a number that is none of a person's: it holds its place against weaker proposals

_WIDE = re.compile("[\uff01-\uff5e\u3000\u00a0\u2002-\u200a\u202f\u2010-\u2015\u2212\u2022\u00d7]")
_FOLD = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((0x3000, 0xA0, *range(0x2002, 0x200B), 0x202F), 0x20)
    | dict.fromkeys((*range(0x2010, 0x2016), 0x2212), 0x2D)
    | {0x2022: 0xB7, 0xD7: 0x2A}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A span that may be personal.

    Attributes:
        type: one of ``PERSONAL`` or ``CHOSEN``, or ``KEPT``.
        value: normalised, so that two ways of writing one thing are equal.
        certainty: from 0 to 100; where two overlap, the higher stands.
    """

    type: str
    start: int
    end: int
    value: str
    certainty: int


def folded(text: str) -> str:
    """Return ``text`` with full-width characters, odd spaces and dashes plain; offsets stay."""
    return text.translate(_FOLD) if _WIDE.search(text) else text


def settled(text: str, found: Iterable[Finding], *, masks: Collection[range] = ()) -> list[Finding]:
    """Return what stands of overlapping proposals, by position.

    What a stronger personal span leaves of a weaker one is still masked, so that no part of either
    stays in clear.

    Args:
        masks: places that are masks already; nothing in them is found again.
    """
    taken = bytearray(len(text))
    for mask in masks:
        taken[mask.start : mask.stop] = b"\1" * len(mask)
    standing = []
    for finding in sorted(found, key=lambda f: (-f.certainty, f.start - f.end, f.start)):
        for part in _free_parts(finding, text, taken):
            taken[part.start : part.end] = b"\1" * (part.end - part.start)
            if part.type != KEPT:
                standing.append(part)
    return sorted(standing, key=lambda f: f.start)


def _free_parts(finding: Finding, text: str, taken: bytearray) -> Iterator[Finding]:
    whole = taken.find(1, finding.start, finding.end) < 0
    if whole:
        yield finding
        return
    start = finding.start
    while start < finding.end:
        if taken[start]:
            start += 1
            continue
        stop = taken.find(1, start, finding.end)
        stop = finding.end if stop < 0 else stop
        rest = text[start:stop].strip(" ,.;:-()/\n")
        if sum(c.isalnum() for c in rest) > 1 and finding.type != KEPT:
            start = text.index(rest, start)
            yield replace(finding, start=start, end=start + len(rest), value=rest)
        start = stop
