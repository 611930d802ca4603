"""JSON lines in our own schema: see ``datasets/README.md``; ``kb export`` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from triage.errors import RecordError
from triage.imports.draft import Draft, Unread, words_of
from triage.records import article_from
from triage.tables import Row, read_rows

_SHOWN = 200


def read_own(path: Path) -> Iterator[Draft | Unread]:
    """Yield the articles of a file; the ids are the file's own."""
    for row in read_rows(path):
        place = f"line {row.line}"
        if not isinstance(row, Row):
            yield Unread(place, row.reason, row.content)
            continue
        name = str(row.fields.get("id") or "") or None
        try:
            draft = _draft(row.fields, place)
        except (KeyError, TypeError, ValueError, AttributeError, RecordError) as fault:
            reason = f"is no article ({fault}); see datasets/README.md"
            yield Unread(place, reason, f"{dict(row.fields)!r:.200}", id=name)
            continue
        if row.fields.get("retired"):
            yield Unread(place, "is retired", id=name, fault=False)
        else:
            yield draft


def _draft(fields: Mapping[str, Any], place: str) -> Draft:
    for tag, text in fields["translations"].items():
        texts = [text["title"], text["reply"], *text["questions"]]
        if isinstance(text["questions"], str) or not all(isinstance(t, str) for t in texts):
            raise RecordError(f"{tag}: title, reply and each question must be text")
        if not (text["title"].strip() and text["reply"].strip()):
            raise RecordError(f"{tag}: title or reply is empty")
    if not str(fields["id"]).strip():
        raise RecordError("id is empty")
    article = article_from({"intent": "", **fields, "tags": words_of(fields.get("tags") or ())})
    return Draft(
        id=article.id,
        place=place,
        translations=article.translations,
        intent=article.intent,
        tags=article.tags,
        valid_from=article.valid_from,
        valid_until=article.valid_until,
        kind=article.kind,
        version=article.version,
        url=str(fields.get("url") or ""),
        channels=article.channels,
        products=article.products,
    )
