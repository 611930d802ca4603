from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from triage.errors import ConfigError
from triage.signals import Signal, compiled, find_signals, fold, read_toml, signal_from

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = signal_from({"name": "broken", "patterns": ["坏了", r"\bbroken\b"]}, source="s")
LATE = signal_from({"name": "late", "patterns": ["没到|还没"]}, source="s")


def test_signals_come_in_the_files_order_with_the_words_as_written():
    hits = find_signals([BROKEN, LATE], "还没到 it is BROKEN")
    assert [(h.name, h.evidence) for h in hits] == [("broken", "BROKEN"), ("late", "还没")]


def test_a_simplified_pattern_finds_traditional_words_and_shows_them_as_written():
    (hit,) = find_signals([BROKEN], "東西壞了")
    assert hit.evidence == "壞了"


def test_a_message_without_signals_shows_none():
    assert find_signals([BROKEN, LATE], "where is it") == ()


def test_a_hit_says_where_its_words_stand():
    text = "唉，東西 壞了"
    (hit,) = find_signals([BROKEN], text)
    assert text[hit.start : hit.end] == hit.evidence == "壞了"


def test_blanks_around_a_match_are_no_evidence():
    spaced = signal_from({"name": "s", "patterns": [r"\s+late\s+"]}, source="s")
    (hit,) = find_signals([spaced], "so   late  now")
    assert (hit.evidence, hit.start, hit.end) == ("late", 5, 9)


@pytest.mark.parametrize(
    "text", ["请打１２３１５", "TOO LATE, isn’t it", "\u0130stanbul 坏了 late"]
)
def test_a_folded_text_keeps_every_place(text: str):
    folded = fold(text)
    assert folded.aligned
    assert len(folded.folded) == len(text)
    assert "LATE" not in folded.folded


def test_full_width_digits_and_curly_apostrophes_are_read_as_plain_ones():
    signal = Signal("s", chinese=compiled(["12315"]), english=compiled(["isn't"]))
    assert find_signals([signal], "打１２３１５")[0].evidence == "１２３１５"
    assert find_signals([signal], "it isn’t")[0].evidence == "isn’t"


def test_english_patterns_fit_from_the_start_of_a_word():
    signal = Signal("s", english=compiled([r"sue\b"], word_start=True))
    assert find_signals([signal], "I will SUE you")[0].evidence == "SUE"
    assert find_signals([signal], "an issue") == ()


def test_a_traditional_pattern_finds_simplified_words():
    signal = Signal("s", chinese=compiled(["壞了"]))
    assert find_signals([signal], "坏了")[0].evidence == "坏了"


def test_an_excused_place_does_not_hide_a_later_one():
    signal = Signal("s", chinese=compiled(["过敏"]), unless=compiled(["没有过敏"]))
    assert find_signals([signal], "没有过敏") == ()
    (hit,) = find_signals([signal], "没有过敏史，用了却过敏")
    assert hit.start == 9


@pytest.mark.parametrize(
    ("pattern", "told"), [("(", "no regular"), ("a|", "every text"), ("Late", "small letters")]
)
def test_a_pattern_that_cannot_serve_is_refused(pattern: str, told: str):
    with pytest.raises(ValueError, match=told):
        compiled([pattern])


@pytest.mark.parametrize(
    "entry",
    [
        {"patterns": ["a"]},
        {"name": "x"},
        {"name": "x", "patterns": []},
        {"name": "x", "patterns": "a"},
        {"name": "x", "patterns": ["("]},
        {"name": "x", "patterns": [3]},
    ],
)
def test_an_unusable_entry_is_refused_with_its_source(entry: dict[str, object]):
    with pytest.raises(ConfigError, match=r"policy\.toml"):
        signal_from(entry, source="policy.toml")


def test_a_file_that_is_absent_or_no_toml_is_refused_by_name(tmp_path: Path):
    with pytest.raises(ConfigError, match="check the path"):
        read_toml(tmp_path / "absent.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("a = 1\nb = ?\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml is not TOML.*line 2"):
        read_toml(bad)
