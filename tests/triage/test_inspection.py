"""What ``triage doctor`` finds in an installation, sound or broken."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa
from decided import decision, postgres_url

from triage.decisions import DecisionStore
from triage.errors import ConfigError
from triage.inspection import Grade, inspect_installation
from triage.inspection.contents import articles, catalogue, model_and_encoder, policy
from triage.inspection.finding import Finding
from triage.inspection.serving import decision_log, door, port, state_folder
from triage.inspection.surroundings import encodings, machine, packages, python_version, variables
from triage.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"


def worst(*findings: Finding) -> Finding:
    for finding in findings:
        assert bool(finding.remedy) == (finding.grade is not Grade.OK), finding
    order = (Grade.FAIL, Grade.WARN, Grade.OK)
    return min(findings, key=lambda finding: order.index(finding.grade))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a copy of the shipped models that a test may damage."""
    return shutil.copytree(MODELS, tmp_path / "models")


def test_an_old_python_is_told() -> None:
    assert python_version().grade is Grade.OK
    found = worst(python_version((3, 10, 4)))
    assert found.grade is Grade.FAIL
    assert "3.10.4" in found.told
    assert "3.11" in found.remedy


def test_packages_that_are_absent_or_too_old_are_named_with_the_command_that_mends() -> None:
    wanted = [
        "numpy>=1",
        "numpy>=999 ; python_version > '3'",
        "no-such-thing>=1",
        "torch; extra == 'x'",
    ]
    found = worst(packages(wanted))
    assert found.grade is Grade.FAIL
    assert "no-such-thing is missing" in found.told
    assert "wanted >=999" in found.told
    assert "torch" not in found.told
    assert found.remedy.startswith("pip install 'numpy>=999")
    assert packages(["numpy>=1"]).grade is Grade.OK


def test_memory_and_cores_are_held_against_the_workers() -> None:
    memory, cores = machine(4, None, memory=10**9, cores=2)
    assert (memory.grade, cores.grade) == (Grade.WARN, Grade.WARN)
    assert worst(*machine(2, 1, memory=4 * 10**9, cores=2)).grade is Grade.OK
    assert worst(*machine(1, 8, memory=4 * 10**9, cores=2)).part == "cores"


def test_a_variable_with_a_slip_in_its_name_is_told_without_its_value() -> None:
    given = {"TRIAGE_PROT": "s3cret", "TRIAGE_MODEL": "x", "TRIAGE_BENCH_DATA": "/d", "PATH": "/"}
    found = worst(variables(given))
    assert found.grade is Grade.WARN
    assert "TRIAGE_PROT" in found.told
    assert "TRIAGE_PORT" in found.remedy
    assert "s3cret" not in str(found)
    assert variables({"TRIAGE_PORT": "1", "TRIAGE_CONFIG": "x"}).grade is Grade.OK


def test_another_encoding_than_utf8_is_told() -> None:
    assert encodings({"files": "UTF-8", "output": "utf8"}).grade is Grade.OK
    found = worst(encodings({"files": "ANSI_X3.4-1968"}))
    assert found.grade is Grade.WARN
    assert "PYTHONUTF8" in found.remedy


def test_the_shipped_model_and_encoder_are_sound() -> None:
    found = list(model_and_encoder(Settings(models_dir=MODELS)))
    assert [f.part for f in found] == ["model", "encoder", "vectors"]
    assert worst(*found).grade is Grade.OK, found


def test_a_model_that_is_absent_or_was_changed_is_told(models: Path) -> None:
    settings = Settings(models_dir=models)
    bundle = models / (models / "current").read_text(encoding="utf-8").strip()
    with (bundle / "articles.jsonl").open("ab") as stream:
        stream.write(b"\n")
    found = worst(*model_and_encoder(settings))
    assert (found.part, found.grade) == ("model", Grade.FAIL)
    assert "articles.jsonl was changed" in found.told
    assert "backup" in found.remedy
    found = worst(*model_and_encoder(Settings(models_dir=models, model="none")))
    assert (found.part, found.grade) == ("model", Grade.FAIL)


