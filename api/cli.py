"""``triage serve``."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Annotated

import typer


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8000]")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.  [default: 1]")] = None,
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
) -> None:
    """Serve the HTTP API.

    Options win over TRIAGE_HOST, TRIAGE_PORT, ... in the environment, and these over triage.toml.
    Callers from other machines need a key: `triage keys create`.

    Examples:

        triage serve

        triage serve --host 0.0.0.0 --port 80 --workers 4
    """
    import uvicorn
    from rich.console import Console

    from api.guard import check
    from api.workers import serve_in_workers
    from triage.bundle import read_manifest
    from triage.registry import Registry
    from triage.settings import load_settings

    settings = load_settings(host=host, port=port, workers=workers, model=model)
    # A missing model is told at once, not after the server has announced itself.
    version = read_manifest(Registry(settings.models_dir).path(settings.model)).version
    warning = check(settings)
    # Worker processes read their settings themselves; an option reaches them by the environment.
    os.environ["TRIAGE_MODEL"] = settings.model
    os.environ["TRIAGE_HOST"] = settings.host
    os.environ["TRIAGE_WORKERS"] = str(settings.workers)
    url = f"http://{settings.host}:{settings.port}"
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"Triage serves the model {version} at {url}; its API: {url}/openapi.json")
    console.print(
        f"Try: curl {url}/v1/triage -H 'Content-Type: application/json' "
        """-d '{"text": "我的快递到哪了？"}'""",
        markup=False,
    )
    if warning:
        console.print(f"[bold yellow]warning:[/] {warning}")
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level="info",
        access_log=False,
        server_header=False,
        ws="none",  # the guards know HTTP alone
    )
    if config.workers > 1:
        serve_in_workers(config)
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(3)  # uvicorn's own code for a service that did not start
