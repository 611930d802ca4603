"""Agents' feedback for training: read from a log or an export, corrections joined to tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.corpus import LABEL_FIELDS, Corpus, Ticket
from training.corrections import relabelled
from triage.decisions import DecisionStore, Judgement
from triage.decisions.judgement import TASKS, judgements
from triage.errors import ConfigError, RecordError
from triage.privacy import Redactor
from triage.records import Row, read_rows
from triage.settings import Settings
from triage.text import normalise

LOG = "log"


@dataclass(frozen=True, slots=True)
class Joined:
    """Tickets with corrections, and how many of these there were of each kind.

    Attributes:
        without_text: corrections of decisions whose text the log does not keep.
    """

    corpus: Corpus
    added: int
    relabelled: int
    without_text: int


def read_feedback(source: str, settings: Settings) -> tuple[str, list[Judgement]]:
    """Return how a source may be named in public, and the decisions with feedback in it.

    Args:
        source: the URL of a log, a file as ``triage feedback export`` writes it, or ``log`` for the
            log of the settings.

    Raises:
        ConfigError: the settings switch the log off, or the URL is unusable.
        DecisionError: the log is away.
        RecordError: the file cannot be read, or a row of it is no feedback.
    """
    if source != LOG and "://" not in source:
        return Path(source).name, list(_read(Path(source)))
    url = settings.decisions_url if source == LOG else source
    if url is None:
        raise ConfigError(
            "the log of decisions is switched off; give its URL or an export instead of log"
        )
    store = DecisionStore(url)
    try:
        return store.name, list(judgements(store))
    finally:
        store.close()


def join_feedback(corpus: Corpus, given: Iterable[Judgement]) -> Joined:
    """Return the corpus with corrected labels, which win over those of a ticket of equal text.

    Texts are equal as ``normalise`` leaves them, or as redaction does, for the log redacts by
    default. What no correction names stays as the ticket has it.
    """
    corrected = [one for one in given if one.labels]
    usable = [one for one in corrected if one.text]
    tickets = list(corpus.tickets)
    places: dict[str, list[int]] = {}
    for number, ticket in enumerate(tickets):
        places.setdefault(ticket.normalised, []).append(number)
    for text, numbers in _redacted(tickets, usable).items():
        places.setdefault(normalise(text), []).extend(numbers)
    changed: set[int] = set()
    for one in usable:
        text = str(one.text)
        key = normalise(text)
        if key not in places:
            places[key] = [len(tickets)]
            empty: dict[str, str | None] = dict.fromkeys(LABEL_FIELDS)
            tickets.append(Ticket(one.id, text, key, empty, created_at=one.created_at))
        for number in set(places[key]):
            tickets[number] = relabelled(tickets[number], _labels(one))
            changed.add(number)
    added = len(tickets) - len(corpus.tickets)
    return Joined(
        corpus=replace(corpus, tickets=tuple(tickets)),
        added=added,
        relabelled=len(changed) - added,
        without_text=len(corrected) - len(usable),
    )


def _labels(one: Judgement) -> dict[str, str]:
    """Return corrected labels; an intent tells its category."""
    labels = dict(one.labels)
    if intent := labels.get("intent"):
        labels["category"] = intent.partition("/")[0]
    return labels


def _redacted(tickets: Sequence[Ticket], given: Sequence[Judgement]) -> dict[str, list[int]]:
    """Return the redacted texts of the tickets that begin and end like a redacted correction."""
    masked = {str(one.text) for one in given if "[" in str(one.text)}
    if not masked:
        return {}
    heads = tuple({text.partition("[")[0] for text in masked})
    tails = tuple({text.rpartition("]")[2] for text in masked})
    redactor, found = Redactor(), dict[str, list[int]]()
    for number, ticket in enumerate(tickets):
        if ticket.text.startswith(heads) and ticket.text.endswith(tails):
            text = redactor.redact(ticket.text).text
            if text in masked:
                found.setdefault(text, []).append(number)
    return found


def _read(path: Path) -> Iterator[Judgement]:
    for row in read_rows(path):
        if not isinstance(row, Row) or "shown" not in row.fields or "id" not in row.fields:
            raise RecordError(
                f"{path}, line {row.line}: is no feedback; give a file that "
                "`triage feedback export` wrote"
            )
        yield _from_fields(row.fields)


def _from_fields(fields: Mapping[str, Any]) -> Judgement:
    return Judgement(
        id=str(fields["id"]),
        text=fields.get("text"),
        shown=tuple(fields["shown"]),
        chosen=fields.get("chosen"),
        edit_share=fields.get("edit_share"),
        labels={task: str(fields[task]) for task in TASKS if fields.get(task)},
        sent=fields.get("sent"),
        agent=fields.get("agent"),
        model=str(fields.get("model", "")),
        kb_version=str(fields.get("kb_version", "")),
        created_at=str(fields.get("created_at", "")),
    )
