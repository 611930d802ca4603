"""Terms of the lexical index, and the numbers that they are stored as."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAST_LATIN = "\u024f"
_WORD = re.compile(r"[a-zà-ɏ@][a-zà-ɏ'’]*|[0-9]+")


def search_terms(text: str) -> list[str]:
    """Return the BM25 terms of a normalised text: Chinese n-grams of 1 and 2, words, word pairs.

    They are those of ``triage.lexical.terms_of`` without longer n-grams, which add little to BM25
    and much to its index; made directly, because an index is made of many long texts.
    """
    words = _WORD.findall(text)
    terms = [f"w:{word}" for word in words]
    terms += [f"w:{a} {b}" for a, b in pairwise(words)]
    if not text.isascii():
        terms += [c for c in text if c > _LAST_LATIN]
        terms += [a + b for a, b in pairwise(f" {text} ") if a > _LAST_LATIN or b > _LAST_LATIN]
    return terms


def hashes_of(terms: Iterable[str]) -> NDArray[np.uint64]:
    """Return 64 bits of BLAKE2b for each term: in a million terms two meet once in 10⁷ indexes."""
    digests = b"".join(
        blake2b(term.encode(errors="surrogatepass"), digest_size=8).digest() for term in terms
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
