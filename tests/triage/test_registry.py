from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import NOW_UTC

from triage.bundle import MANIFEST
from triage.errors import BundleError
from triage.registry import CURRENT, HISTORY, Registry, check_version

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def registry(bundle_folder: Path, tmp_path: Path) -> Registry:
    """Three bundles that differ in version and day; only their manifests are read here."""
    for days, version in enumerate(("v-2", "v-10", "v-1")):
        folder = tmp_path / version
        folder.mkdir()
        manifest = json.loads((bundle_folder / MANIFEST).read_text(encoding="utf-8"))
        created = (NOW_UTC + timedelta(days=days)).isoformat()
        manifest |= {"version": version, "created": created}
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return Registry(tmp_path, clock=lambda: NOW_UTC)


def test_versions_are_listed_oldest_first(registry: Registry):
    assert [m.version for m in registry.versions()] == ["v-2", "v-10", "v-1"]


def test_without_a_promotion_none_is_current(registry: Registry):
    with pytest.raises(BundleError, match="triage models promote"):
        registry.current()
    with pytest.raises(BundleError, match="triage models promote"):
        registry.path()


def test_promotion_makes_a_version_current_and_is_recorded(registry: Registry):
    registry.promote("v-1")
    registry.promote("v-2")
    assert registry.current() == "v-2"
    assert registry.path() == registry.path(CURRENT) == registry.folder / "v-2"
    lines = (registry.folder / HISTORY).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"at": NOW_UTC.isoformat(), "action": "promote", "version": "v-1", "before": None},
        {"at": NOW_UTC.isoformat(), "action": "promote", "version": "v-2", "before": "v-1"},
    ]
    assert datetime.fromisoformat(json.loads(lines[0])["at"]) == NOW_UTC


def test_what_is_recorded_stands_beside_a_promotion_and_cannot_replace_it(registry: Registry):
    registry.promote("v-1", record={"by": "ann", "version": "v-9", "comparison": {"p": 0.5}})
    registry.promote("v-2")
    registry.rollback(record={"by": "bob"})
    history = registry.history()
    assert [(e["action"], e["version"], e.get("by")) for e in history] == [
        ("promote", "v-1", "ann"),
        ("promote", "v-2", None),
        ("rollback", "v-1", "bob"),
    ]
    assert history[0]["comparison"] == {"p": 0.5}


def test_a_damaged_history_is_refused_with_its_place(registry: Registry):
    assert registry.history() == []
    registry.promote("v-1")
    with (registry.folder / HISTORY).open("a", encoding="utf-8") as stream:
        stream.write('{"at": "2026')
    with pytest.raises(BundleError, match=r"promotions\.jsonl holds a line.*remove that line"):
        registry.rollback()
    assert registry.current() == "v-1"


def test_readers_see_a_whole_name_while_it_switches(registry: Registry):
    registry.promote("v-1")
    seen: set[str] = set()

    def read(_: int) -> None:
        seen.update(registry.current() for _ in range(200))

    with ThreadPoolExecutor(max_workers=4) as pool:
        readers = [pool.submit(read, number) for number in range(4)]
        for number in range(60):
            registry.promote(("v-10", "v-2")[number % 2])
        for reader in readers:
            reader.result()
    assert seen <= {"v-1", "v-2", "v-10"}
    assert registry.current() == "v-2"
    assert len(registry.history()) == 61


def test_a_version_that_does_not_exist_is_not_promoted(registry: Registry):
    registry.promote("v-1")
    with pytest.raises(BundleError, match="v-3"):
        registry.promote("v-3")
    assert registry.current() == "v-1"


def test_rollback_returns_to_the_version_that_was_replaced(registry: Registry):
    registry.promote("v-1")
    registry.promote("v-2")
    assert registry.rollback() == "v-1"
    assert registry.current() == "v-1"


def test_rollback_after_promoting_the_same_version_twice_still_finds_the_one_before(
    registry: Registry,
):
    registry.promote("v-1")
    registry.promote("v-2")
    registry.promote("v-2")
    assert registry.rollback() == "v-1"


def test_a_second_rollback_does_not_return_to_the_version_rolled_back(registry: Registry):
    for version in ("v-1", "v-2", "v-10"):
        registry.promote(version)
    assert registry.rollback() == "v-2"
    assert registry.rollback() == "v-1"


def test_the_first_promotion_cannot_be_rolled_back(registry: Registry):
    registry.promote("v-1")
    with pytest.raises(BundleError, match=r"'v-1' replaced no other model; promote one"):
        registry.rollback()


def test_a_bundle_is_found_by_version_and_by_folder(registry: Registry, bundle_folder: Path):
    assert registry.path("v-10") == registry.folder / "v-10"
    assert registry.path(str(bundle_folder)) == bundle_folder


@pytest.mark.parametrize(
    "version", ["", "../v-1", "a/b", ".hidden", "current", "encoder", "promotions.jsonl", "a b"]
)
def test_what_cannot_name_a_bundle_is_refused(version: str):
    with pytest.raises(BundleError, match="cannot name a bundle"):
        check_version(version)


def test_a_common_version_is_accepted():
    assert check_version("shop-2026.11.1+b2") == "shop-2026.11.1+b2"


def test_a_half_written_bundle_is_not_listed(registry: Registry):
    shutil.copytree(registry.folder / "v-1", registry.folder / ".v-1.scratch")
    assert [m.version for m in registry.versions()] == ["v-2", "v-10", "v-1"]
