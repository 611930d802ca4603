"""The words by which names are told, read once from ``resources/names.toml``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from triage.text import to_traditional

_COMMONEST = 120  # the first of the surnames
LEXICON = Path(__file__).parent.parent / "resources" / "names.toml"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of one language each, in small letters; Chinese ones Simplified but for surnames.

    Attributes:
        surnames: of one character, in both scripts.
        common: the commonest of them.
        compound: surnames of two characters, in both scripts.
        ordinary: words that look like a surname with a given name.
        given_characters: of which Chinese given names are made, in both scripts.
        minority: words of which Tibetan, Uyghur and Mongolian names are made.
        given: English given names.
        family: family names in Latin letters.
        romanised: Chinese surnames in Latin letters.
        syllables_too: English words that are syllables of Chinese as well.
        ambiguous: those of them that are ordinary words or places too.
        not_names: words that stand where a name might.
        brands: names of goods and places that look like a person's.
        not_handles: words that stand where an account or a password might.
    """

    surnames: frozenset[str]
    common: frozenset[str]
    compound: frozenset[str]
    ordinary: frozenset[str]
    given_characters: frozenset[str]
    minority: frozenset[str]
    given: frozenset[str]
    family: frozenset[str]
    romanised: frozenset[str]
    syllables_too: frozenset[str]
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
    given = set("".join(words["given_characters"].split()))
    common = set("".join(words["surnames"].split())[:_COMMONEST])
    return Lexicon(
        common=frozenset(common | {to_traditional(c)[-1:] for c in common}),
        # OpenCC writes one Traditional form; names keep others.
        surnames=frozenset(
            surnames | {to_traditional(c)[-1:] for c in surnames} | set("鐘鍾範於游遊衛葉餘簡")
        ),
        compound=frozenset(compound | {to_traditional(name) for name in compound}),
        ordinary=frozenset(words["ordinary"].split()),
        given_characters=frozenset(given | set(to_traditional("".join(sorted(given))))),
        minority=frozenset(words["minority"].split()),
        given=frozenset(words["given"].split()),
        family=frozenset(words["family"].split()),
        romanised=frozenset(words["romanised"].split()),
        syllables_too=frozenset(words["syllables_too"].split()),
        ambiguous=frozenset(words["ambiguous"].split()),
        not_names=frozenset(words["not_names"].split()),
        not_handles=frozenset(words["not_handles"].split()),
        brands=frozenset(b.strip() for b in words["brands"].replace("\n", "").split("|")),
    )


def is_brand(name: str) -> bool:
    """Tell whether what looks like a name begins as goods do, Dr Martens."""
    return name.lower().startswith(tuple(lexicon().brands))
