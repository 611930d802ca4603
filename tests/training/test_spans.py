from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.spans import (
    MICRO,
    Span,
    development,
    extraction_figures,
    held_back,
    read_labelled,
    span_figures,
)
from triage.errors import RecordError
from triage.extraction import KeyInfoExtractor

DATE, SUM = Span("date", 0, 2, "2026-11-20"), Span("amount", 4, 7, "25.00 CNY")


def row(text: str, *spans: tuple[str, str, str]) -> dict[str, object]:
    entities = [
        {
            "type": kind,
            "text": words,
            "start": text.index(words),
            "end": text.index(words) + len(words),
            "value": value,
        }
        for kind, words, value in spans
    ]
    return {"text": text, "created_at": "2026-11-21T10:00:00+08:00", "entities": entities}


def written(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    return path


def test_a_hit_needs_type_start_and_end():
    off = Span("date", 0, 3, "2026-11-20")
    figures = span_figures([[DATE, SUM]], [[off, SUM]])
    assert (figures["date"].hits, figures["amount"].hits) == (0, 1)
    assert figures[MICRO].f1.value == pytest.approx(0.5)


def test_precision_recall_and_f1_are_those_of_the_counts():
    figures = span_figures([[DATE], [DATE], [DATE]], [[DATE], [DATE, SUM], []])
    figure = figures[MICRO]
    assert (figure.labelled, figure.found, figure.hits) == (3, 3, 2)
    assert (figure.precision, figure.recall) == pytest.approx((2 / 3, 2 / 3))
    assert figure.f1.value == pytest.approx(2 / 3)
    assert figure.f1.low <= figure.f1.value <= figure.f1.high
    assert (figures["amount"].recall, figures["amount"].precision) == (0.0, 0.0)


def test_a_wrong_value_is_a_hit_that_is_counted_apart():
    figures = span_figures([[DATE]], [[DATE._replace(value="2026-11-19")]])
    assert (figures["date"].hits, figures["date"].right_values) == (1, 0)


def test_the_same_seed_gives_the_same_interval():
    labelled, found = [[DATE], [SUM], [DATE]], [[DATE], [], [DATE]]
    first = span_figures(labelled, found, seed=3)
    assert first == span_figures(labelled, found, seed=3)


def test_the_two_halves_are_the_even_and_the_odd_lines(tmp_path: Path):
    texts = ["昨天", "今天", "明天"]
    messages = read_labelled(written(tmp_path / "k.jsonl", *map(row, texts)))
    assert [m.text for m in development(messages)] == ["昨天", "明天"]
    assert [m.text for m in held_back(messages)] == ["今天"]


def test_an_extractor_is_measured_on_a_file(tmp_path: Path, extractor: KeyInfoExtractor):
    rows = [
        row("昨天付了25元", ("date", "昨天", "2026-11-20"), ("amount", "25元", "25.00 CNY")),
        row("没有别的", ("person", "别的", "别的")),
    ]
    messages = read_labelled(written(tmp_path / "k.jsonl", *rows))
    figure = extraction_figures(extractor, messages)[MICRO]
    assert (figure.labelled, figure.found, figure.hits, figure.right_values) == (3, 2, 2, 2)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"text": "a"}, "line 1.*give text, created_at and entities"),
        (row("昨天") | {"created_at": "yesterday"}, "line 1"),
        (
            row("昨天") | {"entities": [DATE._asdict() | {"text": "今天"}]},
            "does not stand at 0:2; correct the offsets",
        ),
    ],
)
def test_a_broken_line_is_refused_by_number(tmp_path: Path, broken: object, said: str):
    with pytest.raises(RecordError, match=said):
        read_labelled(written(tmp_path / "k.jsonl", broken))
