"""``triage serve``: the HTTP API from the command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

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
