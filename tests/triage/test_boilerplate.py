from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.boilerplate import is_boilerplate, own_words

QUOTED = [
    ("颜色不对\n\n张三 <a@b.cn> 于2026年3月1日周日 10:00写道：\n\n> 您好", "颜色不对"),
    ('颜色不对\n\n在 2026-03-01 10:00:00，"客服" <kf@shop.cn> 写道：\n您好', "颜色不对"),
    ("發票還沒到\n\n於 2026年3月1日 週日 上午10:00 客服 寫道:\n舊", "發票還沒到"),
    (
        "还没退\n\n发件人：客服\n发送时间：2026年3月1日 10:00\n收件人：我\n主题：回复\n\n您好",
        "还没退",
    ),
    ("還沒退\n\n寄件者: 客服\n寄件日期: 2026年3月1日\n收件者: 我\n主旨: 回覆\n\n您好", "還沒退"),
    ("还没退\n-----原始邮件-----\n发件人: 客服", "还没退"),
    (
        "Still broken\n\nFrom: Shop <x@y.com>\nSent: Monday\nTo: me\nSubject: RE\n\nHi",
        "Still broken",
    ),
    ("Still broken\n________________________________\nFrom: Shop", "Still broken"),
    ("Still broken\n----- Original Message -----\nFrom: Shop\nold", "Still broken"),
    ("Any news?\n\nBegin forwarded message:\n\nFrom: a\nSubject: b\n\nold", "Any news?"),
    ("Late\n\nOn Mon, 3 Mar 2026 at 10:00, Shop Support\n<s@shop.com> wrote:\n\nold", "Late"),
    ("On Mon, Bob wrote:\n> where is it\n\nIt never came.", "It never came."),
    ("<p>Broken</p><blockquote>old <b>mail</b></blockquote>", "Broken"),
    ("No news\n##- Please type your reply above this line -##\nYour request is open", "No news"),
]
SIGNED = [
    ("Refund me.\n\nBest regards,\nAnn Lee\nBuyer | ACME Ltd\nTel: +1 555 0100", "Refund me."),
    ("Refund me.\nKind regards\nAnn", "Refund me."),
    ("请尽快处理。\n此致\n敬礼！\n李四\n13800138000", "请尽快处理。"),
    ("where is it? Sent from my iPhone", "where is it?"),
    ("包裹坏了\n发自我的iPhone", "包裹坏了"),
    ("包裹壞了\n從我的 iPhone 傳送", "包裹壞了"),
    ("It is late.\n\nThis email and any attachments are confidential.\nDelete it.", "It is late."),
    ("It is late.\nConfidentiality notice: misuse may lead to legal action.", "It is late."),
    ("退款没到\n\n本邮件及其附件含有保密信息，仅限收件人使用", "退款没到"),
]
OF_MACHINES = [
    ("您好，欢迎光临小米旗舰店，请问有什么可以帮您？\n我的快递没到", "我的快递没到"),
    ("您好，歡迎光臨本店，請問有什麼可以幫您？ 訂單沒到", "訂單沒到"),
    ("[自动回复] 您好，客服不在线\n我要退款", "我要退款"),
    ("自动回复：客服正忙\n我要退款", "我要退款"),
    ("How can I help you today? I want a refund", "I want a refund"),
    ("Thank you for contacting Acme. We will get back to you soon.\nno news", "no news"),
    ("## Please type your reply above this line ##\n\nIt fails.", "It fails."),
    ("[Ticket #4411] Re: it fails again", "it fails again"),
    ("用户已进入会话\n[图片]\n这个碎了\n客服小美已接入", "[图片] 这个碎了"),
    ("Chat started\nVisitor 42 has joined the chat\nit broke", "it broke"),
]
TRANSCRIPTS = [
    ("张三 10:23:45\n没到\n客服小美 10:24:01\n您好请提供单号\n张三 10:25:00\n快点", "没到 快点"),
    ("用户: 我要退货\n客服: 请问什么原因\n用户: 太小了", "我要退货 太小了"),
    ("Customer (10:20): where is it\nAgent (10:22): let me check", "where is it"),
    ("我: 尺码不对\n商家: 在的亲", "尺码不对"),
    ("张三 2026-03-01 10:23\n尺码不对", "尺码不对"),
]
KEPT = [
    "明天 10:30 送货可以吗",
    "系统: Windows 11\n型号: X1\n闪退",
    "me: going to bed, also me: still here",
    "Thanks,\nwhere is my order?",
    "From: Berlin\nwhen does it ship",
    "i <3 you, a < b and c > d",
    "your agent said I would get a refund",
    "我在上周写道谢信了\n还没回",
    "转人工",
    "call me on 10:30",
    "敬礼的那个玩偶还有货吗",
]
ALONE = [
    "> where is it",
    "[自动回复] 您好",
    "Sent from my iPhone",
    "用户已进入会话",
    "Begin forwarded message:\nFrom: a\nSubject: b",
    "<br>",
    "?",
    "-- \n",
]
PIECES = [
    "\n", "\r\n", "> ", "-- \n", "On a b wrote:", "于2026年1月 写道：", "From: a\n", "Sent: b\n",
    "发件人：", "主题：x\n",
    "Best regards\n", "此致", "Sent from my iPhone", "[自动回复]", "用户: ",
    "客服: ", "张三 10:23:45\n", "<p>", "</p>", "<blockquote>", "</blockquote>", "a", "我", "１",
    "This email is confidential", "您好，欢迎光临", "有什么可以帮您", "##", "\ud800",
    "Begin forwarded message:", "Ticket #12", "?", "Chat ended\n",
]  # fmt: skip
MESSAGES = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=10).map("".join)


