"""``triage audit``: labels that look wrong, and the way back through a reviewer to training."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from training.commands.audit import audit
from training.corpus import read_corpus
from training.corrections import apply_corrections
from triage.errors import BundleError, InputError, RecordError


def _audit(models: Path, *arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("audit")(audit)
    environment = {"TRIAGE_MODELS_DIR": str(models), "COLUMNS": "200"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def flipped(shop: Any, tmp_path: Path) -> Path:
    """Return the shop's tickets, one with a wrong category and one twin that disagrees."""
    rows = _rows(shop.tickets)
    rows[0] |= {"category": "other", "intent": ""}
    rows.append(rows[20] | {"id": "twin", "category": "logistics", "intent": ""})
    path = tmp_path / "flipped.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_report_counts_first_and_names_the_wrong_label(shop: Any, flipped: Path) -> None:
    run = _audit(shop.models, flipped)
    assert run.exit_code == 0, run.output
    first, *rest = run.stdout.splitlines()
    count = len(_rows(flipped))
    assert first == f"{count} tickets, 0 rejected rows"
    assert rest[0] == "2 tickets are near-duplicates of another, in 1 groups"
    assert "category: labels likely wrong" in run.stdout
    assert "near-duplicates labelled differently" in run.stdout
    assert "compared with the training data of shop-1" in run.stdout
    assert str(flipped.with_name("flipped.review.csv")) in run.stderr


def test_everything_is_given_as_json(shop: Any, flipped: Path, tmp_path: Path) -> None:
    place = tmp_path / "look.csv"
    tasks = ("--task", "category", "--task", "priority")
    run = _audit(shop.models, flipped, "--json", "--review", place, *tasks)
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert [part["task"] for part in found["tasks"]] == ["category", "priority"]
    category = found["tasks"][0]
    wrong = next(d for d in category["doubts"] if d["id"] == "s-1")
    assert (wrong["line"], wrong["given"], wrong["suggested"]) == (1, "other", "logistics")
    assert 0 <= wrong["quality"] <= 1
    assert wrong["given_probability"] < wrong["suggested_probability"]
    (conflict,) = category["conflicts"]
    assert {t["id"] for t in conflict} == {"s-21", "twin"}
    assert found["near_duplicates"] == {"tickets": 2, "groups": 1}
    assert {shift["task"] for shift in found["drift"]["labels"]} >= {"category", "intent"}
    assert found["review"] == str(place)
    with place.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == found["suspects"]


def test_a_reviewed_table_corrects_the_training(own_shop: Any, flipped: Path) -> None:
    assert _audit(own_shop.models, flipped).exit_code == 0
    place = flipped.with_name("flipped.review.csv")
    with place.open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    answers = {"s-1": "logistics", "twin": "drop"}
    for row in table:
        row["corrected"] = answers.get(row["id"], "")
    table.append(dict.fromkeys(table[0], "") | {"id": "nobody", "corrected": "refund"})
    with place.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]))
        writer.writeheader()
        writer.writerows(table)

    options = ("--articles", own_shop.articles, "--name", "mended", "--corrections", place)
    run = own_shop.triage("train", flipped, *options)
    assert run.code == 1, "one row names no ticket"
    (reject,) = _rows(flipped.with_name("flipped.rejects.jsonl"))
    assert reject["line"] == len(table) + 1
    assert "nobody" in reject["reason"]
    manifest = json.loads((own_shop.models / "mended" / "manifest.json").read_text("utf-8"))
    assert manifest["data"]["tickets"]["rows"] == len(_rows(own_shop.tickets))
    assert manifest["data"]["corrections"]["file"] == place.name

    again = _audit(own_shop.models, flipped)
    assert isinstance(again.exception, RecordError)
    assert "holds a reviewer's corrections" in str(again.exception)


def test_a_file_is_compared_with_what_the_model_learnt_from(
    own_shop: Any, flipped: Path, tmp_path: Path
) -> None:
    found = json.loads(_audit(own_shop.models, flipped, "--json").stdout)
    shift = next(s for s in found["drift"]["labels"] if s["task"] == "category")
    assert shift["reading"] == "stable"
    assert 0 < shift["psi"] < 0.1
    shown = _audit(own_shop.models, flipped, "--review", tmp_path / "r.csv").stdout
    assert "compared with the training data of shop-1" in shown
    assert "stability index" in shown


