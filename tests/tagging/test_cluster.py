"""Tagging on a cluster of two Ray nodes in one machine: equal to tagging here, and not to be ended.

Skipped where the extra ``ray`` is not installed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet
from tagging.fake_run import NOW, SECRET, Echo, target_of, work_of
from typer.testing import CliRunner

from triage.cli import GROUP, make_app
from triage.errors import ConfigError, MissingExtraError, TriageError
from triage.settings import load_settings
from triage.tagging.checkpoint import Progress
from triage.tagging.cluster import RayCluster
from triage.tagging.loading import LoadTagger, model_version, portable
from triage.tagging.pieces import Piece, pieces_of
from triage.tagging.run import Work, tag_rows
from triage.tagging.sources import Source, find_sources

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
pytest.importorskip("ray", reason="needs Ray: pip install 'support-triage[ray]'")

STORE = 80 << 20  # bytes of objects a node holds
TEXTS = ("我的快递到哪了", "where is my refund", "账号被盗了，急", "app 一直闪退，明天能好吗", "hi")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Return a cluster of two nodes with a core each, to which nothing is connected."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as process:
        process.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        node = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=node)
        cluster.add_node(num_cpus=1, object_store_memory=STORE)
        cluster.wait_for_nodes()
        yield cluster
        cluster.shutdown()


@pytest.fixture
def address(cluster: Any) -> str:
    return str(cluster.address)


def _rows(place: Path, texts: list[str | None], *, group: int = 40) -> Path:
    rows = [{"id": f"r-{n}", "text": text, "size": n} for n, text in enumerate(texts)]
    parquet.write_table(pa.Table.from_pylist(rows), place, row_group_size=group)
    return place


def _echo(source: Path, out: Path, *, address: str | None, echo: Echo | None = None) -> Progress:
    across = RayCluster(address) if address else None
    work = replace(work_of([source], echo=echo), across=across)
    target = target_of(out, rejects=out.with_name(f"{out.name}.rejects"), keep=True)
    return tag_rows(work, target)


def test_parquet_tagged_by_engines_on_two_nodes_equals_tagging_here(
    address: str, tmp_path: Path
) -> None:
    texts: list[str | None] = [f"{TEXTS[n % 5]} {n // 5 % 37}" for n in range(300)]
    texts[7], texts[150] = None, "  "  # two rows that cannot be tagged
    source = Source(str(_rows(tmp_path / "in.parquet", texts)), chosen={})
    make = LoadTagger(settings=portable(load_settings()), version=model_version(None))
    work = Work(sources=(source,), make=make, run={}, now=NOW, window=64)
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    tag_rows(work, target_of(here))
    done = tag_rows(replace(work, across=RayCluster(address)), target_of(there))
    assert (done.rows, done.rejected) == (300, 2)
    assert there.read_bytes() == here.read_bytes()
    assert parquet.read_table(there).column("id").to_pylist()[150:152] == ["r-150", "r-151"]


def test_a_process_that_is_killed_is_replaced_and_no_row_is_lost(
    address: str, tmp_path: Path
) -> None:
    source = _rows(tmp_path / "in.parquet", [f"row {n}" for n in range(300)])
    here, there, mark = tmp_path / "h.jsonl", tmp_path / "t.jsonl", tmp_path / "killed"
    _echo(source, here, address=None)
    _echo(source, there, address=address, echo=Echo(pause=0.02, deadly=("row 130", mark)))
    assert mark.exists()
    assert there.read_bytes() == here.read_bytes()


def test_rows_that_cannot_be_read_are_errors_in_their_place_as_here(
    address: str, tmp_path: Path
) -> None:
    source, here, there = tmp_path / "in.jsonl", tmp_path / "h.jsonl", tmp_path / "t.jsonl"
    lines = ("{oops" if n % 9 == 4 else f'{{"text": "row {n}"}}' for n in range(100))
    source.write_text("\n".join(lines) + "\n")
    done = _echo(source, here, address=None)
    assert _echo(source, there, address=address) == done
    assert done.rejected == 11
    assert there.read_bytes() == here.read_bytes()
    rejects = there.with_name("t.jsonl.rejects")
    assert rejects.read_bytes() == here.with_name("h.jsonl.rejects").read_bytes()
    assert len(rejects.read_bytes().splitlines()) == 11


def test_an_interrupted_run_goes_on_there_behind_what_is_done(address: str, tmp_path: Path) -> None:
    source = _rows(tmp_path / "in.parquet", [f"row {n}" for n in range(200)])
    here, there = tmp_path / "here.jsonl", tmp_path / "there.jsonl"
    _echo(source, here, address=None)
    work = replace(work_of([source]), across=RayCluster(address))
    seen: list[int] = []

    def stop(done: Progress) -> None:
        seen.append(done.rows)
        if done.rows > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tag_rows(work, target_of(there, keep=True), report=stop)
    tag_rows(work, target_of(there, keep=True), report=lambda done: seen.append(done.rows))
    assert seen[-1] == 200
    assert min(seen[seen.index(112) + 1 :]) == 112
    assert there.read_bytes() == here.read_bytes()


def test_what_fails_is_told_without_the_text_and_leaves_none_in_the_logs(
    address: str, cluster: Any, tmp_path: Path
) -> None:
    source = _rows(tmp_path / "in.parquet", [*(f"row {n}" for n in range(20)), SECRET])
    with pytest.raises(TriageError, match=r"ValueError at .*fake_run.py:\d+ in the window") as told:
        _echo(source, tmp_path / "out.jsonl", address=address)
    assert SECRET not in str(told.value)
    logs = [p for p in Path(cluster.head_node.get_logs_dir_path()).rglob("*") if p.is_file()]
    assert any("ray-data" in str(p) for p in logs)
    for log in logs:
        assert b"13800138000" not in log.read_bytes()


def test_another_model_on_a_machine_is_refused(address: str, tmp_path: Path) -> None:
    source = Source(str(_rows(tmp_path / "in.parquet", ["hi"])), chosen={})
    make = LoadTagger(settings=portable(load_settings()), version="other of 2020")
    work = Work(sources=(source,), make=make, run={}, now=NOW, across=RayCluster(address))
    with pytest.raises(TriageError, match="that of the run other of 2020; give every machine"):
        tag_rows(work, target_of(tmp_path / "out.jsonl"))


def test_the_command_tags_on_a_cluster_with_the_same_exit_code(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "我的快递到哪了"}\n{oops\n')
    app = make_app([EntryPoint("tag", "triage.commands.tag:tag", GROUP)])
    monkeypatch.chdir(tmp_path)
    options = ["--engine", "ray", "--address", address]
    run = CliRunner().invoke(app, ["tag", "in.jsonl", "-o", "there.jsonl", *options])
    assert run.exit_code == 1, run.output
    assert "2 rows, 1 rejected" in run.output
    assert CliRunner().invoke(app, ["tag", "in.jsonl", "-o", "here.jsonl"]).exit_code == 1
    assert Path("there.jsonl").read_bytes() == Path("here.jsonl").read_bytes()


def test_an_address_without_its_engine_and_standard_input_on_a_cluster_are_refused(
    tmp_path: Path,
) -> None:
    app = make_app([EntryPoint("tag", "triage.commands.tag:tag", GROUP)])
    run = CliRunner().invoke(app, ["tag", "x.jsonl", "-o", "y.jsonl", "--address", "auto"])
    assert "give --engine ray with it" in str(run.exception)
    out = str(tmp_path / "y.jsonl")
    run = CliRunner().invoke(app, ["tag", "-", "-o", out, "--engine", "ray"], input=b"{}")
    assert "standard input cannot be read by other machines" in str(run.exception)


def test_without_ray_the_line_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _rows(tmp_path / "in.parquet", ["hi"])
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'support-triage\[ray\]'"):
        _echo(source, tmp_path / "out.jsonl", address="local")


def test_nothing_listens_beyond_this_machine(cluster: Any) -> None:
    own = psutil.Process().children(recursive=True)
    found = [c for p in own for c in p.net_connections(kind="inet") if c.status == "LISTEN"]
    assert len(cluster.list_all_nodes()) == 2
    assert found
    assert {c.laddr.ip.removeprefix("::ffff:") for c in found} <= {"127.0.0.1", "::1"}


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    source = _rows(tmp_path / "in.parquet", ["hi"])
    with pytest.raises(ConfigError, match=r"--address 127.0.0.1:9: no Ray cluster can be joined"):
        _echo(source, tmp_path / "out.jsonl", address="127.0.0.1:9")


def test_urls_are_read_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    for n in range(2):
        _rows(tmp_path / "in" / f"{n}.parquet", [f"row {n} {m}" for m in range(50)])
    names = find_sources([f"file://{tmp_path}/in/*.parquet"])
    assert [Path(name).name for name in names] == ["0.parquet", "1.parquet"]
    sources = tuple(Source(name, chosen={}) for name in names)
    work = Work(sources=sources, make=Echo(), run={"input": "same"}, now=NOW, window=16)
    out = tmp_path / "new" / "out.jsonl"
    tag_rows(work, replace(target_of(out), out=f"file://{out}"))
    texts = [json.loads(line)["understood_text"] for line in out.read_text().splitlines()]
    assert texts == [f"row {n} {m}" for n in range(2) for m in range(50)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "new"]


def test_parquet_is_read_in_pieces_that_know_their_place(tmp_path: Path) -> None:
    places = [_rows(tmp_path / f"{n}.parquet", [f"row {n}"] * 30) for n in range(3)]
    sources = tuple(Source(str(place), chosen={}) for place in places)
    assert [(p.first, p.skip, p.count) for p in pieces_of(sources, 40)] == [
        (41, 10, 20),
        (61, 0, 30),
    ]
    rows = [g.row.line for p in pieces_of(sources, 40) for w in p.windows(7) for g in w.rows]
    assert rows == [*range(11, 31), *range(1, 31)]
    lines = tmp_path / "x.jsonl"
    lines.write_text('{"text": "a"}\n\n{oops\n{"text": "b"}\n')
    mixed = (*sources, Source(str(lines), chosen={}))
    assert pieces_of(mixed, 91) == [Piece(mixed, 92, 91)]
    (window,) = pieces_of(mixed, 91)[0].windows(512)
    assert (window.first, [g.row.line for g in window.rows]) == (92, [3, 4])
