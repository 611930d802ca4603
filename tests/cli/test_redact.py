"""``triage redact``: files without personal details, and back with a key."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from triage.commands.redact import redact
from triage.errors import ConfigError, RecordError
from triage.records import read_rows
from triage.tables import Row
from triage.writers import table_writer

APP = typer.Typer()
APP.command("redact")(redact)
ROWS: list[dict[str, Any]] = [
    {"id": "13812345678", "talk": "t1", "text": "我叫李娜，电话13800138000", "subject": "找李娜"},
    {"id": "2", "talk": "t1", "text": "订单20251103123456789 打+86 138-0013-8000", "subject": ""},
    {"id": "3", "talk": "t2", "text": "my email is a.b@c.com", "subject": "13900139000"},
]


def run(*arguments: object, stdin: bytes | str = b"") -> Any:
    return CliRunner().invoke(APP, list(map(str, arguments)), input=stdin)


def table(place: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    with place.open("wb") as stream, table_writer(stream, place) as write:
        for row in rows:
            write(row)
    return place


def content(place: Path) -> list[dict[str, Any]]:
    return [dict(row.fields) for row in read_rows(place) if isinstance(row, Row)]


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".xlsx", ".parquet", ".csv.gz"])
def test_rows_of_a_conversation_share_tokens_and_keep_ids_and_order(
    tmp_path: Path, kind: str
) -> None:
    source, out = table(tmp_path / f"in{kind}"), tmp_path / f"new/out{kind}"
    done = run(source, "-o", out, "--conversation", "talk")
    assert done.exit_code == 0, done.output
    assert content(out) == [
        {"id": "13812345678", "talk": "t1", "text": "我叫[PERSON_1]，电话[PHONE_1]",
         "subject": "找[PERSON_1]"},
        {"id": "2", "talk": "t1", "text": "订单20251103123456789 打[PHONE_1]", "subject": ""},
        {"id": "3", "talk": "t2", "text": "my email is [EMAIL_1]", "subject": "[PHONE_1]"},
    ]  # fmt: skip
    assert "3 rows, 0 rejected" in done.stderr
    assert "Left as they are: id" in done.stderr


def test_without_a_conversation_each_row_counts_from_one(tmp_path: Path) -> None:
    source, out = table(tmp_path / "in.jsonl"), tmp_path / "out.csv"
    assert run(source, "-o", out, "--fields", "text").exit_code == 0
    rows = content(out)
    assert rows[1]["text"].endswith("[PHONE_1]")
    assert rows[0]["subject"] == "找李娜"


def test_columns_that_are_one_detail_are_redacted_whole_numbers_too(tmp_path: Path) -> None:
    rows = [{"姓名": "图尔荪", "phone": 13800138000, "text": "图尔荪在吗", "n": 5}]
    source, out = table(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    assert run(source, "-o", out).exit_code == 0
    assert content(out) == [
        {"姓名": "[PERSON_1]", "phone": "[PHONE_1]", "text": "[PERSON_1]在吗", "n": 5}
    ]


def test_types_are_chosen_kept_and_added(tmp_path: Path) -> None:
    source = table(tmp_path / "in.jsonl")
    only = run(source, "--types", "person", "-o", tmp_path / "a.jsonl")
    kept = run(source, "--keep", "phone", "--also", "order_id", "-o", tmp_path / "b.jsonl")
    assert only.exit_code == kept.exit_code == 0
    assert content(tmp_path / "a.jsonl")[0]["text"] == "我叫[PERSON_1]，电话13800138000"
    assert content(tmp_path / "b.jsonl")[1]["text"] == "订单[ORDER_ID_1] 打+86 138-0013-8000"
    wrong = run(source, "--types", "phones")
    assert isinstance(wrong.exception, ConfigError)
    assert "unknown type 'phones'" in str(wrong.exception)


def test_the_summary_is_counts_by_type_as_json_on_request(tmp_path: Path) -> None:
    done = run(table(tmp_path / "in.jsonl"), "-o", tmp_path / "o.jsonl", "--conversation", "talk",
               "--json")  # fmt: skip
    summary = json.loads(done.stdout)
    assert summary["types"]["phone"] == {"places": 3, "values": 2}
    assert summary["types"]["person"] == {"places": 2, "values": 1}
    assert (summary["rows"], summary["rejected"], summary["left"]) == (3, 0, ["id", "talk"])


def test_json_lines_and_plain_text_go_from_stdin_to_stdout() -> None:
    rows = run("-", stdin='{"text": "电话13800138000"}\n')
    assert (rows.exit_code, rows.stdout) == (0, '{"text":"电话[PHONE_1]"}\n')
    text = run("-", stdin="我叫李娜\r\n\r\n李娜的电话13800138000".encode())
    assert text.exit_code == 0
    assert text.stdout_bytes.decode() == "我叫[PERSON_1]\r\n\r\n[PERSON_1]的电话[PHONE_1]"
    forced = run("-", "--plain", stdin='{"text": "电话13800138000"}')
    assert forced.stdout == '{"text": "电话[PHONE_1]"}'


def test_text_files_keep_their_encoding_and_bytes_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("电话13800138000\r\n".encode("gb18030"))
    (tmp_path / "b.log").write_bytes(b"\xef\xbb\xbfcall \xff 13800138000\n")
    assert run(tmp_path / "a.txt", "-o", tmp_path / "a.out").exit_code == 0
    assert run(tmp_path / "b.log", "-o", tmp_path / "b.out").exit_code == 0
    assert (tmp_path / "a.out").read_bytes() == "电话[PHONE_1]\r\n".encode("gb18030")
    assert (tmp_path / "b.out").read_bytes() == b"\xef\xbb\xbfcall \xff [PHONE_1]\n"


def test_a_bad_row_goes_redacted_to_the_rejects_and_the_exit_code_is_1(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "hi"}\n{"text": "电话13800138000\n', encoding="utf-8")
    done = run(source, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert content(tmp_path / "out.jsonl") == [{"text": "hi"}]
    rejects = content(tmp_path / "out.rejects.jsonl")
    assert rejects[0]["line"] == 2
    assert rejects[0]["content"] == '{"text": "电话[PHONE_1]'
    assert "13800138000" not in (tmp_path / "out.rejects.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".xlsx", ".parquet", ".txt"])
def test_key_and_vault_give_the_originals_back_and_nothing_else_does(
    tmp_path: Path, kind: str
) -> None:
    source, out, back = (tmp_path / f"{name}{kind}" for name in ("in", "out", "back"))
    if kind == ".txt":
        source.write_bytes("找李娜，电话138 0013 8000\r\n\n或13800138000".encode())
    else:
        table(source)
    key, other = tmp_path / "shop.key", tmp_path / "other.key"
    assert run("--new-key", key).exit_code == run("--new-key", other).exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert run(source, "-o", out, "--key", key).exit_code == 0
    vault = tmp_path / f"out{kind}.vault"
    assert b"13800138000" not in out.read_bytes() + vault.read_bytes()
    arguments = (out, "-o", back, "--restore", "--vault", vault)
    without, wrong = run(*arguments), run(*arguments, "--key", other)
    assert without.exit_code == 2
    assert not back.exists()
    assert isinstance(wrong.exception, RecordError)
    assert "does not open with" in str(wrong.exception)
    assert run(*arguments, "--key", key).exit_code == 0
    if kind in (".txt", ".csv", ".jsonl"):
        assert back.read_bytes() == source.read_bytes()
    else:
        assert content(back) == content(source)


def test_a_key_counts_customers_over_files_and_one_vault_serves_several(tmp_path: Path) -> None:
    key, vault = tmp_path / "k", tmp_path / "v"
    run("--new-key", key)
    for name in ("a", "b"):
        table(tmp_path / f"{name}.jsonl", [{"text": f"{name}打13800138000"}])
        assert run(tmp_path / f"{name}.jsonl", "-o", tmp_path / f"{name}.out.jsonl", "--key", key,
                   "--vault", vault).exit_code == 0  # fmt: skip
    tokens = {content(tmp_path / f"{n}.out.jsonl")[0]["text"][1:] for n in ("a", "b")}
    assert len(tokens) == 1
    restored = run(tmp_path / "a.out.jsonl", "--restore", "--key", key, "--vault", vault)
    assert restored.stdout == '{"text":"a打13800138000"}\n'


def test_a_key_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("mine")
    done = run("--new-key", tmp_path / "k")
    assert isinstance(done.exception, ConfigError)
    assert (tmp_path / "k").read_text() == "mine"


@pytest.mark.parametrize("option", [["--fields", "body"], ["--conversation", "body"]])
def test_a_column_that_no_row_has_is_named_with_those_there_are(
    tmp_path: Path, option: list[str]
) -> None:
    done = run(table(tmp_path / "in.jsonl"), "-o", tmp_path / "out.jsonl", *option)
    assert isinstance(done.exception, ConfigError)
    assert "'body'; there are id, talk, text, subject" in str(done.exception)
    assert not (tmp_path / "out.jsonl").exists()


def test_an_input_is_asked_for_and_help_has_examples() -> None:
    assert run().exit_code == 2
    told = run("--help")
    assert told.exit_code == 0
    assert "Examples" in told.output
