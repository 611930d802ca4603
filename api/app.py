"""The application: settings and engine in, routes out; the lifespan owns the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI

from api import errors, guard, observe, openapi, scrape
from api.feedback import router as feedback
from api.gauges import Gauges
from api.metrics import Metrics
from api.routes import router
from api.tracing import tracing_from_environment
from triage.decisions import open_log
from triage.engine import TriageEngine, load_engine
from triage.settings import Settings, load_settings

_NO_TELEMETRY: Any = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)
_WARM_UP = "Where is my parcel? 我的快递到哪了"


def create_app(settings: Settings | None = None, *, engine: TriageEngine | None = None) -> FastAPI:
    """Return the service.

    Args:
        settings: default: read from the environment and ``triage.toml``.
        engine: default: loaded by the settings when the server starts.
    """
    settings = settings or load_settings()
    tracing = tracing_from_environment()
    metrics = Metrics(window=settings.drift_window, tracing=tracing)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ready = engine
        if ready is None:
            ready = await to_thread.run_sync(lambda: load_engine(settings=settings))
        await to_thread.run_sync(ready.triage, [_WARM_UP])
        app.state.engine = ready
        app.state.limiter = CapacityLimiter(os.cpu_count() or 1)
        app.state.decisions = log = await to_thread.run_sync(open_log, settings)
        app.state.gauges = gauges = Gauges(metrics, engine=lambda: ready, log=lambda: log)
        gauges.read()
        reading = asyncio.create_task(gauges.watch())
        try:
            yield
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
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
    app.include_router(router)
    app.include_router(feedback)
    app.include_router(scrape.router)
    openapi.install(app)
    observe.install(app, metrics, tracing=tracing, logged=settings.log_requests)
    return app
