"""What a tagged row holds: fields nested as a result has them, or flat columns for a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.errors import ConfigError
from triage.extraction import STRENGTH
from triage.writers import cell

ALWAYS = ("id", "line", "error", "file")  # where a row has them, whatever is chosen
NESTED = ("id", "language", "script", "languages", "model", "category", "team", "priority",
          "sentiment", "key_info", "suggestions", "needs_review", "review_reasons",
          "understood_text", "kb_version", "line", "error")  # fmt: skip
REPLIES = 3  # of a row in flat columns
INPUT = "input"  # what original columns lie under, or begin with where a name is taken
_JOINT = "; "
_MAX_CELL = 32_767  # Excel's limit
# What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.,]+")

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """How records are written: which fields, nested or flat, with the original columns or without.

    Attributes:
        flat: one cell a value, for CSV, TSV and Excel.
        fields: the names chosen, in their order; all if empty.
        keep: original columns are kept.
        needs_review: only rows that a human must look at, those with an error among them.
    """

    flat: bool
    fields: tuple[str, ...] = ()
    keep: bool = False
    needs_review: bool = False

    def wants(self, record: Record) -> bool:
        """Tell whether a record is written at all."""
        return not self.needs_review or "error" in record or bool(record["needs_review"])

    def row(self, record: Record, given: Record | None = None) -> dict[str, Any]:
        """Return a record as it is written, ``given`` being the row that it was made of."""
        made = flattened(record) if self.flat else dict(record)
        if self.fields:
            wanted = (*self.fields, *(n for n in ALWAYS if n not in self.fields))
            made = {name: made[name] for name in wanted if name in made}
        if not self.keep or given is None:
            return made
        return {**originals(given), **made} if self.flat else {**made, INPUT: dict(given)}

    def columns(self, seen: Iterable[str] = (), *, files: bool = False) -> list[str]:
        """Return the columns of a table: original ones that were seen, then those chosen."""
        known = self.fields or (tuple(FLAT) if self.flat else NESTED)
        always = [n for n in ALWAYS if files or n != "file"]
        return list(dict.fromkeys((*seen, "id", *known, *always)))


def chosen_fields(names: str, *, flat: bool) -> tuple[str, ...]:
    """Return the fields named, with commas between them.

    Raises:
        ConfigError: one is not known; the known ones are listed.
    """
    known = tuple(FLAT) if flat else NESTED
    wanted = tuple(name.strip() for name in names.split(",") if name.strip())
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError(f"no field {unknown[0]!r}; choose from {', '.join(known)}")
    return wanted


def originals(given: Record) -> dict[str, Any]:
    """Return a row's own columns, renamed to ``input_…`` where a flat column has the name."""
    taken = {*FLAT, *NESTED, *ALWAYS}
    return {(f"{INPUT}_{name}" if name in taken else name): v for name, v in given.items()}


def typed(row: Record) -> dict[str, Any]:
    """Return a nested row with the values of ``parquet_schema``."""
    made = {name: value for name, value in row.items() if name != INPUT}
    if languages := made.get("languages"):
        made["languages"] = list(languages.items())
    own = originals(row.get(INPUT, {}))
    return {**made, **{name: cell(value) for name, value in own.items()}}


def flattened(record: Record) -> dict[str, Any]:
    """Return a record as one cell a value: lists joined, key information a column a type."""
    if "error" in record:
        return dict(record)
    made = {name: take(record) for name, take in FLAT.items() if name not in ("line", "error")}
    return made | ({"file": record["file"]} if "file" in record else {})


def guarded(row: Record) -> dict[str, Any]:
    """Return a row of text cells, each with ``'`` before it that a spreadsheet would calculate.

    Numbers with a sign, such as telephone numbers, and ids stay as they are.
    """
    return {name: value if name == "id" else _guarded(value) for name, value in row.items()}


def cut(row: Record) -> dict[str, Any]:
    """Return a row with cells shortened to what an Excel sheet holds."""
    return {
        name: f"{value[: _MAX_CELL - 1]}…"
        if isinstance(value, str) and len(value) > _MAX_CELL
        else value
        for name, value in row.items()
    }


