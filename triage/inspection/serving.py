"""What the service needs to run: a place to write, the log of decisions, a port, a safe door."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from triage.decisions.database import Database
from triage.decisions.tables import STEPS, versions
from triage.errors import TriageError
from triage.inspection.finding import Finding, fail, failed, ok, warn

if TYPE_CHECKING:
    from triage.settings import Settings

_SECONDS = 2.0
Check = Callable[["Settings"], "str | None"]


def state_folder(settings: Settings) -> Finding:
    """Judge whether the folder of the state can be written, or made."""
    folder = settings.state_folder.resolve()
    place = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as fault:
        remedy = f"give the service's account the right to write {folder}"
        return fail("state", f"{folder} cannot be written: {fault.strerror}", remedy=remedy)
    return ok("state", f"{folder} can be {'written' if place == folder else 'made'}")


def decision_log(settings: Settings) -> Finding:
    """Judge whether the database of decisions answers, and its format; nothing is made in it."""
    part, url = "decisions", settings.decisions_url
    if url is None:
        remedy = "unset TRIAGE_DECISIONS where repeated deliveries and feedback matter"
        return warn(part, "switched off: no feedback is taken", remedy=remedy)
    try:
        parsed = sa.make_url(url)
        file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        if file and file != ":memory:" and not Path(file).exists():
            return ok(part, f"{parsed.render_as_string()} is made when the service starts")
        database = Database(url)
    except (TriageError, sa.exc.ArgumentError, ValueError):
        # What was given may hold a password, so it is not shown.
        remedy = "give sqlite:////path/decisions.db or postgresql://user:password@host/database"
        return fail(part, "TRIAGE_DECISIONS is no usable URL", remedy=remedy)
    try:
        return _format(database)
    except TriageError as fault:
        return failed(part, fault)
    finally:
        database.close()


def port(settings: Settings) -> Finding:
    """Judge whether the port can be listened on, or Triage itself answers there."""
    place = f"{settings.host}:{settings.port}"
    try:
        kind, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as the server does: a port in TIME_WAIT is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE and _is_triage(settings.host, settings.port):
            return ok("port", f"{place} is in use by Triage, which runs")
        remedy = "set TRIAGE_HOST and TRIAGE_PORT to an address of this machine and a free port"
        return fail("port", f"{place} cannot be had: {fault.strerror}", remedy=remedy)
    return ok("port", f"{place} is free")


def door(settings: Settings, check: Check) -> Finding:
    """Judge who can call the service.

    Args:
        check: tells what is unsafe, or raises ``ConfigError`` where nobody could call.
    """
    try:
        told = check(settings)
    except TriageError as fault:
        return failed("door", fault)
    if told:
        remedy = "make keys with `triage keys create` and unset TRIAGE_AUTH, or listen on 127.0.0.1"
        return warn("door", told, remedy=remedy)
    callers = "this machine alone" if settings.on_loopback else "whoever has a key"
    return ok("door", f"{settings.host}: {callers}")


def _format(database: Database) -> Finding:
    with database.reading() as connection:
        exists = sa.inspect(connection).has_table(versions.name)
        found = connection.execute(sa.select(versions.c.version)).scalar() if exists else None
    if found is None:
        return ok("decisions", f"{database.name} answers; its tables are made at the start")
    if found > len(STEPS):
        remedy = "install the Triage version that made it, or name another in TRIAGE_DECISIONS"
        told = f"{database.name} has format {found}, this Triage knows {len(STEPS)}"
        return fail("decisions", told, remedy=remedy)
    later = "" if found == len(STEPS) else f", brought to {len(STEPS)} at the next start"
    return ok("decisions", f"{database.name} answers, format {found}{later}")


def _is_triage(host: str, port: int) -> bool:
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what is set
    connection = http.client.HTTPConnection(asked, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        return answer.status == http.client.OK and b'"live"' in answer.read(100)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
