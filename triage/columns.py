"""Which column of a table means what: guesses by name, flags first, paths into nested JSON.

It finds values by names that the caller knows; what a value means is decided by the caller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from triage.errors import ConfigError, RecordError
from triage.tables import as_text

TAG = "tag:"
SAMPLE = 1000  # rows that are looked at before the work starts
_LISTED = 40  # columns that an error names
_SHOWN = 40  # characters of an example
_DEPTH = 3
_WRAPPER = "ticket."  # Zendesk wraps a ticket in an object of that name at times
# Of messages, labelled or not; English and Chinese.
MESSAGE_NAMES = {
    "text": "text message body content description utterance instruction query question "
            "问题 内容 消息 用户消息 描述 留言 正文 問題 內容 訊息 留言內容",
    "subject": "subject title 主题 标题 主題 標題",
    "id": "id ticket_id 工单号 编号 工單號 編號",
    "created_at": "created_at created 创建时间 建立時間 timestamp sent_at 时间 发送时间 消息时间 "
                  "咨询时间 提问时间 日期 時間 date time",
}  # fmt: skip
_SEPARATORS = re.compile(r"[\s_-]+")
_TAG_SEPARATORS = re.compile(r"[\s,;|]+")

Picker = Callable[[Mapping[str, Any]], Any]
Names = Mapping[str, str]  # field to the names of its columns, the likeliest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The column of each field that a file has.

    Attributes:
        paths: field to column, such as ``{"text": "body", "category": "custom_fields.1234"}``.
        unused: columns that no field takes, nested ones by their first name.
        examples: field to the first value that is not empty, shortened.
        pickers: field to what takes its value from a row.
    """

    paths: Mapping[str, str]
    unused: tuple[str, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    pickers: Mapping[str, Picker] = field(default_factory=dict, repr=False, compare=False)

    def value(self, fields: Mapping[str, Any], name: str) -> Any:
        """Return what a row holds for a field; ``None`` where it holds nothing.

        Raises:
            RecordError: the row carries more than one of the tags that were asked for.
        """
        picker = self.pickers.get(name)
        return None if picker is None else picker(fields)

    def named(self, name: str) -> str:
        """Return how messages call a field: with its column where that has another name."""
        column = self.paths.get(name, name)
        return f"field {name!r}" + (f" (column {column!r})" if column != name else "")


def found_in(
    sample: Sequence[Mapping[str, Any]],
    names: Names,
    *,
    chosen: Mapping[str, str | None],
    tagged: Sequence[str] = (),
    source: str,
) -> Columns:
    """Find the column of each field in a sample of rows.

    Args:
        names: field to the names of its columns.
        chosen: field to column, before any guess; an empty text leaves the field out. A column is
            a name or a dotted path (``custom_fields.1234``).
        tagged: fields that may also be chosen by tags, of which a row carries one:
            ``tag:refund,delivery``, or ``tag:topic_*`` (the value is then the tag without what
            stands before the star).
        source: the file, as errors name it.

    Raises:
        ConfigError: a chosen column is not there.
    """
    known = columns_in_rows(sample)
    wanted = {name: column for name, column in chosen.items() if column is not None}
    paths = {
        name: _resolved(column, known, sample, option=(name, name in tagged), source=source)
        for name, column in wanted.items()
        if column
    }
    taken = set(paths.values())
    guesses = guessed([c for c in known if c not in taken], names, sample)
    paths |= {name: column for name, column in guesses.items() if name not in wanted}
    pickers = {name: _picker(column, known, sample) for name, column in paths.items()}
    used = {_head(column) for column in _sources(paths.values(), known)}
    return Columns(
        paths={name: paths[name] for name in names if name in paths},
        unused=tuple(dict.fromkeys(h for h in map(_head, known) if h not in used)),
        examples={name: _example(picker, sample) for name, picker in pickers.items()},
        pickers=pickers,
    )


def columns_in_rows(sample: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns of all rows, each once, nested ones by dotted paths."""
    return list(dict.fromkeys(path for row in sample for path in _paths(row)))


def guessed(
    columns: Sequence[str], names: Names, sample: Sequence[Mapping[str, Any]] = ()
) -> dict[str, str]:
    """Return field to column for the columns whose names are known.

    Case, spaces, ``_`` and ``-`` make no difference. Of several, the first in the list of known
    names is taken, one that is empty in all rows of the sample only if there is no other.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column.removeprefix(_WRAPPER)), column)
    found: dict[str, str] = {}
    for name, known in names.items():
        candidates = [by_name[a] for a in map(plain_name, known.split()) if a in by_name]
        filled = (c for c in candidates if _is_filled(c, columns, sample))
        if candidates:
            found[name] = next(filled, candidates[0])
    return found


def plain_name(name: str) -> str:
    """Return a column's name as it is compared: in one width and case, without separators."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def listed(columns: Sequence[str], *, most: int = _LISTED) -> str:
    """Return columns as an error names them, the first of many."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(map(repr, columns[:most])) + more


def shortened(text: str) -> str:
    """Return a text on one line, as it is shown for an example."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


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
    option: tuple[str, bool],
    source: str,
) -> str:
    name, by_tags = option
    tags = _tag_column(known)
    if column.startswith(TAG) and by_tags and column != TAG and tags:
        return column
    alike = [c for c in known if plain_name(c.removeprefix(_WRAPPER)) == plain_name(column)]
    for candidate in (column, f"{_WRAPPER}{column}", *alike[:1]):
        picker = _picker(candidate, known, sample)
        if candidate in known or any(picker(row) is not None for row in sample):
            return candidate
    missing = f"{TAG} with the column 'tags'" if column.startswith(TAG) else repr(column)
    raise ConfigError(
        f"{source}: --{name}-column names {missing}, which is not there; "
        f"the columns are {listed(known)}"
    )


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
    return next((c for c in known if plain_name(c.removeprefix(_WRAPPER)) == "tags"), None)


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
            text = shortened(str(as_text(picker(row))))
        except RecordError:
            continue
        if text:
            return text
    return ""
