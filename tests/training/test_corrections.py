from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from fakes import ticket_rows, write_rows

from training.corpus import Corpus, read_corpus
from training.corrections import apply_corrections, holds_corrections
from training.suspects import Suspect, write_suspects
from triage.errors import RecordError

if TYPE_CHECKING:
    from pathlib import Path


def review(tmp_path: Path, *rows: dict[str, str]) -> Path:
    path = tmp_path / "r.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def labels_of(corpus: Corpus, name: str) -> dict[str, str | None]:
    return dict(next(t for t in corpus.tickets if t.id == name).labels)


def test_a_filled_row_replaces_the_label_and_an_empty_one_does_nothing(
    corpus: Corpus, tmp_path: Path
):
    path = review(
        tmp_path,
        {"id": "t-1", "task": "sentiment", "corrected": "positive"},
        {"id": "t-2", "task": "sentiment", "corrected": " "},
    )
    after = apply_corrections(corpus, path)
    assert labels_of(after, "t-1")["sentiment"] == "positive"
    assert labels_of(after, "t-2") == labels_of(corpus, "t-2")
    assert after.tickets[1:] == corpus.tickets[1:]
    assert after.rejects == ()


def test_drop_leaves_the_ticket_out(corpus: Corpus, tmp_path: Path):
    path = review(tmp_path, {"id": "t-3", "corrected": "Drop"})
    after = apply_corrections(corpus, path)
    assert [t.id for t in corpus.tickets if t not in after.tickets] == ["t-3"]


def test_a_corrected_intent_takes_its_category_along(corpus: Corpus, tmp_path: Path):
    path = review(tmp_path, {"id": "t-1", "task": "intent", "corrected": "payment/refund"})
    labels = labels_of(apply_corrections(corpus, path), "t-1")
    assert (labels["category"], labels["intent"]) == ("payment", "payment/refund")


def test_a_corrected_category_clears_an_intent_of_another(corpus: Corpus, tmp_path: Path):
    path = review(tmp_path, {"id": "t-1", "task": "category", "corrected": "payment"})
    labels = labels_of(apply_corrections(corpus, path), "t-1")
    assert (labels["category"], labels["intent"]) == ("payment", None)


def test_category_and_intent_may_be_corrected_together(corpus: Corpus, tmp_path: Path):
    rows = [
        {"id": "t-1", "task": "category", "corrected": "payment"},
        {"id": "t-1", "task": "intent", "corrected": "payment/refund"},
    ]
    for order in (rows, rows[::-1]):
        after = apply_corrections(corpus, review(tmp_path, *order))
        assert after.rejects == ()
        labels = labels_of(after, "t-1")
        assert (labels["category"], labels["intent"]) == ("payment", "payment/refund")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "t-99", "corrected": "payment"}, "no ticket has the id 't-99'"),
        ({"id": "", "line": "99", "corrected": "payment"}, "no ticket stands on line '99'"),
        ({"id": "", "line": "x", "corrected": "payment"}, "no ticket stands on line 'x'"),
        ({"id": "t-1", "corrected": "paymant"}, "no ticket has the category 'paymant'"),
        ({"id": "t-1", "task": "priority", "corrected": "asap"}, "the priority 'asap'"),
        ({"id": "t-1", "task": "mood", "corrected": "payment"}, "task is 'mood'; use one of"),
        ({"id": "t-1", "given": "account", "corrected": "payment"}, "has the category 'logistics'"),
        ({"id": "t-1", "text": "other words", "corrected": "payment"}, "has another text now"),
    ],
)
def test_a_row_that_does_not_fit_is_rejected_with_line_and_reason(
    corpus: Corpus, tmp_path: Path, row: dict[str, str], reason: str
):
    good = {"id": "t-2", "corrected": "payment"}
    after = apply_corrections(corpus, review(tmp_path, good, row))
    (reject,) = after.rejects
    assert reject.line == 3
    assert reject.reason.startswith("r.csv: ")
    assert reason in reject.reason
    assert labels_of(after, "t-2")["category"] == "payment"
    assert labels_of(after, "t-1") == labels_of(corpus, "t-1")


