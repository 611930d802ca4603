"""Every head that the tickets' labels allow, with their out-of-fold answers.

It owns which tickets teach which task and the folds that keep near-duplicates together; how a head
is fitted is left to ``fit``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from training.experts import BINARY, FitOptions, Rows
from training.features import Featurised, Stage
from training.fit import FittedHead, fit_head, fit_hierarchy
from training.grouping import group_folds, near_groups
from training.judged import Judged
from training.novelty import fit_novelty
from training.tone import Heard, fit_tone, shown_by
from triage.classifier import Classifier
from triage.cue_file import read_cues
from triage.engine import CATEGORY, INTENT, SENTIMENT, TASKS
from triage.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket
    from triage.heads import Hierarchy
    from triage.sentiment import Weights


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the tickets taught.

    Attributes:
        judged: for each learnt task, its out-of-fold answers.
        familiarity: of each ticket among the others, shape (n,); 1 where it was not learnt.
        inherited: tasks whose heads come from the base.
        tone: the weights of cues beside the sentiment head; none where that was not learnt.
        probabilities: for each learnt task, those of its out-of-fold answers, (answers, labels).
    """

    classifier: Classifier
    judged: Mapping[str, Judged]
    familiarity: NDArray[np.float32]
    inherited: tuple[str, ...]
    tone: Weights
    probabilities: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def learn(
    tickets: Sequence[Ticket],
    known: Featurised,
    *,
    options: FitOptions,
    base: Classifier | None = None,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Learnt:
    """Fit a head for every task that carries at least two labels; take the others from ``base``.

    Raises:
        InputError: no task can be learnt, or one that cannot has no head in ``base``.
    """
    members = _members(tickets)
    inherited = tuple(task for task in TASKS if task not in members)
    _check(tickets, members, inherited, base)
    fitted = _fit_heads(tickets, known, members, options=options, report=report)
    judged = {
        task: _judged(fit.probabilities, fit.head.labels, tickets, task=task,
                      positions=members[task], rows=known.rows)
        for task, fit in fitted.items()
    }  # fmt: skip
    hierarchy = None
    if {CATEGORY, INTENT} <= set(fitted):
        hierarchy, judged[CATEGORY] = _pool(fitted, judged[CATEGORY], members, options=options)
    novelty, familiarity = None, np.ones(len(tickets), dtype=np.float32)
    finest = max(
        (task for task in (CATEGORY, INTENT) if task in fitted),
        key=lambda task: len(fitted[task].head.labels),
        default=None,
    )
    if finest is not None:
        unseen = known.apart.unseen() if known.apart is not None else known.rows
        part = unseen.take(members[finest])
        novelty, familiarity[members[finest]] = fit_novelty(finest, fitted[finest], part)
    classifier = Classifier(
        known.features,
        {task: fit.head for task, fit in fitted.items()},
        hierarchy=hierarchy,
        landmarks=known.landmarks,
        novelty=novelty,
        base=base.only(inherited) if base is not None and inherited else None,
    )
    tone = _tone(fitted[SENTIMENT], tickets, judged[SENTIMENT]) if SENTIMENT in fitted else {}
    probabilities = {task: fit.probabilities for task, fit in fitted.items()}
    return Learnt(classifier, judged, familiarity, inherited, tone, probabilities)


def _members(tickets: Sequence[Ticket]) -> dict[str, NDArray[np.int64]]:
    """Return the positions of labelled tickets for each task that has labels to tell apart."""
    found = {}
    for task in TASKS:
        labels = [t.labels[task] for t in tickets]
        if len(set(labels) - {None}) >= BINARY:
            found[task] = np.flatnonzero([label is not None for label in labels])
    return found


def _check(
    tickets: Sequence[Ticket],
    members: Mapping[str, object],
    inherited: Sequence[str],
    base: Classifier | None,
) -> None:
    if not members:
        only = {task: {t.labels[task] for t in tickets} - {None} for task in TASKS}
        seen = ", ".join(f"{task} {sorted(map(str, values))}" for task, values in only.items()
                         if values)  # fmt: skip
        raise InputError(
            f"no task has two different labels (found {seen or 'no label'}); "
            "training needs at least two of a kind"
        )
    lacking = [task for task in inherited if base is None or not base.knows(task)]
    if lacking:
        raise InputError(
            f"no ticket carries two different labels of {', '.join(lacking)}, and there is no "
            "model to take them from; label some tickets, or name one with --base"
        )


def _fit_heads(
    tickets: Sequence[Ticket],
    known: Featurised,
    members: Mapping[str, NDArray[np.int64]],
    *,
    options: FitOptions,
    report: Callable[[Stage], None],
) -> dict[str, FittedHead]:
    groups = near_groups([t.normalised for t in tickets], seed=options.seed)
    folds = options.folds if known.apart is None else len(known.apart.views)
    total = (folds + 1) * len(members)
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        report(Stage("fitting heads", done, total))

    fitted = {}
    for task, positions in members.items():
        labels = [str(tickets[i].labels[task]) for i in positions]
        target = np.unique(labels, return_inverse=True)[1]
        fold = group_folds(groups[positions], target, count=options.folds, seed=options.seed)
        fitted[task] = fit_head(
            known.rows.take(positions),
            labels,
            options=options,
            fold=fold,
            apart=known.apart.take(positions) if known.apart is not None else None,
            progress=advance,
        )
    return fitted


def _judged(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], tickets: Sequence[Ticket], *,
    task: str, positions: NDArray[np.int64], rows: Rows,
) -> Judged:  # fmt: skip
    number = {label: i for i, label in enumerate(labels)}
    true = np.array([number.get(str(tickets[i].labels[task]), -1) for i in positions])
    return Judged(
        positions,
        labels,
        true,
        probabilities.argmax(axis=1),
        probabilities.max(axis=1),
        rows.languages[positions],
    )


def _tone(fit: FittedHead, tickets: Sequence[Ticket], judged: Judged) -> Weights:
    cues = read_cues()
    heard = Heard(
        labels=fit.head.labels,
        probabilities=fit.probabilities,
        shown=shown_by(cues, [tickets[i].text for i in judged.positions]),
        target=judged.true,
    )
    return fit_tone(heard, cues)


def _pool(
    fitted: Mapping[str, FittedHead],
    category: Judged,
    members: Mapping[str, NDArray[np.int64]],
    *,
    options: FitOptions,
) -> tuple[Hierarchy, Judged]:
    """Let category listen to intent where a ticket carries both."""
    _, first, second = np.intersect1d(members[CATEGORY], members[INTENT], return_indices=True)
    hierarchy, pooled = fit_hierarchy(
        fitted[CATEGORY].take(first),
        fitted[INTENT].take(second),
        category.true[first],
        languages=category.languages[first],
        options=options,
    )
    predicted, confidence = category.predicted.copy(), category.confidence.copy()
    predicted[first], confidence[first] = pooled.argmax(axis=1), pooled.max(axis=1)
    judged = Judged(category.positions, category.labels, category.true, predicted, confidence,
                    category.languages)  # fmt: skip
    return hierarchy, judged
