"""Checks of a labelled file before it is trained on: near-duplicates and label counts.

python -m training.audit datasets/tickets.jsonl
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from training.corpus import LABEL_FIELDS, read_corpus, shares

GRAM = 3
NEAR = 0.7


def near_duplicates(texts: Sequence[str], *, threshold: float = NEAR) -> list[tuple[int, int]]:
    """Return pairs of positions whose character 3-gram sets have a Jaccard index above a threshold.

    Exact, by an inverted index over n-grams; made for thousands of texts, not for millions.
    """
    holders: dict[str, list[int]] = defaultdict(list)
    sizes: list[int] = []
    pairs: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        grams = {text[i : i + GRAM] for i in range(max(1, len(text) - GRAM + 1))}
        shared = Counter(other for gram in grams for other in holders[gram])
        for other, count in shared.items():
            if count > threshold * (len(grams) + sizes[other] - count):
                pairs.append((other, number))
        sizes.append(len(grams))
        for gram in grams:
            holders[gram].append(number)
    return pairs


def main(arguments: list[str] | None = None) -> int:
    """Print label counts and the near-duplicates of a file."""
    parser = argparse.ArgumentParser(prog="python -m training.audit", description=__doc__)
    parser.add_argument("tickets", type=Path, help="labelled tickets: .jsonl or .csv")
    path = parser.parse_args(arguments).tickets
    console = Console()
    corpus = read_corpus(path, keep_repeats=True)
    table = Table("label", "value", "tickets")
    for task in LABEL_FIELDS:
        for label, count in shares(corpus.tickets, task).items():
            table.add_row(task, label, str(count))
    console.print(table)
    pairs = near_duplicates([t.text.lower() for t in corpus.tickets])
    touched = {position for pair in pairs for position in pair}
    share = len(touched) / len(corpus.tickets)
    console.print(f"{len(corpus.tickets)} tickets, {len(corpus.rejects)} rejected rows")
    console.print(f"{len(touched)} tickets ({share:.2%}) have a near-duplicate (Jaccard > {NEAR})")
    for first, second in pairs[:20]:
        console.print(f"  {corpus.tickets[first].text!r} ~ {corpus.tickets[second].text!r}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
