"""Articles of a Zendesk help centre as its API gives them: pages of JSON, HTML bodies, locales.

The fields: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from triage.article import ArticleKind, ArticleText
from triage.errors import RecordError
from triage.imports.draft import Draft, Unread, article_id, distinct, intent_of
from triage.imports.html_text import html_to_text
from triage.imports.languages import tag_named, tag_told
from triage.imports.slots import SlotMap

_SHOWN = 200


def read_zendesk(path: Path, *, source: str, slots: SlotMap) -> Iterator[Draft | Unread]:
    """Yield the articles of one page, or of all pages in a folder, translations put together.

    Of two texts of one article in one locale the later ``updated_at`` holds. Drafts and other
    languages are left out. Sections that were loaded beside the articles name the category.
    """
    newest: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}
    sections: dict[str, str] = {}
    for file in zendesk_pages(path):
        try:
            page = read_page(file)
        except RecordError as fault:
            yield Unread(file.name, str(fault))
            continue
        sections |= _sections(page)
        for number, entry in enumerate(page["articles"], start=1):
            place = f"{file.name}, article {number}"
            if (reason := _fault_of(entry)) is not None:
                yield Unread(place, reason, f"{entry!r:.200}")
                continue
            key = str(entry["id"]), str(entry.get("locale") or "")
            known = newest.get(key)
            if known is None or _moment(entry) > _moment(known[0]):
                newest[key] = entry, place
    yield from _put_together(newest, sections, source=source, slots=slots)


def zendesk_pages(path: Path) -> list[Path]:
    """Return the JSON files of a folder in order, or the file given."""
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def read_page(file: Path) -> dict[str, Any]:
    """Return a page; raises RecordError for a file that is none."""
    try:
        page = orjson.loads(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as fault:
        raise RecordError(f"cannot be read: {fault.strerror}; check path and rights") from fault
    except orjson.JSONDecodeError as fault:
        raise RecordError(f"is no whole JSON ({fault}); export the page again") from fault
    if not isinstance(page, dict) or not isinstance(page.get("articles"), list):
        raise RecordError('is no page of articles; give {"articles": […]} as the API does')
    return page


def _sections(page: Mapping[str, Any]) -> dict[str, str]:
    listed = page.get("sections")
    named = [s for s in listed if isinstance(s, dict)] if isinstance(listed, list) else []
    return {str(s.get("id")): str(s.get("name") or "") for s in named}


def _fault_of(entry: Any) -> str | None:
    if not isinstance(entry, dict) or not entry.get("id"):
        return "has no id; export the article again"
    if not isinstance(entry.get("title"), str) or not entry["title"].strip():
        return "has no title; give it one in the help centre"
    if not isinstance(entry.get("body"), str | None):
        return "has a body that is no text; export the article again"
    return None


def _moment(entry: Mapping[str, Any]) -> str:
    return str(entry.get("updated_at") or "")  # ISO 8601 in UTC sorts as text


def _put_together(
    newest: Mapping[tuple[str, str], tuple[Mapping[str, Any], str]],
    sections: Mapping[str, str],
    *,
    source: str,
    slots: SlotMap,
) -> Iterator[Draft | Unread]:
    groups: dict[str, list[tuple[Mapping[str, Any], str]]] = {}
    for (key, _), found in newest.items():
        groups.setdefault(key, []).append(found)
    for key, entries in groups.items():
        name = article_id(source, key, title="")
        texts: dict[str, ArticleText] = {}
        used = []
        for entry, place in entries:
            read = _text(entry, slots=slots)
            if isinstance(read, tuple) and read[0] not in texts:
                texts[read[0]] = read[1]
                used.append((entry, place))
            elif isinstance(read, str):
                fault = not read.startswith("is ")
                yield Unread(place, read, str(entry["title"])[:_SHOWN], id=name, fault=fault)
        if used:
            yield _draft(name, texts, used, sections)


def _text(entry: Mapping[str, Any], *, slots: SlotMap) -> tuple[str, ArticleText] | str:
    """Return language and text of an entry, or why it gives none."""
    if entry.get("draft"):
        return "is a draft"
    title = str(entry["title"]).strip()
    body = html_to_text(entry.get("body") or "")
    if not body:
        return "has no body; write the article or delete it"
    locale = str(entry.get("locale") or "")
    tag = tag_named(locale) if locale else tag_told(f"{title}\n{body}")
    if tag is None:
        return f"is in a language that is not answered in ({locale or 'told from the text'})"
    return tag, ArticleText(title=title, questions=(), reply=slots.mapped(body))


def _draft(
    name: str,
    texts: Mapping[str, ArticleText],
    used: list[tuple[Mapping[str, Any], str]],
    sections: Mapping[str, str],
) -> Draft:
    first, place = used[0]
    labels = (label for entry, _ in used for label in entry.get("label_names") or ())
    return Draft(
        id=name,
        place=place,
        translations=texts,
        intent=intent_of(sections.get(str(first.get("section_id"))), ""),
        tags=distinct(map(str, labels)),
        kind=ArticleKind.ARTICLE,
        url=str(first.get("html_url") or ""),
    )
