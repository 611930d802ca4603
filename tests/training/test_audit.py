from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import FakeEncoder, ticket_rows, write_rows
from hypothesis import given
from hypothesis import strategies as st

from training.audit import _overlaps, audit_corpus, judge_labels
from training.corpus import Corpus, read_corpus
from training.experts import FitOptions
from triage.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from training.features import Stage

OPTIONS = FitOptions(folds=3, seed=7, jobs=1)
WORDS = {
    "account": "login password code account locked email profile signin blocked reset phone verify",
    "payment": "refund money card charged bank paid twice invoice price fee balance overdue",
    "shipping": "parcel late delivery courier tracking depot address driver arrive box lost stuck",
}
NAMES = np.array(["a", "b", "c"])


def audited(tmp_path: Path, rows: list[dict[str, str]], *tasks: str):
    path = write_rows(tmp_path / "t.jsonl", rows)
    corpus = read_corpus(path, keep_repeats=True)
    return audit_corpus(corpus, FakeEncoder(), tasks=tasks or ("category",), options=OPTIONS)


def worded(count: int = 20) -> list[dict[str, str]]:
    """Return rows whose words tell their category, no two nearly alike."""
    rng = np.random.default_rng(2)
    return [
        {"id": f"w-{n}", "text": " ".join(rng.permutation(WORDS[label].split())[:6]),
         "category": label}
        for n, label in enumerate(sorted(WORDS) * count)
    ]  # fmt: skip


def probabilities_of(right: list[int], sure: float = 0.8) -> np.ndarray:
    chances = np.full((len(right), 3), (1 - sure) / 2, dtype=np.float32)
    chances[np.arange(len(right)), right] = sure
    return chances


def test_a_label_that_models_are_sure_against_is_doubtful():
    right = [0] * 10 + [1] * 10 + [2] * 10
    target = np.array(right)
    target[[3, 14]] = [2, 0]
    quality, doubtful = judge_labels(target, probabilities_of(right))
    assert np.flatnonzero(doubtful).tolist() == [3, 14]
    assert quality[3] == pytest.approx(0.1)
    assert quality[0] == pytest.approx(0.8)


def test_labels_that_models_agree_with_are_never_doubtful():
    right = [0, 1, 2] * 8
    _, doubtful = judge_labels(np.array(right), probabilities_of(right))
    assert not doubtful.any()


@given(st.integers(0, 2**32 - 1))
def test_qualities_lie_between_0_and_1_and_doubts_never_fall_on_the_likeliest_label(seed: int):
    rng = np.random.default_rng(seed)
    target = np.concatenate([np.arange(3), rng.integers(0, 3, size=20)])
    chances = rng.dirichlet([0.5] * 3, size=23).astype(np.float32)
    quality, doubtful = judge_labels(target, chances)
    assert ((quality >= 0) & (quality <= 1)).all()
    assert (chances.argmax(axis=1) != target)[doubtful].all()


def test_flipped_labels_come_first_with_the_right_suggestion(tmp_path: Path):
    rows = worded(40)
    flips = {3: "payment", 25: "account", 50: "payment"}
    true = {i: rows[i]["category"] for i in flips}
    for i, wrong in flips.items():
        rows[i] |= {"category": wrong}
    (part,) = audited(tmp_path, rows).tasks
    assert [j.rank for j in part.ranking] == list(range(1, 121))
    first = {j.ticket.line - 1: j for j in part.ranking[:3]}
    assert set(first) == set(flips)
    for i, wrong in flips.items():
        assert (first[i].given, first[i].suggested) == (wrong, true[i])
        assert first[i].given_probability < first[i].suggested_probability
    assert part.doubts
    assert {j.ticket.line - 1 for j in part.doubts} <= set(flips)
    scores = [j.quality for j in part.ranking[:3]]
    assert scores == sorted(scores)


