"""Which column of labelled tickets means what: the names of fields, and what a file must have.

Columns are found by ``triage.columns``; what a label's value means is decided in
``training.labels``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

from triage.columns import MESSAGE_NAMES, SAMPLE, columns_in_rows, found_in, guessed, listed
from triage.columns import Columns as Found
from triage.errors import RecordError
from triage.tables import Row, read_rows

LABEL_FIELDS = ("category", "intent", "priority", "sentiment", "article_id")
_NAMES = {
    "text": MESSAGE_NAMES["text"],
    "subject": MESSAGE_NAMES["subject"],
    "category": "category queue label topic 分类 类别 类目 标签 队列 分類 類別 標籤",
    "intent": "intent sub_category 意图 子类 二级分类 意圖 子類",
    "priority": "priority urgency 优先级 紧急程度 優先級",
    "sentiment": "sentiment emotion polarity 情感 情绪 情緒",
    "id": MESSAGE_NAMES["id"],
    "author": "author author_id requester_id",
    "article_id": "article_id",
    "created_at": "created_at created 创建时间 建立時間",
}
_BITEXT = ("flags", "category", "intent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Found):
    """The column of each field that a file of tickets has.

    Attributes:
        lower: labels are capitals for show, as in Bitext's exports, and become small letters.
    """

    lower: bool = False


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
    rows = [r.fields for r in islice((r for r in read_rows(path) if isinstance(r, Row)), SAMPLE)]
    return columns_in(rows, chosen=chosen, source=str(path)) if rows else Columns(paths={})


def columns_in(
    sample: Sequence[Mapping[str, Any]],
    *,
    chosen: Mapping[str, str | None] | None = None,
    source: str = "the file",
) -> Columns:
    """Find the column of each field in a sample of rows; see ``columns_of``."""
    found = found_in(sample, _NAMES, chosen=chosen or {}, tagged=LABEL_FIELDS, source=source)
    known = columns_in_rows(sample)
    _check(found.paths, known, source=source)
    lower = set(_BITEXT) <= set(known) and bool({"utterance", "instruction"} & set(known))
    return Columns(**{f.name: getattr(found, f.name) for f in fields(found)}, lower=lower)


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Return field to column for the columns whose names are known, in Chinese or English."""
    return guessed(columns, _NAMES, sample)


def _check(paths: Mapping[str, str], known: Sequence[str], *, source: str) -> None:
    if "text" not in paths:
        raise RecordError(
            f"{source}: no column is known to hold the text; name it with --text-column; "
            f"the columns are {listed(known)}"
        )
    if not set(paths) & set(LABEL_FIELDS):
        raise RecordError(
            f"{source}: no column is known to hold a label; name one with --category-column, "
            "--intent-column, --priority-column or --sentiment-column; "
            f"the columns are {listed(known)}"
        )