def _words(text: str) -> str:
    return " ".join(own_words(text).split())


@pytest.mark.parametrize(
    ("written", "own"), [*QUOTED, *SIGNED, *OF_MACHINES, *TRANSCRIPTS], ids=lambda t: t[:20]
)
def test_only_the_customers_own_words_are_left(written: str, own: str):
    assert _words(written) == own


@pytest.mark.parametrize("text", KEPT)
def test_words_that_only_look_like_boilerplate_stay(text: str):
    assert own_words(text) == text


@pytest.mark.parametrize("text", ALONE)
def test_a_text_that_is_all_boilerplate_is_kept(text: str):
    assert _words(text)


def test_of_two_kinds_of_boilerplate_only_the_one_that_is_all_there_is_stays():
    assert _words("> where is it\nSent from my iPhone") == "> where is it"


@pytest.mark.parametrize(
    "text", ["您好，请问有什么可以帮您？", "[自动回复] 稍等", "Chat ended", "", "!"]
)
def test_a_greeting_of_a_machine_is_no_answer(text: str):
    assert is_boilerplate(text)


@pytest.mark.parametrize("text", ["您的快递明天到", "It will arrive tomorrow", "您好，单号多少"])
def test_what_a_person_answers_is_no_boilerplate(text: str):
    assert not is_boilerplate(text)


@given(MESSAGES)
def test_every_character_left_stands_where_it_stood(text: str):
    own = own_words(text)
    assert len(own) == len(text)
    assert all(a == b or a.isspace() for a, b in zip(own, text, strict=True))


@given(MESSAGES)
def test_stripping_twice_is_stripping_once(text: str):
    assert own_words(own_words(text)) == own_words(text)


@given(MESSAGES)
def test_something_is_always_left_of_something(text: str):
    assert bool(own_words(text).strip()) == bool(text.strip())


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_a_hostile_text_of_twenty_thousand_characters_is_read_in_linear_time(piece: str):
    start = time.process_time()
    own_words(piece * (20_000 // len(piece)))
    assert time.process_time() - start < 1
