"""``triage priority``: why a message has its priority, and whether a policy file is sound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.errors import ConfigError

if TYPE_CHECKING:
    from rich.text import Text

    from triage.domain import Message
    from triage.policy import Policy, Promotion, Terms
    from triage.priority import Assessment, Finding

app = typer.Typer(help="Look at the priority policy and what it decides.", no_args_is_help=True)
MAX_SCORE = 100
LEVEL_STYLES = {"urgent": "bold white on red", "high": "bold red", "normal": "green", "low": "dim"}


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The customer's message.")],
    policy: Annotated[
        Path | None, typer.Option(help="A policy file; default: the one in use.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When it was written, ISO 8601; default: now.")
    ] = None,
    tier: Annotated[str | None, typer.Option(help="The customer's tier, such as vip.")] = None,
    contacts: Annotated[int, typer.Option(min=0, help="Earlier messages about the matter.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps as JSON.")] = False,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Only the policy, without the learnt head: fast.")
    ] = False,
) -> None:
    """Show step by step how a message gets its priority.

    Examples:

        triage priority explain "充电器冒烟了，赶紧处理" --no-model

        triage priority explain "I need it by Friday" --at 2026-11-19T10:00 --tier vip

        triage priority explain "第三次了，垃圾平台" --policy my-policy.toml --json | jq .level
    """
    from triage.domain import Customer, Message

    message = Message(
        id="explain",
        text=text,
        customer=Customer(tier=tier) if tier else None,
        created_at=_moment(at),
        contacts=contacts,
    )
    found = _by_policy(message, policy) if no_model else _by_engine(message, policy)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print_steps(text, found, learnt=not no_model)


@app.command()
def check(
    policy: Annotated[
        Path | None, typer.Argument(help="A policy file; default: the one in use.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Check a policy file and sum up what it says.

    Every mistake is told with its line, the key, the value and a remedy; the exit code is then 2.

    Examples:

        triage priority check my-policy.toml

        triage priority check --json | jq .sla_minutes
    """
    from triage.policy_file import DEFAULT_POLICY, read_policy
    from triage.settings import load_settings

    path = policy or load_settings().priority_policy or DEFAULT_POLICY
    content = read_policy(path)
    if as_json:
        typer.echo(json.dumps(_summary(content), ensure_ascii=False, indent=2))
    else:
        _print_summary(path, content)


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(at)
    except ValueError as fault:
        raise ConfigError(
            f"--at {at!r} is no time; give ISO 8601, as 2026-11-11T09:30 or 2026-11-11"
        ) from fault


def _by_policy(message: Message, path: Path | None) -> Assessment:
    from triage.circumstances import Case
    from triage.errors import MessageError
    from triage.extraction import KeyInfoExtractor
    from triage.priority import load_policy
    from triage.settings import load_settings

    if not message.text.strip():
        raise MessageError("text", "is empty", remedy="give the customer's words")
    policy = load_policy(path or load_settings().priority_policy)
    moment = message.created_at or _moment(None)
    (key_info,) = KeyInfoExtractor().extract([message.text], times=[moment])
    case = Case(
        text=message.text,
        key_info=key_info,
        now=moment,
        customer=message.customer,
        contacts=message.contacts,
    )
    return policy.assess(case)


def _by_engine(message: Message, path: Path | None) -> Assessment:
    from triage.engine import load_engine
    from triage.settings import load_settings

    return load_engine(settings=load_settings(priority_policy=path)).assess_priority(message)


