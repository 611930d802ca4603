"""The figures of an evaluation as tables in a terminal: summary first, then where it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from training.report import distinct, figure, figure_interval, share, share_interval

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WEAKEST = 20
_SIGHTED = 5  # confidence bins narrower than this many rows say nothing alone


def print_figures(figures: Mapping[str, Any]) -> None:
    """Print the figures of ``evaluate_engine`` to standard output."""
    from rich.console import Console

    # Labels and ids come from files: what looks like markup in them is text.
    console = Console(markup=False, highlight=False)
    for part in _parts(figures):
        console.print(part)


def _parts(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield _summary(figures)
    for task, found in figures["tasks"].items():
        if "kappa" in found["by_language"]["all"]:
            yield _kappa(found["by_language"])
        yield _labels(task, found["labels"])
        yield _confusions(task, found["confusions"])
        if bins := found["by_language"]["all"]["reliability"]:
            yield _calibration(task, bins)
    if figures["review"]:
        yield from _review(figures)
    if figures["out_of_scope"]:
        yield from _strangers(figures["out_of_scope"])
    if figures["retrieval"]:
        yield _retrieval(figures["retrieval"])


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    """Return an empty table whose columns stand left, then right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=f"\n{title}",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
        min_width=len(title),
    )
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table


def _summary(figures: Mapping[str, Any]) -> Table:
    table = _table(
        f"model {figures['model']}, encoder {figures['encoder']}",
        ("task", "language"),
        ("tickets", "accuracy\n(95 %)", "macro-F1\n(95 %)", "weighted\nF1", "confidence\noff by"),
    )
    for task, found in figures["tasks"].items():
        for group, cell in distinct(found["by_language"]).items():
            table.add_row(
                task,
                group,
                str(cell["rows"]),
                figure_interval(cell["accuracy"]),
                figure_interval(cell["macro_f1"]),
                figure(cell["weighted_f1"]["value"]),
                figure(cell["ece"]),
            )
    return table


def _kappa(by_language: Mapping[str, Any]) -> str:
    """Say how far off priorities are, in a line."""
    cells = ", ".join(f"{g} {figure(cell['kappa'])}" for g, cell in distinct(by_language).items())
    return f"priority, quadratic-weighted kappa (1 agrees, 0 is chance): {cells}"


def _labels(task: str, labels: Sequence[Mapping[str, Any]]) -> Table:
    weakest = sorted(labels, key=lambda entry: (entry["f1"], entry["label"]))[:WEAKEST]
    cut = f" (weakest {WEAKEST} of {len(labels)})" if len(labels) > WEAKEST else ""
    table = _table(
        f"{task}: labels, weakest first{cut}",
        ("label",),
        ("tickets", "precision", "recall (95 %)", "F1"),
    )
    for entry in weakest:
        table.add_row(
            entry["label"],
            str(entry["support"]),
            share(entry["precision"]),
            share_interval(entry["recall"]),
            figure(entry["f1"]),
        )
    return table


def _confusions(task: str, pairs: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(f"{task}: confusions", ("labelled", "predicted", "times", "for example"), ())
    for pair in pairs:
        table.add_row(pair["true"], pair["predicted"], str(pair["count"]), ", ".join(pair["ids"]))
    return table


def _calibration(task: str, bins: Sequence[Sequence[float]]) -> Table:
    table = _table(f"{task}: is the stated confidence honest?", (), ("stated", "right", "tickets"))
    for confidence, right, rows in bins:
        if rows >= _SIGHTED:
            table.add_row(share(confidence), share(right), str(int(rows)))
    return table


def _review(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    table = _table(
        "categories decided without a human",
        ("language",),
        ("tickets", "confidence\nneeded", "decided", "wrong\nof those\n(95 %)", "stated\nat most",
         "a human\nis asked"),
    )  # fmt: skip
    for group, cell in distinct(figures["review"]).items():
        table.add_row(
            group,
            str(cell["rows"]),
            share(cell["threshold"]),
            share(cell["accepted"]),
            share_interval(cell["error"]),
            share(cell["stated"]["max_error"] if cell["stated"] else None),
            share(cell["needs_review"]),
        )
    yield table
    for group, cell in distinct(figures["review"]).items():
        verdict = f"; stated error rate: {cell['stated']['verdict']}" if cell["stated"] else ""
        yield (
            f"{group}: {cell['accepted']:.0%} of categories accepted without review, "
            f"{cell['accepted_accuracy']:.3f} of those right{verdict}"
        )
    aurc = figures["tasks"]["category"]["risk_coverage"]["aurc"]
    yield f"area under the risk-coverage curve: {aurc:.4f} (0 is best)"


def _strangers(strangers: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield (
        f"out of scope: {strangers['rows']} tickets labelled {', '.join(strangers['labels'])} "
        f"against {strangers['in_scope_rows']} others, judged by {strangers['score']}"
    )
    yield f"  told apart (AUROC, 95 %): {figure_interval(strangers['auroc'])}"
    recognised = share_interval(strangers["recall_at_95"])
    yield f"  recognised when 95 % of the others are accepted: {recognised}"
    yield f"  a human is asked: {share(strangers['needs_review'])}"


def _retrieval(groups: Mapping[str, Any]) -> Table:
    table = _table(
        "retrieval of the labelled article",
        ("language",),
        ("questions", "recall@1\n(95 %)", "recall@3\n(95 %)", "reply\nshown", "shown and\nright"),
    )
    for group, cell in distinct(groups).items():
        table.add_row(
            group,
            str(cell["rows"]),
            figure_interval(cell["recall@1"]),
            figure_interval(cell["recall@3"]),
            share(cell["shown"]),
            share(cell["shown_right"]),
        )
    return table
