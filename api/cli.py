"""``triage serve``."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api.logs import Form

if TYPE_CHECKING:
    import uvicorn


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8000]")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.  [default: 1]")] = None,
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
    log_format: Annotated[
        Form | None,
        typer.Option(help="How the log is written.  [default: text on a terminal, else json]"),
    ] = None,
) -> None:
    """Serve the HTTP API.

    Options win over TRIAGE_HOST, TRIAGE_PORT, ... in the environment, and these over triage.toml.
    Callers from other machines need a key: `triage keys create`.

    Examples:

        triage serve

        triage serve --host 0.0.0.0 --port 80 --workers 4

        triage serve --log-format json
    """
    from logging.config import dictConfig

    import uvicorn

    from api.guard import check
    from api.logs import log_config, log_form
    from api.tracing import tracing_from_environment
    from triage.bundle import read_manifest
    from triage.registry import Registry
    from triage.settings import load_settings

    settings = load_settings(
        host=host, port=port, workers=workers, model=model, log_format=log_format
    )
    # A missing model is told at once, not after the server has announced itself.
    version = read_manifest(Registry(settings.models_dir).path(settings.model)).version
    warning = check(settings)
    # Worker processes read their settings themselves; an option reaches them by the environment.
    os.environ["TRIAGE_MODEL"] = settings.model
    os.environ["TRIAGE_HOST"] = settings.host
    os.environ["TRIAGE_WORKERS"] = str(settings.workers)
    if (tracing := tracing_from_environment()) is not None:  # told at once if it cannot be had
        tracing.close()
    form = log_form(settings)
    config = log_config(form)
    dictConfig(config)
    _greet(f"http://{settings.host}:{settings.port}", version, form=form)
    if warning:
        logging.getLogger(__name__).warning("%s", warning)
    service = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=config,
        log_level="info",
        access_log=False,  # api.observe writes a line that bears the request's id
        server_header=False,
        ws="none",  # the guards know HTTP alone
    )
    with _shared_metrics(settings.workers):
        _run(service)


def _run(service: uvicorn.Config) -> None:
    """Serve until told to stop."""
    import uvicorn

    from api.workers import serve_in_workers

    if service.workers > 1:
        serve_in_workers(service)
        return
    server = uvicorn.Server(service)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(3)  # uvicorn's own code for a service that did not start


def _greet(url: str, version: str, *, form: Form) -> None:
    """Say what is served and where; to people with an example."""
    from rich.console import Console

    line = f"Triage serves the model {version} at {url}; its API: {url}/openapi.json"
    if form == "json":
        logging.getLogger(__name__).info("%s", line)
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(line)
    console.print(
        f"Try: curl {url}/v1/triage -H 'Content-Type: application/json' "
        """-d '{"text": "我的快递到哪了？"}'""",
        markup=False,
    )


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """Let several workers write their metrics into one folder, so that a scrape sees all.

    A folder that PROMETHEUS_MULTIPROC_DIR names already is taken as it is.
    """
    from api.scrape import FOLDER

    if workers == 1 or os.environ.get(FOLDER):
        yield
        return
    with TemporaryDirectory(prefix="triage-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]
