"""The page is parsed as HTML: it needs nothing else, runs nothing, and says what was measured."""

from __future__ import annotations

import string
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from known_engine import DOUBT, KnownEngine, corpus_of, figures_of

from training.phrases import PageLanguage, phrases
from training.report import distinct, render_report, share, share_interval

HOSTILE = '<script>alert("x")</script>&{{7*7}}'
_LOADING = ("src", "srcset", "data", "action", "poster", "background", "xlink:href", "href")


class Page(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Of twenty messages in each language, seventeen right, two wrong, one that nothing fits."""
    texts = [f"{language}{i}" for language in ("en", "zh") for i in range(20)]
    answers = {
        t: ("b" if t.endswith(("1", "5")) else "a", 0.5 + i / 100) for i, t in enumerate(texts)
    }
    truth = {t: "b" if t.endswith("5") else "a" for t in texts}
    truth |= dict.fromkeys(("en0", "zh0"), "oos")
    engine = KnownEngine(
        answers,
        reasons={"en2": (DOUBT,)},
        abstention={"any": {"threshold": 0.5, "max_error": 0.3, "sure": 0.9}},
    )
    return {"file": "held-out.jsonl"} | figures_of(engine, corpus_of(**truth))


def test_the_first_screen_answers_three_questions_in_sentences(figures: dict[str, Any]):
    text = Page(render_report(figures)).text
    for said in (
        "How good is known-1?",
        "Measured on 40 labelled messages from held-out.jsonl.",
        "The category was right for 34 of 38 messages.",
        "English: 89.5% of 19.",
        "the category was in doubt (2.6%)",
        "It decided the category of 37 of 38 messages alone; 4 of those were wrong: 10.8%",
        "with 90.0% certainty, that at most 30.0% of what it decides alone is wrong.",
        "These messages bear that out.",
        "The commonest mistake: a taken for b, 4 times.",
        "Of 2 messages that no category fits,",
    ):
        assert said in text


def test_the_page_loads_nothing_and_runs_nothing(figures: dict[str, Any]):
    page = render_report(figures)
    found = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(
        found.tags
    )
    for name, value in found.attributes:
        assert not name.startswith("on"), "no handlers"
        assert name not in _LOADING or value.startswith("#"), (name, value)
        assert "url(" not in value or "url(#" in value
    assert "@import" not in page
    assert "Content-Security-Policy" in page


def test_what_comes_from_files_is_text_in_the_page(figures: dict[str, Any]):
    hostile = deepcopy(figures)
    hostile["model"] = hostile["file"] = hostile["encoder"] = HOSTILE
    hostile["out_of_scope"]["labels"] = [HOSTILE]
    task = hostile["tasks"]["category"]
    task["confusions"] = [{"true": HOSTILE, "predicted": HOSTILE, "count": 9, "ids": [HOSTILE]}]
    task["matrix"]["labels"] = [HOSTILE, HOSTILE + "2"]
    for entry in task["labels"]:
        entry["label"] = HOSTILE
    task["by_language"][HOSTILE] = task["by_language"].pop("en")
    page = render_report(hostile)
    found = Page(page)
    assert "script" not in found.tags
    assert HOSTILE in found.text
    assert "49" not in " ".join(w for w in found.words if "alert" in w), "no template within values"


def test_equal_figures_give_equal_bytes(figures: dict[str, Any]):
    assert render_report(figures) == render_report(deepcopy(figures))


def test_the_page_is_in_chinese_on_request(figures: dict[str, Any]):
    page = render_report(figures, language=PageLanguage.ZH)
    assert '<html lang="zh-Hans">' in page
    text = Page(page).text
    assert "38 条消息中，类别判断正确的有 34 条。" in text
    for english in (" is ", " the ", "share", "Labelled", "confidence"):
        assert english not in text


def test_both_languages_have_the_same_phrases_with_the_same_figures():
    english, chinese = (phrases(language) for language in PageLanguage)
    assert english.keys() == chinese.keys()

    def names(phrase: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(phrase)} - {None}

    for key, phrase in english.items():
        assert names(phrase) == names(chinese[key]), key


def test_a_perfect_model_is_said_to_go_wrong_nowhere():
    engine = KnownEngine({"e1": ("a", 0.9), "e2": ("b", 0.9)})
    text = Page(render_report(figures_of(engine, corpus_of(e1="a", e2="b")))).text
    assert "nowhere No message was labelled wrongly." in text
    assert "states" not in text, "a model without a promise makes none"


def test_a_file_without_categories_gives_a_page_of_what_there_is(figures: dict[str, Any]):
    bare = figures | {"tasks": {}, "review": {}, "out_of_scope": {}, "retrieval": {}}
    assert "Measured on 40 labelled messages" in Page(render_report(bare)).text
    moods = figures | {
        "tasks": {"sentiment": figures["tasks"]["category"]}, "review": {}, "out_of_scope": {},
    }  # fmt: skip
    assert "The sentiment was right for 34 of 38 messages." in Page(render_report(moods)).text


def test_of_many_labels_the_page_says_which_are_drawn():
    labels = [f"label{i:02}" for i in range(40)]
    answers = {f"e{i}": (labels[(i + 1) % 40], 0.9) for i in range(40)}
    truth = {f"e{i}": labels[i] for i in range(40)}
    text = Page(render_report(figures_of(KnownEngine(answers), corpus_of(**truth)))).text
    assert "The 30 weakest of 40 labels." in text
    assert "The 30 of 40 labels with the most mistakes." in text


def test_a_language_of_few_messages_stands_in_the_table_but_in_no_sentence():
    truth = {f"en{i}": "a" for i in range(6)} | {f"zh{i}": "a" for i in range(5)}
    engine = KnownEngine(dict.fromkeys([*truth, "zh5"], ("a", 0.9)))
    both = Page(render_report(figures_of(engine, corpus_of(**truth)))).text
    assert "English: 100.0% of 6. Chinese: 100.0% of 5." in both
    del truth["zh4"]
    few = Page(render_report(figures_of(engine, corpus_of(**truth)))).text
    assert "English: 100.0%" not in few
    assert "Chinese 4 100.0%" in few


def test_figures_that_are_not_known_are_dashes():
    assert (share(None), share_interval(None)) == ("–", "–")
    assert share(0.8125) == "81.2%"
    assert share_interval({"value": 0.5, "low": 0.25, "high": 0.75}) == "50.0% (25.0–75.0%)"


def test_one_language_alone_is_not_said_twice():
    assert distinct({"all": 1, "zh": 1}) == {"zh": 1}
    assert distinct({"all": 1, "en": 1, "zh": 1}) == {"all": 1, "en": 1, "zh": 1}


def test_numpy_never_reaches_the_figures(figures: dict[str, Any]):
    def walk(value: Any) -> None:
        assert not isinstance(value, np.generic)
        for inner in value.values() if isinstance(value, dict) else ():
            walk(inner)
        for inner in value if isinstance(value, list) else ():
            walk(inner)

    walk(figures)
