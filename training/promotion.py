"""Whether a model may replace the one in service: both on the same tickets, with a verdict.

It decides from what contenders answer; asking them is left to ``contender``, switching to the
registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training.contender import Answers, Contender, judge
from training.corpus import Ticket, shares
from training.features import Stage
from training.metrics import Estimate
from training.significance import holm, mcnemar, paired_difference
from triage.engine import CATEGORY, TASKS
from triage.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.05
MIN_TICKETS = 10  # of a label, below which its recall is shown but not tested
MIN_SHARE = 0.01  # of the tickets, from which a label must not be missing
FEW = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOutcome:
    """One label's recall before (current) and after (candidate).

    Attributes:
        p: that so much is lost by luck, one-sided, adjusted for the task's labels; ``None`` for a
            label with too few tickets for a test.
    """

    label: str
    tickets: int
    before: float
    after: float
    p: float | None

    @property
    def worse(self) -> bool:
        """Whether the loss is more than luck."""
        return self.p is not None and self.p < LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """One task's accuracy before (current) and after (candidate), on the same tickets.

    Attributes:
        gained: tickets that only the candidate has right.
        lost: tickets that only the current model has right.
        p: of McNemar's exact test, two-sided.
        labels: in the order of their frequency.
    """

    tickets: int
    before: float
    after: float
    difference: Estimate
    gained: int
    lost: int
    p: float
    labels: tuple[LabelOutcome, ...]

    @property
    def worse(self) -> bool:
        """Whether the candidate is significantly worse."""
        return self.p < LEVEL and self.lost > self.gained

    @property
    def better(self) -> bool:
        """Whether the candidate is significantly better."""
        return self.p < LEVEL and self.gained > self.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on the same tickets.

    Attributes:
        refusals: why the candidate should not be promoted, a sentence each; empty if it may.
        warnings: what to know before trusting the verdict.
    """

    candidate: str
    current: str
    tasks: Mapping[str, TaskOutcome]
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the candidate."""
        return not self.refusals

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values."""
        return {"passed": self.passed, **asdict(self)}

    def summary(self) -> dict[str, Any]:
        """Return the figures that a record of the decision needs; labels only where worse."""
        figures = self.to_dict()
        for task, outcome in self.tasks.items():
            figures["tasks"][task]["labels"] = [asdict(x) for x in outcome.labels if x.worse]
        return figures


