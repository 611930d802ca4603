"""A caller that sends too much is told to wait; others are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.rates import rate_of
from tests.api.guarded import REMOTE, bearer, client_of
from triage.errors import ConfigError
from triage.keys import Scope
from triage.settings import Settings, load_settings

Refused = Callable[..., list[dict[str, Any]]]


def test_a_caller_over_its_limit_is_told_when_to_come_back(
    tmp_path: Path, refused: Refused
) -> None:
    client, _ = client_of(tmp_path, rate_limit="3/hour")
    answers = [client.get("/v1/triage") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    (problem,) = refused(answers[-1], 429, field="requests")
    wait = int(answers[-1].headers["retry-after"])
    assert 1 <= wait <= 7_200
    assert str(wait) in problem["remedy"]
    assert answers[-1].json()["type"] == "/problems/rate_limited"


def test_every_answer_tells_the_limit_and_what_is_left(tmp_path: Path) -> None:
    client, _ = client_of(tmp_path, rate_limit="3/hour")
    left = []
    for _ in range(4):
        headers = client.get("/v1/triage").headers
        assert headers["ratelimit-policy"] == '"default";q=3;w=3600'
        found = re.fullmatch(r'"default";r=(\d+);t=(\d+)', headers["ratelimit"])
        assert found
        left.append(int(found[1]))
    assert left == [2, 1, 0, 0]


def test_keys_are_counted_apart(tmp_path: Path) -> None:
    client, file = client_of(tmp_path, auth="required", rate_limit="1/hour")
    one, other = bearer(file, Scope.READ), bearer(file, Scope.READ)
    statuses = [client.get("/v1/triage", headers=h).status_code for h in (one, other, one)]
    assert statuses == [200, 200, 429]


def test_refused_keys_use_up_nobodys_limit(tmp_path: Path) -> None:
    client, file = client_of(tmp_path, auth="required", rate_limit="1/hour", peer=REMOTE)
    assert {client.get("/v1/triage").status_code for _ in range(3)} == {401}
    assert client.get("/v1/triage", headers=bearer(file, Scope.READ)).status_code == 200


def test_probes_and_metrics_are_not_counted(tmp_path: Path) -> None:
    client, _ = client_of(tmp_path, rate_limit="1/hour")
    for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json"):
        assert {client.get(path).status_code for _ in range(3)} == {200}
    assert client.get("/v1/triage").status_code == 200


def test_this_machine_has_no_limit_unless_one_is_set(tmp_path: Path) -> None:
    assert rate_of(Settings()) is None
    assert "ratelimit" not in client_of(tmp_path)[0].get("/v1/triage").headers


@pytest.mark.parametrize(
    ("settings", "amount"),
    [
        ({"host": "::"}, 6_000),
        ({"rate_limit": "600/minute"}, 600),
        ({"rate_limit": "600/minute", "workers": 4}, 150),
        ({"rate_limit": "2/minute", "workers": 4}, 1),
    ],
)
def test_each_process_allows_its_share(settings: dict[str, Any], amount: int) -> None:
    rate = rate_of(Settings(**settings))
    assert rate is not None
    assert (rate.amount, rate.get_expiry()) == (amount, 60)


def test_a_limit_can_be_switched_off() -> None:
    assert rate_of(Settings(host="::", rate_limit="off")) is None


@pytest.mark.parametrize("text", ["600", "0/minute", "many", "600 per minute", "6/fortnight"])
def test_an_unusable_limit_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="rate_limit"):
        load_settings(rate_limit=text)
