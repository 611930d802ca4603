"""The priority of a message: a learnt first score, signals of a policy, level with reasons.

What the policy says is read from a file (``policy_file``; ``resources/priority.toml`` by default).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.circumstances import Case, find_circumstances
from triage.domain import Priority, PriorityVerdict, Reason
from triage.policy import LEVELS, Policy, Terms
from triage.policy_file import DEFAULT_POLICY, read_policy
from triage.signals import find_signals

if TYPE_CHECKING:
    from triage.classifier import Prediction

LEARNT = "learnt"


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that a message shows: its points, its floor and the reason that is told."""

    points: int
    floor: Priority | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How a score came about.

    Attributes:
        base: score of the learnt level, or the lowest of ``normal`` without a learnt head.
        base_level: the level of ``base``.
        findings: strongest first.
        total: the base with all points, before limits.
        ceiling: the highest score to which points lift this message.
        floor: the level below which nothing lowers it.
        promotion: name of the promotion whose terms held.
    """

    base: int
    base_level: Priority
    findings: tuple[Finding, ...]
    total: int
    ceiling: int
    floor: Priority | None
    promotion: str | None
    score: int
    level: Priority
    sla_minutes: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "base": self.base,
            "base_level": self.base_level.value,
            "signals": [
                {
                    "signal": f.reason.signal,
                    "points": f.points,
                    "floor": f.floor,
                    "evidence": f.reason.evidence,
                    "start": f.reason.start,
                    "end": f.reason.end,
                }
                for f in self.findings
            ],
            "promotion": self.promotion,
            "total": self.total,
            "ceiling": self.ceiling,
            "floor": self.floor,
            "score": self.score,
            "level": self.level.value,
            "sla_minutes": self.sla_minutes,
        }


@dataclass(frozen=True, slots=True)
class PriorityPolicy:
    """Turns the learnt level and the signals of a message into a level with its reasons."""

    policy: Policy

    def judge(
        self,
        case: Case,
        *,
        learnt: Prediction | None = None,
        evidence: Callable[[str], str | None] = lambda level: None,
    ) -> PriorityVerdict:
        """Return level, score, reasons (strongest first) and minutes to the first answer.

        Args:
            learnt: the priority head's prediction; without one the base is ``normal``.
            evidence: names the words that speak most for a learnt level; asked only when no
                signal gives a reason.
        """
        found = self.assess(case, learnt=learnt)
        reasons = tuple(finding.reason for finding in found.findings)
        if not reasons:
            words = evidence(found.base_level) or ""
            at = case.text.find(words) if words else -1
            start, end = (at, at + len(words)) if at >= 0 else (None, None)
            reasons = (Reason(f"{LEARNT}_{found.base_level}", words, start, end),)
        return PriorityVerdict(
            level=found.level, score=found.score, reasons=reasons, sla_minutes=found.sla_minutes
        )

    def assess(self, case: Case, *, learnt: Prediction | None = None) -> Assessment:
        """Return every step from the base to the level.

        Points are added to the base; the policy limits how far they lift a message without a
        floor. A floor lifts it always, and nothing lowers it below one.
        """
        promotion = self.policy.promotion_at(case.now)
        terms = promotion.terms if promotion else self.policy.terms
        base = self._base_score(learnt, terms)
        base_level = terms.level_of(base)
        findings = self._findings(case, terms)
        floors = [f.floor for f in findings if f.floor is not None]
        floor = max(floors, key=LEVELS.index, default=None)
        ceiling = terms.top_of(self.policy.learnt.highest_from(base_level))
        if floor is not None:
            ceiling = max(ceiling, terms.top_of(floor))
        total = base + sum(finding.points for finding in findings)
        score = max(terms.thresholds[floor or Priority.LOW], min(total, ceiling))
        level = terms.level_of(score)
        return Assessment(
            base=base,
            base_level=base_level,
            findings=findings,
            total=total,
            ceiling=ceiling,
            floor=floor,
            promotion=promotion.name if promotion else None,
            score=score,
            level=level,
            sla_minutes=terms.sla_minutes.get(level),
        )

    def _findings(self, case: Case, terms: Terms) -> tuple[Finding, ...]:
        policy = self.policy
        hits = {hit.name: hit for hit in find_signals(policy.signals, case.text)}
        reasons = {h.name: Reason(h.name, h.evidence, h.start, h.end) for h in hits.values()}
        for combination in policy.combinations:
            if all(name in hits for name in combination.all):
                shown = reasons[combination.all[0]]
                reasons[combination.name] = Reason(
                    combination.name, shown.evidence, shown.start, shown.end
                )
        weighed = [(terms.weights[name], reason) for name, reason in reasons.items()]
        weighed.extend(find_circumstances(case, policy, terms))
        found = [Finding(p, policy.floors.get(r.signal), r) for p, r in weighed]
        return tuple(sorted(found, key=_strength, reverse=True))

    def _base_score(self, learnt: Prediction | None, terms: Terms) -> int:
        """Place the learnt distribution on the scale of scores.

        The level is the highest that is reached: whose cumulative probability, that of it or any
        higher level, is at least the policy's ``reach`` (0.5 makes it the median, the best guess
        under absolute error for ordered classes). Inside its band the score rises with the
        cumulative probability of the next level. So it never falls when probability moves from a
        level to a higher one.
        """
        if learnt is None:
            return terms.thresholds[Priority.NORMAL]
        reach = self.policy.learnt.reach
        cumulative = _cumulative(learnt)
        level = max(
            (p for p in LEVELS if p is Priority.LOW or cumulative[p] >= reach[p]),
            key=LEVELS.index,
        )
        low, high = terms.thresholds[level], terms.top_of(level)
        if level is Priority.URGENT:
            part = (cumulative[level] - reach[level]) / (1 - reach[level])
        else:
            above = LEVELS[LEVELS.index(level) + 1]
            part = cumulative[above] / reach[above]
        return low + int((high - low) * max(0.0, min(part, 1.0)))


def load_policy(path: Path | None = None) -> PriorityPolicy:
    """Read a policy file; the shipped one by default.

    Raises:
        ConfigError: naming the file and each mistake with its line, key, value and remedy.
    """
    return PriorityPolicy(read_policy(path or DEFAULT_POLICY))


def _strength(finding: Finding) -> tuple[int, int]:
    floor = LEVELS.index(finding.floor) if finding.floor is not None else -1
    return floor, finding.points


def _cumulative(learnt: Prediction) -> Mapping[Priority, float]:
    """Return, for each level, the probability of it or any higher one."""
    total, cumulative = 0.0, {}
    for level in reversed(LEVELS):
        total += learnt.probability_of(level)
        cumulative[level] = total
    return cumulative
