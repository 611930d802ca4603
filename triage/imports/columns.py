"""Which column of a table of questions and answers means what, in one language or side by side."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triage.columns import listed, plain_name, shortened
from triage.errors import ConfigError, RecordError
from triage.imports.languages import BY_NAME
from triage.tables import as_text

TEXTS = ("title", "question", "variants", "answer")
_NAMES = {
    "title": "title subject name heading 标题 主题 名称 標題 主題",
    "question": "question questions query faq instruction utterance scenario 问题 问 提问 标准问 "
                "标准问题 用户问题 客户问题 常见问题 场景 問題 標準問題 常見問題",
    "variants": "similar_questions variants alternatives 相似问 相似问法 相似问题 扩展问 相似問法",
    "answer": "answer answers reply response macro solution content body text 答案 回答 回复 答复 "
              "话术 解决方案 内容 正文 回覆 答覆 話術 內容",
    "id": "id article_id faq_id macro_id 编号 編號",
    "intent": "intent 意图 意圖",
    "category": "category class topic 分类 类别 类目 目录 分類 類別",
    "tags": "tags keywords keyword labels label_names 标签 关键词 关键字 標籤 關鍵詞 關鍵字",
    "language": "language lang locale 语言 語言",
    "valid_from": "valid_from valid_since 生效日期 开始日期",
    "valid_until": "valid_until valid_to expires 失效日期 截止日期 有效期至",
    "kind": "kind 类型 類型",
    "channels": "channels channel 渠道 管道",
    "products": "products product 产品 商品 适用产品 适用商品 產品 適用產品 適用商品",
}  # fmt: skip
_HAN = re.compile(r"[\u3400-\u9fff]")
_JOINTS = r"[\s_\-()\[\]（）【】/.:：]"


_MEANING = {plain_name(n): field for field, names in _NAMES.items() for n in names.split()}
_ORDER = {name: order for order, name in enumerate(_MEANING)}


@dataclass(frozen=True, slots=True)
class Version:
    """The columns of one language; ``tag`` is empty where the texts themselves must tell it."""

    tag: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What was taken for what.

    Attributes:
        versions: title, question, variants and answer, by language.
        fields: the other fields, such as ``{"category": "分类"}``.
        unused: columns that nothing takes.
        examples: column to its first text, shortened.
    """

    versions: tuple[Version, ...]
    fields: Mapping[str, str]
    unused: tuple[str, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)

    def taken(self) -> list[tuple[str, str]]:
        """Return (field, column) for every column that is used, with the language if it is set."""
        texts = [
            (f"{name} ({v.tag})" if v.tag else name, column)
            for v in self.versions
            for name, column in v.columns.items()
        ]
        return [*texts, *self.fields.items()]


def columns_in(
    sample: Sequence[Mapping[str, Any]], *, chosen: Mapping[str, Sequence[str]] | None = None
) -> Columns:
    """Find the column of each field by usual names, in Chinese and English.

    A name may carry its language: ``question_en``, ``答案（中文）``, ``英文问题``. Where both 答案
    and Answer are there, they are two languages.

    Args:
        chosen: field to columns, before any guess; an empty name leaves the field out.

    Raises:
        RecordError: no column is known to hold answers, or neither questions nor titles.
        ConfigError: a chosen column is not there.
    """
    names = list(dict.fromkeys(name for row in sample for name in row if name))
    wanted = {name: tuple(columns) for name, columns in (chosen or {}).items() if columns}
    found = _found(names, sample, wanted)
    versions = _versions(found, names)
    if not versions:
        raise _unknown("the answers", "--answer-column", names)
    if not any(set(v.columns) - {"answer"} for v in versions):
        raise _unknown("questions or titles", "--question-column or --title-column", names)
    fields = {name: at[0][0] for name, at in found.items() if name not in TEXTS and at}
    used = {column for version in versions for column in version.columns.values()}
    used |= set(fields.values())
    return Columns(
        versions=versions,
        fields=fields,
        unused=tuple(name for name in names if name not in used),
        examples={name: _example(name, sample) for name in names},
    )


def meaning_of(name: str) -> tuple[str, str] | None:
    """Return the field that a column's name means, and the language that it carries, or ``""``."""
    if field_name := _MEANING.get(plain_name(name)):
        return field_name, ""
    spelt = unicodedata.normalize("NFKC", name).casefold().strip()
    for marker, tag in sorted(BY_NAME.items(), key=lambda pair: -len(pair[0])):
        joint = f"{_JOINTS}*" if _HAN.search(marker) else f"{_JOINTS}+"
        tail = f"{_JOINTS}*"
        for pattern in (f"{marker}{joint}(.+?)", f"(.+?){joint}{marker}{tail}"):
            match = re.fullmatch(pattern, spelt)
            if match and (field_name := _MEANING.get(plain_name(match[1]))):
                return field_name, tag
    return None


def _found(
    names: Sequence[str],
    sample: Sequence[Mapping[str, Any]],
    wanted: Mapping[str, Sequence[str]],
) -> dict[str, list[tuple[str, str]]]:
    """Return field to its columns with their languages, the likeliest first."""
    found: dict[str, list[tuple[str, str]]] = {
        name: [_resolved(column, names, field_name=name) for column in columns if column]
        for name, columns in wanted.items()
    }
    taken = {column for columns in found.values() for column, _ in columns}
    for name in sorted(names, key=lambda n: (not _is_filled(n, sample), _rank(n))):
        meaning = meaning_of(name)
        if meaning and name not in taken and meaning[0] not in wanted:
            found.setdefault(meaning[0], []).append((name, meaning[1]))
    return found


def _rank(name: str) -> int:
    return _ORDER.get(plain_name(name), len(_ORDER))


def _versions(
    found: Mapping[str, Sequence[tuple[str, str]]], names: Sequence[str]
) -> tuple[Version, ...]:
    answers = sorted(found.get("answer", ()), key=lambda pair: names.index(pair[0]))
    bare = [column for column, tag in answers if not tag]
    both = len({_script(column) for column in bare}) > 1

    def key(column: str, tag: str) -> str:
        return tag or (_script(column) if both else "")

    keys = list(dict.fromkeys(key(column, tag) for column, tag in answers))
    columns: dict[str, dict[str, str]] = {k: {} for k in keys}
    for name in TEXTS:
        for column, tag in found.get(name, ()):
            own = key(column, tag)
            # A question that names no language belongs to every answer that has none of its own.
            for k in [own] if own in columns else ([] if tag else keys):
                columns[k].setdefault(name, column)
    return tuple(Version(k if k in BY_NAME.values() else "", columns[k]) for k in keys)


def _script(column: str) -> str:
    return "han" if _HAN.search(column) else "latin"


def _resolved(column: str, names: Sequence[str], *, field_name: str) -> tuple[str, str]:
    alike = [n for n in names if n == column] or [
        n for n in names if plain_name(n) == plain_name(column)
    ]
    if not alike:
        raise ConfigError(
            f"--{field_name}-column names {column!r}, which is not there; "
            f"the columns are {listed(names)}"
        )
    meaning = meaning_of(alike[0])
    return alike[0], meaning[1] if meaning else ""


def _is_filled(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    return any(as_text(row.get(name)) not in ("", [], {}) for row in sample)


def _unknown(what: str, option: str, names: Sequence[str]) -> RecordError:
    return RecordError(
        f"no column is known to hold {what}; name it with {option}; the columns are {listed(names)}"
    )


def _example(name: str, sample: Sequence[Mapping[str, Any]]) -> str:
    texts = (shortened(str(as_text(row.get(name)))) for row in sample)
    return next(filter(None, texts), "")