def test_two_answers_to_one_question_are_rejected_from_the_second_on(
    corpus: Corpus, tmp_path: Path
):
    rows = [{"id": "t-1", "corrected": label} for label in ("payment", "account")]
    after = apply_corrections(corpus, review(tmp_path, *rows))
    assert labels_of(after, "t-1")["category"] == "payment"
    assert "earlier row" in after.rejects[0].reason


def test_a_category_and_an_intent_that_contradict_each_other_are_told(
    corpus: Corpus, tmp_path: Path
):
    after = apply_corrections(
        corpus,
        review(
            tmp_path,
            {"id": "t-1", "task": "category", "corrected": "account"},
            {"id": "t-1", "task": "intent", "corrected": "payment/refund"},
        ),
    )
    assert "does not lie under" in after.rejects[0].reason
    assert labels_of(after, "t-1")["category"] == "account"
    assert labels_of(after, "t-1")["intent"] is None


def test_a_ticket_without_id_is_found_by_its_line(tmp_path: Path):
    rows = [{k: v for k, v in row.items() if k != "id"} for row in ticket_rows()]
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", rows))
    after = apply_corrections(
        corpus,
        review(
            tmp_path,
            {"id": "", "line": "4", "corrected": "payment"},
            {"id": "line-5", "line": "5", "corrected": "payment"},
        ),
    )
    assert after.rejects == ()
    changed = [t.line for t in after.tickets if t not in corpus.tickets]
    assert changed == [4, 5]


def test_an_id_that_two_tickets_have_needs_the_line(tmp_path: Path):
    rows = [row | {"id": "same"} if i < 2 else row for i, row in enumerate(ticket_rows())]
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", rows))
    after = apply_corrections(
        corpus,
        review(
            tmp_path,
            {"id": "same", "line": "2", "corrected": "payment"},
            {"id": "same", "line": "", "corrected": "payment"},
        ),
    )
    assert [t.line for t in after.tickets if t not in corpus.tickets] == [2]
    assert "lines 1, 2" in after.rejects[0].reason


def test_a_review_that_drops_everything_or_lacks_the_column_is_refused(
    corpus: Corpus, tmp_path: Path
):
    every = [{"id": t.id, "corrected": "drop"} for t in corpus.tickets]
    with pytest.raises(RecordError, match="drops every ticket"):
        apply_corrections(corpus, review(tmp_path, *every))
    with pytest.raises(RecordError, match="no column 'corrected'"):
        apply_corrections(corpus, review(tmp_path, {"id": "t-1", "label": "payment"}))


def test_a_table_comes_back_filled_as_a_spreadsheet_saves_it(tmp_path: Path):
    rows = ticket_rows()
    rows[5] |= {"id": "=5", "text": "+1 " + rows[5]["text"]}
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", rows), keep_repeats=True)
    path = tmp_path / "t.review.csv"
    doubted = [
        Suspect(n, "category", corpus.tickets[i], "logistics", "payment", 0.1, "reads like it")
        for n, i in enumerate((5, 0), start=1)
    ]
    write_suspects(doubted, path)
    assert not holds_corrections(path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first, second = csv.DictReader(stream)
    first["corrected"] = first["suggested"]
    with path.open("w", encoding="gb18030", newline="") as stream:  # as Chinese Excel may save
        writer = csv.DictWriter(stream, list(first))
        writer.writeheader()
        writer.writerows([first, second])
    assert holds_corrections(path)
    after = apply_corrections(corpus, path)
    assert after.rejects == ()
    assert labels_of(after, "=5")["category"] == "payment"
    assert labels_of(after, "t-1")["category"] == "logistics"
    assert not holds_corrections(tmp_path / "absent.csv")