def compare(
    candidate: Contender,
    current: Contender,
    tickets: Sequence[Ticket],
    *,
    seed: int = 13,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Comparison:
    """Compare two models on labelled tickets and judge whether the candidate may be promoted.

    It is refused when it is significantly worse on category, or on a label of any task, or when it
    lacks a label that is not rare. Every ticket counts with an answer that was made without it.

    Args:
        seed: of the bootstrap.

    Raises:
        InputError: no ticket allows a comparison of categories.
    """
    before = judge(current, tickets, tasks=TASKS, report=report)
    after = judge(candidate, tickets, tasks=TASKS, report=report)
    tasks = dict(_outcomes(tickets, before, after, seed=seed))
    if CATEGORY not in tasks:
        raise InputError(
            f"no ticket lets {candidate.version!r} and {current.version!r} be compared on "
            "category; give tickets with a 'category' that they were not trained on"
        )
    comparison = Comparison(candidate=candidate.version, current=current.version, tasks=tasks)
    return replace(
        comparison,
        refusals=tuple(_refusals(comparison, candidate, tickets)),
        warnings=(
            *_doubts(comparison.tasks[CATEGORY], candidate, current),
            *_origins(tickets, candidate, current),
            *_gaps(tickets, before, after),
        ),
    )


def _outcomes(
    tickets: Sequence[Ticket], before: Sequence[Answers], after: Sequence[Answers], *, seed: int
) -> Iterator[tuple[str, TaskOutcome]]:
    """Yield each task with its outcome on the tickets that both have answered."""
    for task in TASKS:
        rows = [i for i in _labelled(tickets, task) if task in before[i] and task in after[i]]
        if rows:
            true = np.array([tickets[i].labels[task] for i in rows])
            right = [np.array([a[i][task] for i in rows]) == true for a in (before, after)]
            yield task, outcome_of(true, *right, seed=seed)


def outcome_of(
    true: NDArray[np.str_], before: NDArray[np.bool_], after: NDArray[np.bool_], *, seed: int = 13
) -> TaskOutcome:
    """Return a task's outcome from the labels and which answers were right; shapes (n,), n > 0."""
    gained, lost = _discordant(before, after)
    return TaskOutcome(
        tickets=len(true),
        before=float(before.mean()),
        after=float(after.mean()),
        difference=paired_difference(gained, lost, len(true), seed=seed),
        gained=gained,
        lost=lost,
        p=mcnemar(gained, lost),
        labels=_label_outcomes(true, before, after),
    )


def _label_outcomes(
    true: NDArray[np.str_], before: NDArray[np.bool_], after: NDArray[np.bool_]
) -> tuple[LabelOutcome, ...]:
    names, counts = np.unique(true, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    members = {str(names[i]): true == names[i] for i in order}
    tested = [name for name, rows in members.items() if rows.sum() >= MIN_TICKETS]
    p_values = [
        mcnemar(*_discordant(before[members[name]], after[members[name]]), alternative="greater")
        for name in tested
    ]
    adjusted = dict(zip(tested, holm(p_values), strict=True))
    return tuple(
        LabelOutcome(
            label=name,
            tickets=int(rows.sum()),
            before=float(before[rows].mean()),
            after=float(after[rows].mean()),
            p=adjusted.get(name),
        )
        for name, rows in members.items()
    )


def _refusals(
    comparison: Comparison, candidate: Contender, tickets: Sequence[Ticket]
) -> Iterator[str]:
    category = comparison.tasks[CATEGORY]
    if category.worse:
        yield (
            f"{comparison.candidate} is significantly worse on category: {category.after:.1%} "
            f"right where {comparison.current} has {category.before:.1%} (p = {category.p:.2g})."
        )
    for task, outcome in comparison.tasks.items():
        for found in outcome.labels:
            if found.worse:
                yield (
                    f"It finds {found.after:.1%} of the {task} {found.label!r} where "
                    f"{comparison.current} finds {found.before:.1%} ({found.tickets} tickets, "
                    f"p = {found.p:.2g})."
                )
    for task in TASKS:
        counts = shares(tickets, task)
        for label, count in counts.items():
            if label not in candidate.labels.get(task, ()) and count >= MIN_SHARE * sum(
                counts.values()
            ):
                yield (
                    f"It does not know the {task} {label!r}, which {count} of "
                    f"{sum(counts.values())} tickets carry."
                )


def _doubts(category: TaskOutcome, candidate: Contender, current: Contender) -> Iterator[str]:
    if not category.better and not category.worse:
        yield (
            f"{candidate.version} is not significantly better on category: "
            f"{100 * category.difference.value:+.1f} points, p = {category.p:.2g}."
        )
    if category.tickets < FEW:
        yield f"Only {category.tickets} tickets could be compared; a loss may stay unseen."
    for contender in (candidate, current):
        if contender.evidence is None:
            yield (
                f"{contender.version} carries no out-of-fold predictions, so tickets that it was "
                "trained on flatter it; train it again to be fair."
            )


def _origins(tickets: Sequence[Ticket], candidate: Contender, current: Contender) -> Iterator[str]:
    """Warn where the tickets are those that one of the two alone has learnt its trade from."""
    both = ((candidate, current), (current, candidate))
    for one, other in both:
        only = sum(one.knows(t) and not other.knows(t) for t in tickets)
        if other.evidence is not None and 2 * only > len(tickets):
            yield (
                f"{only} of {len(tickets)} tickets are training data of {one.version} alone, so "
                "they resemble what it has learnt; compare on newer tickets with --on."
            )


def _gaps(
    tickets: Sequence[Ticket], before: Sequence[Answers], after: Sequence[Answers]
) -> Iterator[str]:
    rows = _labelled(tickets, CATEGORY)
    missing = sum(CATEGORY not in before[i] or CATEGORY not in after[i] for i in rows)
    if missing:
        yield (
            f"{missing} of {len(rows)} tickets were left out: a model was trained on them and "
            "made no out-of-fold prediction of their category."
        )


def _labelled(tickets: Sequence[Ticket], task: str) -> list[int]:
    return [i for i, ticket in enumerate(tickets) if ticket.labels[task] is not None]


def _discordant(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many answers were gained and how many were lost."""
    return int((after & ~before).sum()), int((before & ~after).sum())