def parquet_schema(shape: Shape, seen: Sequence[str], *, files: bool) -> Any:
    """Return the types of nested rows (``pyarrow.Schema``); original columns become text."""
    import pyarrow as pa

    text, whole, score = pa.string(), pa.int64(), pa.float64()
    place = [("start", whole), ("end", whole)]

    def rows_of(*fields: tuple[str, Any]) -> Any:
        return pa.list_(pa.struct(fields))

    types = {
        "languages": pa.map_(text, score),
        "category": pa.struct([
            ("label", text), ("intent", text), ("confidence", score),
            ("alternatives", rows_of(("label", text), ("confidence", score))),
            ("set", pa.list_(text)), ("familiarity", score),
        ]),
        "priority": pa.struct([
            ("level", text), ("score", whole),
            ("reasons", rows_of(("signal", text), ("evidence", text), *place)),
            ("sla_minutes", whole),
        ]),
        "sentiment": pa.struct([
            ("label", text), ("confidence", score), ("flags", pa.list_(text)),
            ("cues", rows_of(("flag", text), ("evidence", text), *place)),
        ]),
        "key_info": rows_of(
            ("type", text), ("text", text), ("value", text), *place, ("carrier", text)
        ),
        "suggestions": rows_of(
            ("article_id", text), ("category", text), ("title", text), ("reply", text),
            ("language", text), ("similarity", score), ("confidence", score),
            ("missing_slots", pa.list_(text)), ("source", text), ("article_version", whole),
            ("script", text), ("in_other_language", pa.bool_()), ("converted", pa.bool_()),
            ("template", text), ("format", text), ("passage", text),
        ),
        "needs_review": pa.bool_(), "review_reasons": pa.list_(text), "line": whole,
    }  # fmt: skip
    named = [(name, types.get(name, text)) for name in shape.columns(files=files)]
    return pa.schema([*named, *((name, text) for name in seen)])


def _key_info(kind: str) -> Callable[[Record], str]:
    def take(record: Record) -> str:
        return _joined(k["value"] for k in record["key_info"] if k["type"] == kind)

    return take


def _reply(number: int) -> Iterator[tuple[str, Callable[[Record], Any]]]:
    def of(name: str) -> Callable[[Record], Any]:
        def take(record: Record) -> Any:
            replies = record["suggestions"]
            return replies[number - 1][name] if len(replies) >= number else None

        return take

    yield f"reply_{number}", of("reply")
    yield f"reply_{number}_article", of("article_id")
    yield f"reply_{number}_confidence", of("confidence")


def _of(*path: str) -> Callable[[Record], Any]:
    def take(record: Record) -> Any:
        value: Any = record
        for name in path:
            value = value[name]
        return _joined(value) if isinstance(value, list) else value

    return take


def _alternatives(record: Record) -> str:
    return _joined(f"{a['label']} {a['confidence']}" for a in record["category"]["alternatives"])


def _reasons(record: Record) -> str:
    reasons = record["priority"]["reasons"]
    return _joined(f"{r['signal']}: {r['evidence']}" if r["evidence"] else r["signal"]
                   for r in reasons)  # fmt: skip


def _cues(record: Record) -> str:
    return _joined(f"{c['flag']}: {c['evidence']}" for c in record["sentiment"]["cues"])


def _languages(record: Record) -> str:
    return _joined(f"{code} {share}" for code, share in record["languages"].items())


def _joined(values: Iterable[str]) -> str:
    return _JOINT.join(values)


def _guarded(value: Any) -> Any:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


FLAT: Mapping[str, Callable[[Record], Any]] = {
    "id": _of("id"),
    "category": _of("category", "label"),
    "category_confidence": _of("category", "confidence"),
    "intent": _of("category", "intent"),
    "category_alternatives": _alternatives,
    "category_set": _of("category", "set"),
    "familiarity": _of("category", "familiarity"),
    "team": _of("team"),
    "priority": _of("priority", "level"),
    "priority_score": _of("priority", "score"),
    "reasons": _reasons,
    "sla_minutes": _of("priority", "sla_minutes"),
    "sentiment": _of("sentiment", "label"),
    "sentiment_confidence": _of("sentiment", "confidence"),
    "flags": _of("sentiment", "flags"),
    "cues": _cues,
    **{kind: _key_info(kind) for kind in STRENGTH},
    **{name: take for number in range(1, REPLIES + 1) for name, take in _reply(number)},
    "needs_review": _of("needs_review"),
    "review_reasons": _of("review_reasons"),
    "language": _of("language"),
    "script": _of("script"),
    "languages": _languages,
    "understood_text": _of("understood_text"),
    "model": _of("model"),
    "kb_version": lambda record: record.get("kb_version"),
    "line": lambda record: record.get("line"),
    "error": lambda record: record.get("error"),
}
