"""What an import changes: new, changed, unchanged, retired and revived articles, with text diffs.

It compares and plans; reading sources and writing the store is the business of others.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from triage.article import Article
from triage.article_store import BY_HAND, BY_SOURCE, StoredArticle
from triage.errors import RecordError
from triage.records import article_fields

MOST_DIFF_LINES = 12
_NOT_COMPARED = ("id", "version", "category")


class Status(StrEnum):
    """What an import does to an article."""

    NEW = "new"
    CHANGED = "changed"
    REVIVED = "revived"
    UNCHANGED = "unchanged"
    RETIRED = "retired"
    MISSING = "missing"  # from the source, but kept in service


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An article as it shall be stored; ``asked`` as in ``StoredArticle``."""

    article: Article
    asked: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one article.

    Attributes:
        fields: the names of those that change, such as ``intent`` or ``zh-Hans.reply``.
        diff: lines of a unified diff of the texts, shortened.
    """

    id: str
    title: str
    status: Status
    fields: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """The changes in the order of the source, and all articles as they would then be stored."""

    changes: tuple[Change, ...]
    stored: tuple[StoredArticle, ...]

    def of(self, status: Status) -> list[Change]:
        """Return the changes of one status."""
        return [change for change in self.changes if change.status is status]


def revise(
    stored: Mapping[str, StoredArticle],
    incoming: Sequence[Incoming],
    *,
    source: str,
    at: str,
    keep_missing: bool = False,
) -> Revision:
    """Plan what an import of all articles of a source changes.

    An article that was retired by hand stays so; one that only its source had left comes back.

    Args:
        incoming: no id twice, and none of another source's.
        at: the moment, ISO 8601.
        keep_missing: whether articles stay in service that the source lacks.
    """
    after = dict(stored)
    changes: list[Change] = []
    for new in incoming:
        known = stored.get(new.article.id)
        change, after[new.article.id] = _applied(known, new, source=source, at=at)
        changes.append(change)
    seen = {new.article.id for new in incoming}
    for name, record in stored.items():
        if record.source != source or name in seen or record.retired is not None:
            continue
        status = Status.MISSING if keep_missing else Status.RETIRED
        changes.append(_change(record.article, status))
        if not keep_missing:
            after[name] = retired(record, by=BY_SOURCE, at=at)
    return Revision(tuple(changes), tuple(after.values()))


def retired(record: StoredArticle, *, by: str, at: str) -> StoredArticle:
    """Return an article out of service; raises RecordError if it is already."""
    if record.retired is not None:
        raise RecordError(
            f"{record.article.id!r} is retired since {record.retired}; "
            "`triage kb restore` brings it back"
        )
    entry = {"event": "retired", "at": at, "version": record.article.version, "by": by}
    return replace(record, retired=at, retired_by=by, history=(*record.history, entry))


def restored(record: StoredArticle, *, by: str, at: str) -> StoredArticle:
    """Return an article in service again; raises RecordError if it is in service."""
    if record.retired is None:
        raise RecordError(f"{record.article.id!r} is in service; there is nothing to restore")
    entry = {"event": "restored", "at": at, "version": record.article.version, "by": by}
    return replace(record, retired=None, retired_by=None, history=(*record.history, entry))


def _applied(
    known: StoredArticle | None, new: Incoming, *, source: str, at: str
) -> tuple[Change, StoredArticle]:
    if known is None:
        record = StoredArticle(
            article=new.article, source=source, updated=at, asked=new.asked, url=new.url
        )
        return _change(new.article, Status.NEW), record
    before, after = _flat(known.article), _flat(new.article)
    names = tuple(n for n in {**before, **after} if before.get(n) != after.get(n))
    status = Status.CHANGED if names else Status.UNCHANGED
    # What a link or a guess was based on is no text of the article: it makes no version.
    record = replace(known, asked=new.asked, url=new.url)
    if known.retired_by == BY_SOURCE:
        record = restored(record, by=BY_SOURCE, at=at)
        status = Status.REVIVED
    if names:
        record = _changed(record, new.article, {n: before.get(n) for n in names}, at=at)
    diff = tuple(_diff(before, after, names))
    return _change(new.article, status, fields=names, diff=diff), record


def _changed(
    record: StoredArticle, article: Article, before: Mapping[str, Any], *, at: str
) -> StoredArticle:
    old = record.article.version
    entry = {"event": "changed", "at": at, "version": old, "before": dict(before)}
    version = max(old + 1, article.version)
    return replace(
        record,
        article=replace(article, version=version),
        updated=at,
        history=(*record.history, entry),
    )


def _change(
    article: Article, status: Status, *, fields: tuple[str, ...] = (), diff: tuple[str, ...] = ()
) -> Change:
    title = next(iter(article.translations.values())).title
    return Change(id=article.id, title=title, status=status, fields=fields, diff=diff)


def _flat(article: Article) -> dict[str, Any]:
    """Return what an article says, by names such as ``intent`` and ``en.reply``."""
    fields = article_fields(article)
    texts = fields.pop("translations")
    flat = {name: value for name, value in fields.items() if name not in _NOT_COMPARED}
    return flat | {
        f"{tag}.{name}": value for tag, text in texts.items() for name, value in text.items()
    }


def _diff(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Sequence[str]
) -> Iterator[str]:
    lines = 0
    for name in names:
        old, new = _lines(before.get(name)), _lines(after.get(name))
        for line in list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]:
            if line.startswith("@@"):
                continue
            if lines == MOST_DIFF_LINES:
                yield "…"
                return
            lines += 1
            yield f"{line[0]} {name}: {line[1:]}"


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else str(value).splitlines()


__all__ = [
    "BY_HAND",
    "BY_SOURCE",
    "Change",
    "Incoming",
    "Revision",
    "Status",
    "restored",
    "retired",
    "revise",
]
