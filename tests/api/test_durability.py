"""A service that is killed under load has lost nothing that it acknowledged."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from decided import postgres_url

from triage.decisions import DecisionStore

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
CALLERS = 8
ENOUGH = 120


class Load:
    """Callers that send messages, and feedback on some, and keep what was acknowledged."""

    def __init__(self, url: str) -> None:
        self.decisions: set[str] = set()
        self.feedback: set[str] = set()
        self.faults: list[str] = []
        self.enough = threading.Event()
        self._url = url
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait for the callers, who end when the service is gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _call(self, caller: int) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as client:
            for number in range(10_000):
                key = {"id": f"{caller}-{number}"} if number % 2 else {}
                try:
                    message = {"text": f"快递 {caller}-{number} 到哪了？", **key}
                    answer = client.post("/v1/triage", json=message)
                    given = {"decision_id": answer.json()["decision_id"], "chosen": None}
                    self._keep(self.decisions, answer, given["decision_id"])
                    if number % 3 == 0:
                        said = client.post("/v1/feedback", json=given)
                        self._keep(self.feedback, said, given["decision_id"])
                except httpx.TransportError:
                    return

    def _keep(self, kept: set[str], answer: httpx.Response, decision: str | None) -> None:
        if answer.status_code != 200 or decision is None:
            self.faults.append(answer.text)
            self.enough.set()
            return
        kept.add(decision)
        if len(self.decisions) >= ENOUGH and len(self.feedback) >= CALLERS:
            self.enough.set()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_when_the_service_is_killed(kind: str, tmp_path: Path) -> None:
    url = postgres_url() if kind == "postgresql" else f"sqlite:///{tmp_path / 'd.db'}"
    env = os.environ | {"TRIAGE_DECISIONS": url, "TRIAGE_DECISIONS_KEY": "k"}
    command = [sys.executable, "-m", "triage", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT) as process:
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        try:
            load = Load(_address(process))
            assert load.enough.wait(START_SECONDS)
            process.send_signal(signal.SIGKILL)  # while callers wait for answers
            load.end()
        finally:
            watchdog.cancel()
            process.kill()
    assert load.faults == []
    assert len(load.decisions) >= ENOUGH
    store = DecisionStore(url)
    assert [one for one in load.decisions if store.decision(one) is None] == []
    assert [one for one in load.feedback if not store.feedback(one)] == []
    store.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    lines = []
    while line := process.stderr.readline():
        lines.append(line)
        if found := re.search(r"running on (http://127\.0\.0\.1:[1-9]\d*)", line):
            return found[1]
    raise AssertionError("".join(lines))
