"""The OpenAPI description says what the service does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.schemas import BatchOut, ResultOut

PATHS = {"/v1/triage": "post", "/v1/triage/batch": "post", "/v1/feedback": "post",
         "/health/live": "get", "/health/ready": "get"}  # fmt: skip


@pytest.fixture(scope="module")
def description(server: httpx.Client) -> dict[str, Any]:
    answer = server.get("/openapi.json")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


@pytest.mark.parametrize(("path", "method"), PATHS.items())
def test_a_path_is_described_with_its_purpose(
    description: dict[str, Any], path: str, method: str
) -> None:
    assert description["paths"][path][method]["description"].endswith(".")


@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/batch", "/v1/feedback"])
@pytest.mark.parametrize("status", ["413", "422"])
def test_refusals_are_described_with_the_shape_that_they_have(
    description: dict[str, Any], path: str, status: str
) -> None:
    answer = description["paths"][path]["post"]["responses"][status]
    assert answer["content"]["application/problem+json"]["schema"] == {
        "$ref": "#/components/schemas/ErrorOut"
    }


def test_the_described_fields_of_a_message_are_those_it_takes(
    description: dict[str, Any],
) -> None:
    message = description["components"]["schemas"]["MessageIn"]
    assert set(message["properties"]) == {
        "id", "text", "subject", "channel", "customer", "created_at", "fields",
        "contacts", "turns",
    }  # fmt: skip
    assert message["anyOf"] == [{"required": ["text"]}, {"required": ["turns"]}]
    assert message["additionalProperties"] is False


def test_the_examples_in_the_description_are_answered(
    description: dict[str, Any], client: TestClient
) -> None:
    content = description["paths"]["/v1/triage"]["post"]["requestBody"]["content"]
    examples = content["application/json"]["examples"]
    assert len(examples) >= 2
    for example in examples.values():
        assert client.post("/v1/triage", json=example["value"]).status_code == 200


def test_results_have_the_shape_that_is_described(client: TestClient) -> None:
    message = {"text": "Order A-10023 arrived with a cracked screen, I want my money back"}
    result = client.post("/v1/triage", json=message).json()
    assert set(result) == set(ResultOut.model_fields)
    assert ResultOut.model_validate(result).model_dump() == result
    batch = client.post("/v1/triage/batch", json={"messages": [message, {}]}).json()
    assert len(BatchOut.model_validate(batch).results) == 2


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
