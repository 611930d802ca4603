"""``triage ask``: one message in, a readable panel or JSON out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from triage.errors import MessageError

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from triage.domain import Suggestion, TriageResult

_LEVEL_STYLES = {"urgent": "bold white on red", "high": "bold red", "normal": "green", "low": "dim"}


def ask(
    text: Annotated[str, typer.Argument(help="The customer's message; - reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    model: Annotated[
        str | None, typer.Option(help="A version or a bundle folder; default: the promoted one.")
    ] = None,
    tier: Annotated[str | None, typer.Option(help="The customer's tier, such as vip.")] = None,
) -> None:
    """Triage one message.

    Examples:

        triage ask "我的快递三天没动了，到底什么时候能到？"

        triage ask "refund for order A-10023 pls" --json | jq .category

        pbpaste | triage ask -
    """
    from triage.domain import Customer, Message
    from triage.engine import load_engine

    if text == "-":
        text = _standard_input()
    message = Message(id="ask", text=text, customer=Customer(tier=tier) if tier else None)
    result = load_engine(model).triage([message])[0]
    if as_json:
        typer.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print_panel(text, result)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as fault:
        raise MessageError(
            "text", f"on standard input is not UTF-8 ({fault})", remedy="convert it to UTF-8"
        ) from fault


def _print_panel(text: str, result: TriageResult) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    title = Text(" ".join(text.split())[:70])
    Console().print(Panel(_summary(result), title=title, title_align="left", border_style="blue"))


def _summary(result: TriageResult) -> Group:
    from rich.console import Group
    from rich.text import Text

    parts: list[Text | Table] = [_facts(result)]
    for number, suggestion in enumerate(result.suggestions, start=1):
        parts.extend(_reply(number, suggestion))
    if result.review_reasons:
        parts.append(
            Text(f"\nA human must look: {'; '.join(result.review_reasons)}", "bold yellow")
        )
    return Group(*parts)


def _facts(result: TriageResult) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    category = result.category
    others = ", ".join(f"{a.label} {a.confidence:.0%}" for a in category.alternatives[:2])
    table.add_row(
        "Category",
        Text(f"{category.label} {category.confidence:.0%} ({category.intent}; then {others})"),
    )
    table.add_row("Team", Text(result.team))
    level = Text(f" {result.priority.level.value} ", _LEVEL_STYLES[result.priority.level.value])
    reasons = "; ".join(
        f"{r.signal}: {r.evidence}" if r.evidence else r.signal for r in result.priority.reasons
    )
    table.add_row("Priority", Text.assemble(level, f" {result.priority.score}/100  {reasons}"))
    flags = f" ({', '.join(result.sentiment.flags)})" if result.sentiment.flags else ""
    table.add_row(
        "Sentiment",
        Text(f"{result.sentiment.label.value} {result.sentiment.confidence:.0%}{flags}"),
    )
    for info in result.key_info:
        shown = info.text if info.text == info.value else f"{info.text} → {info.value}"
        if info.carrier:
            shown += f" ({info.carrier})"
        table.add_row(info.type, Text(shown))
    return table


def _reply(number: int, suggestion: Suggestion) -> list[Text]:
    from rich.text import Text

    origin = f"{suggestion.confidence:.0%}, {suggestion.article_id}"
    head = f"\nReply {number}  {suggestion.title}  ({origin})"
    lines = [Text(head, "bold cyan"), Text(suggestion.reply)]
    if suggestion.in_other_language:
        lines.append(
            Text(f"there is no text in the customer's language: {suggestion.language}", "yellow")
        )
    if suggestion.missing_slots:
        lines.append(Text(f"to fill in: {', '.join(suggestion.missing_slots)}", "yellow"))
    return lines
