"""The tables that ``triage kb gaps`` prints of its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_SHOWN = 90  # characters of a text


def print_report(fields: Mapping[str, Any], *, top: int) -> None:
    """Print the fields of a report, at most ``top`` rows of each list, on standard output."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    clusters, singles = fields["clusters"], fields["singles"]["count"]
    console.print(
        f"{fields['unanswered']} of {fields['messages']} messages got no confident reply from "
        f"{fields['articles']} articles: {len(clusters)} clusters, {singles} single messages"
    )
    tables = (
        _clusters(clusters[:top]),
        _duplicates(fields["duplicates"][:top]),
        _contradictions(fields["contradictions"][:top]),
        _stale(fields["stale"][:top]),
    )
    totals = (len(fields[n]) for n in ("clusters", "duplicates", "contradictions", "stale"))
    for table, total in zip(tables, totals, strict=True):
        _print(console, table, total=total)
    unused = fields["unused"]
    if unused is None:
        console.print("Which articles are never used is not known without messages")
    elif unused:
        more = f" and {len(unused) - top} more" if len(unused) > top else ""
        console.print(f"{len(unused)} articles never used: {', '.join(unused[:top])}{more}")


def _clusters(clusters: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("messages", "typical", "terms", "languages", "negative", "urgent", "mostly",
                  "nearest article", title="Asked without a confident reply")  # fmt: skip
    for gap in clusters:
        near = gap["nearest"]
        _add(
            table,
            gap["size"],
            _short(gap["typical"]),
            ", ".join(gap["terms"]),
            " ".join(f"{tag} {count}" for tag, count in gap["languages"].items()),
            f"{gap['negative']:.0%}",
            f"{gap['urgent']:.0%}",
            f"{gap['intent'] or gap['category']} {gap['intent_share']:.0%}",
            f"{near['id']} {near['similarity']:.2f}" if near else "none near",
        )
    return table


def _duplicates(pairs: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("similarity", "article", "and", "text", "and",
                  title="Articles with the same question")  # fmt: skip
    for pair in pairs:
        _add(table, f"{pair['similarity']:.2f}", *pair["articles"], *map(_short, pair["texts"]))
    return table


def _contradictions(hints: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("about", "article", "says", "and", "says",
                  title="Articles that may contradict each other (a hint, no proof)")  # fmt: skip
    for hint in hints:
        (one, other), (says, else_) = hint["articles"], hint["sentences"]
        _add(table, hint["kind"], one, _short(says), other, _short(else_))
    return table


def _stale(items: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("article", "title", "why", "day", title="Articles out of date")
    for item in items:
        _add(table, item["id"], _short(item["title"]), item["reason"], item["day"])
    return table


def _print(console: Console, table: Table, *, total: int) -> None:
    if not total:
        return
    console.print(table)
    if total > table.row_count:
        console.print(f"{total - table.row_count} more; --top shows more of each list")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _add(table: Table, *cells: object) -> None:
    """Add a row of plain text: a customer's brackets are no markup."""
    from rich.markup import escape

    table.add_row(*(escape(str(cell)) for cell in cells))
