"""Wrong labels found among known ones: the figure for docs/quality.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.audit import audit_corpus
from training.corpus import Corpus, read_corpus
from training.experts import FitOptions
from triage.encoder import load_encoder

SHARE = 0.1


def test_most_flipped_labels_are_in_the_first_tenth_of_the_ranking(bench_data: Path) -> None:
    clean = read_corpus(bench_data / "banking77" / "train.csv", keep_repeats=True)
    names = sorted({str(t.labels["category"]) for t in clean.tickets})
    rng = np.random.default_rng(13)
    true, tickets = {}, []
    for ticket in clean.tickets:
        given = str(ticket.labels["category"])
        if rng.random() < SHARE:
            true[ticket.line] = given
            given = str(rng.choice([name for name in names if name != given]))
        tickets.append(replace(ticket, labels={**ticket.labels, "category": given}))
    found = audit_corpus(Corpus(tuple(tickets), (), 0), load_encoder(), options=FitOptions())
    (part,) = found.tasks
    first = part.ranking[: int(SHARE * len(tickets))]
    recall = sum(j.ticket.line in true for j in first) / len(true)
    flagged = [j for j in part.doubts if j.ticket.line in true]
    right = sum(j.suggested == true[j.ticket.line] for j in flagged) / len(flagged)
    print(  # noqa: T201
        f"\nbanking77, {len(true)} of {len(tickets)} labels flipped: the first "
        f"{len(first)} of the ranking hold {recall:.1%}; {len(part.doubts)} called doubtful, "
        f"{len(flagged) / len(part.doubts):.1%} of them flipped, {right:.1%} of those with the "
        "true label suggested"
    )
    assert recall >= 0.7
