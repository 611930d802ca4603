"""Keys open what their scopes say, and this machine needs none unless it is asked for one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.access import scopes_of
from api.guard import check
from tests.api.guarded import LOCAL, OPEN, PATHS, REMOTE, bearer, client_of
from triage.errors import ConfigError
from triage.keys import KeyFile, Scope
from triage.secret import new_secret
from triage.settings import Settings

Refused = Callable[..., list[dict[str, Any]]]
OPENED = {
    Scope.READ: {"/v1/triage", "/v1/triage/batch", "/metrics"},
    Scope.FEEDBACK: {"/v1/feedback"},
    Scope.ADMIN: {"/v1/admin/reload", "/metrics", "/v1/new"},
}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("path", [*PATHS, "/v1/new"])
def test_a_key_opens_the_paths_of_its_scope_and_no_other(
    tmp_path: Path, refused: Refused, scope: Scope, path: str
) -> None:
    client, file = client_of(tmp_path, auth="required", peer=REMOTE)
    answer = client.get(path, headers=bearer(file, scope))
    if path in OPENED[scope]:
        assert answer.status_code == 200
        assert answer.json() == {"caller": f"key {file.known()[0].id}"}
    else:
        refused(answer, 403, field="key")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_key_with_several_scopes_opens_all_of_them(tmp_path: Path) -> None:
    client, file = client_of(tmp_path, auth="required")
    headers = bearer(file, Scope.READ, Scope.FEEDBACK)
    for path in ("/v1/triage", "/v1/feedback"):
        assert client.post(path, headers=headers).status_code == 200


def test_x_api_key_is_as_good_as_bearer(tmp_path: Path) -> None:
    client, file = client_of(tmp_path, auth="required")
    secret = file.create("desk", scopes=[Scope.READ])[1]
    assert client.get("/v1/triage", headers={"X-Api-Key": secret}).status_code == 200
    assert client.get("/v1/triage", headers={"Authorization": f"bearer {secret}"}).is_success


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": f"Bearer {new_secret()}"},
        {"X-Api-Key": "guess"},
        {"X-Api-Key": "\xe9" * 56},
        {"Authorization": "Bearer " + "x" * 5_000},
    ],
)
def test_no_key_and_a_wrong_key_are_refused_without_an_echo(
    tmp_path: Path, refused: Refused, headers: dict[str, str]
) -> None:
    client, file = client_of(tmp_path, auth="required")
    file.create("desk", scopes=list(Scope))
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = client.get("/v1/triage", headers=encoded)
    (problem,) = refused(answer, 401, field="key")
    assert problem["value"] is None
    assert "triage keys create" in problem["remedy"]
    assert answer.headers["www-authenticate"].startswith('Bearer realm="triage"')


@pytest.mark.parametrize("path", OPEN)
def test_health_is_open_without_a_key(tmp_path: Path, path: str) -> None:
    client, _ = client_of(tmp_path, auth="required", peer=REMOTE)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/health/fail", "/openapi.json/x", "//v1/triage", "/x", "/"])
def test_what_is_not_listed_as_open_is_closed(tmp_path: Path, refused: Refused, path: str) -> None:
    client, file = client_of(tmp_path, auth="required", peer=REMOTE)
    refused(client.get(path), 401)
    refused(client.get(path, headers=bearer(file, Scope.READ, Scope.FEEDBACK)), 403)


@pytest.mark.parametrize("path", ["/V1/triage", "/v1/triage/", "/v1/%61dmin/reload", "/v1//admin"])
def test_other_spellings_of_a_path_open_no_more_than_the_path(tmp_path: Path, path: str) -> None:
    client, file = client_of(tmp_path, auth="required", peer=REMOTE)
    answer = client.get(path, headers=bearer(file, Scope.FEEDBACK), follow_redirects=False)
    assert answer.status_code == 403


def test_a_path_below_a_listed_one_asks_for_the_same_scope() -> None:
    assert scopes_of("/v1/admin/models/x") == (Scope.ADMIN,)
    assert scopes_of("/v1/feedback/7") == (Scope.FEEDBACK,)
    assert scopes_of("/v1/triage2") == (Scope.ADMIN,)


def test_a_rotation_needs_no_restart(tmp_path: Path, refused: Refused) -> None:
    client, file = client_of(tmp_path, auth="required")
    old = bearer(file, Scope.READ)
    new = bearer(file, Scope.READ)
    assert client.get("/v1/triage", headers=old).is_success
    file.revoke(file.known()[0].id)
    refused(client.get("/v1/triage", headers=old), 401)
    assert client.get("/v1/triage", headers=new).is_success


def test_an_expired_key_is_refused(tmp_path: Path, refused: Refused) -> None:
    client, file = client_of(tmp_path, auth="required")
    past = KeyFile(file.path, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    ends = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=1)
    secret = past.create("guest", scopes=[Scope.READ], expires=ends)[1]
    refused(client.get("/v1/triage", headers={"X-Api-Key": secret}), 401)


def test_a_damaged_file_of_keys_closes_the_door_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client, file = client_of(tmp_path, auth="required")
    headers = bearer(file, Scope.READ)
    file.path.write_text("{", encoding="utf-8")
    answer = client.get("/v1/triage", headers=headers)
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/keys_unreadable"
    assert str(file.path) in caplog.text
    assert str(file.path) not in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_this_machine_needs_no_key_where_only_it_is_served(tmp_path: Path, path: str) -> None:
    client, _ = client_of(tmp_path)
    assert client.get(path).json() == {"caller": "address 127.0.0.1"}


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (REMOTE, {}),
        (LOCAL, {"X-Forwarded-For": "203.0.113.9"}),
        (LOCAL, {"Forwarded": "for=203.0.113.9"}),
        (LOCAL, {"X-Real-Ip": "127.0.0.1"}),
        (LOCAL, {"Via": "1.1 proxy"}),
        (LOCAL, {"Host": "evil.example:8000"}),
        (LOCAL, {"Host": "127.0.0.1.evil.example"}),
        (LOCAL, {"Host": "192.168.0.7"}),
    ],
)
def test_what_comes_from_elsewhere_needs_a_key_on_loopback_too(
    tmp_path: Path, refused: Refused, peer: tuple[str, int], headers: dict[str, str]
) -> None:
    client, file = client_of(tmp_path, peer=peer)
    refused(client.get("/v1/triage", headers=headers), 401)
    assert client.get("/v1/triage", headers=headers | bearer(file, Scope.READ)).is_success


@pytest.mark.parametrize("host", ["localhost:8000", "[::1]:8000", "127.0.0.1", "triage"])
def test_names_of_this_machine_are_local(tmp_path: Path, host: str) -> None:
    assert client_of(tmp_path)[0].get("/v1/triage", headers={"Host": host}).is_success


def test_a_service_for_other_machines_asks_this_one_too(tmp_path: Path, refused: Refused) -> None:
    refused(client_of(tmp_path, host="0.0.0.0")[0].get("/v1/triage"), 401)


def test_metrics_are_open_on_loopback_even_where_keys_are_required(
    tmp_path: Path, refused: Refused
) -> None:
    assert client_of(tmp_path, auth="required")[0].get("/metrics").is_success
    refused(client_of(tmp_path, auth="required", peer=REMOTE)[0].get("/metrics"), 401)


def test_auth_that_is_off_asks_nobody(tmp_path: Path) -> None:
    client, _ = client_of(tmp_path, auth="off", host="0.0.0.0", peer=REMOTE)
    assert client.get("/v1/admin/reload").json() == {"caller": "address 203.0.113.9"}


def test_a_service_without_keys_does_not_start_for_other_machines(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", keys_file=tmp_path / "keys.jsonl")
    with pytest.raises(ConfigError, match="triage keys create"):
        check(settings)
    key, _ = KeyFile(settings.keys_path).create("desk", scopes=[Scope.READ])
    assert check(settings) is None
    KeyFile(settings.keys_path).revoke(key.id)
    with pytest.raises(ConfigError, match="no valid key"):
        check(settings)


def test_switching_keys_off_for_other_machines_is_warned_of() -> None:
    assert "auth is off" in str(check(Settings(host="0.0.0.0", auth="off")))
    assert check(Settings(auth="off")) is None
    assert check(Settings()) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "triage.shop.example", ""])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not Settings(host=host).on_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_hosts_of_this_machine_are_loopback(host: str) -> None:
    assert Settings(host=host).on_loopback


def test_a_key_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, file = client_of(tmp_path, auth="required")
    headers = bearer(file, Scope.READ)
    client.get("/v1/triage", headers=headers)
    client.get("/v1/feedback", headers=headers)
    assert headers["Authorization"].split()[1] not in caplog.text
