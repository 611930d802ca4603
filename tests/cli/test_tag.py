"""``triage tag``: a file of messages in, one row per row out."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from fastapi.testclient import TestClient
from pyarrow import parquet

from api.app import create_app
from tests.golden.__main__ import starter_engine
from triage.settings import Settings

Triage = Callable[..., Any]
ROWS: list[dict[str, Any]] = [
    {"id": "z-9", "text": "我的快递到哪了", "created_at": "2026-11-12T09:30:00+08:00"},
    {"id": "a-1", "text": "I want a refund for order A-10023", "created_at": "2026-11-12T09:30:00"},
    {
        "id": "m-5",
        "text": "發票可以補開嗎",
        "created_at": "2026-11-13",
        "customer": {"tier": "vip"},
    },
    {"id": "m-4", "text": "app 一直闪退", "created_at": "2026-11-14T00:00:00Z", "subject": "求助"},
]
BAD_LINES = {
    "not JSON": "{oops",
    "not an object": "[1, 2]",
    "no text": '{"id": "bad"}',
    "empty text": '{"id": "bad", "text": " "}',
    "text is a number": '{"id": "bad", "text": 5}',
    "no such date": '{"id": "bad", "text": "hi", "created_at": "soon"}',
    "customer is a text": '{"id": "bad", "text": "hi", "customer": "Ann"}',
}


def _lines(*rows: object) -> bytes:
    texts = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    return "".join(f"{text}\n" for text in texts).encode()


def _records(content: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_tagged_rows_keep_order_and_ids_and_equal_library_and_api(
    triage: Triage, tmp_path: Path
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "new" / "out.jsonl"
    source.write_bytes(_lines(*ROWS))
    run = triage("tag", source, "-o", out)
    assert run.code == 0
    assert "4 rows, 0 rejected" in run.err
    tagged = _records(out.read_text(encoding="utf-8"))
    assert [record["id"] for record in tagged] == ["z-9", "a-1", "m-5", "m-4"]
    engine = starter_engine(Settings())
    assert tagged == [result.to_dict() for result in engine.triage(ROWS)]
    with TestClient(create_app(Settings(decisions="off"), engine=engine)) as client:
        answer = client.post("/v1/triage/batch", json={"messages": ROWS})
    undecided = [{**record, "decision_id": None} for record in tagged]
    assert undecided == answer.json()["results"]


def test_bad_rows_give_entries_in_their_place_and_exit_code_1(triage: Triage) -> None:
    run = triage("tag", "-", "-o", "-", stdin=_lines(ROWS[0], *BAD_LINES.values(), ROWS[1]))
    assert run.code == 1
    records = _records(run.out)
    assert len(records) == len(BAD_LINES) + 2
    assert (records[0]["id"], records[-1]["id"]) == ("z-9", "a-1")
    assert records[-1]["category"]["label"] == "refund"
    for line, record in enumerate(records[1:-1], start=2):
        assert record["line"] == line
        assert len(record["error"]) > 10
    assert [record["id"] for record in records[3:-1]] == ["bad"] * (len(BAD_LINES) - 2)
    assert f"{len(BAD_LINES)} rejected" in run.err


def test_turns_are_tagged_and_a_bad_one_is_an_error_of_its_row(triage: Triage) -> None:
    good = {
        "id": "c-1",
        "turns": [{"role": "用户", "text": "在吗"}, {"role": "用户", "text": "我要退款"}],
    }
    bad = {"id": "c-2", "text": "hi", "turns": [{"role": "alien", "text": "x"}]}
    run = triage("tag", "-", "-o", "-", stdin=_lines(good, bad))
    assert run.code == 1
    first, second = _records(run.out)
    assert first["understood_text"] == "在吗\n我要退款"
    assert second["line"] == 2
    assert "turns.0.role" in second["error"]
    assert "alien" in second["error"]


def test_ids_that_are_numbers_are_kept_zero_too(triage: Triage) -> None:
    rows = [{"id": 0, "text": "hi"}, {"id": 7, "text": "hello"}]
    records = _records(triage("tag", "-", "-o", "-", stdin=_lines(*rows)).out)
    assert [str(record["id"]) for record in records] == ["0", "7"]


def test_a_table_of_comma_separated_values_is_tagged(triage: Triage, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text('id,text\nc-1,"where, pls, is my parcel"\nc-2,我要退款\n', encoding="gb18030")
    assert triage("tag", source, "-o", out).code == 0
    records = _records(out.read_text(encoding="utf-8"))
    assert [(r["id"], r["category"]["label"]) for r in records] == [
        ("c-1", "logistics"),
        ("c-2", "refund"),
    ]


@pytest.mark.parametrize("name", ["absent.jsonl", "rows.txt", "[/b].jsonl", "[bold]absent.jsonl"])
def test_unusable_input_is_named_with_exit_code_2(
    triage: Triage, tmp_path: Path, name: str
) -> None:
    (tmp_path / "rows.txt").write_text("hi")
    run = triage("tag", tmp_path / name, "-o", tmp_path / "out.jsonl")
    assert run.code == 2
    assert name in run.err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("place", ["folder", "file/out.jsonl"])
def test_an_output_that_cannot_be_written_is_named_with_exit_code_2(
    triage: Triage, tmp_path: Path, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    run = triage("tag", "-", "-o", tmp_path / place, stdin=_lines(ROWS[0]))
    assert run.code == 2
    assert place in run.err


def test_an_output_is_asked_for(triage: Triage) -> None:
    run = triage("tag", "-")
    assert run.code == 2
    assert "--out" in run.err


def test_redacted_rows_hold_no_detail_and_keep_what_is_none(triage: Triage) -> None:
    rows = [
        {"id": "1", "text": "我叫李娜，电话138 0013 8000，订单A1002345678到哪了，邮箱a@b.cn"},
        {"id": "2", "text": "hi", "created_at": "call 13800138000"},
    ]
    run = triage("tag", "-", "-o", "-", "--redact", stdin=_lines(*rows))
    assert run.code == 1
    for detail in ("李娜", "138 0013 8000", "13800138000", "a@b.cn"):
        assert detail not in run.out
    first, second = _records(run.out)
    found = {(k["type"], k["text"], k["value"]) for k in first["key_info"]}
    assert {("phone", "[PHONE_1]", "[PHONE_1]"), ("email", "[EMAIL_1]", "[EMAIL_1]")} <= found
    assert "A1002345678" in run.out
    assert "[PHONE_1]" in second["error"]


def test_a_folder_of_chinese_tables_becomes_one_table_for_an_analyst(
    triage: Triage, tmp_path: Path
) -> None:
    folder, out = tmp_path / "chats", tmp_path / "out.csv"
    folder.mkdir()
    (folder / "1.csv").write_text("编号,内容,分类\nc-1,我要退款,旧\n", encoding="gb18030")
    (folder / "2.jsonl.zst").write_bytes(
        zstandard.compress(_lines({"ticket_id": "c-2", "body": "=1+1 电话13800138000"}))
    )
    run = triage("tag", folder, "-o", out, "--keep")
    assert run.code == 0
    assert "id ← 编号" in run.err
    assert "not used: '分类'" in run.err
    first, second = csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines())
    assert (first["id"], first["category"], first["分类"]) == ("c-1", "refund", "旧")
    assert first["file"].endswith("1.csv")
    assert (second["id"], second["phone"]) == ("c-2", "+8613800138000")
    assert second["body"] == "'=1+1 电话13800138000"


def test_chosen_fields_and_rows_for_a_human_are_written_alone(triage: Triage) -> None:
    rows = [*ROWS[:2], {"id": "odd", "text": "Où est mon colis ? Je l'attends depuis une semaine"}]
    run = triage(
        "tag", "-", "-o", "-", "--only-needs-review", "--fields", "category,needs_review",
        "--format", "tsv", stdin=_lines(*rows),
    )  # fmt: skip
    header, *lines = run.out.splitlines()
    assert header.lstrip("\ufeff").split("\t") == [
        "id",
        "category",
        "needs_review",
        "line",
        "error",
    ]
    assert "odd" in {line.split("\t")[0] for line in lines}
    assert {line.split("\t")[2] for line in lines} == {"true"}
    wrong = triage("tag", "-", "-o", "-", "--fields", "colour", stdin=_lines(*rows))
    assert wrong.code == 2
    assert "suggestions" in wrong.err


def test_parquet_holds_results_nested_and_rejects_are_listed(
    triage: Triage, tmp_path: Path
) -> None:
    source, out, rejects = tmp_path / "in.jsonl", tmp_path / "o.parquet", tmp_path / "r.jsonl"
    source.write_bytes(_lines(ROWS[0], BAD_LINES["no such date"], "{oops"))
    assert triage("tag", source, "-o", out, "--rejects", rejects).code == 1
    first, *errors = parquet.read_table(out).to_pylist()
    (expected,) = starter_engine(Settings()).triage(ROWS[:1])
    assert first["category"]["label"] == expected.category.label
    assert [row["line"] for row in errors] == [2, 3]
    assert [record["line"] for record in _records(rejects.read_text())] == [2, 3]
    assert "soon" in rejects.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "o.parquet", "r.jsonl"]


def test_standard_input_may_be_a_table(triage: Triage) -> None:
    run = triage("tag", "-", "-o", "-", "--stdin-format", "csv", stdin=b"id,text\n7,hello\n")
    assert [record["id"] for record in _records(run.out)] == ["7"]


def test_a_message_without_time_is_of_the_time_named_or_of_its_file(
    triage: Triage, tmp_path: Path
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(_lines({"id": "1", "text": "明天能送到吗"}))
    os.utime(source, (1_767_225_600, 1_767_225_600))

    def day(*options: str) -> str:
        (record,) = _records(triage("tag", source, "-o", "-", *options).out)
        return str(record["key_info"][0]["value"])

    assert day() == "2026-01-02"
    assert day("--now", "2026-11-11T09:30") == "2026-11-12"
    assert triage("tag", source, "-o", "-", "--now", "soon").code == 2


def test_a_killed_run_of_the_command_goes_on_where_it_was(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ("我的快递到哪了", "where is my refund", "账号被盗了", "app 一直闪退，明天能好吗")
    source.write_bytes(_lines(*({"text": f"{t} {n}"} for n in range(400) for t in texts)))
    whole = [sys.executable, "-c", "from triage.cli import main; main()", "tag", str(source), "-o"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([*whole, str(out)], env=environment, stderr=subprocess.DEVNULL)
    progress = out.with_name("out.jsonl.progress")
    while process.poll() is None and not progress.exists():
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0
    assert not out.exists()
    again = subprocess.run([*whole, str(out)], env=environment, capture_output=True, text=True)  # noqa: PLW1510
    assert again.returncode == 0, again.stderr
    assert "Resuming at row " in again.stderr
    once = tmp_path / "once.jsonl"
    subprocess.run([*whole, str(once), "--workers", "1"], env=environment, check=True)
    assert out.read_bytes() == once.read_bytes()
