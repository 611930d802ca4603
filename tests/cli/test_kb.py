"""``triage kb``: the articles that replies come from."""

from __future__ import annotations

import json
from typing import Any


def test_articles_are_listed_as_json(shop: Any) -> None:
    run = shop.triage("kb", "list", "--json")
    assert run.code == 0
    ids = [json.loads(line)["id"] for line in run.out.splitlines()]
    written = shop.articles.read_text(encoding="utf-8").splitlines()
    assert ids == [json.loads(line)["id"] for line in written]


def test_articles_are_listed_by_category(shop: Any) -> None:
    run = shop.triage("kb", "list", "--category", "refund", "--json")
    listed = [json.loads(line)["intent"] for line in run.out.splitlines()]
    assert listed == ["refund/apply", "refund/progress"]
    assert shop.triage("kb", "list", "--category", "nothing", "--json").out == ""


def test_the_table_shows_title_languages_and_validity(shop: Any) -> None:
    run = shop.triage("kb", "list")
    assert run.code == 0
    for shown in ("own-account-password", "找回密码", "zh-Hans en", "always"):
        assert shown in run.out


def test_an_absent_model_is_unusable(shop: Any) -> None:
    run = shop.triage("kb", "list", "--model", "none")
    assert run.code == 2
    assert "none" in run.err
