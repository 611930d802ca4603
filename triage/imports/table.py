"""Tables of questions and answers: rows with one answer become one article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from triage.article import ArticleKind, ArticleText
from triage.errors import RecordError
from triage.imports.columns import Columns, Version, columns_in
from triage.imports.draft import (
    Draft,
    LeftOutError,
    Unread,
    article_id,
    day_of,
    distinct,
    intent_of,
    kind_of,
    words_of,
)
from triage.imports.html_text import html_to_text, is_html
from triage.imports.languages import tag_named, tag_told
from triage.imports.slots import SlotMap, without_slots
from triage.tables import Row, as_text, read_rows

_SAMPLE = 1000  # rows that are looked at before the work starts
_APART = re.compile(r"\n|\s*\|+\s*")  # questions in one cell
_SHOWN = 200


def table_columns(path: Path, *, chosen: Mapping[str, Sequence[str]] | None = None) -> Columns:
    """Look at a table's first rows and find what its columns mean; see ``columns_in``."""
    rows = [r.fields for r in islice((r for r in read_rows(path) if isinstance(r, Row)), _SAMPLE)]
    try:
        return columns_in(rows, chosen=chosen)
    except RecordError as fault:
        raise RecordError(f"{path}: {fault}") from fault


def read_table(
    path: Path, *, source: str, columns: Columns, slots: SlotMap
) -> Iterator[Draft | Unread]:
    """Yield the articles of a table; questions of rows with the same answer are put together.

    Rows with the same id are one article; so are, without ids, rows with the same answers.
    """
    reader = _RowReader(columns, source=source, slots=slots)
    shelf = _Shelf()
    for row in read_rows(path):
        if not isinstance(row, Row):
            yield Unread(f"line {row.line}", row.reason, row.content)
            continue
        content = " ".join(str(as_text(v)) for v in row.fields.values() if v)[:_SHOWN]
        own = reader.id_in(row)
        try:
            shelf.put(reader.read(row), named=own is not None)
        except RecordError as fault:
            left_out = isinstance(fault, LeftOutError)
            yield Unread(f"line {row.line}", str(fault), content, id=own, fault=not left_out)
    yield from shelf.drafts.values()


class _Shelf:
    """Puts rows together that are one article."""

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self._by_answer: dict[tuple[str, str], str] = {}

    def put(self, draft: Draft, *, named: bool) -> None:
        """Add a row's draft; ``named``: its id is the row's own.

        Raises:
            RecordError: it has the id, or the title, of another with another answer.
        """
        answers = [(tag, text.reply) for tag, text in draft.translations.items()]
        name = draft.id if named else self._same(answers, draft) or draft.id
        known = self.drafts.get(name)
        if known is not None and _contradict(known, draft):
            what = f"id {name!r}" if named else "the question"
            raise RecordError(
                f"{what} has another answer on {known.place}; tell them apart or delete one"
            )
        self.drafts[name] = draft if known is None else _joined(known, draft)
        self._by_answer |= dict.fromkeys(answers, name)

    def _same(self, answers: Sequence[tuple[str, str]], draft: Draft) -> str | None:
        names = (self._by_answer[answer] for answer in answers if answer in self._by_answer)
        return next((n for n in names if not _contradict(self.drafts[n], draft)), None)


class _RowReader:
    """Makes a draft of a row."""

    def __init__(self, columns: Columns, *, source: str, slots: SlotMap) -> None:
        self._columns = columns
        self._source = source
        self._slots = slots
        asks = any("question" in v.columns for v in columns.versions)
        self._kind = ArticleKind.MACRO if asks else ArticleKind.ARTICLE

    def id_in(self, row: Row) -> str | None:
        """Return the article's id if the row names one."""
        own = self._field(row, "id")
        return article_id(self._source, own, title="") if own else None

    def read(self, row: Row) -> Draft:
        """Return the draft of a row; raises RecordError where there is none."""
        texts = self._texts(row)
        if not texts:
            raise RecordError("has no answer; fill it in or delete the row")
        first = next(iter(texts.values()))
        return Draft(
            id=self.id_in(row) or article_id(self._source, None, title=first.title),
            place=f"line {row.line}",
            translations=texts,
            intent=intent_of(self._field(row, "category"), self._field(row, "intent")),
            tags=words_of(self._field(row, "tags")),
            valid_from=day_of(self._field(row, "valid_from"), name="valid_from"),
            valid_until=day_of(self._field(row, "valid_until"), name="valid_until"),
            kind=kind_of(self._field(row, "kind"), self._kind),
            channels=words_of(self._field(row, "channels")),
            products=words_of(self._field(row, "products")),
        )

    def _texts(self, row: Row) -> dict[str, ArticleText]:
        texts: dict[str, ArticleText] = {}
        for version in self._columns.versions:
            cells = {name: _cell(row, column) for name, column in version.columns.items()}
            if not (answer := cells["answer"]):
                continue
            if is_html(answer):
                answer = html_to_text(answer)
            asked = [*_APART.split(cells.get("question", ""))]
            asked += _APART.split(cells.get("variants", ""))
            questions = distinct(map(without_slots, asked))
            title = cells.get("title") or (questions[0] if questions else "")
            if not title:
                raise RecordError("has an answer, but no question and no title; fill one in")
            tag = self._tag(row, version, f"{title}\n{answer}")
            if tag in texts:
                raise RecordError(f"has two answers in {tag}; name the columns' languages")
            texts[tag] = ArticleText(
                title=title, questions=questions, reply=self._slots.mapped(answer)
            )
        return texts

    def _tag(self, row: Row, version: Version, text: str) -> str:
        named = self._field(row, "language") if len(self._columns.versions) == 1 else ""
        tag = version.tag or (tag_named(named) if named else tag_told(text))
        if tag is None:
            shown = f"{named!r:.40}" if named else "told from the text"
            raise LeftOutError(f"is in a language that is not answered in ({shown}); leave it out")
        return tag

    def _field(self, row: Row, name: str) -> str:
        column = self._columns.fields.get(name)
        return _cell(row, column) if column else ""


def _cell(row: Row, column: str) -> str:
    value = as_text(row.fields.get(column))
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _contradict(one: Draft, other: Draft) -> bool:
    """Tell whether two drafts answer differently in one language."""
    return any(
        tag in one.translations and one.translations[tag].reply != text.reply
        for tag, text in other.translations.items()
    )


def _of_both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels or products of either; none, which means all, where one has none."""
    return distinct((*one, *other)) if one and other else ()


def _joined(first: Draft, other: Draft) -> Draft:
    """Return an article with the questions and languages of another row."""
    texts = dict(first.translations)
    for tag, text in other.translations.items():
        known = texts.get(tag, text)
        texts[tag] = replace(known, questions=distinct((*known.questions, *text.questions)))
    return replace(
        first,
        translations=texts,
        intent=first.intent or other.intent,
        tags=distinct((*first.tags, *other.tags)),
        channels=_of_both(first.channels, other.channels),
        products=_of_both(first.products, other.products),
    )
