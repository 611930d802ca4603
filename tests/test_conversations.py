"""Conversations and languages through the engine that ships: merged turns, spans, replies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.__main__ import starter_engine
from triage import TriageEngine
from triage.errors import MessageError

HISTORY: list[dict[str, Any]] = [
    {"role": "机器人", "text": "您好，欢迎光临，请问有什么可以帮您？"},
    {"role": "用户", "text": "你好"},
    {"role": "用户", "text": "我要申请退款，订单 202611110042", "at": "2026-11-12T09:30:00"},
    {"role": "客服", "text": "请提供手机号"},
]


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return starter_engine()


def test_turns_are_understood_as_one_message_into_which_spans_point(engine: TriageEngine) -> None:
    turns = [*HISTORY, {"role": "用户", "text": "13800138000"}]
    result = engine.triage([{"turns": turns}])[0].to_dict()
    text = result["understood_text"]
    assert text == "你好\n我要申请退款，订单 202611110042\n13800138000"
    assert result["category"]["label"] == "refund"
    assert [k["type"] for k in result["key_info"]] == ["order_id", "phone"]
    for info in result["key_info"]:
        assert text[info["start"] : info["end"]] == info["text"]


def test_a_text_that_stands_for_itself_is_understood_as_it_is(engine: TriageEngine) -> None:
    alone, after = engine.triage(["发票什么时候开", {"turns": HISTORY, "text": "发票什么时候开"}])
    assert after.understood_text is None
    assert after.category == alone.category


def test_a_message_alone_carries_no_understood_text(engine: TriageEngine) -> None:
    assert engine.triage(["在吗"])[0].to_dict()["understood_text"] is None


def test_an_overlong_turn_is_refused_by_name(engine: TriageEngine) -> None:
    with pytest.raises(MessageError) as refused:
        engine.triage([{"text": "hi", "turns": [{"role": "agent", "text": "x" * 20_001}]}])
    assert refused.value.field == "turns.0.text"


def test_legal_words_of_a_disclaimer_raise_no_priority(engine: TriageEngine) -> None:
    own = "When will my parcel arrive?"
    footer = "\n\nDisclaimer: misuse may lead to legal action in court."
    plain, with_footer = engine.triage([own, own + footer])
    assert with_footer.priority == plain.priority


@pytest.mark.parametrize(
    ("text", "language", "reply"),
    [
        ("请问怎么申请退款", "zh", "退款"),
        ("請問怎麼申請退款", "zh", "退款"),
        ("How do I get a refund for my order?", "en", "refund"),
        ("How do I get a refund for my order? 怎么退款", "en", "refund"),
        ("怎么申请refund，我的order不想要了", "zh", "退款"),
    ],
)
def test_replies_are_in_the_language_of_the_main_part(
    engine: TriageEngine, text: str, language: str, reply: str
) -> None:
    result = engine.triage([text])[0]
    assert result.suggestions
    assert {s.language for s in result.suggestions} == {language}
    assert reply in result.suggestions[0].reply
    assert result.script == {"請": "Hant", "请": "Hans", "怎": "Hans"}.get(text[0])


def test_traditional_writing_is_answered_in_traditional_writing(engine: TriageEngine) -> None:
    hans, hant = engine.triage(["请问怎么申请退款", "請問怎麼申請退款"])
    assert hans.suggestions[0].article_id == hant.suggestions[0].article_id
    assert "您" in hant.suggestions[0].reply
    assert hans.suggestions[0].reply != hant.suggestions[0].reply


def test_a_mixed_message_says_so(engine: TriageEngine) -> None:
    mixed, plain, none = engine.triage(["我的order到现在还没shipped", "我的快递呢", "12345"])
    assert list(mixed.to_dict()["languages"]) == ["zh", "en"]
    assert plain.to_dict()["languages"] == {"zh": 1.0}
    assert none.to_dict()["languages"] == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("où est ma commande", "French (fr)"),
        ("wo ist mein Paket", "German (de)"),
        ("привет", "Russian (ru)"),
    ],
)
def test_an_unsupported_language_is_named_and_gets_no_reply(
    engine: TriageEngine, text: str, name: str
) -> None:
    result = engine.triage([text])[0]
    assert f"language not supported: {name}" in result.review_reasons
    assert result.suggestions == ()
