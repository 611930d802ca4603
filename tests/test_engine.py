"""The engine as a whole, with the bundle that ships: golden results and properties."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.__main__ import NOW, RESULTS, golden_results, starter_engine
from triage import Message, TriageEngine, load_engine
from triage.domain import Customer
from triage.errors import BundleError, MessageError
from triage.settings import Settings

WHEN = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
TEXTS = (
    "我的快递三天没动了，到底什么时候能到？", "物流单号 SF1234567890123 显示已签收，我没收到",
    "请问什么时候发货", "收货地址写错了，能改吗", "我要取消订单 202611110042", "怎么申请退款",
    "退款 5 天了还没到账！！！", "衣服尺码不合适想换货", "杯子收到就是碎的", "发票抬头开错了",
    "优惠券用不了", "忘记密码了", "账号被盗了，赶紧处理", "App 一打开就闪退", "付款失败但是钱扣了",
    "這個包裹什麼時候會到", "我想退貨，麻煩幫我處理", "發票可以寄到信箱嗎",
    "客服態度很差，我要投訴",
    "謝謝，已經收到了", "where is my parcel?", "I want a refund for order A-10023",
    "The screen is cracked, this is unacceptable", "I was charged twice",
    "how do I reset my password",
    "does this jacket come in blue", "thanks, all good now", "can I change the address tomorrow",
    "order A-10023 到现在 still not shipped", "?", "👍👍👍", "a" * 600,
)  # fmt: skip
SPELLINGS = (
    ("我的快递三天没动了", "我的快遞三天沒動了"),
    ("请问怎么申请退款", "請問怎麼申請退款"),
    ("发票抬头开错了", "發票抬頭開錯了"),
    ("账号被盗了，赶紧冻结", "賬號被盜了，趕緊凍結"),
    ("优惠券结算时用不了", "優惠券結算時用不了"),
    ("收到的杯子碎了", "收到的杯子碎了，"),
    ("密码忘记了怎么找回", "密碼忘記了怎麼找回"),
    ("付款失败但是钱扣了", "付款失敗但是錢扣了"),
    ("订单地址写错了能改吗", "訂單地址寫錯了能改嗎"),
    ("客服态度很差，我要投诉", "客服態度很差，我要投訴"),
)
LONG = 4_000
CPU_SECONDS = 0.6  # ordinary text of that length takes 0.2
REPEATED = (
    "\n",
    "7",
    "三",
    "a1",
    "x",
    "一天",
    "1-",
    "<a",
    "[a",
    "a.",
    "@a",
    "说好",
    "第",
    "> ",
    "!",
)


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return starter_engine()


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    customers = (None, Customer(name="Ann"), Customer(tier="vip"))
    return [
        Message(id=f"p-{n}", text=text, created_at=WHEN, customer=customers[n % 3])
        for n, text in enumerate(TEXTS)
    ]


@pytest.fixture(scope="module")
def singles(engine: TriageEngine, messages: list[Message]) -> dict[str, dict[str, Any]]:
    return {m.id: engine.triage([m])[0].to_dict() for m in messages}


def test_the_golden_messages_get_the_golden_results() -> None:
    expected = json.loads(RESULTS.read_text(encoding="utf-8"))
    found = golden_results()
    assert len(found) == 10
    assert [_exact(result) for result in found] == [_exact(result) for result in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert _confidences(ours) == pytest.approx(_confidences(theirs), abs=0.02), ours["id"]


def test_the_golden_messages_are_varied() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {r["script"] for r in results} == {"Hans", "Hant", None}
    assert len({r["category"]["label"] for r in results}) >= 6
    assert {"urgent", "high"} <= {r["priority"]["level"] for r in results}


@given(order=st.lists(st.integers(0, len(TEXTS) - 1), max_size=12))
@settings(max_examples=15, deadline=None)
def test_a_batch_equals_its_messages_one_by_one_in_any_order(
    engine: TriageEngine,
    messages: list[Message],
    singles: dict[str, dict[str, Any]],
    order: list[int],
) -> None:
    batch = [messages[i] for i in order]
    assert [r.to_dict() for r in engine.triage(batch)] == [singles[m.id] for m in batch]


def test_all_messages_at_once_equal_each_alone(
    engine: TriageEngine, messages: list[Message], singles: dict[str, dict[str, Any]]
) -> None:
    assert [r.to_dict() for r in engine.triage(messages)] == list(singles.values())


def test_no_messages_give_no_results(engine: TriageEngine) -> None:
    assert engine.triage([]) == []


def test_a_text_a_mapping_and_a_message_are_the_same(engine: TriageEngine) -> None:
    text = TEXTS[0]
    first, second, third = (
        replace(engine.triage([given])[0], id="same").to_dict()
        for given in (text, {"text": text}, Message(id="x", text=text))
    )
    assert first == second == third


@pytest.mark.parametrize(("simplified", "traditional"), SPELLINGS)
def test_both_spellings_of_a_message_get_the_same_category(
    engine: TriageEngine, simplified: str, traditional: str
) -> None:
    one, other = engine.triage([simplified, traditional])
    assert one.category.label == other.category.label
    assert one.priority.level == other.priority.level


def test_spans_lie_in_the_original_text(engine: TriageEngine, messages: list[Message]) -> None:
    padded = [replace(m, text=f"<p>１２３ {m.text} 電話 13800138000</p>") for m in messages]
    results = engine.triage(padded)
    for message, result in zip(padded, results, strict=True):
        assert "phone" in {info.type for info in result.key_info}
        for info in result.key_info:
            assert message.text[info.start : info.end] == info.text


def test_scores_stay_in_their_ranges(singles: dict[str, dict[str, Any]]) -> None:
    for result in singles.values():
        assert 0 <= result["priority"]["score"] <= 100
        assert result["priority"]["reasons"]
        assert 0 <= result["category"]["confidence"] <= 1
        assert result["category"]["label"] in result["category"]["set"]
        for suggestion in result["suggestions"]:
            assert -1 <= suggestion["similarity"] <= 1
            assert 0 <= suggestion["confidence"] <= 1


def test_a_result_needs_review_exactly_when_it_says_why(
    singles: dict[str, dict[str, Any]],
) -> None:
    assert {r["needs_review"] for r in singles.values()} == {True, False}
    assert all(r["needs_review"] == bool(r["review_reasons"]) for r in singles.values())


def test_relative_dates_without_a_time_are_counted_from_the_clock(engine: TriageEngine) -> None:
    (result,) = engine.triage(["我昨天下的单还没发货"])
    assert (NOW.year, NOW.month, NOW.day) == (2026, 11, 20)
    assert [k.value[:10] for k in result.key_info if k.text == "昨天"] == ["2026-11-19"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("", "text"), (" \n", "text"), ({}, "text"), ({"text": 5}, "text"),
        ({"text": "hi", "created_at": "soon"}, "created_at"),
        ({"text": "hi", "subject": 1}, "subject"),
        ({"text": "hi", "customer": "Ann"}, "customer"), ({"text": "hi", "fields": []}, "fields"),
        ("x" * 20_001, "text"),
    ],
)  # fmt: skip
def test_an_unusable_message_is_refused_with_field_and_remedy(
    engine: TriageEngine, given: Any, field: str
) -> None:
    with pytest.raises(MessageError) as caught:
        engine.triage(["fine", given])
    assert caught.value.field == field
    assert caught.value.remedy


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match="nope"):
        load_engine("nope")


def test_a_team_may_have_a_name_of_its_own() -> None:
    (result,) = starter_engine(Settings(teams={"logistics": "Night shift"})).triage([TEXTS[0]])
    assert (result.category.label, result.team) == ("logistics", "Night shift")


@pytest.mark.parametrize("piece", REPEATED, ids=repr)
def test_a_long_text_of_one_repeated_piece_costs_no_more_than_ordinary_text(
    engine: TriageEngine, piece: str
) -> None:
    text = f"a{piece * (LONG // len(piece))}b"
    start = time.thread_time()
    engine.triage([text])
    assert time.thread_time() - start < CPU_SECONDS


def _exact(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": result["id"],
        "language": (result["language"], result["script"]),
        "category": result["category"]["label"],
        "intent": result["category"]["intent"],
        "level": result["priority"]["level"],
        "sentiment": result["sentiment"]["label"],
        "key_info": result["key_info"],
        "articles": [suggestion["article_id"] for suggestion in result["suggestions"]],
    }


def _confidences(result: dict[str, Any]) -> list[float]:
    suggestions = [suggestion["confidence"] for suggestion in result["suggestions"]]
    return [result["category"]["confidence"], result["sentiment"]["confidence"], *suggestions]


def test_the_products_of_the_catalogue_setting_are_found(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("name,sku\n降噪耳机,NC-1\n", encoding="utf-8")
    engine = load_engine(settings=Settings(catalogue=path))
    (result,) = engine.triage(["我的降噪耳機沒聲音了"])
    assert [(k.type, k.value) for k in result.key_info] == [("product", "降噪耳机")]
