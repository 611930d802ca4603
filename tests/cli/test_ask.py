"""``triage ask``: one message, shown to people or as JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Triage = Callable[..., Any]
LATE = "我的快递三天没动了，到底什么时候能到？"
SHAPE: dict[str, set[str]] = {
    "category": {"label", "intent", "confidence", "alternatives", "set", "familiarity"},
    "priority": {"level", "score", "reasons", "sla_minutes"},
    "sentiment": {"label", "confidence", "flags", "cues"},
}
TOP = {"id", "language", "model", "team", "key_info", "suggestions", "needs_review",
       "review_reasons", *SHAPE}  # fmt: skip
SUGGESTION = {"article_id", "category", "title", "reply", "language", "similarity", "confidence",
              "missing_slots", "source", "article_version", "script", "in_other_language",
              "converted", "template", "format", "passage"}  # fmt: skip


def test_the_installed_script_answers_with_every_fixed_field(script: str) -> None:
    text = f"{LATE} 电话 13800138000"
    run = subprocess.run([script, "ask", text, "--json"], capture_output=True, check=True)
    result = json.loads(run.stdout)
    assert set(result) >= TOP
    for name, keys in SHAPE.items():
        assert set(result[name]) == keys
    assert result["category"]["label"] == "logistics"
    assert set(result["category"]["alternatives"][0]) == {"label", "confidence"}
    assert set(result["priority"]["reasons"][0]) == {"signal", "evidence", "start", "end"}
    assert result["key_info"]
    for info in result["key_info"]:
        assert set(info) == {"type", "text", "value", "start", "end", "carrier"}
        assert text[info["start"] : info["end"]] == info["text"]
    assert result["suggestions"]
    for suggestion in result["suggestions"]:
        assert set(suggestion) == SUGGESTION
        assert -1 <= suggestion["similarity"] <= 1
        assert 0 <= suggestion["confidence"] <= 1


def test_the_panel_shows_category_priority_and_replies(triage: Triage) -> None:
    run = triage("ask", LATE)
    assert run.code == 0
    for shown in ("logistics", "Priority", "overdue", "三天没", "Reply 1", "to fill in"):
        assert shown in run.out


def test_a_message_with_console_markup_is_shown_as_it_is(triage: Triage) -> None:
    run = triage("ask", "[/bold] where is my [red]parcel[/red]?")
    assert run.code == 0
    assert "[/bold] where is my [red]parcel[/red]?" in run.out


def test_a_french_message_is_said_to_be_in_an_unsupported_language(triage: Triage) -> None:
    run = triage("ask", "Bonjour, je n'ai toujours pas reçu ma commande, pouvez-vous m'aider ?")
    assert run.code == 0
    assert "language not supported: French (fr)" in run.out


def test_a_vip_scores_higher(triage: Triage) -> None:
    scores = [
        json.loads(triage("ask", "请问这款耳机有蓝色吗", "--json", *tier).out)["priority"]["score"]
        for tier in ((), ("--tier", "vip"))
    ]
    assert scores[1] > scores[0]


def test_a_dash_reads_standard_input(triage: Triage) -> None:
    run = triage("ask", "-", "--json", stdin=LATE.encode())
    assert json.loads(run.out)["category"]["label"] == "logistics"


def test_standard_input_that_is_no_utf8_is_unusable(triage: Triage) -> None:
    run = triage("ask", "-", stdin=b"\xff\xfe\xfa")
    assert run.code == 2
    assert "UTF-8" in run.err


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_message_is_unusable(triage: Triage, text: str) -> None:
    run = triage("ask", text)
    assert run.code == 2
    assert "error: text" in run.err
    assert run.out == ""


@pytest.mark.parametrize("model", ["nope", "../etc", "[/red]"])
def test_an_unknown_model_is_unusable_and_named(triage: Triage, model: str) -> None:
    run = triage("ask", "hi", "--model", model)
    assert run.code == 2
    assert model in run.err
