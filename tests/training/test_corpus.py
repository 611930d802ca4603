from __future__ import annotations

import gzip
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from fakes import ticket_rows, write_rows
from pyarrow import parquet
from workbooks import write_xlsx

from training.columns import columns_of
from training.corpus import Corpus, commonest, read_corpus, shares
from triage.errors import RecordError
from triage.tables import Reject

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


def test_a_file_without_a_usable_ticket_is_refused_with_the_commonest_reason(tmp_path: Path):
    rows = [
        GOOD | {"text": " "},
        GOOD | {"priority": "soon"},
        GOOD | {"priority": "later"},
    ]
    path = write_rows(tmp_path / "t.jsonl", rows)
    with pytest.raises(RecordError) as refused:
        read_corpus(path)
    for told in (
        "t.jsonl holds no usable ticket",
        "line 2: field 'priority' is 'soon'; use one of low, normal, high, urgent",
        "2 of 3",
        "rows need 'text' and a label such as 'category'",
    ):
        assert told in str(refused.value)


@pytest.mark.parametrize("content", ["", "{oops\n", "text,category\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: str):
    path = tmp_path / ("t.csv" if content.startswith("text") else "t.jsonl")
    path.write_text(content)
    with pytest.raises(
        RecordError, match=r"holds no usable ticket; (line 1: not JSON|it has no row)"
    ):
        read_corpus(path)


def test_a_long_file_that_is_mostly_wrong_is_refused_near_its_top(tmp_path: Path):
    bad = [{"text": f"no {n}", "category": "a", "priority": n % 4} for n in range(900)]
    good = [
        {"text": f"well {chr(65 + n // 26)}{chr(65 + n % 26)}", "category": "a"} for n in range(200)
    ]
    path = write_rows(tmp_path / "t.jsonl", [*good[:100], *bad, *good[100:]])
    told = r"900 of the first 1000 rows cannot be used; line 101: .*'priority' is '0'; a number"
    with pytest.raises(RecordError, match=told):
        read_corpus(path)
    without = columns_of(path, chosen={"priority": ""})
    assert not read_corpus(path, columns=without, keep_repeats=True).rejects


def test_a_long_file_with_few_labels_is_read_to_its_end(tmp_path: Path):
    rows = [{"text": f"no {n}", "category": ""} for n in range(1100)]
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", [*rows, GOOD]))
    assert (len(corpus.tickets), len(corpus.rejects)) == (1, 1100)
    assert "carries no label" in corpus.rejects[0].reason


def test_a_subject_is_read_before_the_text(tmp_path: Path):
    rows = [
        {"title": "Late", "body": "where is it", "queue": "a"},
        {"title": " ", "body": "no subject", "queue": "a"},
        {"title": "no body", "body": "", "queue": "a"},
    ]
    corpus = read_corpus(write_rows(tmp_path / "t.jsonl", rows))
    assert [t.text for t in corpus.tickets] == ["Late\nwhere is it", "no subject", "no body"]


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "tsv", "csv.gz"])
def test_tables_of_every_kind_give_the_same_tickets(tmp_path: Path, kind: str):
    names = ["工单号", "正文", "分类", "紧急程度", "创建时间"]
    rows = [["1001", "退款没到账", "退款", "高", "2026-11-11"], ["1002", "谢谢", "其他", "低", ""]]
    path = tmp_path / f"t.{kind}"
    if kind == "xlsx":
        native = [[1001.0, *rows[0][1:4], date(2026, 11, 11)], [1002.0, *rows[1][1:4], None]]
        write_xlsx(path, [names, *native])
    elif kind == "parquet":
        days = [date(2026, 11, 11), None]
        columns = [[1001, 1002], *([row[n] for row in rows] for n in (1, 2, 3)), days]
        parquet.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
    else:
        cut = "\t" if kind == "tsv" else ";"
        content = "".join(cut.join(row) + "\r\n" for row in [names, *rows]).encode("gb18030")
        path.write_bytes(gzip.compress(content) if kind == "csv.gz" else content)
    corpus = read_corpus(path)
    assert [(t.id, t.text, t.created_at) for t in corpus.tickets] == [
        ("1001", "退款没到账", "2026-11-11"),
        ("1002", "谢谢", None),
    ]
    assert [t.labels["priority"] for t in corpus.tickets] == ["high", "low"]
    assert corpus.mapped == {"priority": {"高": "high", "低": "low"}}


def test_tickets_of_the_same_labels_share_them(corpus: Corpus):
    labels = {id(t.labels) for t in corpus.tickets}
    assert len(labels) == len({tuple(t.labels.values()) for t in corpus.tickets})


def test_the_commonest_kind_of_reject_is_told_by_its_first():
    reasons = ["field 'a' is 'x'; no", "not CSV", "field 'a' is 'y'; no", "has 3 columns"]
    rejects = [Reject(line, reason, "") for line, reason in enumerate(reasons, start=1)]
    assert commonest(rejects) == (rejects[0], 2)


def test_shares_are_counted_most_frequent_first(corpus: Corpus):
    assert shares(corpus.tickets, "category") == {"account": 20, "logistics": 20, "payment": 20}
    counts = shares(corpus.tickets, "sentiment")
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert sum(counts.values()) == 60
