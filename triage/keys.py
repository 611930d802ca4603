"""API keys: how they are made, kept as hashes in one file, and found again.

Which key may do what over HTTP is left to ``api.access``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from triage.errors import ConfigError
from triage.secret import digest_of, looks_like_key, new_secret

_ID_BYTES = 4
_OTHERS_WRITE = 0o022
MAX_NAME = 100


class Scope(StrEnum):
    """What a key opens; none includes another."""

    READ = "read"
    FEEDBACK = "feedback"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of a key: everything but the key.

    Attributes:
        digest: SHA-256 of the key in hexadecimal.
        expires: from when on it opens nothing; ``None`` for never.
        revoked: since when it opens nothing; ``None`` for a key that was not revoked.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None

    def state(self, now: datetime) -> str:
        """Return ``valid``, ``expired`` or ``revoked``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "valid"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that the file holds."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "digest": self.digest,
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat() if self.expires else None,
            "revoked": self.revoked.isoformat() if self.revoked else None,
        }


class KeyFile:
    """The keys of one file, read again when it changes; several processes may share it.

    Args:
        path: JSON lines, one key each; an absent file holds none.
        clock: now, with a time zone.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = path
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._keys: tuple[ApiKey, ...] = ()

    def known(self) -> tuple[ApiKey, ...]:
        """Return all keys, the oldest first, also those that open nothing any more.

        Raises:
            ConfigError: the file cannot be read, is damaged, or others may write it.
        """
        stamp = self._present_stamp()
        if stamp != self._stamp:
            self._keys = _read(self.path) if stamp else ()
            self._stamp = stamp
        return self._keys

    def find(self, secret: str) -> ApiKey | None:
        """Return the valid key that ``secret`` is; ``None`` for any other text.

        Every hash is compared, each in constant time, so that the time tells nothing of them.

        Raises:
            ConfigError: as for ``known``.
        """
        keys = self.known()
        if not looks_like_key(secret):
            return None
        digest, found = digest_of(secret), None
        for key in keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found if found is not None and found.state(self._clock()) == "valid" else None

    def any_valid(self) -> bool:
        """Tell whether some key opens something."""
        now = self._clock()
        return any(key.state(now) == "valid" for key in self.known())

    def create(
        self, name: str, *, scopes: Sequence[Scope], expires: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Add a key; return what is kept of it and the key, which nobody can read again.

        Raises:
            ConfigError: name, scopes or time are unusable, or the file cannot be written.
        """
        now = self._clock()
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise ConfigError(
                f"the name {name!r} is no line of 1 to {MAX_NAME} characters; shorten it"
            )
        if not scopes:
            raise ConfigError(
                f"a key without a scope opens nothing; give some of {', '.join(Scope)}"
            )
        if expires is not None and expires <= now:
            raise ConfigError(f"{expires.isoformat()} has passed; give a time to come, or none")
        secret = new_secret()
        with self._exclusive():
            key = ApiKey(
                id=self._free_id(),
                name=name.strip(),
                scopes=frozenset(scopes),
                digest=digest_of(secret),
                created=now,
                expires=expires,
            )
            _write(self.path, [*self.known(), key])
        return key, secret

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key open nothing, from the next request on; return what is kept of it.

        Raises:
            ConfigError: no key has that id, or the file cannot be written.
        """
        with self._exclusive():
            keys = self.known()
            known = next((key for key in keys if key.id == key_id), None)
            if known is None:
                raise ConfigError(
                    f"no key has the id {key_id!r}; `triage keys list` shows them with their ids"
                )
            revoked = replace(known, revoked=known.revoked or self._clock())
            _write(self.path, [revoked if key is known else key for key in keys])
        return revoked

    def _free_id(self) -> str:
        taken = {key.id for key in self.known()}
        while (key_id := secrets.token_hex(_ID_BYTES)) in taken:
            pass
        return key_id

    def _present_stamp(self) -> tuple[int, int, int] | None:
        """Return what tells one content of the file from another; it is replaced, never edited."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise _unreadable(self.path, fault) from fault
        return found.st_mtime_ns, found.st_size, found.st_ino

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold off other processes that change the file, so that no change of theirs is lost."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise _unwritable(self.path, fault) from fault
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _read(path: Path) -> tuple[ApiKey, ...]:
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as fault:
        raise _unreadable(path, fault) from fault
    if mode & _OTHERS_WRITE:
        raise ConfigError(f"{path} may be written by others than its owner; run chmod 600 {path}")
    lines = enumerate(content.splitlines(), start=1)
    return tuple(_key_from(line, place=f"{path}, line {n}") for n, line in lines if line.strip())


def _key_from(line: bytes, *, place: str) -> ApiKey:
    try:
        fields = orjson.loads(line)
        return ApiKey(
            id=str(fields["id"]),
            name=str(fields["name"]),
            scopes=frozenset(Scope(scope) for scope in fields["scopes"]),
            digest=bytes.fromhex(fields["digest"]).hex(),
            created=datetime.fromisoformat(fields["created"]),
            expires=_moment(fields.get("expires")),
            revoked=_moment(fields.get("revoked")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ConfigError(
            f"{place}: is no key as `triage keys create` writes it ({type(fault).__name__}); "
            "restore the file, or remove the line and make a new key"
        ) from fault


def _moment(value: str | None) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write(path: Path, keys: Sequence[ApiKey]) -> None:
    """Replace the file at once; ``mkstemp`` lets its owner alone read it from the first byte on."""
    try:
        place, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(place, "wb") as stream:
                stream.writelines(orjson.dumps(key.to_dict()) + b"\n" for key in keys)
                stream.flush()
                os.fsync(stream.fileno())
            Path(scratch).replace(path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise _unwritable(path, fault) from fault


def _unreadable(path: Path, fault: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be read: {fault.strerror}; let the service's user read it")


def _unwritable(path: Path, fault: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be written: {fault.strerror}; set keys_file to another place"
    )
