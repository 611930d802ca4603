"""Terms that tell groups of texts apart, Chinese and English, without a word segmenter.

It takes normalised texts; how a group came about is no matter to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHOWN = 6
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-zà-ɏ][a-zà-ɏ'’-]+")
_LONGEST = 4  # characters of a Chinese term
_FEW = 2  # texts that must hold a term
_SHARE = 0.1  # of the texts of a group that must hold it
_MARKS = frozenset({"url", "email", "user", "phone", "person", "address", "name"})
_LOOSE = frozenset("的了吗呢吧啊呀么我你您他她它这那是有在就都也还和与给把被让着过没不很")


def distinctive_terms(
    texts: Sequence[str], groups: NDArray[np.int64], *, count: int = SHOWN
) -> list[tuple[str, ...]]:
    """Return the terms by which each group stands out, strongest first.

    The weight of a term in a group is class-based TF-IDF: its share of the group's terms times
    log(1 + A / f), where f is how often all texts hold it and A the mean number of terms in a
    group (Grootendorst 2022, "BERTopic", arXiv:2203.05794, equation 2). Terms are English words
    without stop words, pairs of them, and runs of two to four Han characters; one that is part
    of a chosen one, or overlaps with it, is left out. A tenth of a group's texts must hold each.

    Args:
        texts: normalised texts.
        groups: the group of each text from 0, shape (n,); -1 for texts of none, which tell what
            is common.
    """
    total = int(groups.max(initial=-1)) + 1
    if not total:
        return []
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=candidate_terms, min_df=min(_FEW, len(texts)))
    try:
        held = counter.fit_transform(texts)
    except ValueError:  # no term at all stands in two texts
        return [()] * total
    held.data[:] = 1  # a message that repeats itself says no more
    # Texts of no group are one more class: what is common everywhere tells nothing.
    classes = np.where(groups < 0, total, groups)
    one = csr_matrix(
        (np.ones(len(texts)), (classes, np.arange(len(texts)))), shape=(total + 1, len(texts))
    )
    counts = csr_matrix(one @ held)
    everywhere = np.asarray(counts.sum(axis=0)).ravel()
    mean = everywhere.sum() / (total + 1)
    idf = np.log(1 + mean / everywhere)
    names = counter.get_feature_names_out()
    sizes = np.bincount(classes, minlength=total + 1)
    return [
        _chosen(counts[group], idf, names, least=_least(int(sizes[group])), count=count)
        for group in range(total)
    ]


def candidate_terms(text: str) -> list[str]:
    """Return the terms of a normalised text, repeats included."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    terms = []
    for match in _HAN.finditer(text):
        run = match[0]
        for size in range(2, _LONGEST + 1):
            grams = (run[i : i + size] for i in range(len(run) - size + 1))
            terms += [g for g in grams if g[0] not in _LOOSE and g[-1] not in _LOOSE]
    words = [w for w in _WORD.findall(text) if w not in _MARKS]
    told = [w not in ENGLISH_STOP_WORDS and "'" not in w and "’" not in w for w in words]
    terms += [w for w, kept in zip(words, told, strict=True) if kept]
    terms += [
        f"{words[i]} {words[i + 1]}" for i in range(len(words) - 1) if told[i] and told[i + 1]
    ]
    return terms


def _least(size: int) -> int:
    return min(size, max(_FEW, math.ceil(_SHARE * size)))


def _overlap(term: str, other: str) -> bool:
    """Tell whether one holds the other, or both hold the same two Han characters."""
    if term in other or other in term:
        return True
    return any(term[i : i + 2] in other for i in range(len(term) - 1) if _HAN.match(term[i]))


def _chosen(
    row: Any, idf: NDArray[np.float64], names: NDArray[np.object_], *, least: int, count: int
) -> tuple[str, ...]:
    total = row.sum() or 1
    ranked = sorted(
        (
            (-held / total * idf[column], -len(names[column]), str(names[column]))
            for column, held in zip(row.indices, row.data, strict=True)
            if held >= least
        ),
    )
    kept: list[str] = []
    for _, _, term in ranked:
        if not any(_overlap(term, other) for other in kept):
            kept.append(term)
        if len(kept) == count:
            break
    return tuple(kept)