def test_twins_with_the_same_wrong_label_do_not_vouch_for_each_other(tmp_path: Path):
    rows = worded()
    assert rows[1]["category"] == "payment"
    copies = [rows[1] | {"id": f"twin-{n}", "category": "account"} for n in range(4)]
    (part,) = audited(tmp_path, [*rows[:1], *rows[2:], *copies]).tasks
    assert {j.ticket.id for j in part.doubts} == {c["id"] for c in copies}


def test_twins_that_disagree_are_a_conflict_and_others_are_not(tmp_path: Path):
    rows = ticket_rows()
    wrong = rows[0] | {
        "id": "x",
        "category": "payment",
        "intent": "",
        "text": rows[0]["text"] + "!",
    }
    same = rows[30] | {"id": "y"}
    found = audited(tmp_path, [*rows, wrong, same])
    (part,) = found.tasks
    (conflict,) = part.conflicts
    assert [t.id for t in conflict.tickets] == ["t-1", "x"]
    assert [t.line for t in conflict.tickets] == [1, 61]
    assert found.repeated.tolist() == [2, 2]


def test_every_task_is_judged_that_the_file_carries_and_the_rest_named(tmp_path: Path):
    rows = [{k: v for k, v in row.items() if k != "sentiment"} for row in ticket_rows()]
    found = audited(tmp_path, rows, "category", "priority", "sentiment")
    assert [part.task for part in found.tasks] == ["category", "priority"]
    assert found.absent == ("sentiment",)
    assert found.tasks[1].few == {"low": 7}
    assert found.tasks[1].labels == {"normal": 25, "high": 18, "urgent": 10, "low": 7}


def test_a_ticket_without_the_label_is_left_out_of_the_ranking(tmp_path: Path):
    rows = ticket_rows()
    rows[7] |= {"category": "", "intent": ""}
    (part,) = audited(tmp_path, rows).tasks
    assert len(part.ranking) == 59
    assert "t-8" not in {j.ticket.id for j in part.ranking}


def test_a_label_that_reads_as_another_is_told_with_both_shares():
    target = np.array([0] * 10 + [1] * 20 + [2] * 10)
    read = np.array([1] * 4 + [0] * 6 + [1] * 18 + [0] * 2 + [2] * 10)
    (overlap,) = _overlaps(NAMES, target, probabilities_of(list(read)))
    assert (overlap.first, overlap.second, overlap.tickets) == ("a", "b", 6)
    assert (overlap.first_as_second, overlap.second_as_first) == (0.4, 0.1)


def test_two_confused_tickets_are_no_overlap():
    target = np.array([0] * 4 + [1] * 20 + [2] * 10)
    read = np.array([1] * 2 + [0] * 2 + [1] * 20 + [2] * 10)
    assert _overlaps(NAMES, target, probabilities_of(list(read))) == ()


def test_progress_is_told_for_encoding_and_for_each_task(corpus: Corpus):
    stages: list[Stage] = []
    tasks = ("category", "sentiment")
    audit_corpus(corpus, FakeEncoder(), tasks=tasks, options=OPTIONS, report=stages.append)
    names = {s.name for s in stages}
    assert names == {"encoding tickets", "judging category", "judging sentiment"}
    last = {s.name: s for s in stages}
    assert all(s.done == s.total for s in last.values())


def test_a_file_without_the_label_is_refused_with_those_that_it_has(corpus: Corpus):
    bare = tuple(replace(t, labels={**t.labels, "category": None}) for t in corpus.tickets)
    with pytest.raises(InputError, match=r"'category'.*\['intent', 'priority', 'sentiment'\]"):
        audit_corpus(Corpus(bare, (), 0), FakeEncoder(), options=OPTIONS)


def test_tickets_that_are_all_twins_are_refused(tmp_path: Path):
    rows = [
        {"text": "where is my parcel" + "!" * (n % 2), "category": "ab"[n % 2]} for n in range(9)
    ]
    with pytest.raises(InputError, match="all 9 tickets"):
        audited(tmp_path, rows)
