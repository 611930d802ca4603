"""A file of cues (TOML) to ``Cues``, or what in it is at fault.

The shipped one is ``resources/sentiment.toml``, which says what each key means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.cues import Before, Cue, Cues
from triage.domain import Sentiment
from triage.errors import ConfigError
from triage.signals import Signal, compiled, read_toml
from triage.text import to_simplified

DEFAULT_CUES = Path(__file__).parent / "resources" / "sentiment.toml"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _BeforeTable(_Table):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _IntensifierTable(_BeforeTable):
    times: float = Field(ge=1, le=10)


class _CueTable(_Table):
    name: str = Field(min_length=1)
    flag: str | None = None
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    negatable: bool = True
    beside: tuple[str, ...] = ()
    after: str | None = None
    silences: tuple[str, ...] = ()
    negative: float = Field(default=0.0, allow_inf_nan=False)
    positive: float = Field(default=0.0, allow_inf_nan=False)


class _CueTables(_Table):
    negation: _BeforeTable
    intensifier: _IntensifierTable
    cue: tuple[_CueTable, ...] = Field(min_length=1)


def read_cues(path: Path = DEFAULT_CUES) -> Cues:
    """Read a file of cues.

    Raises:
        ConfigError: it cannot be read, or an entry is at fault; names the entry and the remedy.
    """
    try:
        tables = _CueTables.model_validate(read_toml(path))
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {place}: {first['msg']}; see {DEFAULT_CUES}") from fault
    _check_names(tables.cue, path)
    try:
        return Cues(
            cues=tuple(_cue(table) for table in tables.cue),
            negation=_before(tables.negation),
            intensifier=_before(tables.intensifier),
            times=tables.intensifier.times,
        )
    except ValueError as fault:
        raise ConfigError(f"{path}: {fault}") from fault


def _check_names(tables: Sequence[_CueTable], path: Path) -> None:
    """Raise ConfigError where a cue's name is there twice, or another's is not where it must be."""
    names = [table.name for table in tables]
    for number, table in enumerate(tables):
        if table.name in names[:number]:
            raise ConfigError(f"{path}: cue {table.name!r} is there twice; rename or join them")
        if not (table.zh or table.en or table.patterns or table.written):
            raise ConfigError(
                f"{path}: cue {table.name!r} has no words; give it zh, en or patterns"
            )
        others = (*table.beside, *([table.after] if table.after else []))
        for name in others:
            if name not in names:
                raise ConfigError(
                    f"{path}: cue {table.name!r} names {name!r}, which is no cue; "
                    f"use one of {', '.join(names)}"
                )
        for name in table.silences:
            if name not in names[number + 1 :]:
                raise ConfigError(
                    f"{path}: cue {table.name!r} silences {name!r}, which is no later cue; "
                    "correct the name or move that cue down"
                )


def _cue(table: _CueTable) -> Cue:
    try:
        return Cue(
            signal=Signal(
                table.name,
                anywhere=compiled(table.patterns) if table.patterns else None,
                chinese=compiled(table.zh) if table.zh else None,
                english=compiled(table.en, word_start=True) if table.en else None,
                unless=compiled(table.unless) if table.unless else None,
            ),
            flag=table.flag,
            written=_as_written(table.written) if table.written else None,
            negatable=table.negatable,
            beside=table.beside,
            after=table.after,
            silences=table.silences,
            weights={Sentiment.NEGATIVE: table.negative, Sentiment.POSITIVE: table.positive},
        )
    except ValueError as fault:
        raise ValueError(f"cue {table.name!r}: {fault}") from fault


def _as_written(patterns: Sequence[str]) -> re.Pattern[str]:
    compiled(patterns, any_case=True)  # checks them
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _before(table: _BeforeTable) -> Before:
    compiled((table.zh, table.en), any_case=True)  # checks them
    return Before(re.compile(f"(?:{to_simplified(table.zh)})$"), re.compile(f"(?:{table.en})$"))
