"""``triage serve``: the HTTP API from the command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from triage.keys import KeyFile, Scope

Triage = Callable[..., Any]
START_SECONDS = 60


def test_the_service_starts_on_a_free_port_answers_and_stops(script: str) -> None:
    command = [script, "serve", "--port", "0"]
    env = os.environ | {"TRIAGE_DECISIONS": "off"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        assert process.stderr is not None
        try:
            lines, url = [], None
            while url is None and (line := process.stderr.readline()):
                lines.append(line)
                url = re.search(r"running on (http://127\.0\.0\.1:[1-9]\d*)", line)
            assert url is not None, "".join(lines)
            assert any("Triage serves the model" in line for line in lines)
            with httpx.Client(base_url=url[1], timeout=30) as client:
                assert client.get("/health/ready").json()["status"] == "ready"
                answer = client.post("/v1/triage", json={"text": "我的快递到哪了？"})
                assert answer.json()["category"]["label"] == "logistics"
            process.send_signal(signal.SIGINT)
            process.stderr.read()
            assert process.wait(30) in (0, 130, -signal.SIGINT)
        finally:
            watchdog.cancel()
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--model", "none"), "none"),
        (("--port", "99999"), "port"),
        (("--port", "http"), "--port"),
        (("--workers", "0"), "workers"),
    ],
)
def test_an_unusable_option_is_told_at_once(
    triage: Triage, arguments: tuple[str, str], named: str
) -> None:
    run = triage("serve", *arguments)
    assert run.code == 2
    assert named in run.err


def test_other_machines_are_not_served_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, triage: Triage
) -> None:
    monkeypatch.setenv("TRIAGE_KEYS_FILE", str(tmp_path / "keys.jsonl"))
    for arguments in (("--host", "0.0.0.0"), ("--host", "::")):
        run = triage("serve", *arguments)
        assert run.code == 2
        assert "triage keys create" in run.err
        assert "TRIAGE_AUTH=off" in run.err


def test_a_service_for_other_machines_asks_for_the_key(script: str, tmp_path: Path) -> None:
    settings = {"TRIAGE_KEYS_FILE": str(tmp_path / "keys.jsonl")}
    secret = KeyFile(tmp_path / "keys.jsonl").create("desk", scopes=[Scope.READ])[1]
    command = [script, "serve", "--host", "0.0.0.0", "--port", "0"]
    environment = os.environ | settings
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        assert process.stderr is not None
        try:
            found = None
            while found is None and (line := process.stderr.readline()):
                found = re.search(r"running on http://0\.0\.0\.0:([1-9]\d*)", line)
            assert found is not None
            with httpx.Client(base_url=f"http://127.0.0.1:{found[1]}", timeout=30) as client:
                assert client.get("/health/live").status_code == 200
                refused = client.post("/v1/triage", json={"text": "hi"})
                assert refused.status_code == 401
                assert "server" not in refused.headers
                headers = {"Authorization": f"Bearer {secret}"}
                answer = client.post("/v1/triage", json={"text": "hi"}, headers=headers)
                assert answer.status_code == 200
                assert answer.headers["ratelimit-policy"] == '"default";q=6000;w=60'
        finally:
            watchdog.cancel()
            process.kill()
