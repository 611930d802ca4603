"""Known answers: the ways in which people write personal details, and what only looks like them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from triage.privacy import Redactor

FORMS = tomllib.loads(Path(__file__).with_name("redaction_forms.toml").read_text("utf-8"))
ORDINARY = FORMS.pop("none")
MARKED = [marked for texts in FORMS.values() for marked in texts]
REDACTOR = Redactor()


@pytest.mark.parametrize("marked", MARKED)
def test_no_letter_or_digit_of_a_detail_stays(marked: str) -> None:
    parts = marked.split("|")
    text = "".join(parts)
    covered = {i for s in REDACTOR.redact(text).spans for i in range(s.start, s.end)}
    start = 0
    for place, part in enumerate(parts):
        if place % 2:
            shown = [i for i in range(start, start + len(part)) if i not in covered]
            assert not [text[i] for i in shown if text[i].isalnum()]
        start += len(part)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_message_stays_as_it_is(text: str) -> None:
    assert REDACTOR.redact(text).text == text
