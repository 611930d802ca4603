"""Which column means what: guesses by name, flags before guesses, paths into nested JSON.

It finds values; what a label's value means is decided in ``training.labels``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from triage.errors import ConfigError, RecordError
from triage.tables import Row, as_text, read_rows

LABEL_FIELDS = ("category", "intent", "priority", "sentiment", "article_id")
TAG = "tag:"
_SAMPLE = 1000  # rows that are looked at before the work starts
_LISTED = 40  # columns that an error names
_SHOWN = 40  # characters of an example
_DEPTH = 3
_WRAPPER = "ticket."  # Zendesk wraps a ticket in an object of that name at times
_NAMES = {
    "text": "text message body content description utterance instruction query question "
            "问题 内容 消息 用户消息 描述 留言 正文 問題 內容 訊息 留言內容",
    "subject": "subject title 主题 标题 主題 標題",
    "category": "category queue label topic 分类 类别 类目 标签 队列 分類 類別 標籤",
    "intent": "intent sub_category 意图 子类 二级分类 意圖 子類",
    "priority": "priority urgency 优先级 紧急程度 優先級",
    "sentiment": "sentiment emotion polarity 情感 情绪 情緒",
    "id": "id ticket_id 工单号 编号 工單號 編號",
    "author": "author author_id requester_id",
    "article_id": "article_id",
    "created_at": "created_at created 创建时间 建立時間",
}  # fmt: skip
_SEPARATORS = re.compile(r"[\s_-]+")
_TAG_SEPARATORS = re.compile(r"[\s,;|]+")
_BITEXT = ("flags", "category", "intent")

Picker = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The column of each field that a file has.

    Attributes:
        paths: field to column, such as ``{"text": "body", "category": "custom_fields.1234"}``.
        unused: columns that no field takes, nested ones by their first name.
        examples: field to the first value that is not empty, shortened.
        lower: labels are capitals for show, as in Bitext's exports, and become small letters.
    """

    paths: Mapping[str, str]
    unused: tuple[str, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    lower: bool = False
    _pickers: Mapping[str, Picker] = field(default_factory=dict, repr=False, compare=False)

    def value(self, fields: Mapping[str, Any], name: str) -> Any:
        """Return what a row holds for a field; ``None`` where it holds nothing.

        Raises:
            RecordError: the row carries more than one of the tags that were asked for.
        """
        picker = self._pickers.get(name)
        return None if picker is None else picker(fields)

    def named(self, name: str) -> str:
        """Return how messages call a field: with its column where that has another name."""
        column = self.paths.get(name, name)
        return f"field {name!r}" + (f" (column {column!r})" if column != name else "")


def columns_of(path: Path, *, chosen: Mapping[str, str | None] | None = None) -> Columns:
    """Look at a file's first rows and find the column of each field.

    Args:
        chosen: field to column, before any guess; an empty text leaves the field out. A column is
            a name, a dotted path (``custom_fields.1234``), or for a label ``tag:`` with the tags,
            or patterns of tags, of which a ticket carries one: ``tag:refund,delivery``,
            ``tag:topic_*`` (the label is then the tag without what stands before the star).

    Raises:
        RecordError: the file cannot be read, or no column is known to hold text, or labels.
        ConfigError: a chosen column is not there.
    """
    rows = [r.fields for r in islice((r for r in read_rows(path) if isinstance(r, Row)), _SAMPLE)]
    return columns_in(rows, chosen=chosen, source=str(path)) if rows else Columns(paths={})


def columns_in(
    sample: Sequence[Mapping[str, Any]],
    *,
    chosen: Mapping[str, str | None] | None = None,
    source: str = "the file",
) -> Columns:
    """Find the column of each field in a sample of rows; see ``columns_of``."""
    known = list(dict.fromkeys(path for row in sample for path in _paths(row)))
    wanted = {name: column for name, column in (chosen or {}).items() if column is not None}
    paths = {
        name: _resolved(column, known, sample, name=name, source=source)
        for name, column in wanted.items()
        if column
    }
    taken = set(paths.values())
    guesses = guess([c for c in known if c not in taken], sample)
    paths |= {name: column for name, column in guesses.items() if name not in wanted}
    _check(paths, known, source=source)
    pickers = {name: _picker(column, known, sample) for name, column in paths.items()}
    used = {_head(column) for column in _sources(paths.values(), known)}
    return Columns(
        paths={name: paths[name] for name in _NAMES if name in paths},
        unused=tuple(dict.fromkeys(h for h in map(_head, known) if h not in used)),
        examples={name: _example(picker, sample) for name, picker in pickers.items()},
        lower=set(_BITEXT) <= set(known) and bool({"utterance", "instruction"} & set(known)),
        _pickers=pickers,
    )


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Return field to column for the columns whose names are known, in Chinese or English.

    Case, spaces, ``_`` and ``-`` make no difference. Of several, the first in the list of known
    names is taken, one that is empty in all rows of the sample only if there is no other.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_plain(column.removeprefix(_WRAPPER)), column)
    found: dict[str, str] = {}
    for name, known in _NAMES.items():
        candidates = [by_name[a] for a in map(_plain, known.split()) if a in by_name]
        filled = (c for c in candidates if _is_filled(c, columns, sample))
        if candidates:
            found[name] = next(filled, candidates[0])
    return found


