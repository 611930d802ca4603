"""Keys and vaults: tokens that are the same everywhere, and their originals, encrypted.

Ciphers and key derivation are those of the package cryptography.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import json
import os
import re
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import ConfigError, RecordError
from triage.records import whole_file

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_BYTES = 32
_TAG = 8  # characters of base32: with 100,000 customers two share one with a chance of 0.5 %
_TOKEN = re.compile(r"\[[A-Z_]{2,20}_[A-Z2-7]{8}(?:\.\d{1,6})?\]")
_PURPOSES = {"tokens": b"triage redact: tokens", "vault": b"triage redact: vault"}


class Key:
    """A secret of 32 bytes, from which one key for tokens and one for the vault are derived."""

    def __init__(self, secret: bytes, *, name: str = "the key") -> None:
        self.name = name
        self._tokens = _derived(secret, "tokens")
        self._sealer = base64.urlsafe_b64encode(_derived(secret, "vault"))

    def tag(self, type_: str, value: str) -> str:
        """Return eight characters of base32 (RFC 4648) of the value's HMAC-SHA256 (RFC 2104)."""
        message = f"{type_}\0{value}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._tokens, message, "sha256")
        return base64.b32encode(digest)[:_TAG].decode()

    def seal(self, content: bytes) -> bytes:
        """Encrypt and sign (Fernet: AES-128-CBC with HMAC-SHA256)."""
        return self._fernet.encrypt(content)

    def unseal(self, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            RecordError: another key sealed it, or it was changed.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as fault:
            raise RecordError(
                f"does not open with {self.name}: it was written with another key or is damaged; "
                "give the key it was written with"
            ) from fault

    @functools.cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(self._sealer)


class Vault:
    """Originals by token: a second way of writing one value has ``.2`` behind its tag."""

    def __init__(self, originals: dict[str, str] | None = None) -> None:
        self._originals = dict(originals or {})
        self._tokens = {(_stem(token), text): token for token, text in self._originals.items()}

    @property
    def originals(self) -> dict[str, str]:
        """Token to the text it stands for."""
        return dict(self._originals)

    def __len__(self) -> int:
        return len(self._originals)

    def token_for(self, token: str, written: str, *, reserved: Collection[str] = ()) -> str:
        """Return the token that stands for ``written``, and remember it.

        Args:
            token: of the normalised value.
            reserved: tokens that stand in the text itself.
        """
        given = self._tokens.get((token, written))
        if given is not None and given not in reserved:
            return given
        number, own = 1, token
        while own in self._originals or own in reserved:
            number += 1
            own = f"{token[:-1]}.{number}]"
        self._originals[own] = written
        self._tokens[token, written] = own
        return own

    def restore(self, text: str) -> str:
        """Put the originals back; a token that the vault does not know stays."""
        return _TOKEN.sub(lambda match: self._originals.get(match[0], match[0]), text)


def new_key(path: Path) -> None:
    """Write a new key that its owner alone may read.

    Raises:
        ConfigError: a file of that name is there, or none can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        raise ConfigError(
            f"{path} is there already and is never overwritten, since what it sealed would be "
            "lost; name another file"
        ) from fault
    except OSError as fault:
        raise ConfigError(
            f"{path} cannot be written: {fault.strerror}; name another file"
        ) from fault
    with os.fdopen(place, "wb") as stream:
        stream.write(base64.urlsafe_b64encode(os.urandom(_BYTES)) + b"\n")


def load_key(path: Path) -> Key:
    """Read a key.

    Raises:
        ConfigError: the file is absent or holds no key.
    """
    try:
        secret = base64.b64decode(path.read_bytes().strip(), altchars=b"-_", validate=True)
    except OSError as fault:
        raise ConfigError(
            f"the key {path} cannot be read: {fault.strerror}; make one with "
            f"`triage redact --new-key {path}`"
        ) from fault
    except (binascii.Error, ValueError) as fault:
        raise ConfigError(f"{path} holds no key; name a file made by --new-key") from fault
    if len(secret) != _BYTES:
        raise ConfigError(
            f"{path} holds {len(secret)} bytes, not {_BYTES}; name a file made by --new-key"
        )
    return Key(secret, name=str(path))


def load_vault(path: Path, key: Key) -> Vault:
    """Read a vault.

    Raises:
        RecordError: it is absent, or another key sealed it.
    """
    try:
        content = zlib.decompress(key.unseal(path.read_bytes()))
        return Vault(json.loads(content))
    except OSError as fault:
        raise RecordError(
            f"the vault {path} cannot be read: {fault.strerror}; name it with --vault"
        ) from fault
    except RecordError as fault:
        raise RecordError(f"{path} {fault}") from fault


def save_vault(vault: Vault, path: Path, key: Key) -> None:
    """Write a vault that its owner alone may read, all at once.

    Raises:
        RecordError: the place cannot be written.
    """
    # Not orjson, which refuses the lone surrogates that an original may hold.
    content = zlib.compress(json.dumps(vault.originals).encode())
    with whole_file(path) as stream:
        stream.write(key.seal(content))
    path.chmod(0o600)


def _stem(token: str) -> str:
    return re.sub(r"\.\d+\]$", "]", token)


def _derived(secret: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=_PURPOSES[purpose]).derive(
        secret
    )
