"""The priority policy: a learnt first level, word signals and the customer's tier, with reasons.

The policy is a TOML file (``resources/priority.toml`` by default), not code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.domain import Customer, Priority, PriorityVerdict, Reason
from triage.errors import ConfigError
from triage.signals import Signal, find_signals, read_toml, signal_from

if TYPE_CHECKING:
    from triage.classifier import Prediction

MAX_SCORE = 100
LEARNT = "learnt"
VIP_TIER = "customer_tier"
DEFAULT_POLICY = Path(__file__).parent / "resources" / "priority.toml"
_LEVELS = tuple(Priority)


@dataclass(frozen=True, slots=True)
class WeightedSignal:
    """A signal with the points it adds and the level below which it lets nothing fall."""

    signal: Signal
    weight: int
    floor: Priority | None


@dataclass(frozen=True, slots=True)
class PriorityPolicy:
    """Turns the learnt level and the signals of a message into a level with its reasons.

    Attributes:
        thresholds: the lowest score of each level, ``low`` at 0.
        tiers: points by customer tier, keys in lower case.
    """

    thresholds: Mapping[Priority, int]
    signals: tuple[WeightedSignal, ...]
    tiers: Mapping[str, int]

    def judge(
        self,
        text: str,
        *,
        learnt: Prediction | None = None,
        evidence: Callable[[str], str | None] = lambda level: None,
        customer: Customer | None = None,
    ) -> PriorityVerdict:
        """Return level, score and reasons, strongest first.

        Args:
            text: the message as written.
            learnt: the priority head's prediction; without one the base is ``normal``.
            evidence: names the words that speak most for a learnt level; asked only when no
                signal gives a reason.
        """
        hits = {h.name: h for h in find_signals([w.signal for w in self.signals], text)}
        found = sorted((w for w in self.signals if w.signal.name in hits), key=lambda w: -w.weight)
        base = self._base_score(learnt)
        tier = (customer.tier or "").lower() if customer else ""
        score = base + sum(w.weight for w in found) + self.tiers.get(tier, 0)
        for weighted in found:
            if weighted.floor is not None:
                score = max(score, self.thresholds[weighted.floor])
        score = max(0, min(score, MAX_SCORE))
        weighed = [(w.weight, Reason(w.signal.name, hits[w.signal.name].evidence)) for w in found]
        if tier in self.tiers:
            weighed.append((self.tiers[tier], Reason(VIP_TIER, tier)))
        reasons = [reason for _, reason in sorted(weighed, key=lambda pair: -pair[0])]
        if not reasons:
            level = learnt.best if learnt else Priority.NORMAL
            reasons.append(Reason(f"{LEARNT}_{level}", evidence(level) or ""))
        return PriorityVerdict(level=self._level(score), score=score, reasons=tuple(reasons))

    def _base_score(self, learnt: Prediction | None) -> int:
        """Place the learnt level in its band, nearer to the next one when that one is likely."""
        if learnt is None:
            return self.thresholds[Priority.NORMAL]
        level = _LEVELS.index(Priority(learnt.best))
        low = self.thresholds[_LEVELS[level]]
        above = _LEVELS[level + 1 :]
        high = self.thresholds[above[0]] if above else MAX_SCORE
        pull = sum(learnt.probability_of(p) for p in above) if above else learnt.probabilities.max()
        return low + int((high - low - 1) * min(float(pull), 0.99))

    def _level(self, score: int) -> Priority:
        return max(
            (p for p in _LEVELS if score >= self.thresholds[p]), key=lambda p: self.thresholds[p]
        )


def load_policy(path: Path | None = None) -> PriorityPolicy:
    """Read a policy file; the shipped one by default.

    Raises:
        ConfigError: naming the file and the entry at fault.
    """
    path = path or DEFAULT_POLICY
    content = read_toml(path)
    if unknown := set(content) - {"levels", "tiers", "signal"}:
        raise ConfigError(f"{path}: unknown entry {min(unknown)!r}; see {DEFAULT_POLICY}")
    return PriorityPolicy(
        thresholds=_thresholds_from(content.get("levels", {}), path),
        signals=tuple(_weighted_from(entry, path) for entry in content.get("signal", [])),
        tiers={
            str(k).lower(): _points(v, f"tiers.{k}", path)
            for k, v in content.get("tiers", {}).items()
        },
    )


def _thresholds_from(levels: Any, path: Path) -> dict[Priority, int]:
    named = [p for p in _LEVELS if p is not Priority.LOW]
    if not isinstance(levels, dict) or set(levels) != {p.value for p in named}:
        raise ConfigError(f"{path}: [levels] must hold exactly normal, high and urgent")
    thresholds = {Priority.LOW: 0} | {p: _points(levels[p], f"levels.{p}", path) for p in named}
    scores = list(thresholds.values())
    if scores != sorted(set(scores)) or scores[-1] > MAX_SCORE:
        raise ConfigError(
            f"{path}: [levels] are {scores[1:]}; they must rise from normal to urgent, up to 100"
        )
    return thresholds


def _weighted_from(entry: Mapping[str, Any], path: Path) -> WeightedSignal:
    signal = signal_from(entry, source=str(path))
    floor = entry.get("floor")
    if floor is not None and floor not in set(_LEVELS):
        raise ConfigError(
            f"{path}: signal {signal.name!r} has floor {floor!r}; use one of {', '.join(_LEVELS)}"
        )
    if unknown := set(entry) - {"name", "patterns", "weight", "floor"}:
        raise ConfigError(f"{path}: signal {signal.name!r} has an unknown key {min(unknown)!r}")
    weight = _points(entry.get("weight"), f"signal {signal.name!r}: weight", path)
    return WeightedSignal(signal, weight, Priority(floor) if floor else None)


def _points(value: Any, name: str, path: Path) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not -MAX_SCORE <= value <= MAX_SCORE
    ):
        raise ConfigError(f"{path}: {name} is {value!r}; give a whole number from -100 to 100")
    return value
