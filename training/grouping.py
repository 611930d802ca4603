"""Groups of tickets that repeat each other nearly word by word, and folds that keep them whole.

It compares characters, never meanings; what is done about a group is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from triage.errors import InputError
from triage.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAM = 3
NEAR = 0.7
PERMUTATIONS = 128
RECALL = 0.999  # chance that a pair right at the threshold is compared at all
WINDOW = 64  # comparisons per text in one bucket; only buckets of more texts feel it
_FILLER = "\0"  # lengthens texts shorter than a shingle; normalised texts hold no control character
_CODE_BITS = np.uint64(21)  # a code point; three of them fit into one integer without collision
_CHUNK = 1 << 18  # shingles hashed at a time, so that they stay in the processor's cache
_PAIR_CHUNK = 1 << 13  # pairs verified at a time


def near_groups(
    texts: Sequence[str], *, threshold: float = NEAR, seed: int = 0
) -> NDArray[np.int64]:
    """Group texts that are equal or nearly equal once normalised, spaces left out.

    Two texts are linked when the Jaccard index of their sets of character 3-grams is at least
    ``threshold``; a group is what links connect, so its outermost members may be less alike than
    that. Pairs to compare come from MinHash signatures (Broder 1997, "On the resemblance and
    containment of documents") cut into bands (Leskovec, Rajaraman and Ullman, "Mining of Massive
    Datasets", chapter 3, http://www.mmds.org); each pair is then verified exactly. So texts
    without a common 3-gram are never linked, and a pair at the threshold is missed once in a
    thousand times, a closer one more rarely. Where more than ``WINDOW`` different texts share a
    bucket, each is compared with that many neighbours, which keeps the work linear.

    Memory beside the texts: 8 bytes for each of about 32 bands and each different text.

    Args:
        threshold: Jaccard index above 0 and at most 1.
        seed: of the hash functions. The order of the texts changes nothing but the numbering.

    Returns:
        The group of each text, shape (n,), numbered from 0 in order of first appearance.

    Raises:
        InputError: the threshold is out of range.
    """
    if not 0 < threshold <= 1:
        raise InputError(f"threshold is {threshold}; give one above 0 and at most 1")
    forms = [normalise(text).replace(" ", "").ljust(GRAM, _FILLER) for text in texts]
    unique = sorted(set(forms))
    position = {form: i for i, form in enumerate(unique)}
    group = _linked(unique, threshold=threshold, seed=seed)
    return _renumbered(group[[position[form] for form in forms]] if forms else group)


def group_folds(
    groups: NDArray[np.int64], labels: NDArray[np.int64], *, count: int, seed: int
) -> NDArray[np.int64]:
    """Deal tickets to folds so that no group is split and each label is spread evenly.

    The largest groups go first, each to the fold that has least of its labels; single tickets
    then fill up what is missing, label by label, the rarest label last. Where all groups are
    single, each label's counts differ by one at most, also for labels of one or two tickets,
    which scikit-learn's StratifiedGroupKFold refuses or warns of.

    Args:
        groups: group of each ticket, shape (n,).
        labels: label of each ticket as an integer from 0, shape (n,).
        count: number of folds.
        seed: of the choice among equals.

    Returns:
        The fold of each ticket, from 0 to ``count - 1``, shape (n,).
    """
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.int64)
    held = np.zeros((count, int(labels.max(initial=0)) + 1), dtype=np.int64)
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    single = sizes[inverse] == 1
    order = np.flatnonzero(~single)[np.argsort(inverse[~single], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(inverse[order])) + 1) if len(order) else []
    dealt = [parts[i] for i in rng.permutation(len(parts))]
    totals = np.bincount(labels, minlength=held.shape[1])
    for members in sorted(dealt, key=len, reverse=True):
        own, counts = np.unique(labels[members], return_counts=True)
        # The growth of the squared counts, each label weighed by its rarity.
        costs = (held[:, own] * counts / totals[own]).sum(axis=1)
        fold[members] = best = np.lexsort((rng.random(count), held.sum(axis=1), costs))[0]
        held[best, own] += counts
    for label in np.argsort(-totals, kind="stable"):
        members = rng.permutation(np.flatnonzero(single & (labels == label)))
        fold[members] = filling = _filling(held, int(label), len(members), rng=rng)
        held[:, label] += np.bincount(filling, minlength=count)
    return fold


@dataclass(frozen=True, slots=True)
class _Shingles:
    """Shingles of some texts, repeats included: text i has ``codes[starts[i]:starts[i + 1]]``."""

    codes: NDArray[np.uint64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Shingles:
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        content = "".join(texts).encode("utf-32-le", "surrogatepass")
        points = np.frombuffer(content, dtype=np.uint32).astype(np.uint64)
        first, second, third = points[:-2], points[1:-1], points[2:]
        codes = (((first << _CODE_BITS) | second) << _CODE_BITS) | third
        inside = np.ones(len(points), dtype=bool)
        ends = np.cumsum(lengths)
        inside[ends - 1] = inside[ends - 2] = False
        starts = np.concatenate([[0], np.cumsum(lengths - GRAM + 1)])
        return cls(codes[inside[:-2]], starts)

    def sets(self) -> csr_matrix:
        """Return the sets as rows of ones; the columns number the shingles that occur."""
        names, columns = np.unique(self.codes, return_inverse=True)
        ones = np.ones(len(columns), dtype=np.int32)
        matrix = csr_matrix(
            (ones, columns, self.starts), shape=(len(self.starts) - 1, len(names)), dtype=np.int32
        )
        matrix.sum_duplicates()
        matrix.data[:] = 1
        return matrix


def _linked(texts: Sequence[str], *, threshold: float, seed: int) -> NDArray[np.int64]:
    """Return the component of each of some different texts under verified links."""
    group = np.arange(len(texts))
    keys = _band_keys(texts, rows=_rows_per_band(threshold), seed=seed)
    for band, key in enumerate(keys):
        # Within a bucket, texts that share the next band too come to lie side by side.
        order = np.lexsort((keys[(band + 1) % len(keys)], key))
        for distance in range(1, WINDOW + 1):
            same = key[order[:-distance]] == key[order[distance:]]
            if not same.any():
                break
            first, second = order[:-distance][same], order[distance:][same]
            open_ = group[first] != group[second]
            first, second = first[open_], second[open_]
            near = _jaccard(texts, first, second) >= threshold
            if near.any():
                group = _joined(group, first[near], second[near])
    return group


def _rows_per_band(threshold: float) -> int:
    """Return the most rows in a band with which a pair at the threshold still meets.

    A pair of Jaccard index s meets in one of b bands of r rows with chance 1 - (1 - s^r)^b.
    """
    fitting = [
        rows
        for rows in range(1, PERMUTATIONS + 1)
        if 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= RECALL
    ]
    return max(fitting, default=1)


def _band_keys(texts: Sequence[str], *, rows: int, seed: int) -> NDArray[np.uint64]:
    """Return one key per band and text, shape (bands, n): the band's minima, hashed together."""
    rng = np.random.default_rng(seed)
    bands = PERMUTATIONS // rows
    factors = rng.integers(1, 1 << 63, size=(bands, rows), dtype=np.uint64) * 2 + 1
    offsets = rng.integers(0, 1 << 63, size=(bands, rows), dtype=np.uint64)
    keys = np.zeros((bands, len(texts)), dtype=np.uint64)
    for part in _chunks(texts):
        shingles = _Shingles.of(texts[part])
        mixed = _mixed(shingles.codes)
        for band in range(bands):
            for factor, offset in zip(factors[band], offsets[band], strict=True):
                hashed = (mixed * factor + offset) >> np.uint64(32)
                minima = np.minimum.reduceat(hashed, shingles.starts[:-1])
                keys[band, part] = _mixed(keys[band, part] ^ minima)
    return keys


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter integers over 64 bits: the finaliser of SplitMix64 (Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _chunks(texts: Sequence[str]) -> Iterator[slice]:
    """Yield slices of consecutive texts of about ``_CHUNK`` characters, at least one text each."""
    start = size = 0
    for number, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK:
            yield slice(start, number + 1)
            start, size = number + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))


