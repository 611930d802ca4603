"""GET /metrics: what requests leave in it, in one worker and in several."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.drift import Reference
from api.gauges import Gauges
from api.metrics import Metrics
from triage.engine import TriageEngine
from triage.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Tables:
    """The figures of a scrape, by name and labels."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.names = {family.name for family in families}
        self._values = {
            (s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self._values.get((name, frozenset(labels.items())))


@pytest.fixture
def served(engine: TriageEngine, tmp_path: Path) -> Iterator[TestClient]:
    """Return a client of a service that nobody has called yet."""
    url = f"sqlite:///{tmp_path / 'd.db'}"
    app = create_app(Settings(decisions=url, decisions_key="k"), engine=engine)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def scraped(client: TestClient) -> Tables:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return Tables(answer.text)


def test_requests_are_counted_by_route_and_status(served: TestClient) -> None:
    served.post("/v1/triage", json={"text": "我的快递到哪了？"})
    served.post("/v1/triage", json={"text": ""})
    served.get("/v1/triage")
    served.get("/wp-login.php?name=王女士")
    found = scraped(served)
    for method, route, status in (
        ("POST", "/v1/triage", "200"),
        ("POST", "/v1/triage", "422"),
        ("GET", "/v1/triage", "405"),
        ("GET", "other", "404"),
    ):
        labels = {"method": method, "route": route, "status": status}
        assert found.value("triage_requests_total", **labels) == 1, labels
    assert found.value("triage_request_duration_seconds_count", route="/v1/triage") == 3


def test_a_method_that_is_none_is_no_series_of_its_own(served: TestClient) -> None:
    served.request("FROBNICATE", "/health/live")
    found = scraped(served)
    assert found.value("triage_requests_total", method="other", route="/health/live", status="405")


def test_answers_are_counted_by_what_they_say(served: TestClient) -> None:
    answer = served.post("/v1/triage", json={"text": "我的快递三天没动了，怎么还不到？"}).json()
    served.post("/v1/triage/batch", json={"messages": [{"text": "退款怎么还没到账"}, {"text": ""}]})
    found = scraped(served)
    assert found.value("triage_messages_total", category="logistics", language="zh") == 1
    assert found.value("triage_messages_total", category="refund", language="zh") == 1
    assert found.value("triage_priorities_total", priority=answer["priority"]["level"])
    assert found.value("triage_suggestions_offered_count") == 2
    assert (found.value("triage_suggestions_offered_sum") or 0) >= len(answer["suggestions"])
    assert found.value("triage_decisions_total", outcome="recorded") == 2
    assert found.value("triage_decision_log", state="writing") == 1
    assert found.value("triage_stage_duration_seconds_count", stage="decision_log") == 2


def test_messages_for_a_human_are_counted_by_the_first_reasons_kind(served: TestClient) -> None:
    answer = served.post("/v1/triage", json={"text": "???"}).json()
    assert answer["review_reasons"][0] == "no words to judge by"
    assert scraped(served).value("triage_reviews_total", reason="no_words") == 1


def test_what_is_in_use_is_told(served: TestClient, engine: TriageEngine) -> None:
    found = scraped(served)
    encoder = engine.bundle.manifest.encoder["name"]
    knowledge = engine.bundle.manifest.files["articles.jsonl"][:12]
    labels = {"model": engine.model, "encoder": encoder, "knowledge": knowledge}
    assert found.value("triage_model_info", **labels) == 1
    assert (found.value("triage_process_resident_memory_bytes") or 0) > 50_000_000


def test_drift_is_told_once_enough_messages_came(served: TestClient) -> None:
    messages = [{"text": "我的快递到哪了？"}] * 60
    served.post("/v1/triage/batch", json={"messages": messages})
    assert scraped(served).value("triage_drift_psi", kind="category") is None
    served.post("/v1/triage/batch", json={"messages": messages})
    found = scraped(served)
    psi = found.value("triage_drift_psi", kind="category")
    assert psi is not None
    assert psi > 0.25, "one question a hundred and twenty times is no usual day"
    assert found.value("triage_drift_psi", kind="confidence") is not None
    assert psi > (found.value("triage_drift_psi_chance", kind="category") or psi)


def test_gauges_that_cannot_be_read_are_told_once_and_stop_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> TriageEngine:
        raise RuntimeError("no engine yet")

    gauges = Gauges(Metrics(), engine=away, log=lambda: None)
    gauges.read()
    gauges.read()
    assert [record.name for record in caplog.records] == ["api.gauges"]


def test_another_model_empties_the_window() -> None:
    metrics = Metrics()
    first = Reference(
        model="m-1", labels=("a", "b"), categories=(5, 5), edges=(0.5,), confidences=(5, 5)
    )
    metrics.follow(first)
    metrics.answered([_result(model="m-1")] * 3 + [_result(model="m-0")])
    metrics.show_window()
    assert _gauge(metrics, "triage_window_category_messages", category="a") == 3
    metrics.follow(None)
    metrics.show_window()
    assert _gauge(metrics, "triage_window_category_messages", category="a") == 0
    assert metrics.reference is None


def test_an_answer_by_words_alone_is_none_of_the_models() -> None:
    metrics = Metrics()
    metrics.follow(
        Reference(model="m", labels=("a",), categories=(5,), edges=(0.5,), confidences=(5, 5))
    )
    metrics.answered([_result(model="m", degraded=True)])
    metrics.show_window()
    assert _gauge(metrics, "triage_window_category_messages", category="a") == 0
    assert _gauge(metrics, "triage_reviews_total", reason="degraded") == 1


def test_the_desk_is_heard() -> None:
    """Inference lasts from the first wait that is told to the size of the batch."""
    ticks = count(100, 2)
    metrics = Metrics(clock=lambda: float(next(ticks)))
    metrics.wait(0.25)
    metrics.wait(0.5)
    metrics.batch(2)
    metrics.cache(hit=True)
    metrics.cache(hit=False)
    metrics.refused("urgent")
    metrics.degraded()
    seconds = "triage_stage_duration_seconds"
    assert _gauge(metrics, f"{seconds}_count", stage="queue") == 2
    assert _gauge(metrics, f"{seconds}_sum", stage="queue") == 0.75
    assert _gauge(metrics, f"{seconds}_sum", stage="inference") == 2
    assert _gauge(metrics, "triage_batch_messages_sum") == 2
    assert _gauge(metrics, "triage_cache_lookups_total", outcome="hit") == 1
    assert _gauge(metrics, "triage_cache_lookups_total", outcome="miss") == 1
    assert _gauge(metrics, "triage_refused_total", lane="urgent") == 1
    assert _gauge(metrics, "triage_degraded_total") == 1


_WORKER = """
import os, sys
from api.drift import Reference
from api.metrics import Metrics
reference = Reference(model="m", labels=("a", "b"), categories=(500, 500), edges=(0.5,),
                      confidences=(500, 500))
result = {"model": "m", "category": {"label": "a", "confidence": 0.9}, "language": "zh",
          "priority": {"level": "low"}, "suggestions": [], "review_reasons": []}
metrics = Metrics()
metrics.follow(reference)
metrics.answered([result] * 60)
metrics.queue.labels("normal").set(3)
metrics.memory.set(1000)
metrics.show_window()
print(os.getpid(), flush=True)
sys.stdin.read()
"""
_SCRAPER = """
import sys
from pathlib import Path
from prometheus_client import generate_latest
from api.drift import Reference
from api.metrics import Metrics
from api.scrape import Scrape
reference = Reference(model="m", labels=("a", "b"), categories=(500, 500), edges=(0.5,),
                      confidences=(500, 500))
found = Scrape(Metrics().registry, reference, folder=Path(sys.argv[1]))
print(generate_latest(found).decode())
"""


def test_a_scrape_sees_all_workers_and_forgets_the_gauges_of_dead_ones(tmp_path: Path) -> None:
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip

    def scrape() -> Tables:
        command = [sys.executable, "-c", _SCRAPER, str(tmp_path)]
        run = subprocess.run(command, env=env, text=True, capture_output=True, check=True)
        return Tables(run.stdout)

    try:
        pids = [int(w.stdout.readline()) for w in workers if w.stdout is not None]
        both = scrape()
        assert both.value("triage_messages_total", category="a", language="zh") == 120
        assert both.value("triage_queue_messages", lane="normal") == 6
        # Sixty messages of one worker would be too few to tell; those of both are not.
        assert (both.value("triage_drift_psi", kind="category") or 0) > 0.25
        workers[0].kill()
        workers[0].wait(30)
        one = scrape()
        assert one.value("triage_messages_total", category="a", language="zh") == 120
        assert one.value("triage_queue_messages", lane="normal") == 3
        assert one.value("triage_process_resident_memory_bytes", pid=str(pids[0])) is None
        assert one.value("triage_process_resident_memory_bytes", pid=str(pids[1])) == 1000
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate(timeout=30)


def test_each_app_counts_for_itself(engine: TriageEngine) -> None:
    apps = [create_app(Settings(decisions="off"), engine=engine) for _ in range(2)]
    with TestClient(apps[0]) as first, TestClient(apps[1]) as second:
        first.post("/v1/triage", json={"text": "hi"})
        labels = {"method": "POST", "route": "/v1/triage", "status": "200"}
        assert scraped(first).value("triage_requests_total", **labels) == 1
        assert scraped(second).value("triage_requests_total", **labels) is None


def test_openmetrics_is_given_to_whoever_asks(served: TestClient) -> None:
    answer = served.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def _result(**changes: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "category": {"label": "a", "confidence": 0.9},
        "language": "zh",
        "priority": {"level": "low"},
        "suggestions": [],
        "review_reasons": [],
    } | changes


def _gauge(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)
