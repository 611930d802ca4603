"""``triage models``: list, show, promote and roll back."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest


@pytest.fixture
def two(own_shop: Any) -> Any:
    """Return a shop with a second version, ``shop-2``, that is not promoted."""
    shutil.copytree(own_shop.models / "shop-1", own_shop.models / "shop-2")
    path = own_shop.models / "shop-2" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"version": "shop-2", "created": "2999-01-01"}))
    return own_shop


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
