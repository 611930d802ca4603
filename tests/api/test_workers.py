"""Several server processes: SIGHUP to their parent reloads each, and nothing fails meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
SERVE = "import typer, api.cli; typer.run(api.cli.serve)"
START_SECONDS = 90


def test_a_hangup_reloads_every_worker_while_requests_are_served() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, "--workers", "2", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    try:
        # A connection of its own for each request, so that both workers get some.
        url, limits = f"http://127.0.0.1:{port}", httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=url, limits=limits, timeout=30) as client:
            deadline = time.monotonic() + START_SECONDS
            while not _since(client):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            time.sleep(1)  # "since" is told in seconds
            before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            process.send_signal(signal.SIGHUP)
            fresh = 0
            while fresh < 20:
                assert time.monotonic() < deadline
                assert client.post("/v1/triage", json={"text": "我的快递到哪了"}).status_code == 200
                fresh = fresh + 1 if (_since(client) or "") > before else 0
    finally:
        process.terminate()
        process.wait(30)


def _since(client: httpx.Client) -> str | None:
    try:
        return str(client.get("/health/ready").json()["since"])
    except httpx.TransportError:
        return None
