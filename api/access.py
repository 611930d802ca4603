"""Who may call what: the scope that each path asks for, and the key that opens it.

How keys are kept is left to ``triage.keys``, how often one may call to ``api.rates``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from api.errors import problem, refusal
from triage.errors import ConfigError
from triage.keys import KeyFile
from triage.keys import Scope as KeyScope
from triage.settings import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.errors import Refusal
    from triage.settings import Settings

OPEN_PATHS = ("/health/live", "/health/ready", "/openapi.json")
METRICS = "/metrics"
# Any of a path's scopes opens it and what lies below it; a path not listed asks for admin, so that
# a new route is closed until it is listed here.
SCOPES: dict[str, tuple[KeyScope, ...]] = {
    "/v1/triage": (KeyScope.READ,),
    "/v1/triage/batch": (KeyScope.READ,),
    "/v1/feedback": (KeyScope.FEEDBACK,),
    "/v1/admin": (KeyScope.ADMIN,),
    METRICS: (KeyScope.READ, KeyScope.ADMIN),
}
CALLER = "caller"  # under which name a request's state tells who calls: a key's id or an address
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")
_UNAUTHORIZED, _FORBIDDEN, _UNAVAILABLE = 401, 403, 503
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """When a key is asked for: as ``auth`` says, and the keys."""

    auth: str
    on_loopback: bool
    keys: KeyFile

    @classmethod
    def of(cls, settings: Settings) -> Door:
        """Return the door that ``settings`` describe."""
        return cls(settings.auth, settings.on_loopback, KeyFile(settings.keys_path))

    def needs_key(self, scope: Scope) -> bool:
        """Tell whether a request must bear a key, by where it comes from."""
        if self.auth == "off":
            return False
        local = self.on_loopback and is_local(scope)
        return (
            not local if self.auth == "loopback" else not (local and scope_path(scope) == METRICS)
        )


class Access:
    """ASGI middleware that lets through what needs no key or bears one with the path's scope."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with ``caller`` in its state, or refuse it."""
        refused = None
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            state[CALLER] = f"address {(scope.get('client') or ('local',))[0]}"
            if scope_path(scope) not in OPEN_PATHS and self._door.needs_key(scope):
                refused = self._checked(scope)
        await (refused or self._app)(scope, receive, send)

    def _checked(self, scope: Scope) -> Refusal | None:
        given = presented_key(scope)
        try:
            key = self._door.keys.find(given) if given else None
        except ConfigError as fault:
            _log.error("%s", fault)  # the message says all; it names file and line
            remedy = "tell who runs the service; its log says what to mend"
            found = problem("key", "cannot be checked", remedy=remedy)
            return refusal(_UNAVAILABLE, "keys_unreadable", [found])
        if key is None:
            return _unauthorized(given=bool(given))
        wanted = scopes_of(scope_path(scope))
        if not key.scopes.intersection(wanted):
            return _forbidden(wanted)
        scope["state"][CALLER] = f"key {key.id}"
        return None


def scopes_of(path: str) -> tuple[KeyScope, ...]:
    """Return the scopes of which one opens ``path``."""
    while path not in SCOPES and "/" in path:
        path = path.rpartition("/")[0]
    return SCOPES.get(path, (KeyScope.ADMIN,))


def scope_path(scope: Scope) -> str:
    """Return the path as the routes see it, without the prefix of an application around this."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def presented_key(scope: Scope) -> str | None:
    """Return the text after ``Authorization: Bearer``, or that of ``X-Api-Key``."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip() or None


def is_local(scope: Scope) -> bool:
    """Tell whether a request comes from this machine and from no page of the internet.

    One that a proxy passed on comes from elsewhere, though the proxy is here. A host name with a
    dot is a page's whose name was made to point here (DNS rebinding), so it is not local either.
    """
    headers = dict(scope["headers"])
    if any(name in headers for name in _FORWARDED):
        return False
    peer = (scope.get("client") or ("",))[0]
    host = headers.get(b"host", b"").decode("latin-1")
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return not _is_remote(peer) and ("." not in name or is_loopback(name))


def _is_remote(peer: str) -> bool:
    try:
        return not ip_address(peer).is_loopback
    except ValueError:
        return False  # a socket of this machine, or a test


def _unauthorized(*, given: bool) -> Refusal:
    fault = "is not valid: unknown, expired or revoked" if given else "is missing"
    remedy = (
        "send Authorization: Bearer KEY; `triage keys create NAME` makes one where the service runs"
    )
    challenge = 'Bearer realm="triage"' + (', error="invalid_token"' if given else "")
    return refusal(
        _UNAUTHORIZED,
        "unauthorized",
        [problem("key", fault, remedy=remedy)],
        headers={"WWW-Authenticate": challenge},  # RFC 6750, 3
    )


def _forbidden(wanted: tuple[KeyScope, ...]) -> Refusal:
    names = " or ".join(wanted)
    challenge = f'Bearer realm="triage", error="insufficient_scope", scope="{" ".join(wanted)}"'
    return refusal(
        _FORBIDDEN,
        "forbidden",
        [problem("key", "does not open this path", remedy=f"use a key with the scope {names}")],
        headers={"WWW-Authenticate": challenge},
    )
