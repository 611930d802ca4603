"""The description of the API is the one that was agreed, and the service keeps to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.errors import TITLES
from api.openapi import snapshot

SNAPSHOT = Path(__file__).with_name("openapi.json")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


OPERATIONS = (
    ("/v1/triage", "POST"),
    ("/v1/triage/batch", "POST"),
    ("/v1/feedback", "POST"),
    ("/health/live", "GET"),
    ("/health/ready", "GET"),
)


@pytest.fixture(scope="module")
def contract(app: FastAPI, client: object) -> Any:
    del client  # it runs the application's lifespan
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.parametrize(
    ("path", "method", "mode"),
    [
        (path, method, mode)
        for path, method in OPERATIONS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or method == "POST"  # nothing can be wrong in a GET
    ],
)
@given(drawn=st.data())
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_any_request_is_answered_as_described(
    contract: Any, drawn: st.DataObject, path: str, method: str, mode: GenerationMode
) -> None:
    # Schemathesis' own plugin does not know this version of pytest.
    case = drawn.draw(contract[path][method].as_strategy(generation_mode=mode))
    case.call_and_validate(checks=CHECKS)


def test_every_operation_is_tested(app: FastAPI) -> None:
    paths = orjson.loads(snapshot(app))["paths"]
    described = {(p, m.upper()) for p, operations in paths.items() for m in operations}
    assert described == set(OPERATIONS)


def test_the_description_is_the_one_agreed(app: FastAPI) -> None:
    assert snapshot(app) == SNAPSHOT.read_bytes(), (
        "the API has changed: if it only has more than before, run "
        "`python -m api.openapi > tests/api/openapi.json` and say so in CHANGELOG.md"
    )


def test_the_description_is_openapi_3_1_with_both_ways_to_bear_a_key(app: FastAPI) -> None:
    described = orjson.loads(snapshot(app))
    assert described["openapi"].startswith("3.1.")
    schemes = described["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["header"]["name"] == "X-Api-Key"


def test_every_operation_tells_its_key_and_its_refusals(app: FastAPI) -> None:
    for path, operations in orjson.loads(snapshot(app))["paths"].items():
        for operation in operations.values():
            guarded = path.startswith("/v1/")
            assert bool(operation["security"]) == guarded
            refusals = {s: r for s, r in operation["responses"].items() if s >= "400"}
            assert ({"401", "403", "429", "503"} <= set(refusals)) == guarded
            assert {"414", "431", "500"} <= set(refusals)
            for status, answer in refusals.items():
                example = answer["content"]["application/problem+json"]["example"]
                assert example["status"] == int(status)
                assert example["type"] == f"/problems/{example['code']}"
                assert example["code"] in TITLES


def test_every_kind_of_refusal_is_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for code in TITLES:
        assert f"`/problems/{code}`" in text
