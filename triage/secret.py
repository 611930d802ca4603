"""The text of an API key: random digits between a prefix and a checksum, and its hash.

Where the hashes are kept is left to ``keys``.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib

PREFIX = "triage_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_BITS = 256
_RANDOM_DIGITS = 43  # digits of base 62 that hold 256 bits
_CHECK_DIGITS = 6  # digits of base 62 that hold a CRC-32


def new_secret() -> str:
    """Return a new key: a prefix, 256 random bits and a checksum, as letters and digits.

    Prefix and CRC-32 let scanners of repositories and this service tell a key, and a mistyped one,
    without looking anything up, as GitHub's do:
    https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    """
    body = PREFIX + _base62(secrets.randbits(_RANDOM_BITS), _RANDOM_DIGITS)
    return body + _checksum(body)


def looks_like_key(text: str) -> bool:
    """Tell whether prefix, length and checksum are those of a key."""
    size = len(PREFIX) + _RANDOM_DIGITS + _CHECK_DIGITS
    if len(text) != size or not text.isascii() or not text.startswith(PREFIX):
        return False
    return _checksum(text[:-_CHECK_DIGITS]) == text[-_CHECK_DIGITS:]


def digest_of(secret: str) -> str:
    """Return the hash that is kept of a key.

    One round of SHA-256 without a salt is enough for 256 random bits: NIST SP 800-63B, 5.1.2.2 asks
    salt and a slow hash only of secrets below 112 bits.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    written = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_ALPHABET))
        written = _ALPHABET[digit] + written
    return written
