"""Keys of the HTTP API: made once, kept as hashes, found while they are valid."""

from __future__ import annotations

import json
import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import ConfigError
from triage.keys import KeyFile, Scope
from triage.secret import digest_of, looks_like_key, new_secret

START = datetime(2026, 11, 11, 9, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def file(tmp_path: Path, clock: SetClock) -> KeyFile:
    return KeyFile(tmp_path / "state" / "keys.jsonl", clock=clock)


def test_a_key_is_found_by_its_text(file: KeyFile) -> None:
    key, secret = file.create("helpdesk", scopes=[Scope.READ, Scope.FEEDBACK])
    assert file.find(secret) == key
    assert key.scopes == {Scope.READ, Scope.FEEDBACK}


def test_the_file_holds_a_hash_and_not_the_key(file: KeyFile) -> None:
    _, secret = file.create("helpdesk", scopes=[Scope.READ])
    content = file.path.read_text(encoding="utf-8")
    assert secret not in content
    assert secret[7:40] not in content
    assert json.loads(content)["digest"] == digest_of(secret)


def test_a_digest_is_sha_256_as_published() -> None:
    # FIPS 180-2, appendix B.1
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_file_is_for_its_owner_alone(file: KeyFile) -> None:
    file.create("helpdesk", scopes=[Scope.READ])
    file.create("job", scopes=[Scope.ADMIN])
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [p.name for p in file.path.parent.iterdir() if p.name.startswith(".")] == []


def test_a_key_has_prefix_length_and_checksum() -> None:
    secret = new_secret()
    assert secret.startswith("triage_")
    assert len(secret) == 7 + 43 + 6
    assert looks_like_key(secret)
    assert len({new_secret() for _ in range(100)}) == 100


@given(place=st.integers(7, 55), letter=st.sampled_from("abcXYZ019"))
def test_a_mistyped_letter_is_told_by_the_checksum(place: int, letter: str) -> None:
    secret = new_secret()
    typed = secret[:place] + letter + secret[place + 1 :]
    assert looks_like_key(typed) == (typed == secret)


@pytest.mark.parametrize("text", ["", "triage_", "triage_" + "0" * 49, "é" * 56, "a" * 100_000])
def test_other_text_is_no_key(file: KeyFile, text: str) -> None:
    file.create("helpdesk", scopes=[Scope.READ])
    assert not looks_like_key(text)
    assert file.find(text) is None


def test_a_key_of_another_installation_is_not_found(file: KeyFile) -> None:
    file.create("helpdesk", scopes=[Scope.READ])
    assert file.find(new_secret()) is None


def test_a_revoked_key_opens_nothing_while_another_does(file: KeyFile) -> None:
    old, old_secret = file.create("helpdesk", scopes=[Scope.READ])
    new, new_text = file.create("helpdesk", scopes=[Scope.READ])
    assert file.find(old_secret) == old
    file.revoke(old.id)
    assert file.find(old_secret) is None
    assert file.find(new_text) == new
    assert [key.state(START) for key in file.known()] == ["revoked", "valid"]


def test_a_revocation_keeps_its_first_time(file: KeyFile, clock: SetClock) -> None:
    key, _ = file.create("helpdesk", scopes=[Scope.READ])
    file.revoke(key.id)
    clock.now += timedelta(days=1)
    assert file.revoke(key.id).revoked == START


def test_a_key_ends_at_its_time(file: KeyFile, clock: SetClock) -> None:
    ends = START + timedelta(hours=1)
    _, secret = file.create("guest", scopes=[Scope.READ], expires=ends)
    clock.now = ends - timedelta(seconds=1)
    assert file.find(secret) is not None
    assert file.any_valid()
    clock.now = ends
    assert file.find(secret) is None
    assert not file.any_valid()


def test_a_change_by_another_process_is_seen_without_a_restart(
    file: KeyFile, clock: SetClock
) -> None:
    served = KeyFile(file.path, clock=clock)
    assert served.known() == ()
    key, secret = file.create("helpdesk", scopes=[Scope.READ])
    assert served.find(secret) == key
    file.revoke(key.id)
    assert served.find(secret) is None
    file.path.unlink()
    assert served.known() == ()


def test_keys_made_at_the_same_time_by_several_processes_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    context = multiprocessing.get_context("spawn")
    makers = [context.Process(target=_make_keys, args=(path, n)) for n in range(3)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    names = sorted(key.name for key in KeyFile(path).known())
    assert names == sorted(f"key {n}.{m}" for n in range(3) for m in range(5))


def _make_keys(path: Path, number: int) -> None:
    for one in range(5):
        KeyFile(path).create(f"key {number}.{one}", scopes=[Scope.READ])


@pytest.mark.parametrize("name", ["", "  ", "n" * 101, "a\nb", "a\x1b[31m"])
def test_a_name_that_is_no_line_is_refused(file: KeyFile, name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        file.create(name, scopes=[Scope.READ])


def test_a_key_that_opens_nothing_is_refused(file: KeyFile) -> None:
    with pytest.raises(ConfigError, match="read, feedback, admin"):
        file.create("helpdesk", scopes=[])


def test_a_time_that_has_passed_is_refused(file: KeyFile) -> None:
    with pytest.raises(ConfigError, match="has passed"):
        file.create("helpdesk", scopes=[Scope.READ], expires=START)


def test_an_unknown_id_is_refused_by_name(file: KeyFile) -> None:
    with pytest.raises(ConfigError, match="no key has the id 'abc'"):
        file.revoke("abc")


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", '{"id": "a"}', '{"id":"a","name":"b","scopes":["root"],"digest":"00"}'],
)
def test_a_damaged_file_is_refused_with_its_line(file: KeyFile, line: str) -> None:
    file.create("helpdesk", scopes=[Scope.READ])
    with file.path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    with pytest.raises(ConfigError, match="line 2"):
        file.known()


def test_a_file_that_others_may_write_is_refused(file: KeyFile) -> None:
    file.create("helpdesk", scopes=[Scope.READ])
    file.path.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod 600"):
        KeyFile(file.path).known()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="keys_file"):
        KeyFile(tmp_path / "state" / "keys.jsonl").create("helpdesk", scopes=[Scope.READ])
