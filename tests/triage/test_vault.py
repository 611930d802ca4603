from __future__ import annotations

import stat
from pathlib import Path

import pytest

from triage.errors import ConfigError, RecordError
from triage.vault import Key, Vault, load_key, load_vault, new_key, save_vault


def test_a_new_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "shop.key"
    new_key(place)
    before = place.read_bytes()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match=r"shop\.key is there already and is never overwritten"):
        new_key(place)
    assert place.read_bytes() == before
    assert load_key(place).tag("phone", "1") == load_key(place).tag("phone", "1")


def test_two_keys_are_never_alike(tmp_path: Path) -> None:
    new_key(tmp_path / "a")
    new_key(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("content", [b"", b"short", b"c2hvcnQ=", b"\xff\xfe"])
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.key").write_bytes(content)
    with pytest.raises(ConfigError, match=r"no\.key"):
        load_key(tmp_path / "no.key")
    with pytest.raises(ConfigError, match="--new-key"):
        load_key(tmp_path / "absent.key")


def test_a_tag_is_the_start_of_an_hmac_in_base32() -> None:
    import base64
    import hmac

    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    secret = HKDF(SHA256(), 32, salt=None, info=b"triage redact: tokens").derive(b"s" * 32)
    digest = hmac.new(secret, b"phone\0+8613800138000", "sha256").digest()
    assert Key(b"s" * 32).tag("phone", "+8613800138000") == base64.b32encode(digest)[:8].decode()
    assert Key(b"s" * 32).tag("email", "+8613800138000") != Key(b"s" * 32).tag(
        "phone", "+8613800138000"
    )


def test_ways_of_writing_one_value_have_tokens_of_one_stem() -> None:
    vault = Vault()
    token = "[PHONE_ABCDEFGH]"
    assert vault.token_for(token, "138 0013 8000") == token
    assert vault.token_for(token, "13800138000") == "[PHONE_ABCDEFGH.2]"
    assert vault.token_for(token, "138 0013 8000") == token
    assert vault.restore(f"{token} [PHONE_ABCDEFGH.2] [PHONE_1]") == (
        "138 0013 8000 13800138000 [PHONE_1]"
    )


def test_a_vault_is_read_with_its_key_and_with_no_other(tmp_path: Path) -> None:
    place, key = tmp_path / "v", Key(b"a" * 32)
    vault = Vault()
    vault.token_for("[PERSON_ABCDEFGH]", "李娜\ud800")
    save_vault(vault, place, key)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert load_vault(place, key).restore("[PERSON_ABCDEFGH]") == "李娜\ud800"
    with pytest.raises(RecordError, match=r"does not open with other\.key: it was written with an"):
        load_vault(place, Key(b"b" * 32, name="other.key"))
    with pytest.raises(RecordError, match="name it with --vault"):
        load_vault(tmp_path / "absent", key)


def test_nothing_of_an_original_stands_in_a_vault_and_one_changed_byte_is_noticed(
    tmp_path: Path,
) -> None:
    place, key = tmp_path / "v", Key(b"a" * 32)
    vault = Vault()
    for number in range(50):
        vault.token_for(f"[PHONE_{number:08}]", "13800138000")
    save_vault(vault, place, key)
    content = place.read_bytes()
    assert b"13800138000" not in content
    assert b"PHONE" not in content
    place.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    with pytest.raises(RecordError, match="is damaged"):
        load_vault(place, key)