def _jaccard(
    texts: Sequence[str], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the exact Jaccard index of the shingle sets of each pair, shape (pairs,)."""
    parts = [np.zeros(0)]
    for start in range(0, len(first), _PAIR_CHUNK):
        pairs = np.stack([first[start : start + _PAIR_CHUNK], second[start : start + _PAIR_CHUNK]])
        members, inverse = np.unique(pairs.ravel(), return_inverse=True)
        left, right = inverse.reshape(2, -1)
        sets = _Shingles.of([texts[i] for i in members]).sets()
        sizes = np.diff(sets.indptr)
        common = np.asarray(sets[left].multiply(sets[right]).sum(axis=1)).ravel()
        parts.append(common / (sizes[left] + sizes[right] - common))
    return np.concatenate(parts)


def _joined(
    group: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.int64]:
    ends = (np.ones(len(first), dtype=bool), (group[first], group[second]))
    _, merged = connected_components(csr_matrix(ends, shape=(len(group),) * 2), directed=False)
    return np.asarray(merged[group], dtype=np.int64)


def _renumbered(group: NDArray[np.int64]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def _filling(
    held: NDArray[np.int64], label: int, members: int, *, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return folds for ``members`` single tickets: always the fold with least of the label."""
    count = len(held)
    level = held[:, label]
    # Up to this height there is room for more than all members.
    slots = np.arange(level.min(), level.max() + members // count + 2)
    heights, folds = (a.ravel() for a in np.meshgrid(slots, np.arange(count), indexing="ij"))
    free = heights >= level[folds]
    heights, folds = heights[free], folds[free]
    ties = np.lexsort((rng.random(count), held.sum(axis=1)))
    place = np.argsort(ties)
    return np.asarray(folds[np.lexsort((place[folds], heights))[:members]], dtype=np.int64)
