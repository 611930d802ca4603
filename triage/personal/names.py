"""Names of persons in a text, and every further place where one of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from triage.personal.chinese_names import chinese_names
from triage.personal.english_names import english_names
from triage.personal.finding import Finding
from triage.text import to_simplified

_FOLLOWED = 64  # names of a text whose other places are looked for


def find_names(text: str, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield names in a folded text, and every further place of a name that was found.

    Args:
        found: other details of the text; a bare name beside one of them is a name.
    """
    places: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    for start, end, certainty in (*chinese_names(text, found), *english_names(text, found)):
        name = text[start:end]
        seen.add((start, end))
        places.setdefault(name, certainty)
        yield _person(start, end, name, certainty)
    for name, certainty in islice(places.items(), _FOLLOWED):
        for start, end in places_of(name, text):
            if (start, end) not in seen:
                yield _person(start, end, name, certainty)


def places_of(name: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands in a text; a short one, or a part of a word, is none."""
    latin = name[:1].isascii()
    if len(name) < 2 + latin or name not in text:
        return
    for match in re.finditer(re.escape(name), text):
        start, end = match.span()
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        if not (latin and any(c.isascii() and c.isalnum() for c in around)):
            yield start, end


def _person(start: int, end: int, name: str, certainty: int) -> Finding:
    value = re.sub(r"[\s.·]+", " ", to_simplified(name)).strip().casefold()
    return Finding("person", start, end, value, certainty)
