"""One contract for the log's store, over SQLite and over PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from decided import NOW, decision, postgres_url

from triage.decisions import DecisionStore, Feedback
from triage.decisions.database import Database
from triage.decisions.tables import STEPS, migrate
from triage.errors import ConfigError, DecisionError


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return postgres_url()
    return f"sqlite:///{tmp_path / 'log' / 'decisions.db'}"


@pytest.fixture
def store(url: str) -> Iterator[DecisionStore]:
    store = DecisionStore(url)
    yield store
    store.close()


def said(number: int = 1, **changes: Any) -> Feedback:
    fields: dict[str, Any] = {"chosen": "kb-refund", "sent": "好的", "edit_share": 0.25}
    fields |= {"labels": {"priority": "high"}, "agent": "a-1", "created_at": NOW}
    return Feedback(decision_id=f"{number:032x}", **(fields | changes))


def test_a_decision_comes_back_as_it_was_added(store: DecisionStore) -> None:
    row = decision(1, text="退款 😀 \u2028", degraded=True, repeat_key=None)
    assert store.add([row]) == [row]
    assert store.decision(row.decision_id) == row
    assert store.decision("nothing") is None


def test_of_rows_with_one_repeat_key_the_first_stands(store: DecisionStore) -> None:
    first, second = decision(1), decision(2, repeat_key=f"{1:032d}", text="other")
    assert store.add([first]) == [first]
    assert store.add([decision(3), second]) == [decision(3), first]
    assert store.count() == 2


def test_of_one_batch_the_first_row_with_a_repeat_key_stands(store: DecisionStore) -> None:
    first, second = decision(1), decision(2, repeat_key=f"{1:032d}")
    assert store.add([first, second]) == [first, first]


def test_rows_without_a_repeat_key_all_stand(store: DecisionStore) -> None:
    rows = [decision(n, repeat_key=None) for n in range(5)]
    assert store.add(rows) == rows
    assert store.count() == 5


def test_a_batch_with_one_unusable_row_leaves_nothing_behind(store: DecisionStore) -> None:
    with pytest.raises(DecisionError):
        store.add([decision(1), decision(1, repeat_key=None)])
    assert store.count() == 0


def test_threads_that_add_the_same_message_agree_on_one_decision(store: DecisionStore) -> None:
    found: list[str] = []

    def add(number: int) -> None:
        (row,) = store.add([decision(number, repeat_key="1" * 32)])
        found.append(row.decision_id)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_the_same_feedback_again_is_known_and_other_feedback_takes_its_place(
    store: DecisionStore,
) -> None:
    store.add([decision(1)])
    assert store.add_feedback(said()) is False
    assert store.add_feedback(said(created_at=NOW + timedelta(hours=1))) is True
    assert store.add_feedback(said(chosen=None)) is False
    assert store.add_feedback(said()) is False
    assert [f.chosen for f in store.feedback(said().decision_id)] == [
        "kb-refund", None, "kb-refund",
    ]  # fmt: skip
    assert store.feedback(said().decision_id)[0] == said()


def test_feedback_on_no_decision_is_refused(store: DecisionStore) -> None:
    with pytest.raises(DecisionError):
        store.add_feedback(said(9))


def test_judged_decisions_come_with_their_latest_feedback(store: DecisionStore) -> None:
    store.add([decision(n) for n in range(1, 4)])
    store.add_feedback(said(1))
    store.add_feedback(said(2))
    store.add_feedback(said(1, chosen="kb-delay"))
    assert list(store.judged()) == [
        (decision(2), said(2)),
        (decision(1), said(1, chosen="kb-delay")),
    ]


def test_a_purge_deletes_old_decisions_with_their_feedback(store: DecisionStore) -> None:
    old = [decision(n, created_at=NOW - timedelta(days=9)) for n in range(2_100)]
    store.add([*old, decision(9_999)])
    store.add_feedback(said(1))
    assert store.purge(NOW - timedelta(days=8)) == 2_100
    assert store.count() == 1
    assert store.feedback(said(1).decision_id) == []
    assert list(store.judged()) == []


def test_a_store_that_is_opened_again_holds_what_was_added(url: str) -> None:
    for number in range(2):
        store = DecisionStore(url)
        store.add([decision(number)])
        store.close()
    again = DecisionStore(url)
    assert again.count() == 2
    again.close()


def test_an_older_database_goes_through_the_steps_that_it_lacks(url: str) -> None:
    database = Database(url)
    seen: list[str] = []

    def second(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE feedback ADD COLUMN mood TEXT"))
        seen.append("second")

    for steps in (STEPS, (*STEPS, second), (*STEPS, second)):
        with database.writing() as connection:
            migrate(connection, steps)
    assert seen == ["second"]
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT version FROM schema_version")).all() == [(2,)]
        connection.execute(sa.text("SELECT mood FROM feedback"))
    database.close()


def test_a_database_of_a_newer_triage_is_refused(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        migrate(connection, (*STEPS, lambda connection: None))
    database.close()
    store = DecisionStore(url)
    with pytest.raises(DecisionError, match="format 2, this Triage knows 1"):
        store.count()
    store.close()


def test_a_database_that_is_away_is_named_without_its_password() -> None:
    store = DecisionStore("postgresql://shop:geheim@127.0.0.1:1/triage")
    with pytest.raises(DecisionError) as caught:
        store.count()
    assert "geheim" not in str(caught.value)
    assert "shop:***@127.0.0.1:1/triage" in str(caught.value)
    assert "TRIAGE_DECISIONS" in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    path.write_text("no database, " * 100)
    with pytest.raises(DecisionError, match=r"d\.db"):
        DecisionStore(f"sqlite:///{path}").count()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:geheim@h/d", "sqlite://", "sqlite:///:memory:", "", "http://"]
)
def test_another_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(ConfigError, match="postgresql://") as caught:
        DecisionStore(url)
    assert "geheim" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        DecisionStore(f"sqlite:///{tmp_path / 'file' / 'd.db'}")


def test_sqlite_writes_ahead_and_never_without_the_system(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'd.db'}")
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() >= 1
    database.close()