def _check(paths: Mapping[str, str], known: Sequence[str], *, source: str) -> None:
    if "text" not in paths:
        raise RecordError(
            f"{source}: no column is known to hold the text; name it with --text-column; "
            f"the columns are {_listed(known)}"
        )
    if not set(paths) & set(LABEL_FIELDS):
        raise RecordError(
            f"{source}: no column is known to hold a label; name one with --category-column, "
            "--intent-column, --priority-column or --sentiment-column; "
            f"the columns are {_listed(known)}"
        )


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _is_filled(column: str, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> bool:
    picker = _picker(column, columns, sample)
    return not sample or any(as_text(picker(row)) not in ("", [], {}) for row in sample)


def _paths(fields: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[str]:
    """Yield the columns of a row, with dotted names inside objects and lists of id and value."""
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and depth < _DEPTH:
            yield from _paths(value, f"{path}.", depth + 1)
        elif isinstance(value, list) and value and all(_has_id(item) for item in value):
            yield from (f"{path}.{item['id']}" for item in value)
        elif name:
            yield path


def _has_id(item: Any) -> bool:
    return isinstance(item, Mapping) and "id" in item


def _resolved(
    column: str,
    known: Sequence[str],
    sample: Sequence[Mapping[str, Any]],
    *,
    name: str,
    source: str,
) -> str:
    tags = _tag_column(known)
    if column.startswith(TAG) and name in LABEL_FIELDS and column != TAG and tags:
        return column
    alike = [c for c in known if _plain(c.removeprefix(_WRAPPER)) == _plain(column)]
    for candidate in (column, f"{_WRAPPER}{column}", *alike[:1]):
        picker = _picker(candidate, known, sample)
        if candidate in known or any(picker(row) is not None for row in sample):
            return candidate
    missing = f"{TAG} with the column 'tags'" if column.startswith(TAG) else repr(column)
    raise ConfigError(
        f"{source}: --{name}-column names {missing}, which is not there; "
        f"the columns are {_listed(known)}"
    )


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _LISTED} more" if len(columns) > _LISTED else ""
    return ", ".join(map(repr, columns[:_LISTED])) + more


def _picker(column: str, known: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> Picker:
    if column.startswith(TAG) and column not in known:
        tags = _picker(_tag_column(known) or "tags", known, sample)
        return partial(_chosen_tag, tags=tags, asked=column)
    if any(column in row for row in sample):
        return partial(_follow, steps=(column,))
    return partial(_follow, steps=tuple(column.split(".")))


def _follow(value: Any, *, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list):
            value = _item(value, step)
        else:
            return None
    return value


def _item(items: list[Any], step: str) -> Any:
    """Return the value of the item with that id, as in Zendesk's fields, or the item's place."""
    for item in items:
        if _has_id(item) and str(item["id"]) == step:
            return item.get("value", item)
    return items[int(step)] if step.isdecimal() and int(step) < len(items) else None


def _tag_column(known: Sequence[str]) -> str | None:
    return next((c for c in known if _plain(c.removeprefix(_WRAPPER)) == "tags"), None)


def _chosen_tag(fields: Mapping[str, Any], *, tags: Picker, asked: str) -> str | None:
    value = tags(fields)
    carried = value if isinstance(value, list) else _TAG_SEPARATORS.split(as_text(value))
    patterns = [p.strip() for p in asked.removeprefix(TAG).split(",")]
    found = {
        str(tag).removeprefix(pattern.partition("*")[0]) if "*" in pattern else str(tag)
        for pattern in patterns
        for tag in carried
        if fnmatchcase(str(tag), pattern)
    }
    if len(found) > 1:
        raise RecordError(
            f"carries the tags {', '.join(sorted(found))} of {asked}; leave one of them"
        )
    return next(iter(found), None)


def _sources(paths: Iterable[str], known: Sequence[str]) -> Iterator[str]:
    for path in paths:
        yield (_tag_column(known) or path) if path.startswith(TAG) else path


def _head(column: str) -> str:
    """Return a column's first name; inside Zendesk's wrapper, its second."""
    prefix = _WRAPPER if column.startswith(_WRAPPER) else ""
    return prefix + column.removeprefix(prefix).partition(".")[0]


def _example(picker: Picker, sample: Iterable[Mapping[str, Any]]) -> str:
    for row in sample:
        try:
            text = " ".join(str(as_text(picker(row))).split())
        except RecordError:
            continue
        if text:
            return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return ""
