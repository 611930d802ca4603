"""``triage doctor``: whether an installation will work, and what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from triage.inspection import Finding

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Check this installation: Python, packages, model, encoder, files, database, port, door.

    Nothing is changed. It ends with 0 where all is well, with 1 where it works and something may
    be unwanted, and with 2 where `triage serve` would not work.

    Examples:

        triage doctor

        triage doctor --json | jq '.findings[] | select(.grade != "ok")'
    """
    import orjson
    from rich.console import Console

    from api.guard import check
    from triage.inspection import Grade, inspect_installation

    console = Console(highlight=False, soft_wrap=True)
    findings = []
    for finding in inspect_installation(check):
        findings.append(finding)
        if not as_json:
            _show(console, finding)
    grades = [finding.grade for finding in findings]
    worst = next((g for g in (Grade.FAIL, Grade.WARN) if g in grades), Grade.OK)
    if as_json:
        content = {"verdict": worst.value, "findings": [f.to_dict() for f in findings]}
        typer.echo(orjson.dumps(content).decode())
    else:
        console.print(_summary(grades.count(Grade.FAIL), grades.count(Grade.WARN)))
    raise typer.Exit({Grade.OK: 0, Grade.WARN: 1, Grade.FAIL: 2}[worst])


def _show(console: Console, finding: Finding) -> None:
    from rich.text import Text

    line = Text.assemble(
        (f"{finding.grade.value:<5}", _COLOURS[finding.grade]),
        (f"{finding.part:<10} ", "bold"),
        finding.told,
    )
    console.print(line)
    if finding.remedy:
        console.print(Text(f"{'':16}→ {finding.remedy}"))


def _summary(failures: int, warnings: int) -> str:
    if failures:
        return f"{failures} to mend before the service works, {warnings} to look at"
    return f"{warnings} to look at" if warnings else "All is well"
