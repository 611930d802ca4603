"""Records: what the fields of a row mean as a message or an article, and records written safely.

Files are read by ``triage.tables``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from errno import EISDIR
from pathlib import Path
from typing import IO, Any

import orjson

from triage.article import Article, ArticleKind, ArticleText
from triage.domain import Customer, Message
from triage.errors import MessageError, RecordError
from triage.tables import STDIO, Reject, Row, read_rows
from triage.turns import asks_something, moment_from, turns_from

__all__ = [
    "STDIO",
    "Reject",
    "Row",
    "article_fields",
    "article_from",
    "id_of",
    "message_from",
    "read_articles",
    "read_rows",
    "sha256_of",
    "whole_file",
    "write_jsonl",
]

_REPLY_LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def write_jsonl(stream: IO[bytes], record: Mapping[str, Any]) -> None:
    """Write one record as one line of UTF-8 JSON."""
    stream.write(orjson.dumps(record) + b"\n")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under ``path`` only when it is complete."""
    try:
        if path.is_dir():
            raise IsADirectoryError(EISDIR, "is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as fault:
        raise RecordError(
            f"{path} cannot be written: {fault.strerror}; name another file"
        ) from fault
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def message_from(fields: Mapping[str, Any], *, default_id: str) -> Message:
    """Make a message of a record's fields.

    Raises:
        MessageError: a field has the wrong type or value.
    """
    turns = turns_from(fields.get("turns"))
    text = fields.get("text")
    if text is None and asks_something(turns):
        text = ""
    elif not isinstance(text, str) or not text.strip():
        raise MessageError("text", f"is {_shown(text)}", remedy="give the customer's words")
    return Message(
        id=id_of(fields) or default_id,
        text=text,
        subject=_optional_text(fields, "subject"),
        channel=_optional_text(fields, "channel"),
        customer=_customer_from(fields.get("customer")),
        created_at=moment_from(fields.get("created_at"), field="created_at"),
        fields=_facts_from(fields.get("fields")),
        contacts=_contacts_from(fields.get("contacts")),
        turns=turns,
    )


def _contacts_from(value: object) -> int:
    if value is None or value == "":
        return 0
    try:
        count = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else -1
    except ValueError:
        count = -1
    if count < 0:
        raise MessageError(
            "contacts", f"is {_shown(value)}", remedy="give how many earlier messages there were"
        )
    return count


def id_of(fields: Mapping[str, Any]) -> str | None:
    """Return a record's id as text; 0 is one, an empty text is none."""
    value = fields.get("id")
    return None if value is None or value == "" else str(value)


def read_articles(path: Path) -> list[Article]:
    """Read a JSONL file of articles.

    Raises:
        RecordError: a line is no article; the message names line and field.
    """
    articles: list[Article] = []
    seen: dict[str, int] = {}
    for row in read_rows(path):
        if isinstance(row, Reject):
            raise RecordError(f"{path}, line {row.line}: {row.reason}")
        try:
            article = article_from(row.fields)
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise RecordError(
                f"{path}, line {row.line}: no usable article ({fault}); see datasets/README.md"
            ) from fault
        if article.id in seen:
            raise RecordError(
                f"{path}, line {row.line}: id {article.id!r} stands on line {seen[article.id]} "
                "already; give each article an id of its own"
            )
        seen[article.id] = row.line
        articles.append(article)
    return articles


def article_from(fields: Mapping[str, Any]) -> Article:
    """Make an article of a record's fields; raises KeyError or ValueError on a bad one."""
    translations = {
        tag: ArticleText(
            title=text["title"], questions=tuple(text["questions"]), reply=text["reply"]
        )
        for tag, text in fields["translations"].items()
    }
    unknown = set(translations) - set(_REPLY_LANGUAGES)
    if unknown or not translations:
        raise ValueError(f"translations in {sorted(unknown)}, known are {_REPLY_LANGUAGES}")
    return Article(
        id=str(fields["id"]),
        intent=str(fields["intent"]),
        translations=translations,
        tags=tuple(fields.get("tags", ())),
        version=int(fields.get("version", 1)),
        valid_from=_day_from(fields.get("valid_from")),
        valid_until=_day_from(fields.get("valid_until")),
        kind=ArticleKind(fields.get("kind", ArticleKind.MACRO)),
        channels=_names_from(fields, "channels"),
        products=_names_from(fields, "products"),
    )


def article_fields(article: Article) -> dict[str, Any]:
    """Return an article as the fields of a record; the inverse of ``article_from``."""
    fields: dict[str, Any] = {
        "id": article.id,
        "intent": article.intent,
        "category": article.category,
        "tags": list(article.tags),
        "version": article.version,
    }
    for name in ("valid_from", "valid_until"):
        if (day := getattr(article, name)) is not None:
            fields[name] = day.isoformat()
    if article.kind != ArticleKind.MACRO:
        fields["kind"] = article.kind.value
    for name in ("channels", "products"):
        if names := getattr(article, name):
            fields[name] = list(names)
    fields["translations"] = {
        tag: {"title": text.title, "questions": list(text.questions), "reply": text.reply}
        for tag, text in article.translations.items()
    }
    return fields


def _names_from(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    names = fields.get(name) or ()
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"{name} is {_shown(names)}, not a list of texts")
    return tuple(names)


def _optional_text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise MessageError(name, f"is {_shown(value)}", remedy="give text or leave it out")


def _customer_from(value: Any) -> Customer | None:
    if value is None or value == "":
        return None
    if not isinstance(value, dict) or set(value) - {"id", "name", "tier"}:
        raise MessageError("customer", f"is {_shown(value)}", remedy="give {id, name, tier}")
    return Customer(**{k: None if v is None else str(v) for k, v in value.items()})


def _facts_from(value: Any) -> dict[str, str]:
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise MessageError("fields", f"is {_shown(value)}", remedy="give an object of texts")
    return {str(k): str(v) for k, v in value.items()}


def _day_from(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.60}"
