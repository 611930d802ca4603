"""The application: settings and engine in, routes out; the lifespan owns seat and desk."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from api import errors, guard, observe, openapi, refusals, scrape
from api.cores import switch_quickly, threads_of_worker
from api.desk import Desk
from api.feedback import router as feedback
from api.gauges import Gauges
from api.meter import Meter
from api.metrics import Metrics
from api.routes import router
from api.seat import Seat
from api.tracing import tracing_from_environment
from triage.decisions import open_log
from triage.engine import TriageEngine, load_engine
from triage.settings import Settings, load_settings

_NO_TELEMETRY: Any = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)


def create_app(
    settings: Settings | None = None,
    *,
    engine: TriageEngine | None = None,
    meter: Meter | None = None,
) -> FastAPI:
    """Return the service.

    Args:
        settings: default: read from the environment and ``triage.toml``.
        engine: default: loaded by the settings when the server starts; one that is given is never
            replaced by another.
        meter: told of batches, waits, cache and refusals; default: the metrics of ``/metrics``.
    """
    settings = settings or load_settings()
    tracing = tracing_from_environment()
    metrics = Metrics(window=settings.drift_window, tracing=tracing)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        switch_quickly()
        seat = Seat(settings, (lambda: engine) if engine else (lambda: _loaded(settings)))
        await seat.open()
        desk = Desk(seat, settings, meter=meter or metrics)
        desk.open()
        app.state.seat, app.state.desk = seat, desk
        app.state.decisions = log = await to_thread.run_sync(open_log, settings)
        app.state.gauges = gauges = Gauges(
            metrics, engine=lambda: seat.engine, log=lambda: log, waiting=lambda: desk.waiting
        )
        gauges.read()
        tasks = [asyncio.create_task(gauges.watch())]
        if engine is None:
            tasks.append(asyncio.create_task(seat.watch()))
        _reload_on_hangup(seat)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.close()
            if tracing is not None:
                await to_thread.run_sync(tracing.close)
            if log is not None:
                await to_thread.run_sync(log.close)

    app = FastAPI(
        title="Triage",
        version=version("support-triage"),
        summary="Triage and reply suggestions for customer messages, in Chinese and English.",
        lifespan=lifespan,
        # Their pages load scripts from a public network; an offline shop has none.
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans and logs may hold bodies and messages of exceptions; ours do not.
        telemetry=_NO_TELEMETRY,
    )
    app.state.settings, app.state.metrics, app.state.tracing = settings, metrics, tracing
    guard.install(app, settings)
    errors.install(app)
    refusals.install(app)
    app.include_router(router)
    app.include_router(feedback)
    app.include_router(scrape.router)
    openapi.install(app)
    observe.install(app, metrics, tracing=tracing, logged=settings.log_requests)
    return app


def _loaded(settings: Settings) -> TriageEngine:
    """Load the engine with this worker's share of the cores."""
    threads = settings.threads or threads_of_worker(settings.workers)
    return load_engine(settings=settings.model_copy(update={"threads": threads}))


def _reload_on_hangup(seat: Seat) -> None:
    """Reload on SIGHUP, where there is one and this thread may listen to it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGHUP"):
        return
    loop, running = asyncio.get_running_loop(), set[asyncio.Task[bool]]()

    def reload() -> None:
        task = loop.create_task(seat.reload())
        running.add(task)  # the loop itself would let it go
        task.add_done_callback(running.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
