"""What ``triage train`` says of a new model: figures, promises, and what became of a tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from training.corpus import Corpus
    from triage.bundle import Manifest


def print_summary(console: Console, manifest: Manifest, corpus: Corpus) -> None:
    """Print the manifest's out-of-fold figures as a table, and a sentence for all that is odd."""
    from rich.table import Table

    from training.train import TUNING

    table = Table("task", "language", "tickets", "accuracy (95 %)", "macro-F1", "calibration error",
                  title=f"{manifest.version}: out-of-fold figures")  # fmt: skip
    for task, groups in manifest.metrics.items():
        if isinstance(groups, dict):
            for group, figures in groups.items():
                low, high = figures["accuracy_95"]
                table.add_row(
                    task,
                    group,
                    str(figures["rows"]),
                    f"{figures['accuracy']:.3f} ({low:.3f}-{high:.3f})",
                    f"{figures['macro_f1']:.3f}",
                    f"{figures['ece']:.3f}",
                )
    console.print(table)
    if corpus.repeats:
        console.print(f"{corpus.repeats} repeated tickets were left out")
    if tuned := manifest.data.get(TUNING):
        console.print(_tuned(tuned), highlight=False)
    for task, version in manifest.inherited.items():
        console.print(f"{task}: no labels in the tickets, so its head is that of {version}")
    for group, promise in manifest.abstention.items():
        console.print(_promise(group, promise), highlight=False)


def _tuned(record: Mapping[str, Any]) -> str:
    figures = (
        f"{record['task']} on {record['tickets']} unseen tickets: {record['tuned']:.3f} with it, "
        f"{record['untuned']:.3f} without (gained {record['gained']}, lost {record['lost']}, "
        f"p = {record['p']:.3f})"
    )
    if record["kept"]:
        return f"the tuned encoder was kept; {figures}"
    return f"the tuned encoder did not win, so the untuned one stays; {figures}"


def _promise(group: str, promise: Mapping[str, Any]) -> str:
    from training.risk import rows_needed

    stated = f"at most {promise['max_error']:.1%} wrong, {100 * promise['sure']:g}% sure"
    if promise["accepted"]:
        return (
            f"{group}: {promise['accepted']:.1%} of categories need no review ({stated}; "
            f"{promise['error']:.1%} of them were wrong)"
        )
    return (
        f"{group}: every category asks for review, since {promise['rows']} tickets do not show "
        f"{stated}; that takes at least {rows_needed(promise['max_error'], promise['sure'])} "
        "confident ones, or a higher --max-error"
    )
