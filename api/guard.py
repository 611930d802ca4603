"""Everything that stands before the routes, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.access import Access, Door
from api.faults import Faults
from api.headers import SecurityHeaders
from api.limits import BodyLimit, HeadLimit
from api.rates import RateLimit, rate_of
from triage.errors import ConfigError
from triage.keys import KeyFile

if TYPE_CHECKING:
    from fastapi import FastAPI

    from triage.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Put the guards around ``app``: cheap ones first, so that a refusal costs little.

    Headers, then faults, head, key, rate, and last the body; what is added last comes first.
    """
    seconds = settings.body_timeout_s
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, seconds=seconds)
    rate = rate_of(settings)
    if rate is not None:
        app.add_middleware(RateLimit, rate=rate)
    app.add_middleware(Access, door=Door.of(settings))
    app.add_middleware(HeadLimit)
    app.add_middleware(Faults)
    app.add_middleware(SecurityHeaders)


def check(settings: Settings) -> str | None:
    """Return what the operator should know about who can call, or ``None``.

    Raises:
        ConfigError: keys would be asked for and there are none, or they cannot be read.
    """
    place = f"{settings.host} can be reached from other machines"
    if settings.auth == "off":
        return None if settings.on_loopback else f"{place}, and nobody needs a key: auth is off"
    if settings.auth == "loopback" and settings.on_loopback:
        return None
    file = KeyFile(settings.keys_path)
    if not file.any_valid():
        reason = "auth is required" if settings.auth == "required" else place
        raise ConfigError(
            f"{reason}, and {file.path} holds no valid key, so nobody could call; make one with "
            "`triage keys create NAME --scope read`, or let everybody call with TRIAGE_AUTH=off"
        )
    return None
