"""A model as a judge of labelled tickets, each on an answer made before it had seen the ticket."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.corpus import Ticket
from training.features import Stage
from triage.bundle import load_bundle
from triage.encoder import Encoder, load_encoder
from triage.errors import BundleError
from triage.evidence import Evidence
from triage.text import detect_language

STEP = 256
Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of two models that are compared.

    Attributes:
        labels: what it can answer, by task.
        evidence: what it said out of fold of the tickets that it was trained on, if it tells.
        answer: the likeliest label of each task for tickets that it was not trained on.
    """

    version: str
    labels: Mapping[str, Sequence[str]]
    evidence: Evidence | None
    answer: Callable[[Sequence[Ticket]], Sequence[Answers]]

    def knows(self, ticket: Ticket) -> bool:
        """Tell whether it was trained on a ticket, as far as its evidence says."""
        return self.evidence is not None and ticket.normalised in self.evidence


def load_contender(folder: Path, *, threads: int | None = None) -> Contender:
    """Return a bundle as a contender; its encoder is loaded when it first answers.

    It answers with its heads, as they did out of fold: policy and signals, which no fold tests,
    would change a priority on one side only.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
    """
    bundle = load_bundle(folder)
    version, made_for = bundle.manifest.version, bundle.manifest.encoder

    @functools.cache
    def encoder() -> Encoder:
        loaded = load_encoder(bundle.encoder_source, threads=threads)
        if loaded.name != made_for["name"]:
            raise BundleError(
                f"model {version!r} was trained on the encoder {made_for['name']!r}, but "
                f"{loaded.name!r} is loaded; train again or restore that encoder"
            )
        return loaded

    def answer(tickets: Sequence[Ticket]) -> list[Answers]:
        texts = [t.normalised for t in tickets]
        languages = [detect_language(t.text).code for t in tickets]
        predictions = bundle.classifier.predict(texts, encoder().encode(texts), languages=languages)
        return [{task: p.best for task, p in found.items()} for found in predictions]

    return Contender(
        version=version, labels=bundle.manifest.labels, evidence=bundle.evidence, answer=answer
    )


def judge(
    contender: Contender,
    tickets: Sequence[Ticket],
    *,
    tasks: Sequence[str],
    report: Callable[[Stage], None] = lambda stage: None,
) -> list[Answers]:
    """Return the contender's fair answer to each ticket, by task.

    A ticket that it was trained on is answered out of fold, any other by the model. Where a model
    was trained on a ticket and no fold answered a task, that task is missing: nothing is fair.
    """
    answers: list[Answers] = [{} for _ in tickets]
    unseen = []
    for number, ticket in enumerate(tickets):
        if (evidence := contender.evidence) is None or not contender.knows(ticket):
            unseen.append(number)
        else:
            found = {task: evidence.lookup(task, ticket.normalised) for task in tasks}
            answers[number] = {task: label for task, label in found.items() if label is not None}
    for start in range(0, len(unseen), STEP):
        part = unseen[start : start + STEP]
        for number, given in zip(part, contender.answer([tickets[i] for i in part]), strict=True):
            answers[number] = given
        report(Stage(f"asking {contender.version}", start + len(part), len(unseen)))
    return answers
