from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.gaps import Gap
from training.stubs import stubs_of, write_stubs
from triage.errors import RecordError
from triage.imports.reader import read_source

GAP = Gap(
    typical="发票: 什么时候开",
    size=8,
    need=7.5,
    languages={"zh-Hans": 4, "zh-Hant": 1, "en": 3},
    negative=0.0,
    urgent=0.0,
    category="invoice",
    intent="invoice/issue",
    intent_share=0.9,
    terms=("发票",),
    nearest=None,
    examples={"zh": ("发票: 什么时候开", "- 开发票\n谢谢"), "en": ('my "invoice"? #3 {x}: yes',)},
    ids=("1",),
)


def plain(text: str) -> str:
    return text


def filled(path: Path, answer: str) -> None:
    text = path.read_text(encoding="utf-8").replace("draft: true\n", "")
    path.write_text(text + answer, encoding="utf-8")


def test_a_stub_as_it_is_written_is_read_as_a_draft(tmp_path: Path) -> None:
    write_stubs(list(stubs_of(GAP, hidden=plain)), tmp_path)
    filled(next(tmp_path.glob("*.en.md")), "It comes by mail.\n")
    found = read_source(tmp_path, source="new")
    (draft,) = found.unread
    assert (draft.reason, draft.fault) == ("is a draft", False)
    assert found.rejects == ()


def test_filled_stubs_of_one_gap_are_one_article_in_two_languages(tmp_path: Path) -> None:
    written, kept = write_stubs(list(stubs_of(GAP, hidden=plain)), tmp_path)
    assert ([p.name.partition(".")[2] for p in written], kept) == (["zh.md", "en.md"], [])
    for path in written:
        filled(path, "Answer.\n")
    found = read_source(tmp_path, source="new")
    (article,) = (d.article() for d in found.drafts)
    assert found.unread == ()
    assert article.id == written[0].name.partition(".")[0]
    assert (article.intent, article.tags, article.kind) == ("invoice/issue", ("发票",), "macro")
    chinese, english = article.translations["zh-Hans"], article.translations["en"]
    assert chinese.title == "发票: 什么时候开"
    assert chinese.questions == ("发票: 什么时候开", "- 开发票 谢谢")
    assert english.title.startswith('my "invoice"? #3')
    assert english.reply == "Answer."


def test_a_stub_without_an_answer_never_becomes_an_article(tmp_path: Path) -> None:
    write_stubs(list(stubs_of(GAP, hidden=plain)), tmp_path)
    for path in tmp_path.iterdir():
        filled(path, "")
    with pytest.raises(RecordError, match="holds no text"):
        read_source(tmp_path, source="new")


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    stubs = list(stubs_of(GAP, hidden=plain))
    (tmp_path / stubs[0].name).write_text("mine")
    written, kept = write_stubs(stubs, tmp_path)
    assert ([p.name for p in written], [p.name for p in kept]) == ([stubs[1].name], [stubs[0].name])
    assert (tmp_path / stubs[0].name).read_text() == "mine"


def test_a_language_of_few_messages_or_unanswered_gets_no_stub() -> None:
    few = replace(GAP, languages={"zh-Hans": 7, "en": 1})
    assert [s.name.partition(".")[2] for s in stubs_of(few, hidden=plain)] == ["zh.md"]
    french = replace(GAP, languages={"fr": 8}, examples={"fr": ("bonjour",)})
    assert list(stubs_of(french, hidden=plain)) == []


def test_texts_go_through_redaction() -> None:
    (stub, _) = stubs_of(GAP, hidden=lambda text: text.replace("开", "[X]"))
    assert "开" not in stub.text.partition("questions")[2].partition("language")[0]
    assert "[X]" in stub.text


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="drafts cannot be written"):
        write_stubs(list(stubs_of(GAP, hidden=plain)), tmp_path / "file" / "folder")
