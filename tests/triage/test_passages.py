from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from triage.passages import Chunk, headings_of, split_passages

TEXT = """Before.

# Returns

You have 30 days.

## How

Pack it.

```
# no heading
```

# Refunds
Five days.
"""


def test_passages_stand_under_their_headings_and_code_is_no_heading():
    assert split_passages(TEXT) == [
        Chunk((), "Before."),
        Chunk(("Returns",), "You have 30 days."),
        Chunk(("Returns", "How"), "Pack it.\n\n```\n# no heading\n```"),
        Chunk(("Refunds",), "Five days."),
    ]
    assert [(h.level, h.title) for h in headings_of(TEXT)] == [
        (1, "Returns"), (2, "How"), (1, "Refunds"),
    ]  # fmt: skip


def test_underlined_headings_count_and_line_ends_of_windows_do_not_matter():
    assert split_passages("退货\r\n====\r\n七天内。\r\n") == [Chunk(("退货",), "七天内。")]


def test_a_long_section_is_cut_between_paragraphs_then_sentences_then_anywhere():
    found = split_passages("一二三。四五六。\n\n七八。\n\n" + "长" * 12, most_chars=10)
    assert [c.text for c in found] == ["一二三。四五六。", "七八。", "长" * 10, "长" * 2]
    found = split_passages("一二三四。五六七八。九", most_chars=6)
    assert [c.text for c in found] == ["一二三四。", "五六七八。九"]


@given(st.text("ab 字。.!\n", max_size=200), st.integers(1, 30))
def test_no_passage_is_too_long_and_no_word_is_lost(text: str, most: int):
    chunks = split_passages(text, most_chars=most)
    assert all(0 < len(c.text) <= most for c in chunks)
    together = "".join(c.text for c in chunks)
    assert re.sub(r"\s", "", together) == re.sub(r"\s", "", text)