def _print_steps(text: str, found: Assessment, *, learnt: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(_highlighted(text, found.findings), soft_wrap=True)
    table = Table("step", "points", "floor", "evidence")
    origin = "learnt head" if learnt else "no model"
    table.add_row(f"base ({origin})", str(found.base), "", found.base_level.value)
    for finding in found.findings:
        reason = finding.reason
        floor = finding.floor.value if finding.floor else ""
        styled = Text(floor, LEVEL_STYLES.get(floor, ""))
        table.add_row(reason.signal, f"{finding.points:+d}", styled, Text(reason.evidence))
    console.print(table)
    if found.promotion:
        console.print(Text(f"Terms of the promotion {found.promotion!r} hold."))
    for note in _notes(found):
        console.print(Text(note))
    level = Text(f" {found.level.value} ", LEVEL_STYLES[found.level.value])
    sla = f", first answer within {found.sla_minutes} minutes" if found.sla_minutes else ""
    console.print(Text.assemble("Priority ", level, f" {found.score}/100{sla}"))


def _notes(found: Assessment) -> list[str]:
    """Say where the score is not the plain sum."""
    if found.score > found.total:
        reason = f"the floor {found.floor.value}" if found.floor else "the lowest score"
        return [f"The sum {found.total} is lifted to {found.score}: {reason}."]
    if found.score < found.total:
        reason = "the scale ends there" if found.score == MAX_SCORE else "points lift no further"
        return [f"The sum {found.total} is limited to {found.score}: {reason}."]
    return []


def _highlighted(text: str, findings: tuple[Finding, ...]) -> Text:
    from rich.text import Text

    shown = Text(text)
    for finding in findings:
        if finding.reason.start is not None:
            style = LEVEL_STYLES[finding.floor.value] if finding.floor else "bold yellow"
            shown.stylize(style, finding.reason.start, finding.reason.end)
    return shown


def _summary(policy: Policy) -> dict[str, object]:
    return {
        "signals": [
            {"name": name, "weight": weight, "floor": policy.floors.get(name)}
            for name, weight in policy.terms.weights.items()
        ],
        "tiers": dict(policy.tiers),
        "levels": dict(policy.terms.thresholds),
        "sla_minutes": dict(policy.terms.sla_minutes),
        "promotions": [
            {
                "name": promotion.name,
                "from": promotion.first.isoformat(),
                "until": promotion.last.isoformat(),
                "changes": _changes(policy.terms, promotion.terms),
            }
            for promotion in policy.promotions
        ],
    }


def _changes(usual: Terms, own: Terms) -> dict[str, dict[str, int]]:
    """Return the numbers that a promotion changes, by kind and name."""
    kinds: dict[str, tuple[Mapping[Any, int], Mapping[Any, int]]] = {
        "levels": (usual.thresholds, own.thresholds),
        "weights": (usual.weights, own.weights),
        "sla_minutes": (usual.sla_minutes, own.sla_minutes),
    }
    return {
        kind: changed
        for kind, (before, after) in kinds.items()
        if (changed := {k: v for k, v in after.items() if before.get(k) != v})
    }


def _print_summary(path: Path, policy: Policy) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"{path} is sound."), soft_wrap=True)
    signals = Table("signal", "weight", "floor")
    for name, weight in policy.terms.weights.items():
        floor = policy.floors.get(name)
        shown = Text(floor.value, LEVEL_STYLES[floor.value]) if floor else Text("")
        signals.add_row(Text(name), f"{weight:+d}", shown)
    for tier, points in policy.tiers.items():
        signals.add_row(Text(f"tier {tier}"), f"{points:+d}", Text(""))
    levels = Table("level", "from score", "first answer within")
    for level, threshold in sorted(policy.terms.thresholds.items(), key=lambda pair: -pair[1]):
        minutes = policy.terms.sla_minutes.get(level)
        levels.add_row(level.value, str(threshold), f"{minutes} min" if minutes else "")
    console.print(signals, levels)
    for promotion in policy.promotions:
        console.print(_promotion_line(policy, promotion), soft_wrap=True)


def _promotion_line(policy: Policy, promotion: Promotion) -> Text:
    from rich.text import Text

    changes = _changes(policy.terms, promotion.terms)
    told = [f"{name} {v}" for numbers in changes.values() for name, v in numbers.items()]
    days = f"{promotion.first} to {promotion.last}"
    return Text(f"Promotion {promotion.name}, {days}: {', '.join(told) or 'nothing changed'}")
