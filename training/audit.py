"""Checks of a labelled file: labels that look wrong, twins that disagree, labels few or alike.

It reports and changes nothing; ``suspects`` hands the findings to a reviewer and ``corrections``
takes the answers back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.corpus import shares
from training.experts import FitOptions
from training.features import Stage, featurise
from training.fit import fit_head
from training.grouping import group_folds, near_groups
from triage.engine import CATEGORY, TASKS
from triage.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Corpus, Ticket
    from training.experts import Rows
    from triage.encoder import Encoder

FEW = 10  # a label with fewer tickets is hardly learnt, and hardly judged
OVERLAP = 0.25  # share of a label's tickets that read as one other label
MIN_CONFUSED = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What models that did not see a ticket say of its label.

    Attributes:
        suggested: the likeliest other label.
        given_probability: of the label that the ticket carries.
        quality: how well the label fits, from 0 to 1.
        doubtful: whether the label is likely wrong.
        rank: 1 for the most doubtful label of its task; doubtful ones come first.
    """

    ticket: Ticket
    given: str
    suggested: str
    given_probability: float
    suggested_probability: float
    quality: float
    doubtful: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two labels of which one is often read as the other: perhaps they are one.

    Attributes:
        first_as_second: share of the first label's tickets that models read as the second.
        second_as_first: the other way round.
        tickets: how many tickets were read so, both ways.
    """

    first: str
    second: str
    first_as_second: float
    second_as_first: float
    tickets: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Tickets with nearly the same text and different labels of a task."""

    task: str
    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class TaskAudit:
    """Everything found about the labels of one task.

    Attributes:
        labels: number of tickets by label, most frequent first.
        ranking: every labelled ticket, the most doubtful first.
        few: the labels with fewer than ``FEW`` tickets.
    """

    task: str
    labels: Mapping[str, int]
    ranking: tuple[Judgement, ...]
    few: Mapping[str, int]
    overlaps: tuple[Overlap, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def doubts(self) -> tuple[Judgement, ...]:
        """The tickets whose label is likely wrong."""
        return tuple(j for j in self.ranking if j.doubtful)


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings about a file.

    Attributes:
        group: the group of near-duplicates of each ticket, shape (n,).
        tasks: one audit for each task that was asked for and that the file carries.
        absent: tasks that were asked for and that no ticket carries.
    """

    group: NDArray[np.int64]
    tasks: tuple[TaskAudit, ...]
    absent: tuple[str, ...]

    @property
    def repeated(self) -> NDArray[np.int64]:
        """The sizes of the groups of two and more tickets."""
        sizes = np.bincount(self.group)
        return sizes[sizes > 1]


def audit_corpus(
    corpus: Corpus,
    encoder: Encoder,
    *,
    tasks: Sequence[str] = (CATEGORY,),
    options: FitOptions,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Audit:
    """Judge every label by models that saw neither its ticket nor a near-duplicate of it.

    Args:
        corpus: tickets, repeats included: they tell whether labellers agree.
        tasks: some of ``triage.engine.TASKS``.
        report: called as the work goes on.

    Raises:
        InputError: no ticket carries one of the tasks, all carry the same label, or nearly all
            texts are near-duplicates of one another.
    """
    carried = [task for task in tasks if corpus.with_label(task)]
    if not carried:
        have = [task for task in TASKS if corpus.with_label(task)]
        raise InputError(
            f"no ticket carries a {' or '.join(map(repr, tasks))}; the file has {have}, "
            "choose one with --task"
        )
    group = near_groups([t.text for t in corpus.tickets])
    rows = featurise(corpus.tickets, encoder, options=options, report=report).rows
    audits = tuple(
        _audit_task(task, corpus, rows, group=group, options=options, report=report)
        for task in carried
    )
    return Audit(group, audits, tuple(task for task in tasks if task not in carried))


def judge_labels(
    target: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how well each label fits, from 0 to 1, and whether it is likely wrong, each (n,).

    Confident learning (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068) in
    cleanlab: the quality is the out-of-fold probability of the given label. The confident joint,
    which counts tickets that are confidently of another label, estimates how many labels are
    wrong; that many of lowest quality are doubtful, unless the given label is the likeliest.

    Args:
        target: column of each given label; every column occurs.
        probabilities: out-of-fold, shape (n, labels).
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(target, probabilities, method="self_confidence")
    wrong = find_label_issues(target, probabilities, filter_by="low_self_confidence", n_jobs=1)
    return np.asarray(quality, dtype=np.float64), wrong & (probabilities.argmax(axis=1) != target)


def _audit_task(
    task: str,
    corpus: Corpus,
    rows: Rows,
    *,
    group: NDArray[np.int64],
    options: FitOptions,
    report: Callable[[Stage], None],
) -> TaskAudit:
    members = np.flatnonzero([t.labels[task] is not None for t in corpus.tickets])
    tickets = [corpus.tickets[i] for i in members]
    given = [str(t.labels[task]) for t in tickets]
    names, target = np.unique(given, return_inverse=True)
    fold = group_folds(group[members], target, count=options.folds, seed=options.seed)
    if len(names) > 1 and np.bincount(fold).max() == len(fold):
        raise InputError(
            f"all {len(fold)} tickets with a {task!r} are near-duplicates of one another; "
            "nothing is left to judge them by, add different ones"
        )
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        report(Stage(f"judging {task}", done, options.folds + 1))

    fitted = fit_head(rows.take(members), given, options=options, fold=fold, progress=advance)
    counts = shares(tickets, task)
    return TaskAudit(
        task=task,
        labels=counts,
        ranking=_ranking(tickets, names, target, fitted.probabilities),
        few={label: count for label, count in counts.items() if count < FEW},
        overlaps=_overlaps(names, target, fitted.probabilities),
        conflicts=_conflicts(task, tickets, group[members]),
    )


def _ranking(
    tickets: Sequence[Ticket],
    names: NDArray[np.str_],
    target: NDArray[np.int64],
    probabilities: NDArray[np.float32],
) -> tuple[Judgement, ...]:
    quality, doubtful = judge_labels(target, probabilities)
    rows = np.arange(len(target))
    others = probabilities.copy()
    others[rows, target] = -1
    best = others.argmax(axis=1)
    return tuple(
        Judgement(
            ticket=tickets[i],
            given=str(names[target[i]]),
            suggested=str(names[best[i]]),
            given_probability=float(probabilities[i, target[i]]),
            suggested_probability=float(probabilities[i, best[i]]),
            quality=float(quality[i]),
            doubtful=bool(doubtful[i]),
            rank=rank,
        )
        for rank, i in enumerate(np.lexsort((rows, quality, ~doubtful)), start=1)
    )


def _overlaps(
    names: NDArray[np.str_], target: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> tuple[Overlap, ...]:
    """Return pairs of labels of which one loses ``OVERLAP`` of its tickets to the other."""
    read = Counter(zip(target.tolist(), probabilities.argmax(axis=1).tolist(), strict=True))
    sizes = np.bincount(target)
    found = []
    for a, b in sorted({(min(pair), max(pair)) for pair in read if pair[0] != pair[1]}):
        there, back = read[a, b], read[b, a]
        lost = there / sizes[a], back / sizes[b]
        if there + back >= MIN_CONFUSED and max(lost) >= OVERLAP:
            pair = str(names[a]), str(names[b])
            found.append(Overlap(*pair, float(lost[0]), float(lost[1]), there + back))
    return tuple(sorted(found, key=lambda o: -max(o.first_as_second, o.second_as_first)))


def _conflicts(
    task: str, tickets: Sequence[Ticket], group: NDArray[np.int64]
) -> tuple[Conflict, ...]:
    twins: dict[int, list[Ticket]] = {}
    for number, ticket in zip(group.tolist(), tickets, strict=True):
        twins.setdefault(number, []).append(ticket)
    return tuple(
        Conflict(task, tuple(members))
        for members in twins.values()
        if len({t.labels[task] for t in members}) > 1
    )
