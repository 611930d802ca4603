"""``triage train``: tickets of one's own to a model of one's own."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.commands.tickets import version_stem
from triage.bundle import load_bundle
from triage.registry import check_version


def _arrays(models: Any, version: str) -> dict[str, np.ndarray]:
    with np.load(models / version / "heads.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_a_first_model_is_written_and_promoted(shop: Any) -> None:
    assert shop.trained.code == 0, shop.trained.err
    assert "shop-1 is current" in shop.trained.err
    assert (shop.models / "current").read_text().strip() == "shop-1"
    manifest = load_bundle(shop.models / "shop-1").manifest
    assert manifest.labels["category"] == ["account", "logistics", "other", "refund"]
    rows = len(shop.tickets.read_text(encoding="utf-8").splitlines())
    assert 50 <= rows <= 70
    assert manifest.data["tickets"]["rows"] == rows
    assert manifest.metrics["category"]["all"]["rows"] == rows


def test_the_new_model_answers_with_its_own_articles(shop: Any) -> None:
    run = shop.triage("ask", "怎样申请退款", "--json")
    result = json.loads(run.out)
    assert result["model"] == "shop-1"
    assert result["category"]["label"] == "refund"
    assert all(s["article_id"].startswith("own-") for s in result["suggestions"])


def test_the_same_tickets_and_seed_give_the_same_heads(own_shop: Any) -> None:
    run = own_shop.triage(
        "train", own_shop.tickets, "--articles", own_shop.articles, "--name", "shop-2"
    )
    assert run.code == 0
    first, second = (_arrays(own_shop.models, version) for version in ("shop-1", "shop-2"))
    assert set(first) == set(second)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)
    assert (own_shop.models / "current").read_text().strip() == "shop-1"
    assert "triage models promote shop-2" in run.err


def test_a_table_with_other_names_gives_the_same_heads(own_shop: Any, tmp_path: Any) -> None:
    rows = [json.loads(line) for line in own_shop.tickets.read_text(encoding="utf-8").splitlines()]
    table = tmp_path / "export.csv"
    with table.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["Ticket ID", "words", "意图", "优先级", "情绪"])
        for row in rows:
            name = row["intent"]
            writer.writerow([row["id"], row["text"], name, row["priority"], row["sentiment"]])
    options = ("--articles", own_shop.articles, "--name", "t", "--text-column", "words")
    run = own_shop.triage("train", table, *options)
    assert run.code == 0, run.err
    assert "from intent" in run.err
    first, second = (_arrays(own_shop.models, version) for version in ("shop-1", "t"))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def test_another_seed_is_recorded_and_may_be_served_at_once(own_shop: Any) -> None:
    options = ("--articles", own_shop.articles, "--name", "s", "--seed", "5", "--promote")
    assert own_shop.triage("train", own_shop.tickets, *options).code == 0
    assert json.loads((own_shop.models / "s" / "manifest.json").read_text())["seed"] == 5
    assert (own_shop.models / "current").read_text().strip() == "s"


def test_bad_rows_are_listed_beside_the_input_with_exit_code_1(
    own_shop: Any, tmp_path: Any
) -> None:
    tickets = tmp_path / "mixed.jsonl"
    bad = ['{"text": "hi", "priority": "asap"}', "{oops", '{"text": "", "category": "a"}']
    tickets.write_text(own_shop.tickets.read_text(encoding="utf-8") + "\n".join(bad) + "\n")
    run = own_shop.triage("train", tickets, "--articles", own_shop.articles, "--name", "m")
    assert run.code == 1
    assert (own_shop.models / "m" / "manifest.json").is_file()
    lines = (tmp_path / "mixed.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    rejects = [json.loads(line) for line in lines]
    count = len(own_shop.tickets.read_text(encoding="utf-8").splitlines())
    assert [reject["line"] for reject in rejects] == [count + 1, count + 2, count + 3]
    assert "urgent" in rejects[0]["reason"]


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), ("", ""), ('{"text": "a", "category": "b"}\n', ""), ("{\n", "")],
    ids=["absent", "empty", "one label", "no usable row"],
)
def test_tickets_that_teach_nothing_are_unusable(
    own_shop: Any, tmp_path: Any, content: str | None, told: str
) -> None:
    tickets = tmp_path / "tickets.jsonl"
    if content is not None:
        tickets.write_text(content)
    run = own_shop.triage("train", tickets, "--articles", own_shop.articles, "--name", "none")
    assert run.code == 2
    assert "error:" in run.err
    assert told in run.err
    assert not (own_shop.models / "none").exists()


@pytest.mark.parametrize("name", ["../up", "encoder", "current", "a b"])
def test_a_name_that_is_no_version_is_unusable(own_shop: Any, name: str) -> None:
    run = own_shop.triage(
        "train", own_shop.tickets, "--articles", own_shop.articles, "--name", name
    )
    assert (run.code == 2) == bool(name)
    assert (own_shop.models / "encoder" / "model.onnx").is_file()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("shop-2026.11.csv", "shop-2026.11"),
        ("tickets.jsonl.gz", "tickets"),
        ("Q4 export (new).xlsx", "Q4-export-new"),
        ("工单 导出.xlsx", "tickets-工单-导出"),
        ("(1).csv", "1"),
        ("。.csv", "tickets"),
        (f"{'a' * 300}.csv", "a" * 60),
    ],
)
def test_any_file_name_begins_a_versions_name(name: str, stem: str) -> None:
    assert version_stem(Path(name)) == stem
    assert check_version(f"{stem}-2026.11.21.1")
