"""``triage models``: list, show, compare, promote and roll back."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from training.commands.gate import Ruling, print_ruling
from training.corpus import read_corpus
from training.promotion import Comparison, outcome_of
from triage.bundle import load_bundle, save_bundle
from triage.evidence import evidence_of
from triage.records import sha256_of

LABELS = ("category", "intent", "priority", "sentiment")


def _save_copy(shop: Any, version: str, *, evidence: bool = True, **changes: Any) -> None:
    """Save ``shop-1`` as ``version``, right about each ticket out of fold."""
    bundle = load_bundle(shop.models / "shop-1")
    tickets = read_corpus(shop.tickets).tickets
    known = {task: bundle.manifest.labels[task] for task in LABELS}
    right = {
        task: np.array([names.index(str(t.labels[task])) for t in tickets])
        for task, names in known.items()
    }
    found = evidence_of(
        [t.normalised for t in tickets],
        predictions=right,
        confidences={task: np.ones(len(tickets)) for task in LABELS},
        labels=known,
    )
    entry = {
        "file": shop.tickets.name,
        "path": str(shop.tickets),
        "sha256": sha256_of(shop.tickets),
        "rows": len(tickets),
    }
    manifest = replace(
        bundle.manifest,
        version=version,
        **{"data": {**bundle.manifest.data, "tickets": entry}, **changes},
    )
    copy = replace(bundle, manifest=manifest, evidence=found if evidence else None)
    save_bundle(copy, shop.models / version)


@pytest.fixture
def two(own_shop: Any, tmp_path: Path) -> Any:
    """Return a shop with a second version, ``shop-2``, that is not promoted."""
    shop = replace(own_shop, tickets=Path(shutil.copy(own_shop.tickets, tmp_path)))
    _save_copy(shop, "shop-2", created="2999-01-01")
    _save_copy(shop, "shop-1")
    return shop


@pytest.fixture
def worse(two: Any, tmp_path: Path) -> Any:
    """Return a shop with a third version, ``shop-3``, that learnt from shuffled labels."""
    rows = [json.loads(line) for line in two.tickets.read_text(encoding="utf-8").splitlines()]
    labels = [{name: row[name] for name in LABELS} for row in rows]
    random.Random(3).shuffle(labels)
    shuffled = tmp_path / "shuffled.jsonl"
    lines = (json.dumps(row | own) + "\n" for row, own in zip(rows, labels, strict=True))
    shuffled.write_text("".join(lines), encoding="utf-8")
    run = two.triage("train", shuffled, "--articles", two.articles, "--name", "shop-3")
    assert run.code == 0
    return two


def _history(shop: Any) -> list[dict[str, Any]]:
    return [json.loads(x) for x in shop.triage("models", "history", "--json").out.splitlines()]


def _listed(shop: Any) -> dict[str, bool]:
    lines = shop.triage("models", "list", "--json").out.splitlines()
    return {entry["version"]: entry["current"] for entry in map(json.loads, lines)}


def test_versions_are_listed_oldest_first_with_the_current_one_marked(two: Any) -> None:
    assert list(_listed(two).items()) == [("shop-1", True), ("shop-2", False)]
    rows = two.triage("models", "list").out.splitlines()
    assert ["*" in row for row in rows if "shop-" in row] == [True, False]


def test_a_manifest_is_shown(two: Any) -> None:
    assert json.loads(two.triage("models", "show").out)["version"] == "shop-1"
    shown = json.loads(two.triage("models", "show", "shop-2").out)
    assert shown["version"] == "shop-2"
    assert set(shown["files"]) >= {"heads.npz", "articles.jsonl"}


def test_a_promoted_version_answers_and_a_rollback_takes_it_back(two: Any) -> None:
    run = two.triage("models", "promote", "shop-2")
    assert (run.code, run.out.strip()) == (0, "shop-2 is current")
    assert _listed(two) == {"shop-1": False, "shop-2": True}
    assert json.loads(two.triage("ask", "hi", "--json").out)["model"] == "shop-2"
    run = two.triage("models", "rollback")
    assert (run.code, run.out.strip()) == (0, "shop-1 is current again")
    assert _listed(two) == {"shop-1": True, "shop-2": False}


def test_a_promotion_shows_and_records_what_was_compared(two: Any) -> None:
    run = two.triage("models", "promote", "shop-2")
    assert "accuracy on the same tickets" in run.err
    assert "shop-2 is not significantly better on category: +0.0 points, p = 1." in run.err
    entry = _history(two)[-1]
    assert (entry["version"], entry["forced"], entry["reason"]) == ("shop-2", False, None)
    assert entry["by"]
    assert entry["compared_on"] == {"file": "tickets.jsonl", "sha256": sha256_of(two.tickets)}
    category = entry["comparison"]["tasks"]["category"]
    assert (category["before"], category["after"], category["p"]) == (1.0, 1.0, 1.0)
    assert category["tickets"] == len(two.tickets.read_text(encoding="utf-8").splitlines())


def test_a_worse_model_is_refused_and_nothing_changes(worse: Any) -> None:
    before = _history(worse)
    run = worse.triage("models", "promote", "shop-3", "--on", worse.tickets)
    assert (run.code, run.out) == (1, "")
    assert "refused: shop-3 is significantly worse on category" in run.err
    assert "labels that got worse" in run.err
    assert any(row.split()[1:2] == ["!"] for row in run.err.splitlines())
    assert _history(worse) == before
    assert _listed(worse)["shop-1"]


def test_of_many_reasons_the_first_are_told() -> None:
    true, right = np.array(["a"] * 20), np.ones(20, dtype=bool)
    comparison = Comparison(
        candidate="new",
        current="old",
        tasks={"category": outcome_of(true, right, right)},
        refusals=tuple(f"Reason [{n}]." for n in range(8)),
    )
    console = Console(file=io.StringIO(), width=200)
    print_ruling(console, Ruling(comparison=comparison))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    refused = [line for line in lines if line.startswith("refused: ")]
    assert refused[0] == "refused: Reason [0]."
    assert refused[4:] == ["refused: Reason [4].", "refused: 3 more reasons, see --json"]


def test_a_refusal_is_told_as_json(worse: Any) -> None:
    run = worse.triage("models", "promote", "shop-3", "--on", worse.tickets, "--json")
    found = json.loads(run.out)
    assert (run.code, found["promoted"], found["comparison"]["passed"]) == (1, False, False)
    assert found["comparison"]["refusals"]
    assert {x["label"] for x in found["comparison"]["tasks"]["category"]["labels"]} == {
        "account", "logistics", "other", "refund",
    }  # fmt: skip


@pytest.mark.parametrize("reason", [(), ("--reason", " ")], ids=["no reason", "a blank one"])
def test_a_refused_model_is_not_forced_without_a_reason(worse: Any, reason: Any) -> None:
    run = worse.triage("models", "promote", "shop-3", "--on", worse.tickets, "--force", *reason)
    assert run.code == 2
    assert "--reason" in run.err
    assert _listed(worse)["shop-1"]


def test_a_forced_promotion_records_who_and_why_and_the_figures(worse: Any) -> None:
    options = ("--on", worse.tickets, "--force", "--reason", "only for [a] test")
    run = worse.triage("models", "promote", "shop-3", *options)
    assert (run.code, run.out.strip()) == (0, "shop-3 is current")
    assert "refused:" in run.err
    entry = _history(worse)[-1]
    assert (entry["forced"], entry["reason"]) == (True, "only for [a] test")
    assert entry["by"]
    category = entry["comparison"]["tasks"]["category"]
    assert category["after"] < category["before"]
    shown = worse.triage("models", "history").out
    assert "promote (forced)" in shown
    assert "only for [a] test" in shown


def test_force_leaves_no_mark_where_the_gate_passes(two: Any) -> None:
    assert two.triage("models", "promote", "shop-2", "--force").code == 0
    assert _history(two)[-1]["forced"] is False


def _gone(shop: Any) -> None:
    shop.tickets.unlink()


def _changed(shop: Any) -> None:
    with shop.tickets.open("a", encoding="utf-8") as stream:
        stream.write("\n")


def _unrecorded(shop: Any) -> None:
    _save_copy(shop, "shop-2", data={})


def _without_evidence(shop: Any) -> None:
    _save_copy(shop, "shop-2", evidence=False)


def _current_damaged(shop: Any) -> None:
    (shop.models / "shop-1" / "heads.npz").unlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_gone, "no longer at"),
        (_changed, "was changed since"),
        (_unrecorded, "does not record"),
        (_without_evidence, "would judge itself"),
        (_current_damaged, "heads.npz is missing"),
    ],
)
def test_where_the_gate_cannot_run_only_force_promotes(two: Any, change: Any, told: str) -> None:
    change(two)
    run = two.triage("models", "promote", "shop-2")
    assert (run.code, run.out) == (2, "")
    assert told in run.err
    assert _listed(two)["shop-1"]
    assert two.triage("models", "promote", "shop-2", "--force").code == 2
    run = two.triage("models", "promote", "shop-2", "--force", "--reason", "old one is broken")
    assert (run.code, run.out.strip()) == (0, "shop-2 is current")
    entry = _history(two)[-1]
    assert (entry["forced"], entry["comparison"]) == (True, None)
    assert told in entry["not_compared"]


def test_a_model_without_evidence_is_compared_on_other_tickets(two: Any, tmp_path: Path) -> None:
    _without_evidence(two)
    other = tmp_path / "other.jsonl"
    rows = [
        {"text": "my refund never came", "category": "refund"},
        {"text": "包裹一直没动", "category": "logistics"},
        {"text": ""},
    ]
    other.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = two.triage("models", "promote", "shop-2", "--on", other)
    assert (run.code, run.out.strip()) == (0, "shop-2 is current")
    assert "shop-2 carries no out-of-fold predictions" in run.err
    assert "Only 2 tickets could be compared" in run.err
    assert "other.jsonl left out: 1" in run.err


def test_with_nothing_to_compare_a_model_is_promoted_and_told_so(two: Any) -> None:
    run = two.triage("models", "promote", "shop-1")
    assert (run.code, run.out.strip()) == (0, "shop-1 is current")
    assert "shop-1 is current already" in run.err
    (two.models / "current").unlink()
    run = two.triage("models", "promote", "shop-2", "--json")
    assert "no model was promoted before" in json.loads(run.out)["not_compared"]
    assert _listed(two)["shop-2"]


def test_a_damaged_model_is_not_promoted_even_by_force(two: Any) -> None:
    with (two.models / "shop-2" / "evidence.npz").open("ab") as stream:
        stream.write(b"x")
    run = two.triage("models", "promote", "shop-2", "--force", "--reason", "x")
    assert run.code == 2
    assert "evidence.npz was changed" in run.err
    assert _listed(two)["shop-1"]


def test_tickets_that_do_not_exist_are_a_usage_error(two: Any) -> None:
    assert two.triage("models", "promote", "shop-2", "--on", "none.jsonl").code == 2
    assert _listed(two)["shop-1"]


def test_history_tells_promotions_and_rollbacks(two: Any) -> None:
    two.triage("models", "promote", "shop-2")
    two.triage("models", "rollback")
    found = [(e["action"], e["version"], e["before"]) for e in _history(two)[-2:]]
    assert found == [("promote", "shop-2", "shop-1"), ("rollback", "shop-1", "shop-2")]
    shown = two.triage("models", "history").out
    assert "1.000 → 1.000" in shown
    assert "rollback" in shown


def test_a_rollback_loads_no_model(two: Any) -> None:
    assert two.triage("models", "promote", "shop-2").code == 0
    heavy = ("openvino", "tokenizers", "faiss", "spacy", "sklearn", "scipy", "torch")
    code = f"""
