from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.contender import STEP, Contender, judge, load_contender
from training.corpus import Ticket
from training.promotion import FEW, Comparison, compare, outcome_of
from triage.engine import CATEGORY, PRIORITY
from triage.errors import BundleError, InputError
from triage.evidence import NONE, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from triage.evidence import Evidence

LABELS = ("account", "logistics", "payment")
Rule = Callable[[Ticket], str]


def tickets_of(counts: Mapping[str, int], **labels: str | None) -> list[Ticket]:
    """Return tickets by category; the number inside a text tells them apart."""
    tasks = dict.fromkeys(("intent", "priority", "sentiment"), None)
    return [
        Ticket(f"{c}-{i}", f"{c} {i}", f"{c} {i}", {**tasks, "category": c, **labels})
        for c, count in counts.items()
        for i in range(count)
    ]


def contender(
    version: str,
    rule: Rule,
    *,
    evidence: Evidence | None = None,
    labels: Sequence[str] = LABELS,
) -> Contender:
    def answer(tickets: Sequence[Ticket]) -> list[dict[str, str]]:
        return [{CATEGORY: rule(t), PRIORITY: "low"} for t in tickets]

    return Contender(
        version=version,
        labels={CATEGORY: labels, PRIORITY: ["low", "normal"]},
        evidence=evidence,
        answer=answer,
    )


def knowing(tickets: Sequence[Ticket], *, right: bool = True, made: bool = True) -> Evidence:
    """Return evidence of a model that was trained on ``tickets``."""
    categories = [LABELS.index(str(t.labels[CATEGORY])) for t in tickets]
    shift = 0 if right else 1
    found = [(c + shift) % len(LABELS) if made else NONE for c in categories]
    return evidence_of(
        [t.normalised for t in tickets],
        predictions={CATEGORY: np.array(found)},
        confidences={CATEGORY: np.ones(len(found))},
        labels={CATEGORY: LABELS},
    )


def truth(ticket: Ticket) -> str:
    return str(ticket.labels[CATEGORY])


def wrong_for(*ids: str) -> Rule:
    return lambda t: "elsewhere" if t.id in ids else truth(t)


def first(label: str, count: int) -> list[str]:
    return [f"{label}-{i}" for i in range(count)]


EVEN = {"account": 50, "logistics": 50, "payment": 50}


def test_a_candidate_that_is_significantly_better_passes_without_a_doubt_about_it():
    tickets = tickets_of(EVEN)
    old = contender("old", wrong_for(*first("account", 6)), evidence=knowing([]))
    found = compare(contender("new", truth, evidence=knowing([])), old, tickets)
    category = found.tasks[CATEGORY]
    assert (category.gained, category.lost, category.tickets) == (6, 0, 150)
    assert category.p == pytest.approx(2 / 64)
    assert category.difference.value == pytest.approx(0.04)
    assert found.passed
    assert found.warnings == ()


def test_a_candidate_that_is_significantly_worse_is_refused_with_the_figures():
    spread = first("account", 2) + first("logistics", 2) + first("payment", 2)
    found = compare(contender("new", wrong_for(*spread)), contender("old", truth), tickets_of(EVEN))
    assert not found.passed
    (reason,) = found.refusals
    assert reason == (
        "new is significantly worse on category: 96.0% right where old has 100.0% (p = 0.031)."
    )


def test_a_small_loss_is_a_warning_not_a_refusal():
    new = contender("new", wrong_for(*first("account", 3)), evidence=knowing([]))
    found = compare(new, contender("old", truth, evidence=knowing([])), tickets_of(EVEN))
    assert found.passed
    assert found.warnings == (
        "new is not significantly better on category: -2.0 points, p = 0.25.",
    )


def test_a_label_that_got_worse_is_refused_although_the_whole_did_not():
    old = contender("old", wrong_for(*first("payment", 20)))
    new = contender("new", wrong_for(*first("account", 12)))
    found = compare(new, old, tickets_of(EVEN))
    assert found.tasks[CATEGORY].difference.value > 0
    worse = [x for x in found.tasks[CATEGORY].labels if x.worse]
    assert [(x.label, x.tickets, x.before, x.after) for x in worse] == [
        ("account", 50, 1.0, 38 / 50)
    ]
    assert worse[0].p == pytest.approx(3 / 2**12)  # three labels were tested
    assert [r.partition(" where")[0] for r in found.refusals] == [
        "It finds 76.0% of the category 'account'"
    ]


@pytest.mark.parametrize(("count", "refused"), [(9, False), (10, True)])
def test_a_label_is_tested_from_ten_tickets_on(count: int, refused: bool):  # noqa: FBT001
    tickets = tickets_of({"account": count, "logistics": 500})
    old = contender("old", wrong_for(*first("logistics", 40)))
    found = compare(contender("new", wrong_for(*first("account", count))), old, tickets)
    assert found.passed != refused
    smallest = found.tasks[CATEGORY].labels[-1]
    assert (smallest.label, smallest.p is None) == ("account", not refused)


@pytest.mark.parametrize(("count", "refused"), [(1, False), (2, True)])
def test_a_candidate_may_lack_only_rare_labels(count: int, refused: bool):  # noqa: FBT001
    tickets = tickets_of({"account": 198 - count, "logistics": 1, "payment": count})
    new = contender("new", truth, labels=("account", "logistics"))
    found = compare(new, contender("old", truth), tickets)
    assert found.passed != refused
    if refused:
        assert found.refusals == (
            "It does not know the category 'payment', which 2 of 199 tickets carry.",
        )


