"""Personal details in what the training commands write: hidden where ``--redact`` asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.audit import Audit
    from training.corpus import Ticket
    from training.suspects import Suspect
    from triage.privacy import Redactor
    from triage.records import Reject

RedactOption = Annotated[
    bool,
    typer.Option("--redact", help="Show and write customers' texts with tokens such as [PHONE_1]."),
]


def redactor_if(asked: bool) -> Redactor | None:  # noqa: FBT001  # the option itself
    """Return a redactor if the option was given."""
    from triage.privacy import Redactor

    return Redactor() if asked else None


def hidden_rejects(rejects: Iterable[Reject], redactor: Redactor | None) -> list[Reject]:
    """Return rejects without personal details in content and reason."""
    if redactor is None:
        return list(rejects)
    return [
        replace(r, reason=redactor.redact(r.reason).text, content=redactor.redact(r.content).text)
        for r in rejects
    ]


def hidden_findings(
    found: Audit, suspects: Iterable[Suspect], redactor: Redactor | None
) -> tuple[Audit, list[Suspect]]:
    """Return the findings of an audit with redacted texts; what models read was whole."""
    if redactor is None:
        return found, list(suspects)
    texts: dict[str, str] = {}

    def hidden(ticket: Ticket) -> Ticket:
        if ticket.text not in texts:
            texts[ticket.text] = redactor.redact(ticket.text).text
        return replace(ticket, text=texts[ticket.text])

    tasks = tuple(
        replace(
            part,
            ranking=tuple(replace(j, ticket=hidden(j.ticket)) for j in part.ranking),
            conflicts=tuple(
                replace(c, tickets=tuple(map(hidden, c.tickets))) for c in part.conflicts
            ),
        )
        for part in found.tasks
    )
    return replace(found, tasks=tasks), [replace(s, ticket=hidden(s.ticket)) for s in suspects]