import sys
from triage.cli import main
sys.argv = ["triage", "models", "rollback"]
try:
    main()
except SystemExit as end:
    assert not end.code
print([name for name in {heavy} if name in sys.modules])
"""
    env = {**os.environ, "TRIAGE_MODELS_DIR": str(two.models)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["shop-1 is current again", "[]"]


def test_a_difference_tells_what_changed(worse: Any) -> None:
    run = worse.triage("models", "diff", "shop-1", "shop-3", "--json")
    found = json.loads(run.out)
    assert run.code == 0
    assert (found["before"], found["after"]) == ("shop-1", "shop-3")
    files = {c["name"]: c for c in found["files"]}
    assert files["tickets.file"]["after"] == "shuffled.jsonl"
    assert files["tickets.sha256"]["before"] == sha256_of(worse.tickets)
    accuracy = next(
        f for f in found["figures"]
        if (f["task"], f["language"], f["figure"]) == ("category", "all", "accuracy")
    )  # fmt: skip
    assert accuracy["difference"] == pytest.approx(accuracy["after"] - accuracy["before"])
    assert accuracy["difference"] < 0
    shown = worse.triage("models", "diff", "shop-1", "shop-3")
    assert "shuffled.jsonl" in shown.out
    assert "different tickets" in shown.err


def test_a_difference_to_itself_shows_figures_alone(two: Any) -> None:
    run = two.triage("models", "diff", "current", "shop-1")
    assert run.code == 0
    assert "out-of-fold figures" in run.out
    assert "changed" not in run.out
    assert "different tickets" not in run.err
    assert two.triage("models", "diff", "current", "none").code == 2


def test_an_absent_version_is_not_promoted(two: Any) -> None:
    run = two.triage("models", "promote", "shop-3")
    assert run.code == 2
    assert "shop-3" in run.err
    assert _listed(two)["shop-1"]


@pytest.mark.parametrize("version", ["encoder", "../shop-1", "[/b]"])
def test_a_name_that_is_no_version_is_refused(two: Any, version: str) -> None:
    run = two.triage("models", "promote", version)
    assert run.code == 2
    assert version in run.err


def test_without_an_earlier_version_there_is_no_rollback(own_shop: Any) -> None:
    run = own_shop.triage("models", "rollback")
    assert run.code == 2
    assert "shop-1" in run.err


def test_a_changed_bundle_is_not_served(two: Any) -> None:
    with (two.models / "shop-1" / "terms.txt").open("a") as stream:
        stream.write("x")
    run = two.triage("ask", "hi")
    assert run.code == 2
    assert "terms.txt" in run.err
