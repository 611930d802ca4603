"""``triage kb gaps``: what is asked and not answered, told as a table, JSON, a page and drafts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

WARRANTY = (
    "保修期是多久", "这个保修几年", "电饭煲保修期多长", "how long is the warranty",
    "warranty period please", "What is the warranty on this? call me on 13812345678",
)  # fmt: skip


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    texts = [*WARRANTY, "快递三天没动了，怎么还不到", "the kettle leaks"]
    rows = ({"id": f"q{n}", "text": text} for n, text in enumerate(texts))
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def warranty(report: dict[str, Any]) -> dict[str, Any]:
    (gap,) = (g for g in report["clusters"] if "q3" in g["ids"])
    return gap


def test_what_no_article_answers_is_found_in_both_languages(shop: Any, messages: Path) -> None:
    run = shop.triage("kb", "gaps", messages, "--below", 1, "--json")
    assert run.code == 0, run.err
    report = json.loads(run.out)
    gap = warranty(report)
    assert set(gap["languages"]) == {"zh-Hans", "en"}
    assert gap["nearest"] is None
    assert report["messages"] == 8
    placed = [i for g in report["clusters"] for i in g["ids"]]
    assert len(placed) + report["singles"]["count"] == report["unanswered"]
    assert (report["articles"], report["stale"]) == (4, [])


def test_personal_details_are_hidden_unless_asked_for(shop: Any, messages: Path) -> None:
    hidden = shop.triage("kb", "gaps", messages, "--below", 1, "--json")
    assert "13812345678" not in hidden.out
    assert "[PHONE_1]" in hidden.out
    shown = shop.triage("kb", "gaps", messages, "--below", 1, "--json", "--no-redact")
    assert "13812345678" in shown.out


def test_results_of_tag_are_used_again(shop: Any, messages: Path, tmp_path: Path) -> None:
    tagged = tmp_path / "tagged.jsonl"
    assert shop.triage("tag", messages, "-o", tagged).code == 0
    rows = [json.loads(line) for line in tagged.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["suggestions"] = [{"article_id": "own-refund-apply", "confidence": 0.9}]
    tagged.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    run = shop.triage("kb", "gaps", messages, "--results", tagged, "--json")
    assert run.code == 0, run.err
    report = json.loads(run.out)
    assert (report["unanswered"], report["clusters"]) == (0, [])
    assert "own-refund-apply" not in report["unused"]
    assert len(report["unused"]) == 3


def test_the_table_and_the_page_show_the_gap(shop: Any, messages: Path, tmp_path: Path) -> None:
    page = tmp_path / "gaps.html"
    run = shop.triage("kb", "gaps", messages, "--below", 1, "-o", page)
    assert run.code == 0, run.err
    assert "messages got no confident reply from 4 articles" in run.out
    assert "保修" in run.out
    html = page.read_text(encoding="utf-8")
    assert "保修" in html
    assert "none near" in html
    assert "://" not in html


def test_drafts_go_through_the_import(own_shop: Any, messages: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run = own_shop.triage("kb", "gaps", messages, "--below", 1, "--drafts", folder)
    assert run.code == 0, run.err
    drafts = sorted(folder.iterdir())
    assert len(drafts) >= 2
    assert all("13812345678" not in d.read_text(encoding="utf-8") for d in drafts)
    before = [d.read_text(encoding="utf-8") for d in drafts]
    again = own_shop.triage("kb", "gaps", messages, "--below", 1, "--drafts", folder)
    assert f"{len(drafts)} were there already" in again.err
    assert [d.read_text(encoding="utf-8") for d in drafts] == before
    for draft, text in zip(drafts, before, strict=True):
        draft.write_text(text.replace("draft: true\n", "") + "Two years.\n", encoding="utf-8")
    imported = own_shop.triage("kb", "import", folder, "--json")
    assert imported.code == 0, imported.err
    assert {c["id"] for c in json.loads(imported.out)["new"]} == {
        d.name.split(".")[0] for d in drafts
    }


def test_articles_that_agents_sent_are_used(shop: Any, messages: Path, tmp_path: Path) -> None:
    feedback = tmp_path / "feedback.jsonl"
    feedback.write_text('{"chosen": "own-account-password"}\n{"chosen": null}\n')
    run = shop.triage("kb", "gaps", messages, "--feedback", feedback, "--json")
    assert "own-account-password" not in json.loads(run.out)["unused"]
    feedback.write_text('{"text": "x"}\n')
    refused = shop.triage("kb", "gaps", messages, "--feedback", feedback)
    assert refused.code == 2
    assert "chosen" in refused.err


def test_a_file_without_messages_still_tells_of_the_articles(shop: Any, tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text("")
    run = shop.triage("kb", "gaps", path, "--json")
    assert run.code == 0, run.err
    report = json.loads(run.out)
    assert (report["messages"], report["unused"], report["articles"]) == (0, None, 4)


def test_rows_that_cannot_be_used_are_written_aside(shop: Any, messages: Path) -> None:
    with messages.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "bad"}\n')
    run = shop.triage("kb", "gaps", messages, "--json")
    assert run.code == 1
    assert messages.with_name("asked.rejects.jsonl").exists()


def test_an_absent_file_is_unusable(shop: Any) -> None:
    run = shop.triage("kb", "gaps", "nowhere.jsonl")
    assert run.code == 2
    assert "nowhere.jsonl" in run.err
