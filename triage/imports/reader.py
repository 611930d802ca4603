"""Which reader a path needs, and everything that it finds there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from triage.errors import RecordError
from triage.imports.bitext import COLUMNS as BITEXT_COLUMNS
from triage.imports.bitext import read_bitext
from triage.imports.columns import Columns
from triage.imports.draft import Draft, Unread
from triage.imports.formats import Format
from triage.imports.markdown import ENDINGS, markdown_files, merged, read_markdown
from triage.imports.own import read_own
from triage.imports.slots import SlotMap, load_slots
from triage.imports.table import read_table, table_columns
from triage.imports.zendesk import read_page, read_zendesk, zendesk_pages
from triage.tables import Row, read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a source holds.

    Attributes:
        columns: what a table's columns were taken for; ``None`` for other kinds.
        open_slots: slots of the other system that are none of ours, with their number.
    """

    format: Format
    drafts: tuple[Draft, ...]
    unread: tuple[Unread, ...]
    columns: Columns | None = None
    open_slots: Mapping[str, int] = field(default_factory=dict)

    @property
    def rejects(self) -> tuple[Unread, ...]:
        """What should have become an article."""
        return tuple(u for u in self.unread if u.fault)


def read_source(
    path: Path,
    *,
    source: str,
    kind: Format = Format.AUTO,
    chosen: Mapping[str, Sequence[str]] | None = None,
    report: Callable[[int], None] = lambda articles: None,
) -> Found:
    """Read all articles of a file or folder.

    Args:
        source: a name for where they come from; part of the ids of articles that have none.
        chosen: columns of a table by field, before any guess.
        report: called with the number of articles so far.

    Raises:
        RecordError: the path cannot be read, is of no known kind, or holds no article.
        ConfigError: a chosen column is not there.
    """
    kind = format_of(path) if kind is Format.AUTO else kind
    slots = load_slots()
    columns = table_columns(path, chosen=chosen) if kind is Format.CSV else None
    drafts: dict[str, Draft] = {}
    unread: list[Unread] = []
    for found in _read(path, kind, source=source, slots=slots, columns=columns):
        if isinstance(found, Unread):
            unread.append(found)
        elif found.id in drafts:
            first = drafts[found.id].place
            reason = f"is {found.id!r} as {first} is, with another answer; give it another title"
            unread.append(Unread(found.place, reason, id=found.id))
        else:
            drafts[found.id] = found
            report(len(drafts))
    if not drafts:
        raise RecordError(f"{path} holds no article{_first_reason(unread)}")
    return Found(
        format=kind,
        drafts=tuple(drafts.values()),
        unread=tuple(unread),
        columns=columns,
        open_slots=dict(slots.open.most_common()),
    )


def format_of(path: Path) -> Format:
    """Tell the kind of a source by its names and first rows.

    Raises:
        RecordError: there is no such path, or it is of no known kind.
    """
    if path.is_dir():
        if any(_is_page(page) for page in zendesk_pages(path)):
            return Format.ZENDESK
        if markdown_files(path):
            return Format.MARKDOWN
        raise RecordError(f"{path} holds neither .md files nor pages of articles in .json")
    if path.suffix.lower() in ENDINGS:
        return Format.MARKDOWN
    if path.suffix.lower() == ".json" and _is_page(path):
        return Format.ZENDESK
    names = {name for row in islice(read_rows(path), 50) if isinstance(row, Row)
             for name in row.fields}  # fmt: skip
    if set(BITEXT_COLUMNS) <= names:
        return Format.BITEXT
    return Format.JSONL if "translations" in names else Format.CSV


def _read(
    path: Path, kind: Format, *, source: str, slots: SlotMap, columns: Columns | None
) -> Iterator[Draft | Unread]:
    if kind in (Format.MARKDOWN, Format.ZENDESK) and not path.exists():
        raise RecordError(f"{path} is not there; check the path")
    if columns is not None:
        return read_table(path, source=source, columns=columns, slots=slots)
    if kind is Format.MARKDOWN:
        return merged(read_markdown(path, source=source, slots=slots))
    if kind is Format.ZENDESK:
        return read_zendesk(path, source=source, slots=slots)
    if kind is Format.BITEXT:
        return read_bitext(path, source=source, slots=slots)
    return read_own(path)


def _is_page(path: Path) -> bool:
    try:
        read_page(path)
    except RecordError:
        return False
    return True


def _first_reason(unread: Sequence[Unread]) -> str:
    if not unread:
        return "; name another file"
    reason, count = Counter(u.reason for u in unread).most_common(1)[0]
    place = next(u.place for u in unread if u.reason == reason)
    return f"; {count} of {len(unread)} entries: {reason} ({place})"
