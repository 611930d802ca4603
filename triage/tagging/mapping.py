"""Which columns of a file are the fields of a message, and rows brought into that form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from triage.columns import MESSAGE_NAMES, Columns, columns_in_rows, found_in, listed
from triage.errors import RecordError

FIELDS = ("id", "text", "turns", "subject", "channel", "customer", "created_at", "contacts",
          "fields")  # fmt: skip
CUSTOMER = {"customer_id": "id", "customer_name": "name", "tier": "tier"}
NAMES = {
    "text": MESSAGE_NAMES["text"],
    "turns": "turns dialogue 对话 会话 对话记录 聊天记录 對話 對話記錄 聊天記錄",
    "subject": MESSAGE_NAMES["subject"],
    "id": MESSAGE_NAMES["id"],
    "created_at": MESSAGE_NAMES["created_at"],
    "channel": "channel 渠道 來源渠道 来源渠道",
    "customer_id": "customer_id 客户编号 客户id 用户id 会员号 客戶編號",
    "customer_name": "customer_name 客户姓名 客户昵称 买家昵称 客戶姓名",
    "tier": "tier customer_tier 客户等级 会员等级 客戶等級 會員等級",
    "contacts": "contacts",
}
_NESTED = ("turns", "customer", "fields")  # may stand in a cell as JSON
_DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_MILLISECONDS = 13  # digits of a time since 1970 in them


@dataclass(frozen=True, slots=True)
class Mapped:
    """The columns of one file that are fields of a message.

    Attributes:
        columns: where a field's value is taken from.
        left: fields of the row itself that are not wanted.
    """

    columns: Columns
    left: frozenset[str] = frozenset()

    def fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row's message fields, as ``triage.records.message_from`` reads them."""
        taken = {n: row[n] for n in FIELDS if n in row and n not in self.left}
        for name, column in self.columns.paths.items():
            if name != column and name not in CUSTOMER:
                taken[name] = self.columns.value(row, name)
        customer = {
            key: value
            for name, key in CUSTOMER.items()
            if name in self.columns.paths and (value := self.columns.value(row, name))
        }
        if customer and not taken.get("customer"):
            taken["customer"] = customer
        for name in _NESTED:
            if isinstance(cell := taken.get(name), str):
                taken[name] = _decoded(cell)
        if "created_at" in taken:
            taken["created_at"] = moment_text(taken["created_at"])
        return taken

    def told(self) -> str:
        """Return what was taken for what, for people."""
        taken = ", ".join(f"{name} ← {column}" for name, column in self.columns.paths.items())
        unused = self.columns.unused
        return f"{taken or 'no column known'}" + (f"; not used: {listed(unused)}" if unused else "")


def mapping_of(
    sample: Sequence[Mapping[str, Any]], *, chosen: Mapping[str, str | None], source: str
) -> Mapped:
    """Find the columns of a message's fields in a sample of a file's rows.

    Args:
        chosen: field to column, before any guess; an empty text leaves the field out.

    Raises:
        RecordError: there are columns, but none is known to hold text or turns.
        ConfigError: a chosen column is not there.
    """
    left = {name for name, column in chosen.items() if column == ""}
    whole = {n for n in FIELDS if any(n in row for row in sample)} - left
    wanted = dict(chosen)
    if not wanted.get("created_at") and not _readable(sample, wanted, source):
        wanted["created_at"] = ""
    if "turns" in whole and "text" not in whole and not wanted.get("text"):
        wanted["text"] = ""  # what is called content or body beside turns is no further message
    columns = found_in(sample, NAMES, chosen=wanted, source=source)
    known = columns_in_rows(sample)
    if known and not {"text", "turns"} & (set(columns.paths) | whole) and set(known) - set(NAMES):
        raise RecordError(
            f"{source}: no column is known to hold the text; name it with --text-column; "
            f"the columns are {listed(known)}"
        )
    return Mapped(columns, frozenset(left))


def moment_text(value: Any) -> Any:
    """Return a time as ISO 8601 where it is written as 2026/11/1 9:30, 2026年11月1日 or seconds."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    text = str(value).strip()
    if _EPOCH.fullmatch(text):
        seconds = int(text) / (1000 if len(text) == _MILLISECONDS else 1)
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    if match := _DAY.fullmatch(text):
        year, month, day, hour, minute, second = match.groups(default="0")
        clock = f"T{int(hour):02}:{minute}:{second.zfill(2)}" if match[4] else ""
        return f"{year}-{int(month):02}-{int(day):02}{clock}"
    return value


def _readable(
    sample: Sequence[Mapping[str, Any]], chosen: Mapping[str, str | None], source: str
) -> bool:
    """Tell whether the column that is guessed to hold times does; a wrong guess costs every row."""
    columns = found_in(sample, NAMES, chosen=chosen, source=source)
    if columns.paths.get("created_at") in (None, "created_at"):
        return True
    values = (moment_text(columns.value(row, "created_at")) for row in sample)
    return all(_is_moment(value) for value in values if value not in (None, ""))


def _is_moment(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _decoded(cell: str) -> Any:
    if cell.lstrip()[:1] not in ("[", "{"):
        return cell
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        return cell
