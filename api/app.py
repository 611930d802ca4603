"""The application: settings and engine in, routes out; the lifespan owns the engine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI

from api import errors, guard, openapi
from api.feedback import router as feedback
from api.routes import router
from triage.decisions import open_log
from triage.engine import TriageEngine, load_engine
from triage.settings import Settings, load_settings

_WARM_UP = "Where is my parcel? 我的快递到哪了"


def create_app(settings: Settings | None = None, *, engine: TriageEngine | None = None) -> FastAPI:
    """Return the service.

    Args:
        settings: default: read from the environment and ``triage.toml``.
        engine: default: loaded by the settings when the server starts.
    """
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ready = engine
        if ready is None:
            ready = await to_thread.run_sync(lambda: load_engine(settings=settings))
        await to_thread.run_sync(ready.triage, [_WARM_UP])
        app.state.engine = ready
        app.state.limiter = CapacityLimiter(os.cpu_count() or 1)
        app.state.decisions = log = await to_thread.run_sync(open_log, settings)
        try:
            yield
        finally:
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
    )
    app.state.settings = settings
    guard.install(app, settings)
    errors.install(app)
    app.include_router(router)
    app.include_router(feedback)
    openapi.install(app)
    return app
