"""POST /v1/feedback: checked, stored once, the latest counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from triage.engine import TriageEngine
from triage.settings import Settings

PATH = "/v1/feedback"
Refused = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def client(engine: TriageEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("log")
    settings = Settings(decisions=f"sqlite:///{folder / 'd.db'}", decisions_key="k")
    app = create_app(settings, engine=engine)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def answer(client: TestClient) -> dict[str, Any]:
    message = {"text": "我的快递三天没动了，到底什么时候能到？"}
    found: dict[str, Any] = client.post("/v1/triage", json=message).json()
    assert found["suggestions"]
    return found


def stored(client: TestClient, answer: dict[str, Any]) -> list[Any]:
    app = client.app
    assert isinstance(app, FastAPI)
    return list(app.state.decisions.store.feedback(answer["decision_id"]))


def test_a_suggestion_that_was_sent_as_it_was_has_nothing_edited(
    client: TestClient, answer: dict[str, Any]
) -> None:
    first = answer["suggestions"][0]
    given = {"decision_id": answer["decision_id"], "chosen": first["article_id"],
             "sent_text": first["reply"]}  # fmt: skip
    said = client.post(PATH, json=given)
    assert said.status_code == 200
    assert said.json() == {
        "decision_id": answer["decision_id"], "repeated": False, "edit_share": 0.0,
    }  # fmt: skip
    changed = client.post(PATH, json=given | {"sent_text": first["reply"] + "祝您生活愉快！"})
    assert 0 < changed.json()["edit_share"] < 0.5


def test_the_same_feedback_again_changes_nothing_and_other_feedback_is_added(
    client: TestClient, answer: dict[str, Any]
) -> None:
    given = {"decision_id": answer["decision_id"], "chosen": None, "agent": "a-1",
             "labels": {"priority": "urgent", "intent": "refund/progress"}}  # fmt: skip
    replies = [client.post(PATH, json=given).json()["repeated"] for _ in range(2)]
    assert replies == [False, True]
    other = given | {"labels": {"priority": "low"}}
    assert client.post(PATH, json=other).json()["repeated"] is False
    assert [dict(f.labels) for f in stored(client, answer)] == [other["labels"], given["labels"]]


def test_what_was_sent_is_stored_without_personal_details(
    client: TestClient, answer: dict[str, Any]
) -> None:
    chosen = answer["suggestions"][0]["article_id"]
    given = {"decision_id": answer["decision_id"], "chosen": chosen, "sent_text": "打13800138000"}
    client.post(PATH, json=given)
    assert stored(client, answer)[0].sent == "打[PHONE_1]"


def test_an_unknown_decision_is_not_found(client: TestClient, refused: Refused) -> None:
    given = {"decision_id": "0" * 32, "chosen": None}
    (problem,) = refused(client.post(PATH, json=given), 404, field="decision_id")
    assert problem["value"] == "0" * 32
    assert "decision_id" in problem["remedy"]


def test_an_unknown_article_is_named(
    client: TestClient, answer: dict[str, Any], refused: Refused
) -> None:
    given = {"decision_id": answer["decision_id"], "chosen": "kb-nowhere"}
    (problem,) = refused(client.post(PATH, json=given), 422, field="chosen")
    assert "kb-nowhere" in problem["message"]
    assert answer["suggestions"][0]["article_id"] in problem["remedy"]
    assert stored(client, answer) == []


def test_an_article_that_was_not_suggested_may_be_chosen(
    client: TestClient, answer: dict[str, Any], engine: TriageEngine
) -> None:
    shown = {s["article_id"] for s in answer["suggestions"]}
    other = next(name for name in engine.bundle.knowledge.articles if name not in shown)
    given = {"decision_id": answer["decision_id"], "chosen": other, "sent_text": "好的"}
    assert client.post(PATH, json=given).json()["edit_share"] is None


@pytest.mark.parametrize(
    ("labels", "field", "remedy"),
    [
        ({"category": "weather"}, "labels.category", "logistics"),
        ({"intent": "logistics/weather"}, "labels.intent", "logistics/"),
        ({"category": "refund", "intent": "refund/x"}, "labels.intent", "refund/progress"),
        ({"priority": "asap"}, "labels.priority", "urgent"),
        ({"sentiment": "sad"}, "labels.sentiment", "negative"),
        ({"category": "refund", "intent": "logistics/delay"}, "labels.intent", "category"),
        ({"mood": "sad"}, "labels.mood", "remove"),
        ({"category": ""}, "labels.category", ""),
    ],
)
def test_a_label_that_the_model_does_not_know_is_refused_with_those_it_knows(
    client: TestClient,
    answer: dict[str, Any],
    refused: Refused,
    labels: dict[str, str],
    field: str,
    remedy: str,
) -> None:
    given = {"decision_id": answer["decision_id"], "chosen": None, "labels": labels}
    (problem,) = refused(client.post(PATH, json=given), 422, field=field)
    assert remedy in problem["remedy"]
    assert stored(client, answer) == []


@pytest.mark.parametrize(
    "given",
    [{}, {"chosen": None}, {"decision_id": "x"}, {"decision_id": 7, "chosen": None},
     {"decision_id": "x", "chosen": None, "stars": 5},
     {"decision_id": "x", "chosen": None, "sent_text": "x" * 20_001}],
)  # fmt: skip
def test_what_is_no_feedback_is_refused(
    client: TestClient, refused: Refused, given: dict[str, Any]
) -> None:
    refused(client.post(PATH, json=given), 422)


def test_feedback_without_a_log_is_refused_with_the_remedy(
    engine: TriageEngine, refused: Refused
) -> None:
    given = {"decision_id": "x", "chosen": None}
    with TestClient(create_app(Settings(decisions="off"), engine=engine)) as client:
        (problem,) = refused(client.post(PATH, json=given), 409)
    assert "triage.toml" in problem["remedy"]


def test_feedback_while_the_log_is_away_is_to_be_sent_again(engine: TriageEngine) -> None:
    settings = Settings(decisions="postgresql://shop:geheim@127.0.0.1:1/t", decisions_key="k")
    given = {"decision_id": "x", "chosen": None}
    with TestClient(create_app(settings, engine=engine)) as client:
        answer = client.post(PATH, json=given)
    assert answer.status_code == 503
    assert answer.json()["code"] == "decisions_away"
    assert int(answer.headers["Retry-After"]) > 0
    assert "geheim" not in answer.text
