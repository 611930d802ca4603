"""Markdown files with front matter: one article a file, translations by folder or file name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from triage.article import ArticleKind, ArticleText
from triage.charset import charset_of
from triage.errors import RecordError
from triage.imports.draft import (
    Draft,
    Unread,
    article_id,
    day_of,
    distinct,
    intent_of,
    kind_of,
    words_of,
)
from triage.imports.html_text import html_to_text, is_html
from triage.imports.languages import BY_NAME, tag_named, tag_told
from triage.imports.slots import SlotMap, without_slots
from triage.passages import headings_of

ENDINGS = (".md", ".markdown")
_FIRST_LINE = re.compile(r"\A\s*#{1,6}\s")


def read_markdown(path: Path, *, source: str, slots: SlotMap) -> Iterator[Draft | Unread]:
    """Yield an article for each file of a folder, or for one file.

    Front matter may name ``id``, ``title``, ``questions``, ``intent``, ``category``, ``language``,
    ``tags``, ``valid_from``, ``valid_until``, ``kind`` and ``draft``. By default the id is the
    path, the title the first heading, the category the folder. ``en/returns.md`` and
    ``zh/returns.md``, or ``returns.en.md`` and ``returns.zh.md``, are one article in two languages.
    """
    root = path if path.is_dir() else path.parent
    for file in markdown_files(path):
        place = file.relative_to(root).as_posix()
        try:
            yield _draft(file, PurePosixPath(place), source=source, slots=slots)
        except RecordError as fault:
            yield Unread(place, str(fault))


def markdown_files(path: Path) -> list[Path]:
    """Return the Markdown files of a folder in order, hidden ones left out; or the file given."""
    if not path.is_dir():
        return [path]
    found = (p for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    return sorted(p for p in found if not any(n[0] == "." for n in p.relative_to(path).parts))


def _draft(file: Path, place: PurePosixPath, *, source: str, slots: SlotMap) -> Draft | Unread:
    head, body = _parted(_text(file))
    key, language, folder = _told_by_path(place)
    name = article_id(source, head.get("id") or f"{source}/{key}", title="")
    if head.get("draft"):
        return Unread(str(place), "is a draft", id=name, fault=False)
    body = html_to_text(body) if is_html(body) and not headings_of(body) else body.strip()
    title, body = _titled(head, body, default=file.name.partition(".")[0])
    named = str(head.get("language") or head.get("lang") or language)
    tag = tag_named(named) if named else tag_told(f"{title}\n{body}")
    if tag is None:
        reason = f"is in a language that is not answered in ({named or 'told from the text'})"
        return Unread(str(place), reason, id=name, fault=False)
    reply = slots.mapped(body)
    questions = head.get("questions") or ()
    questions = [questions] if isinstance(questions, str) else [str(q) for q in questions]
    return Draft(
        id=name,
        place=str(place),
        translations={
            tag: ArticleText(
                title=title, questions=distinct(map(without_slots, questions)), reply=reply
            )
        },
        intent=intent_of(head.get("category") or ("" if head.get("intent") else folder),
                         head.get("intent")),
        tags=words_of(head.get("tags") or head.get("labels")),
        valid_from=day_of(head.get("valid_from"), name="valid_from"),
        valid_until=day_of(head.get("valid_until"), name="valid_until"),
        kind=kind_of(head.get("kind"), ArticleKind.ARTICLE),
        url=str(head.get("url") or ""),
        channels=words_of(head.get("channels") or head.get("channel")),
        products=words_of(head.get("products") or head.get("product")),
    )  # fmt: skip


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            charset = charset_of(stream)
            content = stream.read()
    except OSError as fault:
        raise RecordError(f"cannot be read: {fault.strerror}; check its rights") from fault
    if not charset.whole:
        raise RecordError("holds bytes that are no text; save the file as UTF-8")
    return content.decode(charset.name)


def _parted(text: str) -> tuple[Mapping[str, Any], str]:
    try:
        head, body = frontmatter.parse(text, handler=YAMLHandler())
    except (yaml.YAMLError, ValueError, TypeError) as fault:
        first = str(fault).splitlines()[0]
        raise RecordError(f"front matter is no YAML ({first}); quote texts with a colon") from fault
    return {str(name).strip().lower(): value for name, value in head.items()}, body


def _told_by_path(place: PurePosixPath) -> tuple[str, str, str]:
    """Return a path without its ending and its language, that language, and the category."""
    language = ""
    parts = list(place.with_suffix("").parts)
    stem, _, ending = parts[-1].rpartition(".")
    if stem and ending.casefold() in BY_NAME:
        parts[-1], language = stem, ending
    for number, part in enumerate(parts[:-1]):
        if part.casefold() in BY_NAME and not language:
            language = parts.pop(number)
            break
    return "/".join(parts), language, parts[-2] if len(parts) > 1 else ""


def _titled(head: Mapping[str, Any], body: str, *, default: str) -> tuple[str, str]:
    """Return title and body; a first line that only repeats the title leaves the body."""
    headings = headings_of(body)
    first = headings[0].title if headings else ""
    title = str(head.get("title") or "").strip() or first or default
    if first == title and _FIRST_LINE.match(body):
        body = "\n".join(body.splitlines()[headings[0].end :]).strip()
    if not body:
        raise RecordError("holds no text; write the answer below the front matter")
    return title, body


def merged(drafts: Iterator[Draft | Unread]) -> Iterator[Draft | Unread]:
    """Put drafts with the same id together as translations of one article.

    The first one's intent, tags and days hold. A language that is there already is a fault.
    """
    known: dict[str, Draft] = {}
    for draft in drafts:
        if isinstance(draft, Unread):
            yield draft
        elif (first := known.get(draft.id)) is None:
            known[draft.id] = draft
        elif twice := set(first.translations) & set(draft.translations):
            reason = (
                f"id {draft.id!r} stands in {first.place} already, in {min(twice)}; "
                "give each article an id of its own"
            )
            yield Unread(draft.place, reason, id=draft.id)
        else:
            known[draft.id] = replace(
                first,
                translations={**first.translations, **draft.translations},
                intent=first.intent or draft.intent,
                tags=distinct((*first.tags, *draft.tags)),
            )
    yield from known.values()
