from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.audit import Audit, Conflict, Judgement, TaskAudit
from training.corpus import Ticket
from training.suspects import COLUMNS, find_suspects, guarded, unguarded, write_suspects
from triage.errors import RecordError

if TYPE_CHECKING:
    from pathlib import Path


def ticket(line: int, label: str, text: str = "hello") -> Ticket:
    return Ticket(f"t-{line}", text, text, {"category": label}, line=line)


def judged(own: Ticket, quality: float, *, doubtful: bool, suggested: str = "z") -> Judgement:
    given = str(own.labels["category"])
    return Judgement(own, given, suggested, quality, 1 - quality, quality, doubtful, 1)


def audit_of(*judgements: Judgement, twins: tuple[Ticket, ...] = ()) -> Audit:
    conflicts = (Conflict("category", twins),) if twins else ()
    part = TaskAudit("category", {}, judgements, {}, (), conflicts)
    return Audit(np.arange(len(judgements)), (part,), ())


def test_doubtful_labels_are_listed_worst_first_with_the_reason():
    found = find_suspects(
        audit_of(
            judged(ticket(1, "a"), 0.2, doubtful=True),
            judged(ticket(2, "a"), 0.9, doubtful=False),
            judged(ticket(3, "b"), 0.1, doubtful=True),
        )
    )
    assert [(s.rank, s.ticket.id, s.suggested, s.score) for s in found] == [
        (1, "t-3", "z", 0.1),
        (2, "t-1", "z", 0.2),
    ]
    assert found[0].reason == "reads like 'z' (90%), not 'b' (10%)"


def test_of_three_twins_the_one_outside_the_majority_is_listed():
    twins = (ticket(1, "a"), ticket(2, "b"), ticket(3, "a"))
    found = find_suspects(audit_of(*(judged(t, 0.8, doubtful=False) for t in twins), twins=twins))
    assert [(s.ticket.id, s.given, s.suggested) for s in found] == [("t-2", "b", "a")]
    assert found[0].reason == "nearly the same text as t-1 (line 1), labelled 'a'"


def test_of_two_twins_both_are_listed_and_models_suggest():
    twins = (ticket(1, "a"), ticket(2, "b"))
    found = find_suspects(
        audit_of(
            judged(twins[0], 0.3, doubtful=True, suggested="b"),
            judged(twins[1], 0.7, doubtful=False),
            twins=twins,
        )
    )
    assert [(s.ticket.id, s.suggested) for s in found] == [("t-1", "b"), ("t-2", "")]
    assert found[0].reason.startswith("reads like 'b'")
    assert found[0].reason.endswith("; nearly the same text as t-2 (line 2), labelled 'b'")


def test_the_table_opens_with_a_byte_order_mark_and_has_room_for_the_answer(tmp_path: Path):
    path = tmp_path / "t.review.csv"
    write_suspects(find_suspects(audit_of(judged(ticket(7, "a", '说"好"，\n真的'), 0.1234567,
                                                 doubtful=True))), path)  # fmt: skip
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrank,id,line,")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert tuple(row) == COLUMNS
    assert (row["id"], row["line"], row["text"]) == ("t-7", "7", '说"好"，\n真的')
    assert (row["given"], row["suggested"], row["score"]) == ("a", "z", "0.1235")
    assert row["corrected"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1+1"])
def test_no_cell_begins_as_a_formula(tmp_path: Path, text: str):
    path = tmp_path / "r.csv"
    own = Ticket(text, text, text, {"category": text}, line=1)
    write_suspects(find_suspects(audit_of(judged(own, 0.1, doubtful=True, suggested=text))), path)
    table = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    _, cells = table
    assert not any(cell.startswith(tuple("=+-@\t\r＝")) for cell in cells)
    assert cells[1] == f"'{text}"


@given(st.text(max_size=6) | st.text("'=+-@ab", max_size=4))
def test_guarding_a_cell_loses_nothing(cell: str):
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RecordError, match="cannot be written"):
        write_suspects([], tmp_path / "folder.csv")