def test_a_loss_on_another_task_is_refused_by_its_label():
    tickets = tickets_of(EVEN, priority="normal")
    old = contender("old", truth)
    old = Contender(
        version="old",
        labels=old.labels,
        evidence=None,
        answer=lambda part: [{CATEGORY: truth(t), PRIORITY: "normal"} for t in part],
    )
    found = compare(contender("new", truth), old, tickets)
    assert [r[:40] for r in found.refusals] == ["It finds 0.0% of the priority 'normal' w"]
    assert "intent" not in found.tasks


def test_a_ticket_of_the_training_is_judged_out_of_fold_and_others_by_the_model():
    tickets = tickets_of(EVEN)
    asked: list[str] = []

    def remember(ticket: Ticket) -> str:
        asked.append(ticket.id)
        return truth(ticket)

    new = contender("new", remember, evidence=knowing(tickets[:100], right=False))
    answers = judge(new, tickets, tasks=(CATEGORY,))
    assert asked == [t.id for t in tickets[100:]]
    right = [a[CATEGORY] == truth(t) for a, t in zip(answers, tickets, strict=True)]
    assert right == [False] * 100 + [True] * 50


def test_progress_is_told_up_to_the_last_ticket():
    tickets = tickets_of({"account": STEP + 5})
    stages: list[tuple[int, int]] = []
    judge(
        contender("new", truth),
        tickets,
        tasks=(CATEGORY,),
        report=lambda stage: stages.append((stage.done, stage.total)),
    )
    assert stages == [(STEP, STEP + 5), (STEP + 5, STEP + 5)]


def test_tickets_that_no_fold_answered_are_left_out_with_a_warning():
    tickets = tickets_of(EVEN)
    new = contender("new", truth, evidence=knowing(tickets[:30], made=False))
    found = compare(new, contender("old", truth, evidence=knowing([])), tickets)
    assert found.tasks[CATEGORY].tickets == 120
    assert any(w.startswith("30 of 150 tickets were left out") for w in found.warnings)


def test_without_a_comparable_ticket_nothing_is_decided():
    tickets = tickets_of({"account": 20})
    new = contender("new", truth, evidence=knowing(tickets, made=False))
    with pytest.raises(InputError, match=r"'new' and 'old'.*give tickets"):
        compare(new, contender("old", truth), tickets)


@pytest.mark.parametrize(("count", "few"), [(FEW - 1, True), (FEW, False)])
def test_few_tickets_are_a_warning(count: int, few: bool):  # noqa: FBT001
    found = compare(contender("n", truth), contender("o", truth), tickets_of({"account": count}))
    assert any(w.startswith(f"Only {count} tickets") for w in found.warnings) == few


def test_tickets_of_one_training_only_are_a_warning():
    tickets = tickets_of(EVEN)
    both, most = knowing(tickets[:70]), knowing(tickets[:146])

    def told(new: Evidence, old: Evidence) -> list[str]:
        one, other = contender("new", truth, evidence=new), contender("old", truth, evidence=old)
        found: Comparison = compare(one, other, tickets)
        return [w.partition(",")[0] for w in found.warnings if "training data of" in w]

    assert told(most, both) == ["76 of 150 tickets are training data of new alone"]
    assert told(both, most) == ["76 of 150 tickets are training data of old alone"]
    assert told(most, most) == told(both, both) == []


def test_a_model_without_evidence_is_named():
    found = compare(contender("new", truth), contender("old", truth), tickets_of(EVEN))
    named = [w.partition(" ")[0] for w in found.warnings if "out-of-fold" in w]
    assert named == ["new", "old"]


def test_a_summary_keeps_only_labels_that_got_worse_and_is_plain():
    old = contender("old", wrong_for(*first("payment", 20)))
    found = compare(
        contender("new", wrong_for(*first("account", 12))), old, tickets_of(EVEN, priority="low")
    )
    summary = json.loads(json.dumps(found.summary()))
    assert [x["label"] for x in summary["tasks"][CATEGORY]["labels"]] == ["account"]
    assert summary["tasks"][PRIORITY]["labels"] == []
    assert len(found.to_dict()["tasks"][CATEGORY]["labels"]) == 3
    assert summary["passed"] is False


def test_an_outcome_of_known_answers_is_known():
    true = np.array(["a"] * 3 + ["b"])
    before, after = np.array([True, True, False, False]), np.array([True, False, True, True])
    found = outcome_of(true, before, after)
    assert (found.before, found.after, found.gained, found.lost) == (0.5, 0.75, 2, 1)
    assert found.p == 1.0
    assert not found.worse
    assert not found.better
    assert [(x.label, x.tickets, x.p) for x in found.labels] == [("a", 3, None), ("b", 1, None)]
    assert found.labels[0].after == pytest.approx(2 / 3)


def test_a_bundle_for_another_encoder_does_not_answer(bundle_folder: Path):
    loaded = load_contender(bundle_folder, threads=1)
    assert loaded.version == "tiny-1"
    with pytest.raises(BundleError, match=r"'tiny-1' was trained on the encoder 'fake@1'"):
        loaded.answer(tickets_of({"account": 1}))
