"""First values of the new embedding rows, from what the teacher already knows.

A Chinese word starts as the mean of the teacher's input embeddings of its English glosses
(WECHSEL, Minixhofer et al. 2022, does the like with bilingual word vectors); a word without
an entry as the mean of its characters.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

SENSES = 3


def gloss_rows(
    units: Sequence[str],
    dictionary: Iterable[tuple[str, list[str]]],
    *,
    tokenizer: Tokenizer,
    embeddings: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return one row for each unit, shape (len(units), dim).

    Args:
        units: words and single characters; every character of a word is a unit too.
        dictionary: (word, English senses) of each entry.
        tokenizer: the teacher's, adding no padding.
        embeddings: the teacher's input embeddings, shape (pieces, dim).
    """
    wanted = set(units)
    senses: defaultdict[str, list[str]] = defaultdict(list)
    for word, meanings in dictionary:
        if word in wanted:
            senses[word].extend(meanings[:SENSES])
    found: dict[str, NDArray[np.float32]] = {}
    for word, meanings in senses.items():
        texts = [meaning.removeprefix("to ") for meaning in meanings[:SENSES]]
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        pieces = [i for encoding in encodings for i in encoding.ids]
        if pieces:
            found[word] = embeddings[pieces].mean(axis=0)
    middle = embeddings.mean(axis=0)
    rows = np.empty((len(units), embeddings.shape[1]), dtype=np.float32)
    for index, unit in enumerate(units):
        parts = [found[c] for c in unit if c in found]
        rows[index] = found.get(unit, np.mean(parts, axis=0) if parts else middle)
    return rows
