from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.folding import clues_of, fold, lower


def test_width_and_script_are_folded_and_case_is_kept():
    assert fold("ＡＢ　１２３個後裡") == "AB 123个后里"
    assert lower("ＡＢ ÀİX") == "ａｂ àİx"


@given(st.text(max_size=30))
def test_every_offset_stays(text: str):
    assert len(fold(text)) == len(text) == len(lower(text))
    assert fold(fold(text)) == fold(text)


def test_clues_are_words_and_other_characters():
    assert clues_of("by 5pm 明天") == {"by", "5", "pm", "明", "天"}
