"""Columns of a table for ``triage redact``: which hold text, and which nothing but one detail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triage.errors import ConfigError

if TYPE_CHECKING:
    from triage.privacy import Redactor
    from triage.records import Row

# Columns whose cells are one detail without a cue.
_WHOLE = {
    "phone": "phone|mobile|tel|telephone|cell|手机|手机号|手机号码|电话|电话号码|联系电话"
    "|手機|手機號碼|電話|聯絡電話",
    "email": "email|e-mail|邮箱|电子邮箱|信箱|電子郵件",
    "person": "name|full_name|customer_name|recipient"
    "|姓名|收件人|收货人|联系人|客户姓名|收貨人|聯絡人|用户名",
    "address": "address|shipping_address|street|地址|收货地址|收件地址|详细地址|收貨地址",
    "id_number": "id_number|id_card|ssn|身份证|身份证号|身份证号码|身分證字號",
    "bank_card": "card_number|bank_card|iban|卡号|银行卡号",
}
_TYPES = {name: type_ for type_, names in _WHOLE.items() for name in names.split("|")}
_NO_TEXT = re.compile(
    r"(?:^|_)(?:id|uuid|order|tracking|sku|date|time|at|created|updated|timestamp|status|language|lang"
    r"|locale|category|intent|priority|sentiment|channel|label)$"
    r"|^(?:order|tracking|item|sku)_|(?:编号|单号|编码|时间|日期|状态|分类|类别|優先級|优先级|語言|语言)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns that are changed, those that are not, and how rows share their tokens.

    Attributes:
        columns: of text, with the type of those that hold nothing but one detail.
        left: columns of text that are not changed.
        conversation: the column whose value names the conversation.
    """

    columns: Mapping[str, str | None] | None
    left: tuple[str, ...] = ()
    conversation: str | None = None

    def changed(
        self, row: Row, change: Callable[..., str], redactor: Redactor | None
    ) -> dict[str, Any]:
        """Return a row's fields with the chosen ones changed; the others are the same objects."""
        named = row.fields.get(self.conversation) if self.conversation else None
        talk = f"row {row.line}" if named in (None, "") else f"conversation {named}"
        fields = {
            name: _deep(value, change, talk=talk, whole=self._type(name))
            if self.columns is None or name in self.columns
            else value
            for name, value in row.fields.items()
        }
        if redactor is not None and talk.startswith("row"):
            redactor.forget(talk)
        return fields

    def _type(self, name: str) -> str | None:
        return None if self.columns is None else self.columns.get(name)


def every_column(_sample: Sequence[Row]) -> Chosen:
    """Choose all columns, to restore what stands in them."""
    return Chosen(columns=None)


def text_columns(sample: Sequence[Row], *, named: str | None, conversation: str | None) -> Chosen:
    """Choose the columns of text by name and by what a sample of rows holds.

    Args:
        named: the columns wanted instead, with commas between them.

    Raises:
        ConfigError: a column that was named is in no row of the sample.
    """
    known = list(dict.fromkeys(name for row in sample for name in row.fields))
    wanted = [name.strip() for name in named.split(",") if name.strip()] if named else None
    for name in (*(wanted or ()), *([conversation] if conversation else ())):
        if name not in known:
            raise ConfigError(f"no row has a column {name!r}; there are {', '.join(known)}")
    if wanted is None:
        wanted = [
            name
            for name in known
            if name != conversation and not _NO_TEXT.search(name) and _holds_text(sample, name)
        ]
    columns = {name: _TYPES.get(name.strip().lower()) for name in wanted}
    left = [n for n in known if n not in columns and _holds_text(sample, n)]
    return Chosen(columns, tuple(left), conversation)


def _holds_text(sample: Sequence[Row], name: str) -> bool:
    if name.strip().lower() in _TYPES:
        return True
    return any(isinstance(row.fields.get(name), str | list | dict) for row in sample)


def _nested_type(name: str) -> str | None:
    """Return the type of a field inside another one, where a name is mostly that of goods."""
    return None if name == "name" else _TYPES.get(name.lower())


def _deep(value: Any, change: Callable[..., str], *, talk: str, whole: str | None) -> Any:
    if isinstance(value, str):
        return change(value, talk, whole)
    if isinstance(value, list):
        return [_deep(part, change, talk=talk, whole=whole) for part in value]
    if isinstance(value, dict):
        return {
            name: _deep(part, change, talk=talk, whole=whole or _nested_type(name))
            for name, part in value.items()
        }
    if whole is not None and isinstance(value, int) and not isinstance(value, bool):
        return change(str(value), talk, whole)
    return value
