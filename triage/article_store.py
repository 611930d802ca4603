"""The shop's own articles: one file that keeps where each came from, its versions, its retirement.

What an import changes in it is decided in ``triage.revision``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.article import Article
from triage.errors import RecordError
from triage.records import article_fields, article_from, whole_file, write_jsonl
from triage.tables import Row, read_rows

STORE = "articles.jsonl"
BY_SOURCE, BY_HAND = "source", "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article with its past; moments are ISO 8601.

    Attributes:
        article: its present text; ``article.version`` counts the texts.
        updated: when that text came.
        retired: since when it is out of service, and ``retired_by`` whom: the source no longer
            has it, or a person said so.
        asked: the intent that the source gave, where the model guessed another in its place.
        history: what happened, oldest first: ``event``, ``at``, ``version`` and for a change
            ``before``, the fields as they were.
    """

    article: Article
    source: str
    updated: str
    retired: str | None = None
    retired_by: str | None = None
    asked: str | None = None
    url: str = ""
    history: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the record: an article's fields and those of its past."""
        fields = article_fields(self.article) | {"source": self.source, "updated": self.updated}
        fields |= {"retired": self.retired, "retired_by": self.retired_by}
        if self.asked is not None:
            fields["asked"] = self.asked
        if self.url:
            fields["url"] = self.url
        return fields | {"history": list(self.history)}


def read_store(folder: Path) -> dict[str, StoredArticle]:
    """Return the articles by id, retired ones too; none where nothing was imported yet.

    Raises:
        RecordError: a line is damaged; the message names it.
    """
    path = folder / STORE
    stored: dict[str, StoredArticle] = {}
    for row in read_rows(path) if path.exists() else ():
        if not isinstance(row, Row):
            raise RecordError(f"{path}, line {row.line}: {row.reason}; restore it from a backup")
        try:
            record = _from_fields(row.fields)
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise RecordError(
                f"{path}, line {row.line}: no stored article ({fault}); restore it from a backup"
            ) from fault
        stored[record.article.id] = record
    return stored


def write_store(folder: Path, stored: Iterable[StoredArticle]) -> None:
    """Write all articles at once; a reader sees the old file or the new one."""
    with whole_file(folder / STORE) as stream:
        for record in stored:
            write_jsonl(stream, record.to_dict())


def live(stored: Iterable[StoredArticle]) -> list[Article]:
    """Return the articles that are in service."""
    return [record.article for record in stored if record.retired is None]


def _from_fields(fields: Mapping[str, Any]) -> StoredArticle:
    return StoredArticle(
        article=article_from(fields),
        source=str(fields["source"]),
        updated=str(fields["updated"]),
        retired=fields.get("retired"),
        retired_by=fields.get("retired_by"),
        asked=fields.get("asked"),
        url=str(fields.get("url") or ""),
        history=tuple(fields.get("history") or ()),
    )
