"""``triage evaluate``: how good a model is on labelled tickets."""

from __future__ import annotations

import json
from typing import Any

from workbooks import write_xlsx


def test_the_figures_are_given_as_json(shop: Any) -> None:
    run = shop.triage("evaluate", shop.tickets, "--json")
    assert run.code == 0, run.err
    figures = json.loads(run.out)
    assert figures["model"] == "shop-1"
    assert set(figures["tasks"]) == {"category", "intent", "priority", "sentiment"}
    cells = figures["tasks"]["category"]["by_language"]
    rows = len(shop.tickets.read_text(encoding="utf-8").splitlines())
    assert cells["all"]["rows"] == rows
    assert cells["zh"]["rows"] + cells["en"]["rows"] == rows
    accuracy = cells["all"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert accuracy["value"] > 0.9, "these are the tickets that it was trained on"
    assert 0 <= figures["review"]["all"]["accepted"] <= 1


def test_a_known_mistake_is_counted(shop: Any, tmp_path: Any) -> None:
    rows = [
        {"id": "e-1", "text": "忘记密码了怎么找回", "category": "account"},
        {"id": "e-2", "text": "I forgot my password", "category": "refund"},
    ]
    held = tmp_path / "held.jsonl"
    held.write_text("".join(json.dumps(row) + "\n" for row in rows))
    figures = json.loads(shop.triage("evaluate", held, "--json", "--model", "shop-1").out)
    assert set(figures["tasks"]) == {"category"}
    assert figures["tasks"]["category"]["by_language"]["all"]["accuracy"]["value"] == 0.5
    assert figures["tasks"]["category"]["confusions"] == [
        {"true": "refund", "predicted": "account", "count": 1, "ids": ["e-2"]}
    ]


def test_the_table_shows_model_tasks_and_review(shop: Any) -> None:
    run = shop.triage("evaluate", shop.tickets)
    assert run.code == 0
    for shown in (
        "model shop-1",
        "category",
        "sentiment",
        "accepted without review",
        "weakest first",
        "is the stated confidence honest?",
        "area under the risk-coverage curve",
    ):
        assert shown in run.out


def test_the_json_holds_what_the_report_shows(shop: Any) -> None:
    figures = json.loads(shop.triage("evaluate", shop.tickets, "--json").out)
    assert figures["file"] == shop.tickets.name
    assert figures["overlap"] is None
    assert figures["out_of_scope"] == {}
    category = figures["tasks"]["category"]
    assert {e["label"] for e in category["labels"]} == {"account", "logistics", "other", "refund"}
    assert sum(map(sum, category["matrix"]["counts"])) == figures["rows"]
    assert category["risk_coverage"]["points"][-1][0] == 1
    cell = category["by_language"]["all"]
    assert sum(count for _, _, count in cell["reliability"]) == figures["rows"]
    assert cell["weighted_f1"]["low"] <= cell["weighted_f1"]["value"]
    assert figures["tasks"]["intent"]["by_language"]["all"]["ece"] is None


def test_the_html_report_is_one_file_and_says_where_it_lies(shop: Any, tmp_path: Any) -> None:
    page = tmp_path / "new" / "report.html"
    run = shop.triage("evaluate", shop.tickets, "--html", page, "--lang", "zh")
    assert run.code == 0, run.err
    assert str(page) in run.err
    assert "shop-1 表现如何？" in page.read_text(encoding="utf-8")
    assert [p.name for p in page.parent.iterdir()] == ["report.html"]
    again = tmp_path / "again.html"
    shop.triage("evaluate", shop.tickets, "--html", again, "--lang", "zh", "--json")
    assert again.read_bytes() == page.read_bytes()


def test_no_customer_text_is_among_the_figures_or_in_the_page(shop: Any, tmp_path: Any) -> None:
    held = tmp_path / "held.jsonl"
    row = {"id": "e-9", "text": "I forgot my xylophone password", "category": "refund"}
    held.write_text(json.dumps(row) + "\n")
    run = shop.triage("evaluate", held, "--html", tmp_path / "r.html")
    for shown in (run.out, (tmp_path / "r.html").read_text(encoding="utf-8")):
        assert "xylophone" not in shown
    assert "e-9" in run.out


def test_rows_out_of_scope_are_told_apart(shop: Any, tmp_path: Any) -> None:
    held = tmp_path / "held.jsonl"
    rows = [
        {"text": "I forgot my password", "category": "account"},
        {"text": "what is the capital of Peru", "category": "chit_chat"},
    ]
    held.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = shop.triage("evaluate", held, "--out-of-scope", "chit_chat")
    assert "out of scope: 1 tickets labelled chit_chat against 1 others" in run.out
    figures = json.loads(shop.triage("evaluate", held, "--out-of-scope", "chit_chat", "--json").out)
    assert figures["tasks"]["category"]["by_language"]["all"]["rows"] == 1
    assert figures["out_of_scope"]["score"] in {"familiarity", "category confidence"}


def test_what_looks_like_markup_in_a_label_is_shown_as_it_is(shop: Any, tmp_path: Any) -> None:
    held = tmp_path / "held.jsonl"
    held.write_text(json.dumps({"text": "I forgot my password", "category": "[red]x[/red]"}))
    assert "[red]x[/red]" in shop.triage("evaluate", held).out


def test_an_unknown_language_of_the_report_is_a_usage_error(shop: Any) -> None:
    run = shop.triage("evaluate", shop.tickets, "--lang", "fr")
    assert run.code == 2
    assert "fr" in run.err


def test_a_report_that_cannot_be_written_is_unusable(shop: Any, tmp_path: Any) -> None:
    run = shop.triage("evaluate", shop.tickets, "--html", tmp_path)
    assert run.code == 2
    assert "cannot be written" in run.err


def test_bad_rows_are_listed_with_exit_code_1(shop: Any, tmp_path: Any) -> None:
    held = tmp_path / "held.jsonl"
    held.write_text('{"text": "I forgot my password", "category": "account"}\n{oops\n')
    run = shop.triage("evaluate", held, "--json")
    assert run.code == 1
    assert json.loads(run.out)["tasks"]["category"]["by_language"]["all"]["rows"] == 1
    assert json.loads((tmp_path / "held.rejects.jsonl").read_text())["line"] == 2


def test_an_absent_file_and_an_absent_model_are_unusable(shop: Any, tmp_path: Any) -> None:
    assert shop.triage("evaluate", tmp_path / "none.jsonl").code == 2
    run = shop.triage("evaluate", shop.tickets, "--model", "none")
    assert run.code == 2
    assert "triage models list" in run.err


def test_a_workbook_is_measured_by_the_columns_that_are_named(shop: Any, tmp_path: Any) -> None:
    rows = [
        ["编号", "客户说", "处理组", "优先级", "备注"],
        [1.0, "忘记密码了怎么找回", "account", "中", "x"],
        [2.0, "I forgot my password", "refund", "3", "y"],
        [3.0, "please reset my password", "refund", "紧急", "z"],
    ]
    held = write_xlsx(tmp_path / "held.xlsx", rows)
    flags = ("--text-column", "客户说", "--category-column", "处理组")
    run = shop.triage("evaluate", held, *flags, "--json")
    assert run.code == 1, run.err
    figures = json.loads(run.out)
    assert figures["tasks"]["category"]["confusions"][0]["ids"] == ["3"]
    for shown in ("客户说", "中 → normal", "忘记密码了怎么找回", "Not used: 备注"):
        assert shown in run.err
    assert "No column for intent, sentiment; name one with --intent-column" in run.err
    assert "1 row rejected, most often: field 'priority' (column '优先级') is '3'" in run.err
    without = shop.triage("evaluate", held, *flags, "--priority-column", "", "--json")
    assert without.code == 0
    assert set(json.loads(without.out)["tasks"]) == {"category"}


def test_a_column_that_is_not_there_is_unusable(shop: Any, tmp_path: Any) -> None:
    held = tmp_path / "held.csv"
    held.write_text("text,category\na,b\n")
    run = shop.triage("evaluate", held, "--category-column", "team")
    assert run.code == 2
    assert "--category-column names 'team'" in run.err
    assert "'text', 'category'" in run.err
    assert run.out == ""
