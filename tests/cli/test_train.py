"""``triage train``: tickets of one's own to a model of one's own."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.commands.tickets import version_stem
from training.corpus import read_corpus
from triage.bundle import load_bundle, save_bundle
from triage.engine import TASKS
from triage.evidence import evidence_of
from triage.registry import check_version


def _arrays(models: Any, version: str) -> dict[str, np.ndarray]:
    with np.load(models / version / "heads.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def _manifest(shop: Any, version: str) -> dict[str, Any]:
    content = (shop.models / version / "manifest.json").read_text(encoding="utf-8")
    return dict(json.loads(content))


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


def test_a_tuning_is_told_with_both_figures_and_recorded(
    own_shop: Any, tiny_exported: Path
) -> None:
    pytest.importorskip("torch")
    options = ("--articles", own_shop.articles, "--name", "t", "--encoder", tiny_exported)
    run = own_shop.triage("train", own_shop.tickets, *options, "--tune-encoder")
    assert run.code == 0, run.err
    bundle = load_bundle(own_shop.models / "t")
    record = bundle.manifest.data["tuning"]
    assert f"{record['tuned']:.3f} with it, {record['untuned']:.3f} without" in run.err
    assert (bundle.encoder is not None) == record["kept"] == ("was kept" in run.err)
    card = (own_shop.models / "t" / "CARD.md").read_text(encoding="utf-8")
    assert f"--encoder {tiny_exported} --tune-encoder" in card
    assert run.out == ""


def test_a_tuning_beside_a_task_without_labels_is_refused_at_once(
    own_shop: Any, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in own_shop.tickets.read_text(encoding="utf-8").splitlines()]
    tickets = tmp_path / "tickets.jsonl"
    lines = (json.dumps({"text": row["text"], "intent": row["intent"]}) for row in rows)
    tickets.write_text("\n".join(lines), encoding="utf-8")
    options = ("--articles", own_shop.articles, "--name", "t")
    run = own_shop.triage("train", tickets, *options, "--tune-encoder")
    assert run.code == 2
    assert "train without --tune-encoder" in " ".join(run.err.split())
    assert not (own_shop.models / "t").exists()


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


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_redacted_rejects_and_examples_hold_no_detail(
    own_shop: Any, tmp_path: Any, command: str
) -> None:
    tickets = tmp_path / "mixed.jsonl"
    lines = ['{"text": "找李娜，电话13800138000", "category": "refund", "intent": "refund/apply"}',
             '{"text": "电话13900139000", "priority": "asap"}']  # fmt: skip
    tickets.write_text("\n".join(lines) + "\n" + own_shop.tickets.read_text(encoding="utf-8"))
    extra = ("--articles", own_shop.articles, "--name", "m") if command == "train" else ()
    run = own_shop.triage(command, tickets, "--redact", *extra)
    assert run.code == 1
    written = (tmp_path / "mixed.rejects.jsonl").read_text(encoding="utf-8")
    assert "[PHONE_1]" in written
    assert "找[PERSON_1]" in run.err
    for detail in ("13800138000", "13900139000", "李娜"):
        assert detail not in written + run.out + run.err


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


def _only(shop: Any, path: Path, *fields: str) -> Path:
    """Write the shop's tickets with some of their fields."""
    rows = [json.loads(line) for line in shop.tickets.read_text(encoding="utf-8").splitlines()]
    lines = (json.dumps({name: row[name] for name in fields}) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_a_file_of_categories_alone_trains_and_tells_where_the_rest_comes_from(
    own_shop: Any, tmp_path: Path
) -> None:
    tickets = _only(own_shop, tmp_path / "flat.jsonl", "text", "category")
    run = own_shop.triage("train", tickets, "--articles", own_shop.articles, "--name", "flat")
    assert run.code == 0, run.err
    for task in ("intent", "priority", "sentiment"):
        assert f"{task}: no labels in the tickets, so its head is that of shop-1" in run.err
    manifest = _manifest(own_shop, "flat")
    assert manifest["inherited"] == dict.fromkeys(("intent", "priority", "sentiment"), "shop-1")
    assert {"heads.npz", "base-heads.npz", "base-terms.txt"} <= set(manifest["files"])
    answers = [
        json.loads(own_shop.triage("ask", "怎样申请退款", "--json", "--model", model).out)
        for model in ("shop-1", "flat")
    ]
    assert answers[1]["model"] == "flat"
    assert answers[1]["category"]["label"] == "refund"
    assert answers[1]["sentiment"] == answers[0]["sentiment"]
    assert 0 < answers[1]["category"]["familiarity"] <= 1


def test_a_model_on_top_of_one_that_inherits_serves_all_three(
    own_shop: Any, tmp_path: Path
) -> None:
    """Tasks that neither the tickets nor the model below label come from the one below that."""
    steps = {"middle": ("text", "category", "priority"), "top": ("text", "category")}
    below = "shop-1"
    for name, fields in steps.items():
        tickets = _only(own_shop, tmp_path / f"{name}.jsonl", *fields)
        options = ("--articles", own_shop.articles, "--name", name, "--base", below)
        assert own_shop.triage("train", tickets, *options).code == 0
        below = name
    assert _manifest(own_shop, "top")["inherited"]["priority"] == "middle"
    assert "base-base-heads.npz" in _manifest(own_shop, "top")["files"]
    models = ("shop-1", "middle", "top")
    first, middle, top = (
        json.loads(own_shop.triage("ask", "我的账号被盗了", "--json", "--model", m).out)
        for m in models
    )
    assert top["priority"] == middle["priority"]
    assert top["sentiment"] == first["sentiment"]


@pytest.mark.parametrize("base", [None, "none"])
def test_where_there_is_nothing_to_take_a_task_from_the_remedy_is_told(
    own_shop: Any, tmp_path: Path, base: str | None
) -> None:
    tickets = _only(own_shop, tmp_path / "flat.jsonl", "text", "category")
    (own_shop.models / "current").unlink()
    options = ("--articles", own_shop.articles, *(("--base", base) if base else ()))
    run = own_shop.triage("train", tickets, "--name", "flat", *options)
    assert run.code == 2
    told = run.err.splitlines()[-1] if base else run.err.replace("\n", " ")
    assert ("none" in told) if base else ("name one with --base" in told)
    assert not (own_shop.models / "flat").exists()


def test_a_calibration_share_is_kept_from_the_heads_and_makes_the_promise_exact(
    own_shop: Any,
) -> None:
    options = ("--articles", own_shop.articles, "--name", "held", "--calibration-share", "0.3")
    assert own_shop.triage("train", own_shop.tickets, *options).code == 0
    first, held = (_manifest(own_shop, version) for version in ("shop-1", "held"))
    assert (first["abstention"]["any"]["exact"], held["abstention"]["any"]["exact"]) == (
        False,
        True,
    )
    rows = first["data"]["tickets"]["rows"]
    assert first["data"]["learnt_from"] == first["abstention"]["any"]["rows"] == rows
    assert held["data"]["tickets"]["rows"] == rows
    assert held["data"]["learnt_from"] + held["abstention"]["any"]["rows"] == rows
    assert 5 <= held["abstention"]["any"]["rows"] <= 35


@pytest.mark.parametrize(
    ("options", "stated", "needed"),
    [
        (("--max-error", "0.05"), "at most 5.0% wrong, 95% sure", 105),
        (("--max-error", "0.01"), "at most 1.0% wrong, 95% sure", 529),
        (("--sure", "0.999"), "at most 10.0% wrong, 99.9% sure", 89),
    ],
)
def test_a_standard_too_strict_for_few_tickets_is_told_in_words(
    own_shop: Any, options: tuple[str, ...], stated: str, needed: int
) -> None:
    tickets = own_shop.tickets
    run = own_shop.triage(
        "train", tickets, "--articles", own_shop.articles, "--name", "strict", *options
    )
    assert run.code == 0
    promise = _manifest(own_shop, "strict")["abstention"]["any"]
    told = run.err.replace("\n", " ")
    assert f"any: every category asks for review, since {promise['rows']} tickets" in told
    assert f"do not show {stated}; that takes at least {needed} confident ones" in told
    assert promise["accepted"] == 0
    asked = json.loads(own_shop.triage("ask", "怎样申请退款", "--json", "--model", "strict").out)
    assert asked["needs_review"]


def test_a_lax_standard_is_met_and_told_in_figures(own_shop: Any) -> None:
    options = ("--max-error", "0.5", "--sure", "0.5", "--name", "lax")
    run = own_shop.triage("train", own_shop.tickets, "--articles", own_shop.articles, *options)
    assert run.code == 0
    promise = _manifest(own_shop, "lax")["abstention"]["any"]
    assert 0 < promise["accepted"] <= 1
    assert f"any: {promise['accepted']:.1%} of categories need no review" in run.err
    assert f"({promise['error']:.1%} of them were wrong)" in run.err.replace(
        "at most 50.0% wrong, 50% sure; ", ""
    )


def test_the_same_tickets_seed_and_versions_give_equal_bytes_and_figures(own_shop: Any) -> None:
    options = ("--articles", own_shop.articles, "--name", "twin")
    assert own_shop.triage("train", own_shop.tickets, *options).code == 0
    folders = [own_shop.models / version for version in ("shop-1", "twin")]
    for name in _manifest(own_shop, "shop-1")["files"]:
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second, name
    first, second = (_manifest(own_shop, version) for version in ("shop-1", "twin"))
    for manifest in (first, second):
        del manifest["data"]["tickets"]["path"]  # the two folders of models lie apart
    differing = {key for key in first if first[key] != second[key]}
    assert differing <= {"version", "created"}


def test_a_card_is_written_beside_the_model(shop: Any) -> None:
    card = (shop.models / "shop-1" / "CARD.md").read_text(encoding="utf-8")
    assert "shop-1" in card
    found = _manifest(shop, "shop-1")["metrics"]["category"]["all"]
    assert f"| category | all | {found['rows']} | {found['accuracy']:.3f} (" in card
    assert "with its card" in shop.trained.err


def test_the_place_of_the_tickets_is_recorded_as_seen_from_the_folder_of_models(shop: Any) -> None:
    entry = _manifest(shop, "shop-1")["data"]["tickets"]
    assert entry["path"] == "../tickets.jsonl"
    assert (shop.models / entry["path"]).resolve() == shop.tickets.resolve()


def test_promoting_a_worse_model_at_once_is_refused_with_exit_code_1(
    own_shop: Any, tmp_path: Path
) -> None:
    # Labels that nothing can learn; the current model is made out to have known them.
    rows = [json.loads(line) for line in own_shop.tickets.read_text(encoding="utf-8").splitlines()]
    labels = [{name: row[name] for name in TASKS} for row in rows]
    random.Random(3).shuffle(labels)
    shuffled = tmp_path / "shuffled.jsonl"
    lines = (json.dumps(row | own) + "\n" for row, own in zip(rows, labels, strict=True))
    shuffled.write_text("".join(lines), encoding="utf-8")
    bundle = load_bundle(own_shop.models / "shop-1")
    tickets = read_corpus(shuffled).tickets
    known = evidence_of(
        [t.normalised for t in tickets],
        predictions={
            task: np.array([names.index(str(t.labels[task])) for t in tickets])
            for task, names in bundle.manifest.labels.items()
        },
        confidences={task: np.ones(len(tickets)) for task in TASKS},
        labels=bundle.manifest.labels,
    )
    save_bundle(replace(bundle, evidence=known), own_shop.models / "shop-1")
    options = ("--articles", own_shop.articles, "--name", "worse", "--promote")
    run = own_shop.triage("train", shuffled, *options)
    assert run.code == 1
    assert "refused: worse is significantly worse on category" in run.err
    assert "worse is current" not in run.err
    assert (own_shop.models / "current").read_text().strip() == "shop-1"
    assert (own_shop.models / "worse" / "CARD.md").is_file(), "it is written all the same"


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


def test_feedback_joins_the_tickets_and_the_manifest_says_so(own_shop: Any, tmp_path: Any) -> None:
    first = json.loads(own_shop.tickets.read_text(encoding="utf-8").splitlines()[0])
    given = [
        {"id": "d-1", "shown": [], "text": first["text"], "priority": "low"},
        {"id": "d-2", "shown": [], "text": "包裹被邻居拿走了", "intent": "logistics/track"},
    ]
    path = tmp_path / "feedback.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in given), encoding="utf-8")
    options = ("--articles", own_shop.articles, "--name", "fed", "--feedback", path)
    run = own_shop.triage("train", own_shop.tickets, *options)
    assert run.code == 0, run.err
    assert "1 tickets added, 1 relabelled" in run.err
    told = _manifest(own_shop, "fed")["data"]["feedback"]
    assert told == {"source": "feedback.jsonl", "decisions": 2, "added": 1, "relabelled": 1}
    rows = len(own_shop.tickets.read_text(encoding="utf-8").splitlines())
    assert _manifest(own_shop, "fed")["data"]["learnt_from"] == rows + 1
