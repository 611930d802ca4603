from __future__ import annotations

import tomllib
from itertools import count
from pathlib import Path

import pytest

from triage.policy_file import DEFAULT_POLICY
from triage.toml_lines import TomlLines

SOURCE = """# a comment
title = "x"  # weight = 1

[levels]
high = 60
"odd key" = 1
a.b = 2

[[signal]]
name = "first"
patterns = [
  'weight = 3',
  'second',   # [levels]
]
weight = 4

[[signal]]
name = '''
[levels]
high = 7'''
weight = 5

[[promotion]]
name = "p"
[promotion.levels]
high = 70
[[promotion]]
sla = { low = 1, high = 2 }
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("title",), 2),
        (("levels",), 4),
        (("levels", "high"), 5),
        (("levels", "odd key"), 6),
        (("levels", "a", "b"), 7),
        (("signal", 0), 9),
        (("signal", 0, "weight"), 15),
        (("signal", 1), 17),
        (("signal", 1, "weight"), 21),
        (("promotion", 0, "levels", "high"), 26),
        (("promotion", 1, "sla", "high"), 28),
    ],
)
def test_a_key_is_found_on_its_line(path: tuple[str | int, ...], line: int):
    assert TomlLines(SOURCE).line_of(path) == line


def test_a_key_that_is_absent_has_the_line_of_its_table():
    lines = TomlLines(SOURCE)
    assert lines.line_of(("levels", "urgent")) == 4
    assert lines.line_of(("signal", 1, "floor")) == 17
    assert lines.line_of(("absent", "key")) == 1


def test_a_value_inside_a_long_list_has_its_own_line():
    lines = TomlLines(SOURCE)
    assert lines.line_of(("signal", 0, "patterns", 1), "second") == 13
    assert lines.line_of(("signal", 0, "patterns", 1), "not written like this") == 11


def test_windows_line_ends_change_no_number():
    lines = TomlLines(SOURCE.replace("\n", "\r\n"))
    assert lines.line_of(("promotion", 1, "sla", "high")) == 28


def test_a_separator_inside_a_text_ends_no_line():
    assert TomlLines("a = 'x\u2028y'\nb = 1\n").line_of(("b",)) == 2


def test_every_key_of_the_shipped_policy_stands_on_the_line_found():
    source = Path(DEFAULT_POLICY).read_text(encoding="utf-8")
    lines, written = TomlLines(source), source.splitlines()
    for number, signal in zip(count(), tomllib.loads(source)["signal"], strict=False):
        for key in signal:
            line = written[lines.line_of(("signal", number, key)) - 1]
            assert line.startswith(f"{key} = ")
