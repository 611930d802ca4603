"""Dashboard and alerts ask for metrics that there are, and leave none unseen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.metrics import Metrics
from api.scrape import Scrape

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def _names(client: TestClient) -> set[str]:
    """Return the names of all series that there can be."""
    app = client.app
    assert isinstance(app, FastAPI)
    metrics: Metrics = app.state.metrics
    names = set()
    for metric in Scrape(metrics.registry, None).collect():
        endings = {
            "counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")
        }.get(metric.type, ("",))  # fmt: skip
        names |= {f"{metric.name}{ending}" for ending in endings}
    return names


def _named(expression: str) -> set[str]:
    return set(re.findall(r"\btriage_[a-z0-9_]+", re.sub(r'"[^"]*"', "", expression)))


def test_the_dashboard_asks_for_no_metric_that_is_not_there(client: TestClient) -> None:
    path = DEPLOY / "grafana" / "triage.json"
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    targets = [t["expr"] for p in dashboard["panels"] for t in p.get("targets", ())]
    variables = [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    named = set().union(*map(_named, [*targets, *map(str, variables)]))
    assert len(targets) >= 15
    assert named <= _names(client)
    every, told = (
        {re.sub(r"_(bucket|count|sum)$", "", n) for n in s} for s in (_names(client), named)
    )
    assert every <= told, "what is measured is shown"


def test_the_alerts_ask_for_no_metric_that_is_not_there(client: TestClient) -> None:
    path = DEPLOY / "prometheus" / "alerts.yaml"
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = [rule for group in content["groups"] for rule in group["rules"]]
    assert len(rules) >= 6
    for rule in rules:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert _named(rule["expr"]) <= _names(client), rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
