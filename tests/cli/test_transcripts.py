"""``triage transcripts``: conversations in, one record a conversation out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from fakes import write_rows
from typer.testing import CliRunner

from triage.commands.transcripts import transcripts

_SAID = (
    ("用户", "在吗", "09:00:00"),
    ("用户", "我的退款怎么还没到账？订单号 202611110042", "09:00:30"),
    ("客服", "您好，非常抱歉，我们会在明天给您退款", "09:02:00"),
    ("用户", "快递也没到，到底什么时候送", "09:03:00"),
    ("客服", "已为您处理好了", "09:10:00"),
    ("用户", "收到了，谢谢！", "09:11:00"),
)
TURNS = [
    {"role": role, "text": text, "at": f"2026-11-11T{clock}+08:00"} for role, text, clock in _SAID
]
ROWS: list[dict[str, Any]] = [
    {"id": "k-1", "turns": TURNS, "customer_id": "c-1", "agent": "小王"},
    {
        "id": "k-2",
        "customer_id": "c-1",
        "turns": [
            {"role": "用户", "text": "退款还没到账，太慢了！", "at": "2026-11-14T09:00:00+08:00"}
        ],
    },
    {"id": "k-3", "turns": [{"role": "agent", "text": "hello"}]},
]
Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """Return a function that runs the command in this process."""
    app = typer.Typer()
    app.command()(transcripts)

    def invoke(*arguments: object) -> Any:
        return CliRunner().invoke(app, [*map(str, arguments)])

    return invoke


def test_each_conversation_gives_one_record_with_evidence(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    done = run(write_rows(tmp_path / "in.jsonl", ROWS), "-o", out, "--messages")
    assert done.exit_code == 1  # the third has no words of a customer
    first, second, third = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert first["category"]["label"] in ("refund", "logistics")
    assert {intent.partition("/")[0] for intent in first["intents"]} >= {"refund", "logistics"}
    assert first["sentiment"]["end"]["turn"] == 5
    assert (first["first_response_seconds"], first["longest_wait_seconds"]) == (120.0, 420.0)
    assert first["resolution"]["resolved"] is True
    assert first["agent_quality"]["promises"][0]["due"] == "2026-11-12"
    assert (first["turns"], first["customer_turns"], first["agent_turns"]) == (6, 4, 2)
    order = next(info for info in first["key_info"] if info["type"] == "order_id")
    assert TURNS[order["turn"]]["text"][order["start"] : order["end"]] == order["text"]
    assert [message["turn"] for message in first["messages"]] == [0, 1, 3, 5]
    assert first["repeated_contact"] is None
    assert second["repeated_contact"] == {"reason": "customer", "earlier": "k-1", "evidence": None}
    assert (second["first_response_seconds"], second["agent_quality"]) == (None, None)
    assert second["resolution"]["resolved"] is False
    assert (third["line"], "says nothing" in third["error"]) == (3, True)


def test_a_table_has_one_cell_a_value(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert run(write_rows(tmp_path / "in.jsonl", ROWS), "-o", out).exit_code == 1
    with out.open(encoding="utf-8-sig", newline="") as stream:
        first, _, third = csv.DictReader(stream)
    assert first["first_response_seconds"] == "120"
    assert first["resolved"] == "true"
    assert first["agent"] == "小王"
    assert (first["promises_count"], first["rude_count"]) == ("1", "0")
    assert third["error"]


def test_a_file_of_an_unknown_form_is_told_before_anything_is_written(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    done = run(write_rows(tmp_path / "in.jsonl", [{"x": 1}]), "-o", out)
    assert "--turns-column" in str(done.exception)
    assert not out.exists()


def test_dates_of_undated_conversations_are_counted_from_now(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    rows = [{"id": "k", "turns": [{"role": "用户", "text": "明天能送到吗，快递单号查不到"}]}]
    done = run(write_rows(tmp_path / "in.jsonl", rows), "-o", out, "--now", "2026-11-11T09:00:00")
    assert done.exit_code == 0
    (record,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert [i["value"] for i in record["key_info"] if i["type"] == "date"] == ["2026-11-12"]
    assert record["created_at"] is None


def test_a_folder_of_texts_is_read_as_conversations(run: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "texts", tmp_path / "out.jsonl"
    folder.mkdir()
    (folder / "a.txt").write_text(
        "Agent: Hello\nCustomer: The third time I ask for my refund!\nAgent: not my problem",
        encoding="utf-8",
    )
    assert run(folder, "-o", out).exit_code == 0
    (record,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (record["id"], record["category"]["label"]) == ("a", "refund")
    assert record["repeated_contact"]["reason"] == "wording"
    assert record["repeated_contact"]["evidence"]["text"] == "third time"
    assert [words["text"] for words in record["agent_quality"]["rude"]] == ["not my problem"]
    assert record["agent_quality"]["apology"]["state"] == "missing"


def test_a_file_of_rejects_alone_is_written_as_such(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    done = run(write_rows(tmp_path / "in.jsonl", ROWS[2:]), "-o", out)
    assert (done.exit_code, "0 conversations, 1 rejected" in done.output) == (1, True)
    (record,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert "says nothing" in record["error"]
