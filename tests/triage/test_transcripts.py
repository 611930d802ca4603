"""Conversations read in three forms and judged: turns, times, signs, outcome, conduct, contacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import write_rows
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import Role, Sentiment, SentimentVerdict, Turn
from triage.errors import ConfigError, MessageError, RecordError
from triage.records import Reject
from triage.transcripts.conduct import GIVEN, MISSING, NOT_DUE, conduct_of
from triage.transcripts.contacts import ContactBook
from triage.transcripts.layout import Form, layout_of
from triage.transcripts.outcome import Ending, contentment_of, polarity, resolution_of
from triage.transcripts.plain_text import turns_in
from triage.transcripts.reading import Reading, read_transcripts
from triage.transcripts.signs import Signs
from triage.transcripts.timing import waits_of
from triage.transcripts.transcript import Burst, Transcript, bursts_of

C, A, B = Role.CUSTOMER, Role.AGENT, Role.BOT
NINE = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
NEUTRAL = SentimentVerdict(label=Sentiment.NEUTRAL, confidence=0.9, flags=())
CROSS = SentimentVerdict(label=Sentiment.NEGATIVE, confidence=0.9, flags=("angry",))
GLAD = SentimentVerdict(label=Sentiment.POSITIVE, confidence=0.9, flags=())


def _turns(*said: tuple[Role, str]) -> tuple[Turn, ...]:
    return tuple(Turn(role, text) for role, text in said)


def _ending(turns: tuple[Turn, ...], tones: Sequence[SentimentVerdict]) -> Ending:
    return Ending(turns, Signs(turns), bursts_of(turns), tones)


def _words(turns: tuple[Turn, ...], turn: int, start: int | None, end: int | None) -> str:
    return turns[turn].text[start:end]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("客服: 您好！ 用户: 到哪了？ 客服小王：我查一下。",
         [(A, "您好！"), (C, "到哪了？"), (A, "我查一下。")]),
        ("Agent: Hello! Customer: where is it? Agent: Shipped.",
         [(A, "Hello!"), (C, "where is it?"), (A, "Shipped.")]),
        ("用户：退款\n没到账\n客服：已退", [(C, "退款\n没到账"), (A, "已退")]),
        ("Customer: I asked the agent: nothing came\nAgent: ok",
         [(C, "I asked the agent: nothing came"), (A, "ok")]),
    ],
)  # fmt: skip
def test_speakers_cut_a_plain_text_into_turns(text: str, found: list[tuple[Role, str]]) -> None:
    assert [(turn.role, turn.text) for turn in turns_in(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-11 09:00:00 客服：您好\n[2026-11-11 09:01] 用户：在吗",
        "客服001 2026/11/11 9:00\n您好\n用户 2026年11月11日 9:01\n在吗",
        "卖家(2026-11-11 09:00:00): 您好 买家(2026-11-11 09:01:00): 在吗",
    ],
)
def test_times_beside_names_are_the_times_of_turns(text: str) -> None:
    first, second = turns_in(text)
    assert (first.text, second.text) == ("您好", "在吗")
    assert (first.role, second.role) == (A, C)
    assert first.at is not None
    assert second.at is not None
    assert second.at - first.at == timedelta(minutes=1)


def test_a_text_without_speakers_is_refused_with_the_remedy() -> None:
    with pytest.raises(MessageError, match=r"names no speaker: 'hello'; write 客服"):
        turns_in("hello")


@given(st.lists(st.tuples(st.sampled_from(["客服", "用户"]), st.sampled_from(["你好", "a b", "1"]))
                .filter(bool), min_size=1))  # fmt: skip
def test_lines_that_were_joined_come_apart_again(said: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{who}: {what}" for who, what in said)
    assert [turn.text for turn in turns_in(text)] == [what for _, what in said]


def _dated(*said: tuple[Role, int]) -> list[Turn]:
    return [Turn(role, "x", NINE + timedelta(seconds=second)) for role, second in said]


def test_first_response_and_longest_wait_are_counted_from_the_first_unanswered_words() -> None:
    turns = _dated((C, 0), (B, 1), (C, 20), (A, 60), (C, 100), (A, 400), (A, 401), (C, 500))
    assert waits_of(turns) == (60.0, 300.0)


def test_waits_are_unknown_where_a_time_is_missing_or_zones_are_mixed() -> None:
    turns = [Turn(C, "x", NINE), Turn(A, "y"), *_dated((C, 10), (A, 20))]
    assert waits_of(turns) == (None, None)
    mixed = [Turn(C, "x", NINE), Turn(A, "y", NINE.replace(tzinfo=None))]
    assert waits_of(mixed) == (None, None)
    assert waits_of(_dated((C, 0))) == (None, None)


def test_bursts_are_what_stands_between_answers() -> None:
    turns = _turns((A, "hi"), (C, "a"), (C, "b"), (Role.SYSTEM, "joined"), (C, "c"), (B, "z"),
                   (C, "d"))  # fmt: skip
    assert bursts_of(turns) == [Burst(1, 4), Burst(6, 6)]


@pytest.mark.parametrize(
    ("sign", "role", "text", "words"),
    [
        ("thanks", C, "好的，谢谢你", "谢谢"),
        ("thanks", C, "Great, thank you!", "thank you"),
        ("thanks", C, "麻烦帮我查一下，谢谢", None),
        ("thanks", C, "thanks in advance", None),
        ("thanks", A, "谢谢您的支持", None),
        ("solved", C, "已经解决了", "已经解决了"),
        ("solved", C, "還沒解決", None),
        ("solved", C, "it works now", "it works now"),
        ("solved", C, "it still isn't working", None),
        ("unsolved", C, "还是不行啊", "还是不"),
        ("unsolved", C, "no one replied", "no one"),
        ("repeated", C, "我都问了三遍了", "都问了三遍"),
        ("repeated", C, "this is the third time I ask", "third time"),
        ("repeated", C, "I have emailed you twice already", "emailed you twice already"),
        ("repeated", C, "第一次买你们家的", None),
        ("greeting", A, "您好，很高兴为您服务", "您好"),
        ("apology", A, "非常抱歉给您带来不便", "抱歉"),
        ("promise", A, "我们会在24小时内回复您", "会在24小时内回复"),
        ("promise", A, "We will refund you by Friday", "We will refund"),
        ("promise", A, "Your parcel will arrive by Friday", "Your parcel will arrive"),
        ("promise", A, "我不能保证", None),
        ("settled", A, "已为您退款", "已为您退款"),
        ("deferred", A, "请耐心等待", "耐心等待"),
        ("asks", A, "请您提供订单号", "请您提供"),
        ("rude", A, "要投诉就去投诉", "要投诉就去投诉"),
        ("rude", A, "Please calm down", "calm down"),
        ("rude", A, "您别着急，马上为您处理", None),
    ],
)
def test_signs_are_shown_by_their_speaker_in_their_words(
    sign: str, role: Role, text: str, words: str | None
) -> None:
    shown = Signs([Turn(role, text)]).show(sign, 0)
    assert (shown.text if shown else None) == words
    if shown is not None:
        assert text[shown.start : shown.end] == shown.text


def test_a_solved_matter_is_resolved_and_an_open_question_is_not() -> None:
    solved = _turns((C, "登录不上"), (A, "已为您重置"), (C, "好了，谢谢！"))
    open_ended = _turns((C, "退款呢"), (A, "请耐心等待"), (C, "还是没到账，到底什么时候能退？"))
    good = resolution_of(_ending(solved, [NEUTRAL, GLAD]))
    bad = resolution_of(_ending(open_ended, [NEUTRAL, CROSS]))
    assert (good.resolved, bad.resolved) == (True, False)
    assert good.confidence > 0.9
    assert bad.confidence > 0.9
    assert good.reasons[0][0] == "last_solved"
    assert {rule for rule, _ in bad.reasons} >= {"last_unsolved", "unanswered", "end_negative"}


def test_the_probability_is_the_logistic_of_the_rules_that_hold() -> None:
    turns = _turns((C, "发票"), (A, "祝您生活愉快"))
    found = resolution_of(_ending(turns, [NEUTRAL]))
    assert [rule for rule, _ in found.reasons] == ["agent_closing"]
    assert found.probability == pytest.approx(1 / (1 + 2.718281828 ** -(-0.3 + 0.5)))


def test_polite_thanks_in_a_first_message_resolve_nothing() -> None:
    turns = _turns((C, "退款到账了吗谢谢"), (A, "请稍等"))
    assert not {"last_thanks", "earlier_thanks"} & {
        rule for rule, _ in resolution_of(_ending(turns, [NEUTRAL])).reasons
    }


def test_contentment_rises_with_tone_and_resolution_and_stays_within_bounds() -> None:
    turns = _turns((C, "坏了"), (A, "已换新"), (C, "收到"))
    scores = []
    for tone in (CROSS, NEUTRAL, GLAD):
        ending = _ending(turns, [NEUTRAL, tone])
        scores.append(contentment_of(ending, resolution_of(ending)))
    assert scores == sorted(scores)
    assert -1 < scores[0] < 0 < scores[2] < 1
    assert (polarity(CROSS), polarity(NEUTRAL), polarity(GLAD)) == (-0.9, 0.0, 0.9)


def _conduct(turns: tuple[Turn, ...], *tones: SentimentVerdict, at: datetime | None = None) -> Any:
    transcript = Transcript(id="t", turns=turns, started_at=at)
    return conduct_of(transcript, Signs(turns), bursts=bursts_of(turns), tones=tones)


def test_conduct_shows_greeting_apology_and_promise_with_its_date() -> None:
    turns = _turns((C, "太差了"), (A, "您好，非常抱歉，我们明天会回复您"), (C, "好"))
    found = _conduct(turns, CROSS, NEUTRAL, at=NINE)
    assert found.greeting.text == "您好"
    assert (found.apology, found.apology_shown.text) == (GIVEN, "抱歉")
    assert [promise.due for promise in found.promises] == ["2026-11-12"]
    shown = found.promises[0].shown
    assert _words(turns, shown.turn, shown.start, shown.end) == shown.text


def test_a_promise_without_a_known_time_has_no_date() -> None:
    turns = _turns((C, "太差了"), (A, "我们明天会回复您"))
    found = _conduct(turns, CROSS)
    assert [promise.due for promise in found.promises] == [None]
    assert (found.apology, found.apology_shown.text) == (MISSING, "太差了")


def test_conduct_names_open_questions_and_rude_words_and_is_none_without_an_agent() -> None:
    turns = _turns((C, "在吗"), (A, "自己不会看吗"), (C, "你们怎么这样？"))
    found = _conduct(turns, NEUTRAL, NEUTRAL)
    assert found.apology == NOT_DUE
    assert [(words.turn, words.text) for words in found.unanswered] == [(2, "你们怎么这样？")]
    assert [words.text for words in found.rude] == ["自己不会看"]
    assert _conduct(_turns((C, "在吗")), NEUTRAL) is None


def test_a_contact_is_repeated_by_customer_or_order_within_the_days() -> None:
    with ContactBook(7) as book:
        assert book.note("a", at=NINE, customer="c1", orders=["o1"]) is None
        again = book.note("b", at=NINE + timedelta(days=3), customer="c1", orders=[])
        assert again is not None
        assert (again.reason, again.earlier) == ("customer", "a")
        order = book.note("c", at=NINE + timedelta(days=6), customer="c2", orders=["o1"])
        assert order is not None
        assert (order.reason, order.earlier) == ("order", "a")
        assert book.note("d", at=NINE + timedelta(days=11), customer="c1", orders=[]) is None


def _read(path: Path, **options: Any) -> list[Transcript | Reject]:
    return list(read_transcripts(str(path), Reading(**options)))


_SAID = (
    ("k1", "用户", "在吗", ""), ("k2", "用户", "退款", ""),
    ("k1", "客服", "您好", "小王"), ("k2", "外星人", "?", ""),
)  # fmt: skip
MESSAGES: list[dict[str, Any]] = [
    {"会话编号": name, "发送方": role, "内容": text, "发送时间": f"2026-11-11 09:0{minute}:00",
     "客服": agent}
    for minute, (name, role, text, agent) in enumerate(_SAID)
]  # fmt: skip


def test_rows_of_one_message_are_gathered_in_any_order(tmp_path: Path) -> None:
    found = _read(write_rows(tmp_path / "m.jsonl", MESSAGES))
    first, second = (t for t in found if isinstance(t, Transcript))
    assert (first.id, first.agent, [t.text for t in first.turns]) == (
        "k1",
        "小王",
        ["在吗", "您好"],
    )
    assert (second.id, second.line) == ("k2", 2)


def test_a_row_that_is_no_turn_is_rejected_with_its_line(tmp_path: Path) -> None:
    found = _read(write_rows(tmp_path / "m.jsonl", MESSAGES))
    rejects = [row for row in found if isinstance(row, Reject)]
    assert [row.line for row in rejects] == [4]
    assert "外星人" in rejects[0].reason


def test_sorted_rows_give_the_same_conversations_without_a_scratch_file(tmp_path: Path) -> None:
    rows = sorted(MESSAGES[:3], key=lambda row: str(row["会话编号"]))
    path = write_rows(tmp_path / "m.jsonl", rows)
    assert _read(path, in_order=True) == _read(path)


def test_a_conversation_that_goes_on_behind_another_is_told_where_rows_should_be_sorted(
    tmp_path: Path,
) -> None:
    found = _read(write_rows(tmp_path / "m.jsonl", MESSAGES[:3]), in_order=True)
    reasons = [row.reason for row in found if isinstance(row, Reject)]
    assert len(reasons) == 1
    assert "leave --sorted out" in reasons[0]


def test_turns_are_put_in_order_of_time(tmp_path: Path) -> None:
    rows = [MESSAGES[2], MESSAGES[0]]
    (found,) = _read(write_rows(tmp_path / "m.jsonl", rows))
    assert isinstance(found, Transcript)
    assert [turn.text for turn in found.turns] == ["在吗", "您好"]


def test_turns_may_be_lists_with_other_names_json_in_a_cell_or_text(tmp_path: Path) -> None:
    turns = [{"sender": "customer", "content": "hi", "time": 1_800_000_000},
             {"sender": "helpdesk", "content": "hello"}]  # fmt: skip
    rows = [
        {"id": 1, "turns": turns},
        {"id": 2, "turns": json.dumps(turns)},
        {"id": 3, "turns": "Customer: hi\nAgent: hello"},
        {"id": 4, "turns": 7},
    ]
    *good, bad = _read(write_rows(tmp_path / "t.jsonl", rows))
    for found in good:
        assert isinstance(found, Transcript)
        assert [(t.role, t.text) for t in found.turns] == [(C, "hi"), (A, "hello")]
    assert isinstance(good[0], Transcript)
    assert good[0].start == datetime.fromtimestamp(1_800_000_000, UTC)
    assert isinstance(bad, Reject)
    assert (bad.line, "turns" in bad.reason) == (4, True)


def test_texts_of_a_table_and_of_a_folder_are_conversations(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("客服: 您好\n用户: 退款", encoding="gb18030")
    (folder / "b.txt").write_text("no speakers")
    found, bad = _read(folder)
    assert isinstance(found, Transcript)
    assert (found.id, len(found.turns)) == ("a", 2)
    assert isinstance(bad, Reject)
    (row,) = _read(write_rows(tmp_path / "t.jsonl", [{"transcript": "Agent: hi Customer: help"}]))
    assert isinstance(row, Transcript)
    assert (row.id, [t.role for t in row.turns]) == ("t-1", [A, C])


def test_columns_that_are_missing_or_misnamed_are_told() -> None:
    with pytest.raises(RecordError, match=r"hold the turns; name it with --turns-column"):
        layout_of([{"x": "1"}])
    with pytest.raises(ConfigError, match=r"--role-column names 'who'"):
        layout_of([{"x": "1"}], chosen={"role": "who"})
    with pytest.raises(RecordError, match=r"hold the conversation"):
        layout_of([{"text": "1", "role": "agent"}], form=Form.MESSAGES)


def test_a_column_of_another_name_is_taken_when_it_is_chosen() -> None:
    layout = layout_of(
        [{"k": "1", "who": "agent", "words": "hi"}],
        chosen={"conversation": "k", "role": "who", "text": "words"},
    )
    assert layout.form is Form.MESSAGES
    assert layout.turn({"who": "agent", "words": "hi"}) == Turn(A, "hi")
