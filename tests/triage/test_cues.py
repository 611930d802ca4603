from __future__ import annotations

from pathlib import Path

import pytest

from triage.cue_file import read_cues
from triage.errors import ConfigError

HEAD = """
[negation]
zh = '不'
en = 'not '
[intensifier]
times = 2.0
zh = '很'
en = 'very '
"""
CUES = """
[[cue]]
name = "mad"
flag = "angry"
zh = ['气愤']
en = ['mad\\b']
unless = ['mad hatter']
silences = ["loud"]
[[cue]]
name = "fine"
en = ['fine']
beside = ["mad"]
[[cue]]
name = "but"
negatable = false
en = ['but']
after = "fine"
[[cue]]
name = "loud"
written = ['[A-Z]{4}']
"""


def found(tmp_path: Path, text: str) -> list[tuple[str, float]]:
    path = tmp_path / "cues.toml"
    path.write_text(HEAD + CUES, encoding="utf-8")
    return [(hit.cue.name, hit.times) for hit in read_cues(path).find(text)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mad", [("mad", 1.0)]),
        ("very mad", [("mad", 2.0)]),
        ("很氣憤", [("mad", 2.0)]),
        ("not mad", []),
        ("不气愤", []),
        ("not mad, mad", [("mad", 1.0)]),
        ("mad hatter", []),
        ("fine", []),
        ("fine, mad", [("mad", 1.0), ("fine", 1.0)]),
        ("but fine, mad", [("mad", 1.0), ("fine", 1.0)]),
        ("fine but mad", [("mad", 1.0), ("fine", 1.0), ("but", 1.0)]),
        ("LOUD", [("loud", 1.0)]),
        ("loud", []),
        ("MAD AND LOUD", [("mad", 1.0)]),
    ],
)
def test_negation_strength_company_order_and_silence_are_heeded(
    tmp_path: Path, text: str, shown: list[tuple[str, float]]
):
    assert found(tmp_path, text) == shown


@pytest.mark.parametrize(
    ("cue", "told"),
    [
        ("[[cue]]\nname = 'x'", "'x' has no words"),
        ("[[cue]]\nname = 'x'\nen = ['(']", "'x': pattern '\\(' is no regular"),
        ("[[cue]]\nname = 'x'\nwritten = ['(']", "'x': pattern '\\(' is no regular"),
        ("[[cue]]\nname = 'x'\nen = ['y']\nweight = 1", r"cue\.0\.weight"),
        ("[[cue]]\nname = 'x'\nen = ['y']\nafter = 'z'", "'x' names 'z', which is no cue"),
        ("[[cue]]\nname = 'x'\nen = ['y']\nsilences = ['x']", "'x' silences 'x'"),
        ("[[cue]]\nname = 'x'\nen = ['y']\n" * 2, "'x' is there twice"),
        ("[cue]\nname = 'x'", "cue: Input should be"),
        ("", "cue: Field required"),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_name(tmp_path: Path, cue: str, told: str):
    path = tmp_path / "cues.toml"
    path.write_text(HEAD + cue, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"cues\.toml: .*{told}"):
        read_cues(path)
