from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from triage.errors import ConfigError
from triage.signals import find_signals, read_toml, signal_from

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