def test_an_encoder_that_was_changed_is_another_than_the_models(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_MODELS_DIR", str(models))
    with (models / "encoder" / "tokenizer.json").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    found = worst(*model_and_encoder(Settings(models_dir=models)))
    assert (found.part, found.grade) == ("encoder", Grade.FAIL)
    assert "was trained on" in found.told


def test_probes_that_come_out_otherwise_are_told(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setenv("TRIAGE_MODELS_DIR", str(models))
    place = models / "encoder" / "probes.npy"
    np.save(place, -np.load(place))
    found = worst(*model_and_encoder(Settings(models_dir=models)))
    assert (found.part, found.grade) == ("vectors", Grade.FAIL)


def test_mistakes_in_policy_catalogue_and_articles_are_told(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("levels = 3\n", encoding="utf-8")
    goods = tmp_path / "goods.csv"
    goods.write_text("title\nx\n", encoding="utf-8")
    settings = Settings(priority_policy=own, catalogue=goods, kb_dir=tmp_path / "none")
    assert worst(policy(settings)).grade is Grade.FAIL
    assert "line 1" in policy(settings).told
    assert worst(catalogue(settings)).grade is Grade.FAIL
    assert worst(articles(settings)).grade is Grade.FAIL
    goods.write_text("name\n", encoding="utf-8")
    assert worst(catalogue(settings)).grade is Grade.WARN
    goods.write_text("name\nkettle\n", encoding="utf-8")
    (tmp_path / "none").mkdir()
    sound = Settings(catalogue=goods, kb_dir=tmp_path / "none")
    assert worst(policy(sound), catalogue(sound), articles(sound)).grade is Grade.OK


def test_a_state_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models")
    assert worst(state_folder(settings)).told.endswith("can be made")
    (tmp_path / "state").write_text("a file where the folder belongs", encoding="utf-8")
    assert worst(state_folder(settings)).grade is Grade.FAIL
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    assert worst(state_folder(settings)).told.endswith("can be written")
    assert list((tmp_path / "state").iterdir()) == []


def test_the_log_of_decisions_is_looked_at_and_not_made(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "d.db"
    settings = Settings(decisions=f"sqlite:///{place}")
    assert worst(decision_log(settings)).grade is Grade.OK
    assert not place.parent.exists()
    store = DecisionStore(f"sqlite:///{place}")
    store.add([decision(1)])
    store.close()
    assert decision_log(settings).told.endswith("format 1")
    _set_format(f"sqlite:///{place}", 99)
    assert worst(decision_log(settings)).grade is Grade.FAIL
    place.write_bytes(b"no database" * 100)
    assert worst(decision_log(settings)).grade is Grade.FAIL


def test_a_log_that_is_off_or_has_no_usable_url_is_told_without_its_password() -> None:
    assert worst(decision_log(Settings(decisions="off"))).grade is Grade.WARN
    for url in ("mysql://u:s3cret@h/d", "s3cret", "sqlite://"):
        found = worst(decision_log(Settings(decisions=url)))
        assert found.grade is Grade.FAIL
        assert "s3cret" not in str(found)
    away = decision_log(Settings(decisions="postgresql://u:s3cret@127.0.0.1:1/d"))
    assert worst(away).grade is Grade.FAIL
    assert "s3cret" not in str(away)


def test_a_postgresql_database_is_asked_for_its_format() -> None:
    url = postgres_url()
    settings = Settings(decisions=url)
    assert worst(decision_log(settings)).told.endswith("its tables are made at the start")
    store = DecisionStore(url)
    store.add([decision(1)])
    store.close()
    assert worst(decision_log(settings)).told.endswith("format 1")


@pytest.fixture
def triage_that_runs() -> Iterator[int]:
    """Return the port of a server that answers as Triage does."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"live"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def test_a_port_in_use_is_a_fault_unless_triage_itself_uses_it(triage_that_runs: int) -> None:
    assert worst(port(Settings(port=0))).grade is Grade.OK
    assert "which runs" in port(Settings(port=triage_that_runs)).told
    assert port(Settings(port=triage_that_runs)).grade is Grade.OK
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert worst(port(Settings(port=other.getsockname()[1]))).grade is Grade.FAIL
    assert worst(port(Settings(host="203.0.113.7"))).grade is Grade.FAIL


def test_who_can_call_is_told() -> None:
    def nobody(_: Settings) -> str | None:
        raise ConfigError("keys.jsonl holds no valid key; make one")

    assert worst(door(Settings(), lambda _: None)).told == "127.0.0.1: this machine alone"
    assert worst(door(Settings(), lambda _: "everybody can call")).grade is Grade.WARN
    found = worst(door(Settings(), nobody))
    assert (found.grade, found.remedy) == (Grade.FAIL, "make one")


def test_unusable_settings_end_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_PORT", "many")
    *_, last = inspect_installation(lambda _: None)
    assert (last.part, last.grade) == ("settings", Grade.FAIL)
    assert "port" in last.told


def _set_format(url: str, version: int) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE schema_version SET version = {version}"))
    engine.dispose()
