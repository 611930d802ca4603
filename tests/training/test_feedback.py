"""Agents' corrections join the tickets; the correction wins over an equal text's old label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from decided import decision
from fakes import write_rows

from training.corpus import Corpus, read_corpus
from training.feedback import join_feedback, read_feedback
from triage.decisions import DecisionStore, Feedback, Judgement
from triage.errors import ConfigError, DecisionError, RecordError
from triage.settings import Settings

PERSONAL = "退款在哪里，电话13800138000谢谢"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    rows = [
        {"id": "a", "text": "退款在哪里", "intent": "refund/progress", "priority": "high"},
        {"id": "b", "text": PERSONAL, "intent": "refund/apply", "priority": "low"},
        {"id": "c", "text": "快递在哪里", "intent": "logistics/track"},
    ]
    return read_corpus(write_rows(tmp_path / "tickets.jsonl", rows))


def judged(text: str | None, **labels: str) -> Judgement:
    return Judgement(id="d-1", text=text, shown=("kb-1",), chosen="kb-1", edit_share=0.1,
                     labels=labels, sent=None, agent=None, model="m", kb_version="k",
                     created_at="2026-11-20T12:00:00+00:00")  # fmt: skip


def labels(corpus: Corpus, place: int) -> tuple[Any, ...]:
    found = corpus.tickets[place].labels
    return found["category"], found["intent"], found["priority"]


def test_a_correction_wins_over_the_label_of_an_equal_text(corpus: Corpus) -> None:
    joined = join_feedback(corpus, [judged("退款在哪里！", priority="low"),
                                    judged("退款在哪里", intent="order/status")])  # fmt: skip
    assert len(joined.corpus.tickets) == 4, "a mark more is another text"
    assert labels(joined.corpus, 0) == ("order", "order/status", "high")
    assert (joined.added, joined.relabelled) == (1, 1)
    assert joined.corpus.tickets[1:3] == corpus.tickets[1:3]


def test_a_corrected_category_clears_an_intent_of_another(corpus: Corpus) -> None:
    joined = join_feedback(corpus, [judged("快递在哪里", category="order")])
    assert labels(joined.corpus, 2) == ("order", None, None)


def test_a_new_text_becomes_a_ticket_and_its_latest_correction_counts(corpus: Corpus) -> None:
    given = [judged("新的问题", intent="a/b", priority="low"), judged("新的问题", priority="high")]
    joined = join_feedback(corpus, given)
    assert (joined.added, joined.relabelled) == (1, 0)
    assert labels(joined.corpus, 3) == ("a", "a/b", "high")
    assert joined.corpus.tickets[3].id == "d-1"


def test_a_redacted_text_finds_the_ticket_that_it_was(corpus: Corpus) -> None:
    joined = join_feedback(corpus, [judged("退款在哪里，电话[PHONE_1]谢谢", priority="urgent")])
    assert (joined.added, joined.relabelled) == (0, 1)
    assert labels(joined.corpus, 1) == ("refund", "refund/apply", "urgent")


def test_feedback_without_labels_changes_no_ticket_and_without_text_is_counted(
    corpus: Corpus,
) -> None:
    joined = join_feedback(corpus, [judged("退款在哪里"), judged(None, priority="low")])
    assert joined.corpus.tickets == corpus.tickets
    assert joined.without_text == 1


def test_a_log_and_its_export_say_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.db'}"
    store = DecisionStore(url)
    store.add([decision(1), decision(2)])
    for number in (1, 2):
        said = Feedback(decision_id=f"{number:032x}", chosen="kb-refund", edit_share=0.5,
                        labels={"priority": "low"}, created_at=decision(1).created_at)  # fmt: skip
        store.add_feedback(said)
    settings = Settings(decisions=url)
    name, from_log = read_feedback("log", settings)
    assert name == url
    assert read_feedback(url, Settings(decisions="off")) == (name, from_log)
    path = tmp_path / "feedback.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(one.to_dict()) for one in from_log))
    assert read_feedback(str(path), settings) == ("feedback.jsonl", from_log)
    assert len(from_log) == 2
    store.close()


def test_another_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="switched off"):
        read_feedback("log", Settings(decisions="off"))
    with pytest.raises(DecisionError) as caught:
        read_feedback("postgresql://u:geheim@127.0.0.1:1/d", Settings())
    assert "geheim" not in str(caught.value)
    path = write_rows(tmp_path / "t.jsonl", [{"id": "a", "text": "x"}])
    with pytest.raises(RecordError, match="line 1: is no feedback"):
        read_feedback(str(path), Settings())
