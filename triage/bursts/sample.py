"""A sample of past messages' vectors, by which the usual share of similar messages is known."""

from __future__ import annotations

import base64
import hashlib
import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.bursts.shares import HALF_LIFE_DAYS, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY = 4096
SCALE = 2048  # whole numbers of this size are exact in every order of a float32 sum: 2048² < 2²⁴
_DAY_SECONDS = 86_400
_NEW = 0.5


def quantised(vector: Sequence[float] | NDArray[Any]) -> NDArray[np.float32]:
    """Return a unit vector in whole numbers, so that products of two are exact and repeatable."""
    return np.rint(np.asarray(vector, dtype=np.float32) * SCALE)


def cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines of quantised rows, shape (n, dim), to a quantised vector.

    On one thread: waiting for others takes longer than so small a product when cores are busy.
    """
    found: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector) / (SCALE * SCALE)
    return found


def packed(rows: NDArray[np.float32]) -> str:
    """Return quantised vectors as text for JSON."""
    return base64.b64encode(rows.astype("<i2").tobytes()).decode("ascii")


def unpacked(text: str, *, dim: int) -> NDArray[np.float32]:
    """Return the inverse of ``packed``, shape (n, dim)."""
    return np.frombuffer(base64.b64decode(text), dtype="<i2").astype(np.float32).reshape(-1, dim)


@dataclass(slots=True)
class Sample:
    """Up to 4096 past vectors, newer ones more likely kept.

    Weighted sampling without replacement by random keys (Efraimidis & Spirakis 2006) under forward
    decay (Cormode et al. 2009); a message's randomness is the hash of its id, so the sample is the
    same in whichever order messages come.
    """

    rows: NDArray[np.float32] | None = None
    keys: list[tuple[float, int]] = field(default_factory=list)  # a heap of (key, row)

    def learn(self, vector: NDArray[np.float32], *, id_: str, at: float) -> None:
        """Offer a message to the sample."""
        if self.rows is None:
            self.rows = np.zeros((CAPACITY, len(vector)), dtype=np.float32)
        key = at / _DAY_SECONDS * math.log(2) / HALF_LIFE_DAYS - math.log(-math.log(_uniform(id_)))
        if len(self.keys) < CAPACITY:
            place = len(self.keys)
            heapq.heappush(self.keys, (key, place))
        elif key <= self.keys[0][0]:
            return
        else:
            place = self.keys[0][1]
            heapq.heapreplace(self.keys, (key, place))
        self.rows[place] = vector

    def shares(self, vector: NDArray[np.float32], limits: Sequence[float]) -> list[Share]:
        """Return for each limit the share of messages that are at least so similar."""
        known = len(self.keys)
        rows = np.zeros((0, len(vector)), np.float32) if self.rows is None else self.rows[:known]
        likeness = cosines(rows, vector)
        near = [int((likeness >= limit).sum()) + _NEW for limit in limits]
        return [Share(count / (known + 1), count) for count in near]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        ordered = sorted(self.keys, key=lambda pair: pair[1])
        rows = self.rows[: len(ordered)] if self.rows is not None else None
        return {
            "dim": 0 if rows is None else rows.shape[1],
            "keys": [key for key, _ in ordered],
            "rows": "" if rows is None else packed(rows),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Sample:
        """Return the inverse of ``to_dict``."""
        if not state["dim"]:
            return cls()
        rows = np.zeros((CAPACITY, state["dim"]), dtype=np.float32)
        rows[: len(state["keys"])] = unpacked(state["rows"], dim=state["dim"])
        keys = [(key, place) for place, key in enumerate(state["keys"])]
        heapq.heapify(keys)
        return cls(rows, keys)


def _uniform(id_: str) -> float:
    """Return a number between 0 and 1, neither included, that only the id decides."""
    number = int.from_bytes(hashlib.blake2b(id_.encode(), digest_size=6).digest())
    return (number + 0.5) / 2**48
