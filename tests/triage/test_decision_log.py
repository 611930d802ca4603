"""What the log keeps, gives back and refuses; its writer never waits for long."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from decided import NOW, PHONE, TEXT, answered, decision, message, result, suggestion

from tests.golden.__main__ import RESULTS, golden_messages
from triage.decisions import Answered, DecisionLog, DecisionStore, Feedback, Recorded, open_log
from triage.decisions.discretion import Discretion, Keeping, restored
from triage.decisions.editing import edit_share
from triage.decisions.log import read_key
from triage.decisions.writer import Timing, Writer
from triage.domain import Customer
from triage.errors import ConfigError, DecisionError
from triage.privacy import Redactor
from triage.records import message_from
from triage.settings import Settings

KEY = b"secret of the tests"
Open = Callable[..., DecisionLog]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    logs: list[DecisionLog] = []

    def open_one(keeping: Keeping = "redacted", *, name: str = "d.db", **options: Any) -> Any:
        store = DecisionStore(f"sqlite:///{tmp_path / name}")
        log = DecisionLog(store, Discretion(keeping, key=KEY), keep_days=90, **options)
        logs.append(log)
        return log

    yield open_one
    for log in logs:
        log.close()


def recorded(log: DecisionLog, given: Answered) -> Recorded:
    return log.record(given).result(10)


@pytest.mark.parametrize("keeping", ["redacted", "full", "none"])
def test_a_repeated_delivery_gets_the_first_result_with_its_details(
    opened: Open, keeping: Keeping
) -> None:
    log = opened(keeping)
    first = recorded(log, answered())
    again = recorded(log, answered())
    assert first == Recorded(first.decision_id, result())
    assert again == Recorded(first.decision_id, result(), repeated=True)
    assert log.store.count() == 1


def test_a_repeated_delivery_gets_the_stored_verdict_though_it_would_be_another_now(
    opened: Open,
) -> None:
    log = opened()
    first = recorded(log, answered())
    later = result(category={"label": "order", "intent": "order/x", "confidence": 0.4})
    again = recorded(log, answered(result=later))
    assert again.repeated
    assert again.result == first.result


@pytest.mark.parametrize(
    "changes",
    [
        {"message": message("something else")},
        {"message": message(fields={"order_id": "1"})},
        {"message": message(customer=Customer(tier="vip"))},
        {"result": result(model="tiny-2")},
        {"kb_version": "kb-2"},
        {"key": "m-2"},
        {"key": None},
        {"degraded": True},
    ],
    ids=["text", "fields", "customer", "model", "articles", "id", "no id", "degraded"],
)
def test_what_differs_is_a_decision_of_its_own(opened: Open, changes: dict[str, Any]) -> None:
    log = opened()
    first = recorded(log, answered())
    other = recorded(log, replace(answered(), **changes))
    assert not other.repeated
    assert other.decision_id not in {None, first.decision_id}


def test_messages_without_an_id_are_decided_anew_each_time(opened: Open) -> None:
    log = opened()
    ids = {recorded(log, answered(None)).decision_id for _ in range(3)}
    assert len(ids) == 3


def test_by_default_no_personal_detail_is_kept(opened: Open) -> None:
    log = opened()
    said = message(customer=Customer(name="王小芳 女士"), fields={"phone": "+86 139 1111 2222"})
    replies = [suggestion("kb-refund", f"王小芳您好，{PHONE}或+86 139 1111 2222")]
    given = answered(message=said, result=result(suggestions=replies))
    row = log.store.decision(str(recorded(log, given).decision_id))
    assert row is not None
    kept = f"{row.text}{json.dumps(row.result, ensure_ascii=False)}"
    for detail in (PHONE, "王小芳", "139 1111"):
        assert detail not in kept
    assert row.text is not None
    assert row.text.startswith("退款怎么还没到账")
    assert row.result["suggestions"][0]["reply"].count("[PHONE_") == 2


def test_a_reply_in_the_other_script_or_in_html_hides_what_it_was_filled_with(
    opened: Open,
) -> None:
    said = message(customer=Customer(name="刘芳华 & 家人"))
    replies = [suggestion("a", "劉芳華您好"), suggestion("b", "刘芳华 &amp; 家人")]
    log = opened()
    given = answered(message=said, result=result(suggestions=replies))
    row = log.store.decision(str(recorded(log, given).decision_id))
    assert row is not None
    assert [s["reply"] for s in row.result["suggestions"]] == ["[PERSON_2]您好", "[PERSON_2]"]


def test_what_is_kept_of_the_golden_messages_holds_none_of_their_details() -> None:
    redactor, discretion = Redactor(), Discretion("redacted", key=KEY)
    details = 0
    for fields, found in zip(golden_messages(), json.loads(RESULTS.read_text()), strict=True):
        said = message_from(fields, default_id="m")
        text, kept = discretion.kept(Answered(key=None, message=said, result=found))
        written = f"{text}{json.dumps(kept, ensure_ascii=False)}"
        original = found["understood_text"] or said.text
        for span in redactor.redact(original).spans:
            details += 1
            assert original[span.start : span.end] not in written
        assert restored(kept, kept=kept, fresh=found) == found
    assert details


def test_without_words_nothing_that_was_written_is_kept(opened: Open) -> None:
    log = opened("none")
    row = log.store.decision(str(recorded(log, answered()).decision_id))
    assert row is not None
    assert row.text is None
    kept = json.dumps(row.result, ensure_ascii=False)
    assert PHONE not in kept
    assert "怎么还没" not in kept
    assert [s["article_id"] for s in row.result["suggestions"]] == ["kb-refund", "kb-delay"]


def test_in_full_the_text_is_kept_with_its_subject(opened: Open) -> None:
    log = opened("full")
    given = answered(message=message(subject="退款\0"))
    row = log.store.decision(str(recorded(log, given).decision_id))
    assert row is not None
    assert row.text == f"退款\n{TEXT}"
    assert row.result == result()


def test_another_way_of_keeping_is_refused() -> None:
    with pytest.raises(ConfigError, match="'some'; use one of redacted, full, none"):
        Discretion("some", key=KEY)  # type: ignore[arg-type]


def test_a_hash_needs_the_key() -> None:
    hashes = {Discretion("none", key=key).content_hash(message()) for key in (b"1", b"2", b"1")}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("suggested", "sent", "share"),
    [
        ("thank you very much", "thank you very much", 0.0),
        ("thank you very much", "thank you so much", 0.25),
        ("退款已经到账", "退款没有到账", 0.3333),
        ("one two", "three four", 1.0),
        ("", "", 0.0),
        ("call [PHONE_1] now", "call [PHONE_7] now", 0.0),
        ("call [PHONE_1] now", "call [EMAIL_1] now", 0.3333),
    ],
)
def test_the_edit_share_is_known(suggested: str, sent: str, share: float) -> None:
    assert edit_share(suggested, sent) == share
    assert edit_share(sent, suggested) == share


def test_feedback_is_compared_with_the_reply_that_was_suggested(opened: Open) -> None:
    log = opened()
    row = log.store.decision(str(recorded(log, answered()).decision_id))
    assert row is not None
    sent = f"王女士，我们会打{PHONE}联系您。"
    given = Feedback(decision_id=row.decision_id, chosen="kb-refund", sent=sent)
    kept, repeated = log.judge(given, row)
    assert not repeated
    assert kept.sent is not None
    assert PHONE not in kept.sent
    assert kept.edit_share is not None
    assert kept.edit_share < 0.2
    assert log.judge(given, row)[1]
    other = Feedback(decision_id=row.decision_id, chosen="kb-elsewhere", sent=sent)
    assert log.judge(other, row)[0].edit_share is None


def test_while_the_database_is_away_answers_go_out_and_are_counted(
    opened: Open, tmp_path: Path
) -> None:
    (tmp_path / "d.db").mkdir()  # SQLite cannot open a folder
    log = opened(timing=Timing(retry=0.0))
    assert recorded(log, answered()) == Recorded(None, result())
    assert log.health() == {"state": "away", "recorded": 0, "unrecorded": 1}
    (tmp_path / "d.db").rmdir()
    assert recorded(log, answered()).decision_id is not None
    assert log.health() == {"state": "writing", "recorded": 1, "unrecorded": 1}


def test_a_row_that_cannot_be_written_spoils_no_other(opened: Open) -> None:
    log = opened()
    bad = answered(message=message("\ud800"))
    futures = [log.record(one) for one in (answered("a"), bad, answered("b"))]
    assert [f.result(10).decision_id is None for f in futures] == [False, True, False]
    assert log.health() == {"state": "writing", "recorded": 2, "unrecorded": 1}


def test_what_waits_when_the_log_is_closed_is_written(opened: Open) -> None:
    log = opened()
    futures = [log.record(answered(None)) for _ in range(600)]
    log.close()
    ids = {future.result(0).decision_id for future in futures}
    assert len(ids) == 600
    assert opened().store.count() == 600
    assert log.record(answered()).result(0).decision_id is None


def test_old_decisions_are_deleted_when_the_log_opens(opened: Open) -> None:
    first = opened()
    first.store.add([decision(1, created_at=NOW), decision(2, created_at=datetime.now(UTC))])
    later = opened(clock=lambda: NOW + timedelta(days=91))
    recorded(later, answered())
    assert later.store.decision(decision(1).decision_id) is None


class Slow:
    """A database whose commit waits until it is told to go on."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.batches: list[list[int]] = []

    def write(self, rows: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.go.wait(10)
        self.batches.append(list(rows))
        return [row * 10 for row in rows]


def test_an_answer_that_was_given_up_goes_out_and_its_future_counts_for_nothing() -> None:
    slow = Slow()

    class SlowStore:
        def add(self, rows: Sequence[Any]) -> list[Any]:
            slow.write([len(rows)])
            return list(rows)

        def purge(self, before: datetime) -> int:  # noqa: ARG002  # as the store has it
            return 0

        def close(self) -> None:
            pass

    store: Any = SlowStore()
    log = DecisionLog(store, Discretion("none", key=KEY), keep_days=1)
    future = log.record(answered())
    assert slow.begun.wait(10)
    assert future.cancel()
    assert log.give_up(answered()) == Recorded(None, result())
    assert recorded(log, answered()).decision_id is None, "others do not wait for it either"
    slow.go.set()
    log.close()
    assert log.health()["unrecorded"] == 2
    assert log.health()["recorded"] == 0


def test_rows_that_wait_are_written_together() -> None:
    slow = Slow()
    writer: Writer[int, int] = Writer(slow.write, lambda: None)
    futures = [writer.put(0)]
    assert slow.begun.wait(10)
    futures += [writer.put(n) for n in range(1, 5)]
    slow.go.set()
    assert [f.result(10) for f in futures] == [0, 10, 20, 30, 40]
    assert slow.batches == [[0], [1, 2, 3, 4]]
    writer.close()


def test_a_full_queue_refuses_at_once() -> None:
    slow = Slow()
    writer: Writer[int, int] = Writer(slow.write, lambda: None, waiting=2)
    first = writer.put(0)
    assert slow.begun.wait(10)
    waiting = [writer.put(n) for n in (1, 2)]
    refused: Future[int] = writer.put(3)
    assert isinstance(refused.exception(0), DecisionError)
    slow.go.set()
    assert [f.result(10) for f in (first, *waiting)] == [0, 10, 20]
    writer.close()


def test_a_row_that_was_given_up_is_not_written() -> None:
    slow = Slow()
    writer: Writer[int, int] = Writer(slow.write, lambda: None)
    first, second, third = writer.put(0), None, None
    assert slow.begun.wait(10)
    second, third = writer.put(1), writer.put(2)
    assert second.cancel()
    slow.go.set()
    assert [first.result(10), third.result(10)] == [0, 20]
    assert slow.batches == [[0], [2]]
    writer.close()


def test_after_a_fault_rows_are_refused_until_the_next_attempt_is_due() -> None:
    attempts: list[int] = []
    now = 0.0

    def write(rows: Sequence[int]) -> list[int]:
        attempts.extend(rows)
        if len(attempts) == 1:
            raise DecisionError("away")
        return list(rows)

    writer: Writer[int, int] = Writer(
        write, lambda: None, timing=Timing(retry=5.0), clock=lambda: now
    )
    assert isinstance(writer.put(1).exception(10), DecisionError)
    assert isinstance(writer.put(2).exception(0), DecisionError)
    now = 6.0
    assert writer.put(3).result(10) == 3
    assert attempts == [1, 3]
    assert writer.fault is None
    writer.close()


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    secret = read_key(folder)
    assert len(secret) == 64
    assert read_key(folder) == secret
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_state_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match="TRIAGE_DECISIONS_KEY"):
        read_key(tmp_path / "state")


def test_the_log_lies_in_a_state_folder_beside_the_models(tmp_path: Path) -> None:
    log = open_log(Settings(models_dir=tmp_path / "models"))
    assert log is not None
    recorded(log, answered())
    log.close()
    names = {path.name for path in (tmp_path / "state").iterdir()}
    assert names == {"decisions.db", "decisions.key"}
    assert open_log(Settings(models_dir=tmp_path / "models", decisions="off")) is None
