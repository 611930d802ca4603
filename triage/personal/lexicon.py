"""The words by which names are told, read once from ``resources/names.toml``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from triage.text import to_traditional

LEXICON = Path(__file__).parent.parent / "resources" / "names.toml"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of one language each, in small letters; Chinese ones Simplified but for surnames.

    Attributes:
        surnames: of one character, in both scripts.
        compound: surnames of two characters, in both scripts.
        ordinary: words that look like a surname with a given name.
        given: English given names.
        ambiguous: those of them that are ordinary words or places too.
        not_names: words that stand where a name might.
        brands: names of goods and places that look like a person's.
        not_handles: words that stand where an account or a password might.
    """

    surnames: frozenset[str]
    compound: frozenset[str]
    ordinary: frozenset[str]
    given: frozenset[str]
    ambiguous: frozenset[str]
    not_names: frozenset[str]
    brands: frozenset[str]
    not_handles: frozenset[str]


@functools.cache
def lexicon() -> Lexicon:
    """Return the words; the first call reads them."""
    with LEXICON.open("rb") as stream:
        words: dict[str, str] = tomllib.load(stream)
    surnames = set("".join(words["surnames"].split()))
    compound = set(words["compound"].split())
    return Lexicon(
        # OpenCC writes one Traditional form; names keep others.
        surnames=frozenset(
            surnames | {to_traditional(c)[-1:] for c in surnames} | set("鐘鍾範於游遊衛葉餘簡")
        ),
        compound=frozenset(compound | {to_traditional(name) for name in compound}),
        ordinary=frozenset(words["ordinary"].split()),
        given=frozenset(words["given"].split()),
        ambiguous=frozenset(words["ambiguous"].split()),
        not_names=frozenset(words["not_names"].split()),
        not_handles=frozenset(words["not_handles"].split()),
        brands=frozenset(b.strip() for b in words["brands"].replace("\n", "").split("|")),
    )
