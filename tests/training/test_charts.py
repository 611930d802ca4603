"""Charts are read back as XML: what is drawn, and that what was given stays text."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from training.charts import (
    confusion_chart,
    inline,
    label_chart,
    reliability_chart,
    risk_chart,
    short,
)
from training.phrases import PageLanguage, phrases

WORDS = phrases(PageLanguage.EN)
MATRIX = {"labels": ["a", "b"], "counts": [[7, 2], [0, 5]]}
BINS = [[0.3, 0.25, 8], [0.9, 0.95, 40]]


def label(name: str, hits: float = 0.5, support: int = 4) -> dict[str, Any]:
    recall = {"value": hits, "low": hits / 2, "high": (1 + hits) / 2} if support else None
    return {"label": name, "support": support, "recall": recall}


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def every_chart() -> list[str]:
    return [
        label_chart([label("a"), label("b", 0.2)], WORDS),
        confusion_chart(MATRIX, WORDS),
        reliability_chart(BINS, WORDS),
        risk_chart([[0.5, 0.1], [1, 0.2]], WORDS, at=(0.9, 0.15), promised=0.1),
    ]


def test_labels_are_drawn_weakest_first_with_their_rows():
    drawn = texts(label_chart([label("strong", 0.9), label("weak", 0.1, 30)], WORDS))
    assert [t for t in drawn if "(" in t] == ["weak (30)", "strong (4)"]


def test_a_label_without_rows_is_not_drawn_and_of_many_the_weakest_are():
    many = [label(f"l{i:02}", i / 50) for i in range(40)] + [label("unseen", support=0)]
    drawn = [t for t in texts(label_chart(many, WORDS)) if "(" in t]
    assert drawn == [f"l{i:02} (4)" for i in range(30)]


def test_the_heat_map_shows_every_count_but_nought():
    drawn = texts(confusion_chart(MATRIX, WORDS))
    assert [t for t in drawn if t.isdigit()] == ["7", "2", "5"]


def test_the_risk_chart_marks_threshold_and_promise_only_where_they_are_known():
    points = [[0.5, 0.1], [1.0, 0.2]]
    assert "now" in texts(risk_chart(points, WORDS, at=(0.9, 0.15)))
    assert "stated" not in texts(risk_chart(points, WORDS, at=(0.9, 0.15)))
    assert "stated" in texts(risk_chart(points, WORDS, promised=0.1))


def test_charts_of_a_perfect_model_can_be_drawn():
    risk_chart([[0.5, 0.0], [1.0, 0.0]], WORDS, at=(1.0, 0.0))
    confusion_chart({"labels": ["a"], "counts": [[3]]}, WORDS)
    reliability_chart([[1.0, 1.0, 1]], WORDS)


def test_equal_figures_give_equal_bytes():
    assert every_chart() == every_chart()


@pytest.mark.parametrize("hostile", ["<b>&\"'", "$x^2$", "\\frac{", "标签很长", "𝔘🙂"])
def test_a_label_stays_text_whatever_it_holds(hostile: str):
    assert f"{hostile} (4)" in texts(label_chart([label(hostile)], WORDS))
    assert hostile in texts(confusion_chart({"labels": [hostile], "counts": [[1]]}, WORDS))


def test_control_characters_are_dropped_and_long_labels_cut():
    assert short("a\x00b\n\nc") == "a b c"
    assert short("a" * 30, 10) == "aaaaaaaaa…"
    assert short("退款退款退款", 6) == "退款…"
    assert short("退款退款", 8) == "退款退款"


def test_inline_charts_take_colours_from_the_page_and_share_no_id():
    drawn = [inline(svg, f"c{n}") for n, svg in enumerate(every_chart())]
    found = [name for svg in drawn for name in re.findall(r'\bid="([^"]+)"', svg)]
    assert len(found) == len(set(found))
    for svg in drawn:
        assert "var(--ink)" in svg
        assert not re.search(r"#[0-9a-f]{6}\b", svg)
        targets = re.findall(r'(?:url\(|href=")#([^")]+)', svg)
        assert set(targets) <= set(found)


def test_making_charts_inline_leaves_labels_alone():
    svg = inline(label_chart([label('id="x" #1f2a36')], WORDS), "c")
    assert 'id="x" #1f2a36 (4)' in texts(svg)


def test_a_chart_on_paper_is_a_whole_file_on_white():
    svg = reliability_chart(BINS, WORDS, paper=True)
    assert svg.startswith("<?xml")
    assert "fill: #ffffff" in svg


def test_drawing_never_loads_pyplot():
    code = (
        "import sys; from training.charts import reliability_chart as draw; "
        "draw([[0.5, 0.5, 2]], {'confidence': 'c', 'share_right': 's'}); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
