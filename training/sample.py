"""Which tickets the heads learn from: at most so many, and none that calibration needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from training.grouping import near_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket


def at_most(tickets: Sequence[Ticket], count: int, *, seed: int) -> Sequence[Ticket]:
    """Return ``count`` of the tickets, or all where there are no more, in their order.

    Labels are cut to a common height, so that rare ones are kept whole: a head gains little from
    the ten-thousandth ticket of a label.
    """
    if len(tickets) <= count:
        return tickets
    labels = [t.labels["intent"] or t.labels["category"] for t in tickets]
    return [tickets[i] for i in evenly(labels, count=count, seed=seed)]


def evenly(labels: Sequence[str | None], *, count: int, seed: int) -> NDArray[np.int64]:
    """Return positions of at most ``count`` tickets, of every label as evenly as they allow."""
    rng = np.random.default_rng(seed)
    names = np.array([label or "" for label in labels])
    rank = np.zeros(len(names), dtype=np.int64)
    for label in np.unique(names):
        members = rng.permutation(np.flatnonzero(names == label))
        rank[members] = np.arange(len(members))
    order = np.lexsort((rng.permutation(len(names)), rank))
    return np.sort(order[:count])


def set_aside(
    tickets: Sequence[Ticket], share: float, *, seed: int
) -> tuple[Sequence[Ticket], Sequence[Ticket]]:
    """Return the tickets to learn from and about ``share`` of them to calibrate on.

    Near-duplicates stay on one side; where that would leave none to learn from, all are for that.
    """
    if not share:
        return tickets, ()
    groups = near_groups([t.normalised for t in tickets], seed=seed)
    chosen = _chosen(groups, share, seed=seed)
    if chosen.all():
        return tickets, ()
    learn = [t for t, aside in zip(tickets, chosen, strict=True) if not aside]
    return learn, [t for t, aside in zip(tickets, chosen, strict=True) if aside]


def _chosen(groups: NDArray[np.int64], share: float, *, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng((seed, 1))
    drawn: NDArray[np.bool_] = rng.random(int(groups.max(initial=-1)) + 1) < share
    return drawn[groups]
