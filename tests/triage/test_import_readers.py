from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from fakes import starter_articles, write_rows
from workbooks import write_xlsx

from triage.article import ArticleKind
from triage.errors import ConfigError, RecordError
from triage.imports.formats import Format
from triage.imports.reader import Found, format_of, read_source
from triage.records import article_fields

if TYPE_CHECKING:
    from pathlib import Path


def found_in(path: Path, **options: Any) -> Found:
    return read_source(path, source="shop", **options)


def saved(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return path


FAQ = """问题,答案,分类,关键词
怎么退款,点申请退款,退款,"退款,钱"
退款在哪,点申请退款,退款,
几天到,三天,物流,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_rows_with_one_answer_are_one_article_in_any_encoding(tmp_path: Path, encoding: str):
    found = found_in(saved(tmp_path / "faq.csv", FAQ, encoding))
    first, second = found.drafts
    text = first.translations["zh-Hans"]
    assert (text.title, text.questions) == ("怎么退款", ("怎么退款", "退款在哪"))
    assert (first.intent, first.tags, first.kind) == ("退款", ("退款", "钱"), ArticleKind.MACRO)
    assert second.translations["zh-Hans"].reply == "三天"
    assert found.format is Format.CSV
    assert not found.unread


def test_a_workbook_is_read_with_title_and_content(tmp_path: Path):
    rows = [["标题", "内容"], ["退货规则", "七天内可退。"]]
    (draft,) = found_in(write_xlsx(tmp_path / "kb.xlsx", rows)).drafts
    assert draft.kind is ArticleKind.ARTICLE
    assert draft.translations["zh-Hans"].questions == ()
    assert draft.translations["zh-Hans"].title == "退货规则"


def test_languages_stand_side_by_side_and_html_is_cleaned(tmp_path: Path):
    content = (
        "id,question_zh,answer_zh,question_en,answer_en\n"
        "7,怎么退款,<p>点<br>退款</p>,how to refund,Order {{Order Number}}\n"
    )
    (draft,) = found_in(saved(tmp_path / "faq.csv", content)).drafts
    assert draft.id == "shop-7"
    assert draft.translations["zh-Hans"].reply == "点\n退款"
    assert draft.translations["en"].reply == "Order {order_id}"


def test_a_row_that_lacks_one_of_two_languages_still_joins_its_answer(tmp_path: Path):
    content = "问题,答案,Question,Answer\n退款,点这里,refund,click\n钱退哪,点这里,,\n"
    (draft,) = found_in(saved(tmp_path / "faq.csv", content)).drafts
    assert draft.translations["zh-Hans"].questions == ("退款", "钱退哪")
    assert draft.translations["en"].questions == ("refund",)


def test_rows_of_two_languages_with_one_id_are_translations(tmp_path: Path):
    content = "id,language,question,answer\nr1,zh,退款,好\nr1,en,refund,fine\n"
    (draft,) = found_in(saved(tmp_path / "faq.csv", content)).drafts
    assert set(draft.translations) == {"zh-Hans", "en"}


def test_broken_rows_are_rejected_with_their_reason_and_the_others_stay(tmp_path: Path):
    content = (
        "id,question,answer,valid_until\n"
        "a,where is it,on its way,\nb,,,\nc,,an answer alone,\nd,when,today,someday\n"
        "a,why,another answer,\ne,too,many,cells,here\n"
    )
    found = found_in(saved(tmp_path / "faq.csv", content))
    assert [d.id for d in found.drafts] == ["a"]
    assert {(u.place, u.id) for u in found.rejects} == {
        ("line 3", "b"), ("line 4", "c"), ("line 5", "d"), ("line 6", "a"), ("line 7", None),
    }  # fmt: skip
    reasons = [u.reason for u in sorted(found.rejects, key=lambda u: u.place)]
    for reason, said in zip(
        reasons, ("no answer", "no question", "no day", "another answer on line 2", "columns"),
        strict=True,
    ):  # fmt: skip
        assert said in reason


def test_one_question_with_two_answers_is_told(tmp_path: Path):
    found = found_in(saved(tmp_path / "faq.csv", "question,answer\nwhere,here\nwhere,there\n"))
    assert len(found.drafts) == 1
    assert "the question has another answer on line 2" in found.rejects[0].reason


def test_other_languages_are_left_out_and_are_no_fault(tmp_path: Path):
    content = "language,question,answer\nen,where,here\nfr,où,ici\n"
    found = found_in(saved(tmp_path / "faq.csv", content))
    assert not found.rejects
    assert "not answered in ('fr')" in found.unread[0].reason


def test_chosen_columns_win_over_guesses_and_absent_ones_are_named(tmp_path: Path):
    path = saved(tmp_path / "faq.csv", "问法,话语,答案\n怎么退,点退款,别的\n")
    chosen = {"question": ["问法"], "answer": ["话语"]}
    (draft,) = found_in(path, chosen=chosen).drafts
    assert draft.translations["zh-Hans"].reply == "点退款"
    with pytest.raises(ConfigError, match="--answer-column names '没有'"):
        found_in(path, chosen={"answer": ["没有"]})


ZENDESK = {
    "articles": [
        {"id": 1, "title": "Returns", "body": "<p>30 days, {{ticket.requester.name}}</p>",
         "locale": "en-us", "section_id": 9, "label_names": ["returns"], "draft": False,
         "updated_at": "2026-01-02T00:00:00Z", "html_url": "https://shop.example/1"},
        {"id": 1, "title": "Returns (old)", "body": "<p>14 days</p>", "locale": "en-us",
         "updated_at": "2025-01-02T00:00:00Z"},
        {"id": 2, "title": "Soon", "body": "<p>x</p>", "locale": "en-us", "draft": True},
        {"id": 3, "title": "Retour", "body": "<p>x</p>", "locale": "fr"},
        {"id": 4, "title": "", "body": "<p>x</p>"},
        {"id": 5, "title": "Empty", "body": None, "locale": "en-us"},
        "no article",
    ],
    "sections": [{"id": 9, "name": "Refund"}],
}  # fmt: skip


def test_pages_of_zendesk_give_articles_with_their_translations(tmp_path: Path):
    page = {"articles": [{"id": 1, "title": "退货", "body": "<p>30天</p>", "locale": "zh-cn"}]}
    saved(tmp_path / "pages" / "1.json", json.dumps(ZENDESK))
    saved(tmp_path / "pages" / "2.json", json.dumps(page))
    saved(tmp_path / "pages" / "3.json", "{broken")
    found = found_in(tmp_path / "pages")
    (draft,) = found.drafts
    assert found.format is Format.ZENDESK
    assert (draft.id, draft.intent, draft.tags) == ("shop-1", "refund", ("returns",))
    assert (draft.kind, draft.url) == (ArticleKind.ARTICLE, "https://shop.example/1")
    assert draft.translations["en"].reply == "30 days, {customer_name}"
    assert draft.translations["zh-Hans"].title == "退货"
    assert {u.id for u in found.unread if not u.fault} == {"shop-2", "shop-3"}
    assert sorted(u.place for u in found.rejects) == [
        "1.json, article 5", "1.json, article 6", "1.json, article 7", "3.json",
    ]  # fmt: skip


HEAD = """---
title: Returns
questions:
  - how do I return this?
  - return {{Order Number}}
category: refund
intent: return_goods
tags: [returns, refund]
valid_from: 2026-01-01
valid_until: 2026-12-31
---
# Returns

You have {{Return Days}} days.

## How

Post it.
"""


def test_markdown_gives_what_its_front_matter_says(tmp_path: Path):
    saved(tmp_path / "help" / "returns.md", HEAD, "utf-8-sig")
    (draft,) = found_in(tmp_path / "help").drafts
    text = draft.translations["en"]
    assert (draft.id, draft.intent) == ("shop/returns", "refund/return_goods")
    assert (draft.valid_from, draft.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert draft.tags == ("returns", "refund")
    assert draft.kind is ArticleKind.ARTICLE
    assert text.questions == ("how do I return this?", "return")
    assert text.reply == "You have {return_days} days.\n\n## How\n\nPost it."


def test_markdown_without_front_matter_is_told_by_heading_and_path(tmp_path: Path):
    saved(
        tmp_path / "help" / "zh" / "refund" / "policy.md", "# 退货规则\n七天内可退。\n", "gb18030"
    )
    saved(tmp_path / "help" / "refund" / "policy.en.md", "# Return policy\nSeven days.\n")
    saved(tmp_path / "help" / ".hidden" / "x.md", "# no\nno")
    (draft,) = found_in(tmp_path / "help").drafts
    assert (draft.id, draft.intent) == ("shop/refund/policy", "refund")
    assert draft.translations["zh-Hans"].title == "退货规则"
    assert draft.translations["en"].reply == "Seven days."


def test_unusable_markdown_is_rejected_by_name_and_drafts_are_left_out(tmp_path: Path):
    saved(tmp_path / "good.md", "# A\ntext enough")
    saved(tmp_path / "colon.md", "---\ntitle: a: b\n---\ntext")
    saved(tmp_path / "empty.md", "# Only a heading\n")
    saved(tmp_path / "kind.md", "---\nkind: poem\n---\n# B\ntext")
    saved(tmp_path / "draft.md", "---\ndraft: true\n---\n# C\ntext")
    (tmp_path / "bytes.md").write_bytes(b"# D\n\x00\xff")
    found = found_in(tmp_path)
    assert [d.place for d in found.drafts] == ["good.md"]
    assert {u.place for u in found.rejects} == {"colon.md", "empty.md", "kind.md", "bytes.md"}
    assert [u.place for u in found.unread if not u.fault] == ["draft.md"]


def test_two_files_with_one_id_in_one_language_are_told(tmp_path: Path):
    saved(tmp_path / "a.md", "---\nid: same\n---\n# One\ntext")
    saved(tmp_path / "b.md", "---\nid: same\n---\n# Two\ntext")
    found = found_in(tmp_path)
    assert len(found.drafts) == 1
    assert "stands in a.md already" in found.rejects[0].reason


def test_bitext_gives_one_reply_an_intent_with_its_plainest_response(tmp_path: Path):
    content = (
        "flags,instruction,category,intent,response\n"
        "B,cancel order {{Order Number}},ORDER,cancel_order,See {{Some Place}}.\n"
        "B,cancel my order,ORDER,cancel_order,Order {{Order Number}} is cancelled.\n"
        "B,,ORDER,cancel_order,x\n"
    )
    found = found_in(saved(tmp_path / "responses.csv", content, "utf-8-sig"))
    (draft,) = found.drafts
    text = draft.translations["en"]
    assert found.format is Format.BITEXT
    assert (draft.id, draft.intent) == ("shop/order/cancel_order", "order/cancel_order")
    assert text.questions == ("cancel order", "cancel my order")
    assert text.reply == "Order {order_id} is cancelled."
    assert [u.place for u in found.rejects] == ["line 4"]


def test_our_own_schema_comes_back_as_it_was(tmp_path: Path):
    known = starter_articles()
    rows: list[object] = [article_fields(a) for a in known]
    rows += [{"id": "bad"}, {**article_fields(known[0]), "id": "text", "translations": {
        "en": {"title": "t", "questions": "no list", "reply": "r"}}}, rows[0]]  # fmt: skip
    rows += [{**article_fields(known[0]), "id": "gone", "retired": "2026-01-01"}]
    found = found_in(write_rows(tmp_path / "kb.jsonl", rows))
    assert [d.article() for d in found.drafts] == known
    assert [u.place for u in found.rejects] == ["line 7", "line 8", "line 9"]
    assert [u.id for u in found.unread if not u.fault] == ["gone"]


def test_nothing_at_all_is_refused_with_the_commonest_reason(tmp_path: Path):
    path = saved(tmp_path / "faq.csv", "question,answer\nwhy,\n")
    with pytest.raises(RecordError, match=r"holds no article; 1 of 1 entries: has no answer"):
        found_in(path)
    with pytest.raises(RecordError, match="is not there"):
        found_in(tmp_path / "none.md", kind=Format.MARKDOWN)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"neither \.md files nor pages"):
        format_of(tmp_path / "empty")


def test_channels_and_products_come_from_columns_front_matter_and_own_files(tmp_path: Path):
    table = "问题,答案,渠道,适用商品\n怎么充电,用快充,email、chat,小米14\n充不进电,用快充,email,\n"
    (draft,) = found_in(saved(tmp_path / "faq.csv", table)).drafts
    assert (draft.channels, draft.products) == (("email", "chat"), ())
    head = "---\nchannels: [email]\nproducts: lamp, desk\n---\n# Lamps\nOn and off."
    saved(tmp_path / "help" / "lamps.md", head)
    (draft,) = found_in(tmp_path / "help").drafts
    assert (draft.channels, draft.products) == (("email",), ("lamp", "desk"))
    fields = article_fields(draft.article()) | {"intent": "product/use"}
    (own,) = found_in(write_rows(tmp_path / "own.jsonl", [fields])).drafts
    assert (own.article().channels, own.article().products) == (("email",), ("lamp", "desk"))
    wrong = write_rows(tmp_path / "wrong.jsonl", [fields | {"channels": "email"}])
    with pytest.raises(RecordError, match="channels is 'email', not a list"):
        found_in(wrong)
