from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.exchanges import Triage, read_exchanges
from triage.domain import Message, TriageResult
from triage.errors import MessageError, RecordError


def result(**other: Any) -> dict[str, Any]:
    suggestion = {"article_id": "a-1", "confidence": 0.8}
    return {
        "language": "zh", "script": "Hant", "category": {"label": "refund", "intent": "refund/x"},
        "priority": {"level": "urgent"}, "sentiment": {"label": "negative"},
        "suggestions": [suggestion, {"article_id": "a-2", "confidence": 0.2}],
        "understood_text": None,
    } | other  # fmt: skip


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def never() -> Triage:
    raise AssertionError("nothing is to be triaged")


def test_a_row_with_its_result_is_not_triaged_again(tmp_path: Path) -> None:
    path = written(tmp_path / "tagged.jsonl", {"id": "7", "text": "退款呢"} | result())
    (found,), rejects = read_exchanges([path], triage=never)
    assert rejects == []
    assert (found.id, found.text, found.language) == ("7", "退款呢", "zh-Hant")
    assert (found.suggested, found.confidence) == (("a-1", "a-2"), 0.8)
    assert (found.category, found.intent) == ("refund", "refund/x")
    assert found.urgent
    assert found.negative


def test_a_logged_decision_holds_its_result_nested(tmp_path: Path) -> None:
    path = written(tmp_path / "log.jsonl", {"text": "退款呢", "result": result(suggestions=[])})
    (found,), _ = read_exchanges([path], triage=never)
    assert (found.id, found.suggested, found.confidence) == ("m-1", (), 0.0)


def test_cells_of_a_table_may_hold_the_result_as_json(tmp_path: Path) -> None:
    row = {"text": "退款呢"} | {k: json.dumps(v) for k, v in result().items() if k != "language"}
    path = written(tmp_path / "flat.jsonl", row)
    (found,), _ = read_exchanges([path], triage=never)
    assert found.confidence == 0.8


def test_results_beside_the_messages_go_with_them_row_for_row(tmp_path: Path) -> None:
    asked = written(tmp_path / "m.jsonl", {"id": "a", "text": "hello"}, {"id": "b", "text": "hi"})
    tagged = written(
        tmp_path / "t.jsonl", {"id": "a"} | result(), {"id": "b"} | result(suggestions=[])
    )
    found, _ = read_exchanges([asked], triage=never, results=tagged)
    assert [(e.text, e.confidence) for e in found] == [("hello", 0.8), ("hi", 0.0)]


def test_results_of_other_messages_are_rejected(tmp_path: Path) -> None:
    asked = written(tmp_path / "m.jsonl", {"id": "a", "text": "hello"})
    found, (reject,) = read_exchanges(
        [asked], triage=never, results=written(tmp_path / "t.jsonl", {"id": "b"} | result())
    )
    assert found == []
    assert "'a'" in reject.reason
    with pytest.raises(RecordError, match="results end before row 1"):
        read_exchanges([asked], triage=never, results=written(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "a"} | result(), "--results"),
        ({"id": "a", "line": 3, "error": "text is missing"}, "text is missing"),
        ({"text": "x"} | result(category={"intent": "refund/x"}), "label"),
        ({"text": ""}, "text"),
    ],
)
def test_a_row_that_cannot_be_used_tells_why(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    found, (reject,) = read_exchanges([written(tmp_path / "m.jsonl", row)], triage=never)
    assert found == []
    assert reason in reject.reason


def test_one_message_that_is_refused_does_not_take_others_along(
    tmp_path: Path, answered: Callable[[Message], TriageResult]
) -> None:
    def triage(messages: Any) -> list[TriageResult]:
        if any(len(m.text) > 10 for m in messages):
            raise MessageError("text", "is too long", remedy="cut it")
        return [answered(m) for m in messages]

    path = written(tmp_path / "m.jsonl", {"text": "short"}, {"text": "far too long"})
    (found,), (reject,) = read_exchanges([path], triage=lambda: triage)
    assert found.text == "short"
    assert "too long" in reject.reason


@pytest.fixture
def answered() -> Callable[[Message], TriageResult]:
    from triage.domain import Category, Priority, PriorityVerdict, Sentiment, SentimentVerdict

    def answer(message: Message) -> TriageResult:
        return TriageResult(
            id=message.id, language="en", script=None, model="m",
            category=Category(label="refund", intent="refund/x", confidence=1.0, alternatives=(),
                              prediction_set=("refund",)),
            team="refund", priority=PriorityVerdict(level=Priority.LOW, score=1, reasons=()),
            sentiment=SentimentVerdict(label=Sentiment.NEUTRAL, confidence=1.0, flags=()),
            key_info=(), suggestions=(), needs_review=False, review_reasons=(),
        )  # fmt: skip

    return answer
