from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import ticket_rows, write_rows

from training.corpus import Corpus, read_corpus, shares
from triage.errors import RecordError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = ticket_rows()[0]


def test_all_usable_tickets_are_read_with_their_labels(corpus: Corpus):
    assert (len(corpus.tickets), corpus.rejects, corpus.repeats) == (60, (), 0)
    first = corpus.tickets[0]
    assert (first.id, first.text) == ("t-1", GOOD["text"])
    assert first.labels["intent"] == "logistics/delay"
    assert first.normalised == GOOD["text"]


def test_texts_that_normalise_alike_are_repeats(tmp_path: Path):
    rows = [GOOD | {"text": text} for text in ("訂單 20261120123 沒到", "订单 98765432101 没到")]
    path = write_rows(tmp_path / "t.jsonl", rows)
    corpus = read_corpus(path)
    assert ([t.text for t in corpus.tickets], corpus.repeats) == ([rows[0]["text"]], 1)
    kept = read_corpus(path, keep_repeats=True)
    assert (len(kept.tickets), kept.repeats) == (2, 0)
    assert [t.line for t in kept.tickets] == [1, 2]
    assert kept.without_repeats() == corpus


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": " "}, "'text' is missing or empty"),
        ({"text": 5}, "'text' is missing or empty"),
        ({"priority": "asap"}, "'priority' is 'asap'; use one of low, normal, high, urgent"),
        ({"sentiment": "sad"}, "'sentiment' is 'sad'; use one of negative, neutral, positive"),
        ({"category": 7}, "'category' is 7, not text"),
        ({"category": "payment"}, "does not lie under category 'payment'"),
        (dict.fromkeys(("category", "intent", "priority", "sentiment")), "carries no label"),
    ],
)
def test_an_unusable_ticket_is_rejected_with_line_and_reason(
    tmp_path: Path, change: dict[str, object], reason: str
):
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", [GOOD, GOOD | change]))
    (reject,) = corpus.rejects
    assert reject.line == 2
    assert reason in reject.reason
    assert len(corpus.tickets) == 1


def test_a_missing_label_leaves_the_ticket_for_the_other_tasks(tmp_path: Path):
    rows = [GOOD, GOOD | {"id": "x", "text": "another", "priority": ""}]
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", rows))
    assert [t.id for t in corpus.with_label("priority")] == ["t-1"]
    assert [t.id for t in corpus.with_label("category")] == ["t-1", "x"]


def test_a_ticket_without_id_is_named_by_its_line(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("text,category\nfirst,order\nsecond,order\n", encoding="utf-8")
    assert [t.id for t in read_corpus(path).tickets] == ["line-2", "line-3"]


def test_a_file_without_a_usable_ticket_is_refused_with_the_first_reason(tmp_path: Path):
    path = write_rows(tmp_path / "t.jsonl", [{"note": "x"}])
    with pytest.raises(RecordError, match=r"no usable ticket; line 1: .*'text'.*'category'"):
        read_corpus(path)


def test_shares_are_counted_most_frequent_first(corpus: Corpus):
    assert shares(corpus.tickets, "category") == {"account": 20, "logistics": 20, "payment": 20}
    counts = shares(corpus.tickets, "sentiment")
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert sum(counts.values()) == 60
