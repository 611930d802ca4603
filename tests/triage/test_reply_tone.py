from __future__ import annotations

import re
from dataclasses import replace

import pytest

from triage.domain import Sentiment, SentimentVerdict
from triage.resource import read_resource
from triage.suggestion.tone import Mood, framed, greetable

TAGS = ("zh-Hans", "zh-Hant", "en")
BODY = {"zh-Hans": "订单已经发出。", "zh-Hant": "訂單已經寄出。", "en": "The order is on its way."}
CALM = Mood(key="m")
ANGRY = replace(CALM, negative=True)


def verdict(label: Sentiment, *flags: str) -> SentimentVerdict:
    return SentimentVerdict(label=label, confidence=0.9, flags=flags)


def mark_count(text: str, tag: str, mark: str) -> int:
    words = read_resource("tone")[tag]["marks"][mark]
    return sum(text.lower().count(word) for word in words)


@pytest.mark.parametrize("tag", TAGS)
def test_a_calm_reply_greets_says_what_the_article_says_and_closes(tag: str):
    reply = framed(BODY[tag], CALM, tag=tag)
    assert reply.startswith(tuple(read_resource("tone")[tag]["unnamed"]))
    assert BODY[tag] in reply
    assert reply.endswith(tuple(read_resource("tone")[tag]["close"]))
    assert mark_count(reply, tag, "apologises") == 0


@pytest.mark.parametrize("tag", TAGS)
def test_a_name_is_greeted(tag: str):
    reply = framed(BODY[tag], replace(CALM, name="Li"), tag=tag)
    assert "{customer_name}" in reply.partition(BODY[tag])[0]


@pytest.mark.parametrize("tag", TAGS)
def test_to_a_negative_message_there_is_one_apology(tag: str):
    reply = framed(BODY[tag], ANGRY, tag=tag)
    before = reply.partition(BODY[tag])[0]
    assert mark_count(before, tag, "apologises") == 1


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh-Hans", "很抱歉，包裹丢了。"),
        ("zh-Hant", "不好意思，包裹遺失了。"),
        ("en", "Please accept my apologies, the parcel is lost."),
    ],
)
def test_an_article_that_apologises_gets_no_second_apology(tag: str, text: str):
    reply = framed(text, ANGRY, tag=tag)
    assert mark_count(reply.replace(text, ""), tag, "apologises") == 0


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh-Hans", "您好，订单已经发出。"),
        ("zh-Hans", "欢迎您第一次来。"),
        ("zh-Hant", "親愛的顧客，訂單已經寄出。"),
        ("en", "Dear {customer_name}, the order is on its way."),
        ("en", "Hello! The order is on its way."),
    ],
)
def test_an_article_that_greets_gets_no_second_greeting(tag: str, text: str):
    assert framed(text, replace(CALM, name="Li"), tag=tag).startswith(text)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh-Hans", "好的。有问题随时告诉我。"),
        ("zh-Hant", "好的。歡迎隨時告訴我。"),
        ("en", "Done. Just let me know if it happens again."),
    ],
)
def test_an_article_that_closes_gets_no_second_close(tag: str, text: str):
    assert framed(text, CALM, tag=tag).endswith(text)


@pytest.mark.parametrize("tag", TAGS)
def test_to_an_impatient_customer_the_frame_is_short(tag: str):
    short = framed(BODY[tag], replace(ANGRY, impatient=True), tag=tag)
    words = read_resource("tone")[tag]
    assert short.startswith(tuple(words["short_unnamed"]))
    assert short.endswith(BODY[tag])
    assert any(apology in short for apology in words["short_apology"])


@pytest.mark.parametrize("tag", TAGS)
def test_praise_is_thanked_for_once(tag: str):
    reply = framed(BODY[tag], replace(CALM, praising=True), tag=tag)
    assert any(thanks in reply for thanks in read_resource("tone")[tag]["thanks"])
    greeting = reply.partition(words_of_thanks(reply, tag))[0]
    assert mark_count(greeting, tag, "thanks") == 0


def words_of_thanks(reply: str, tag: str) -> str:
    return next(thanks for thanks in read_resource("tone")[tag]["thanks"] if thanks in reply)


def test_the_same_message_gets_the_same_words_and_ten_messages_not_all_the_same():
    replies = [framed(BODY["en"], Mood(key=f"m-{n}"), tag="en") for n in range(10)]
    again = [framed(BODY["en"], Mood(key=f"m-{n}"), tag="en") for n in range(10)]
    assert replies == again
    assert len(set(replies)) >= 5


@pytest.mark.parametrize("tag", TAGS)
def test_no_wording_names_a_time_of_day_or_a_slot_that_may_be_unknown(tag: str):
    words = read_resource("tone")[tag]
    for kind in words.keys() - {"marks", "after_greeting", "between"}:
        for variant in words[kind]:
            assert not re.search(r"早上|上午|下午|晚上|morning|afternoon|evening", variant)
            slots = re.findall(r"\{(\w+)\}", variant)
            assert slots == (
                ["customer_name"] if kind.endswith("_named") or kind == "named" else []
            )


def test_the_mood_follows_from_the_sentiment():
    angry = Mood.of(verdict(Sentiment.NEGATIVE, "impatient"), name="Li", key="k")
    assert (angry.negative, angry.impatient, angry.praising, angry.name) == (
        True,
        True,
        False,
        "Li",
    )
    glad = Mood.of(verdict(Sentiment.POSITIVE, "praising"), name=None, key="k")
    assert (glad.negative, glad.impatient, glad.praising) == (False, False, True)
    assert Mood.of(None, name=None, key="k") == Mood(key="k")


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("王女士", True),
        ("Anna-Maria O'Neill", True),
        ("13800138000", False),
        ("user_12", False),
        ("a@b.example", False),
        ("张**", False),
        ("{order_id}", False),
        ("x" * 41, False),
    ],
)
def test_only_names_that_a_person_goes_by_are_greeted(name: str, *, greeted: bool):
    assert greetable(name) is greeted
