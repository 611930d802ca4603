from __future__ import annotations

from typing import Any

import pytest

from training.columns import columns_in
from training.labels import LabelReader
from triage.errors import RecordError

NAMES = ("category", "intent", "priority", "sentiment")


def reader(fields: dict[str, Any]) -> LabelReader:
    return LabelReader(columns_in([{"text": "hi", "category": "x"} | fields]))


def read(fields: dict[str, Any]) -> tuple[str | None, ...]:
    labels = reader(fields).read(fields)
    return tuple(labels[name] for name in NAMES)


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ("low Low 低 P3", "low"),
        ("normal MEDIUM med 一般 中 普通 p2", "normal"),
        ("high HIGH 高 P1", "high"),
        ("urgent Critical 紧急 緊急 p0", "urgent"),
    ],
)
def test_words_of_other_systems_are_priorities(words: str, ours: str):
    for word in words.split():
        known = reader({"priority": word})
        assert known.read({"priority": f" {word} "})["priority"] == ours
        assert known.mapped == ({} if word == ours else {"priority": {word: ours}})


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ("negative Neg 负面 消极", "negative"),
        ("neutral neu 中性", "neutral"),
        ("positive POS 正面 积极", "positive"),
    ],
)
def test_words_of_other_systems_are_sentiments(words: str, ours: str):
    assert {read({"sentiment": word})[3] for word in words.split()} == {ours}


@pytest.mark.parametrize(
    ("category", "intent", "expected"),
    [
        ("refund", "refund/late", ("refund", "refund/late")),
        (" refund ", "late", ("refund", "refund/late")),
        ("refund", "refund", ("refund", "refund/refund")),
        ("refund/late", None, ("refund", "refund/late")),
        ("退款 / 进度", "", ("退款", "退款/进度")),
        (None, "refund/late", ("refund", "refund/late")),
        ("", "cancel_order", ("cancel_order", "cancel_order")),
        ("refund", "refund/late/bank", ("refund", "refund/late/bank")),
        ("Billing and Payments", None, ("Billing and Payments", None)),
        ("  ", [], (None, None)),
    ],
)
def test_category_and_intent_complete_each_other(
    category: str | None, intent: Any, expected: tuple[str | None, str | None]
):
    assert read({"category": category, "intent": intent} | {"priority": "low"})[:2] == expected


def test_bitexts_capitals_become_small_letters_under_their_category():
    row = {"flags": "B", "utterance": "hi", "category": "ORDER", "intent": "cancel_order"}
    labels = LabelReader(columns_in([row])).read(row)
    assert (labels["category"], labels["intent"]) == ("order", "order/cancel_order")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"priority": "asap"}, "field 'priority' is 'asap'; use one of low, normal, high, urgent"),
        ({"priority": "3"}, "is '3'; a number may count up or down, use one of low, normal"),
        ({"priority": 1}, "is '1'; a number may count up or down, use one of low, normal"),
        ({"urgency": "2.0"}, "field 'priority' (column 'urgency') is '2.0'; a number may"),
        ({"sentiment": "sad"}, "'sentiment' is 'sad'; use one of negative, neutral, positive"),
        ({"category": 7}, "field 'category' is 7, not text; write a name"),
        ({"intent": ["a", "b"]}, "field 'intent' is ['a', 'b'], not text; write a name"),
        ({"intent": "x/"}, "intent 'x/' has an empty part; write category/name"),
        ({"intent": "y/z"}, "'y/z' does not lie under category 'x'; write category/name"),
        ({"category": "A/B", "intent": "c"}, "category 'A/B' has a slash beside intent 'c'; "),
    ],
)
def test_a_value_that_is_no_label_is_named_with_a_remedy(fields: dict[str, Any], told: str):
    known = reader(fields)
    for _ in range(2):
        with pytest.raises(RecordError) as refused:
            known.read({"category": "x"} | fields)
        assert told in str(refused.value)


def test_rows_of_the_same_labels_share_one_mapping():
    known = reader({})
    assert known.read({"category": "a"}) is known.read({"category": " a"})
    assert known.read({"category": "a"}) is not known.read({"category": "b"})
