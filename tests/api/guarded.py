"""An application with the guards of the service before routes that only answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api import errors, guard
from triage.keys import KeyFile, Scope
from triage.settings import Settings

PATHS = ("/v1/triage", "/v1/triage/batch", "/v1/feedback", "/v1/admin/reload", "/metrics")
OPEN = ("/health/live", "/health/ready")
LOCAL = ("127.0.0.1", 50_000)
REMOTE = ("203.0.113.9", 50_000)


def guarded_app(settings: Settings) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    guard.install(app, settings)
    errors.install(app)

    async def answer(request: Request) -> dict[str, Any]:
        return {"caller": request.state.caller}

    async def fail() -> None:
        raise RuntimeError("我的卡号 6222021234567890123 quoted by a fault")

    for path in (*PATHS, *OPEN, "/v1/new"):
        for method in ("GET", "POST"):
            app.add_api_route(path, answer, methods=[method])
    app.add_api_route("/health/fail", fail)
    app.add_api_route("/v1/triage/fail", fail, methods=["POST"])
    return app


def client_of(
    tmp_path: Path, *, peer: tuple[str, int] = LOCAL, **settings: Any
) -> tuple[TestClient, KeyFile]:
    """Return a client that calls from ``peer``, and the keys of its service."""
    file = tmp_path / "keys.jsonl"
    app = guarded_app(Settings(keys_file=file, **settings))
    base = "http://127.0.0.1:8000" if peer == LOCAL else "https://triage.shop.example"
    return TestClient(app, base_url=base, client=peer), KeyFile(file)


def bearer(file: KeyFile, *scopes: Scope) -> dict[str, str]:
    """Return the header with a new key."""
    return {"Authorization": f"Bearer {file.create('test', scopes=scopes)[1]}"}