def test_a_model_without_a_profile_of_its_training_data_is_not_compared(
    own_shop: Any, flipped: Path
) -> None:
    path = own_shop.models / "shop-1" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["data"]["profile"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert json.loads(_audit(own_shop.models, flipped, "--json").stdout)["drift"] is None
    run = _audit(own_shop.models, flipped)
    assert "keeps no profile of its training data" in run.stdout.replace("\n", " ")


def test_without_a_promoted_model_the_audit_says_so_and_goes_on(
    own_shop: Any, flipped: Path
) -> None:
    (own_shop.models / "current").unlink()
    run = _audit(own_shop.models, flipped)
    assert run.exit_code == 0
    assert "no model is promoted" in run.stdout


def test_bad_rows_are_listed_with_exit_code_1(shop: Any, flipped: Path) -> None:
    with flipped.open("a", encoding="utf-8") as stream:
        stream.write("{oops\n")
    run = _audit(shop.models, flipped, "--json")
    assert run.exit_code == 1
    assert json.loads(run.stdout)["rejects"] == 1
    assert len(_rows(flipped.with_name("flipped.rejects.jsonl"))) == 1


def test_top_shortens_each_list_and_tells_how_much_is_left(shop: Any, tmp_path: Path) -> None:
    rows = _rows(shop.tickets)
    for i in (0, 20, 40):
        rows[i] |= {"category": "other", "intent": ""}
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    doubts = json.loads(_audit(shop.models, path, "--json").stdout)["tasks"][0]["doubts"]
    assert len(doubts) > 1
    run = _audit(shop.models, path, "--top", "1")
    assert f"{len(doubts) - 1} more; --top shows more" in run.stdout


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        (("--review", "x.xlsx"), RecordError, "a review is a .csv file"),
        (("--model", "none"), BundleError, "none"),
    ],
)
def test_what_cannot_be_done_is_told_before_the_work(
    shop: Any, flipped: Path, options: tuple[str, ...], error: type[Exception], told: str
) -> None:
    run = _audit(shop.models, flipped, *options)
    assert isinstance(run.exception, error)
    assert told in str(run.exception)


def test_the_tickets_are_never_written_over(shop: Any, tmp_path: Path) -> None:
    tickets = tmp_path / "tickets.csv"
    tickets.write_text("text,category\nhello there,a\nwhere is it,b\n")
    run = _audit(shop.models, tickets, "--review", tmp_path / "." / "tickets.csv")
    assert isinstance(run.exception, RecordError)
    assert "holds the tickets themselves" in str(run.exception)
    assert tickets.read_text().startswith("text,category")


def test_unlabelled_files_absent_files_and_unknown_tasks_are_unusable(
    shop: Any, tmp_path: Path
) -> None:
    assert isinstance(_audit(shop.models, tmp_path / "none.jsonl").exception, RecordError)
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a", "priority": "low"}\n{"text": "b", "priority": "high"}\n')
    run = _audit(shop.models, path)
    assert isinstance(run.exception, InputError)
    assert "choose one with --task" in str(run.exception)
    assert _audit(shop.models, path, "--task", "mood").exit_code == 2


def test_a_redacted_review_holds_no_detail_and_is_still_taken_back(
    shop: Any, flipped: Path, tmp_path: Path
) -> None:
    rows = _rows(flipped)
    for twin in (rows[20], rows[-1]):  # which disagree, whatever the models say of them
        twin["text"] += "，我叫李娜，电话13800138000"
    flipped.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    place = tmp_path / "look.csv"
    run = _audit(shop.models, flipped, "--redact", "--json", "--review", place)
    assert run.exit_code == 0, run.output
    with place.open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    review = place.read_text(encoding="utf-8-sig")
    assert "[PERSON_1]，电话[PHONE_1]" in review
    for detail in ("李娜", "13800138000"):
        assert detail not in run.output + review
    (row,) = (r for r in table if r["id"] == rows[20]["id"])
    row["corrected"] = "logistics"
    with place.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
    corrected = apply_corrections(read_corpus(flipped, keep_repeats=True), place)
    assert corrected.rejects == ()
    assert corrected.tickets[20].labels["category"] == "logistics"
    assert "李娜" in corrected.tickets[20].text
