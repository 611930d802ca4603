"""The gate before a promotion: finds the tickets, has the two models compared, shows the figures.

What counts as worse is decided by ``training.promotion``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.errors import BundleError, TriageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from training.contender import Contender
    from training.promotion import Comparison
    from triage.bundle import Manifest
    from triage.registry import Registry

_SHOWN = 10  # labels of a task that got worse within luck
_REASONS = 5  # of a refusal, that are told in a sentence
_REMEDY = "name labelled tickets with --on, or promote with --force and --reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the gate found.

    Attributes:
        comparison: ``None`` where nothing was compared.
        tickets: name and hash of the file that was compared on.
        needless: why there is nothing to compare, if so.
        fault: why the gate could not run, if so.
    """

    comparison: Comparison | None = None
    tickets: dict[str, str] | None = None
    needless: str | None = None
    fault: TriageError | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the promotion."""
        return self.comparison.passed if self.comparison else self.needless is not None

    def record(self) -> dict[str, Any]:
        """Return what the history keeps of the ruling."""
        return {
            "compared_on": self.tickets,
            "comparison": self.comparison.summary() if self.comparison else None,
            "not_compared": self.needless or (str(self.fault) if self.fault else None),
        }


def rule(registry: Registry, version: str, *, on: Path | None, console: Console) -> Ruling:
    """Weigh ``version`` against the current model.

    Raises:
        BundleError: there is no such bundle, or it is damaged, so that it could not serve.
    """
    from training.contender import load_contender
    from triage.registry import CURRENT, check_version
    from triage.settings import load_settings

    folder = registry.folder / check_version(version)
    threads = load_settings().threads
    candidate = load_contender(folder, threads=threads)
    if not (registry.folder / CURRENT).is_file():
        return Ruling(needless="no model was promoted before, so there is nothing to compare")
    if registry.current() == version:
        return Ruling(needless=f"{version} is current already, so there is nothing to compare")
    try:
        tickets = _tickets_for(candidate, folder, on=on)
        current = load_contender(registry.path(), threads=threads)
        return _weigh(candidate, current, tickets, console=console)
    except TriageError as fault:
        return Ruling(fault=fault)


def recorded_tickets(manifest: Manifest, folder: Path) -> Path:
    """Return the file of tickets that the bundle in ``folder`` was trained on.

    Its place is recorded as seen from the folder of models, so that both can move together.

    Raises:
        BundleError: it was not recorded, is gone, or was changed since.
    """
    from triage.records import sha256_of

    entry = manifest.data.get("tickets", {})
    if not entry.get("path"):
        raise BundleError(
            f"model {manifest.version!r} does not record where its tickets lie; {_REMEDY}"
        )
    path = (folder.parent / str(entry["path"])).resolve()
    if not path.is_file():
        raise BundleError(
            f"the tickets of model {manifest.version!r} are no longer at {path}; {_REMEDY}"
        )
    if sha256_of(path) != entry.get("sha256"):
        raise BundleError(
            f"{path} was changed since model {manifest.version!r} was trained on it; {_REMEDY}"
        )
    return path


def _tickets_for(candidate: Contender, folder: Path, *, on: Path | None) -> Path:
    from triage.bundle import read_manifest
    from triage.records import sha256_of

    manifest = read_manifest(folder)
    path = on or recorded_tickets(manifest, folder)
    learnt = manifest.data.get("tickets", {}).get("sha256")
    if candidate.evidence is None and sha256_of(path) == learnt:
        raise BundleError(
            f"model {candidate.version!r} was trained on {path} and carries no out-of-fold "
            f"predictions, so it would judge itself; train it again, or {_REMEDY}"
        )
    return path


def _weigh(candidate: Contender, current: Contender, path: Path, *, console: Console) -> Ruling:
    from training.commands.console import progress
    from training.corpus import read_corpus
    from training.promotion import compare
    from triage.records import sha256_of

    corpus = read_corpus(path)
    with progress(console) as report:
        comparison = compare(candidate, current, corpus.tickets, report=report)
    if corpus.rejects:
        count = len(corpus.rejects)
        console.print(f"rows of {path} left out: {count}", soft_wrap=True, markup=False)
    return Ruling(comparison=comparison, tickets={"file": path.name, "sha256": sha256_of(path)})


def print_ruling(console: Console, ruling: Ruling) -> None:
    """Show what was compared, which labels got worse, the warnings and the refusals."""
    if ruling.needless or ruling.fault:
        console.print(ruling.needless or str(ruling.fault), soft_wrap=True, markup=False)
    if (comparison := ruling.comparison) is None:
        return
    console.print(_overall_table(comparison))
    if any(x.after < x.before for outcome in comparison.tasks.values() for x in outcome.labels):
        console.print(_label_table(comparison))
    for warning in comparison.warnings:
        console.print(f"warning: {warning}", soft_wrap=True, markup=False, highlight=False)
    for refusal in comparison.refusals[:_REASONS]:
        console.print(f"refused: {refusal}", soft_wrap=True, markup=False, highlight=False)
    if (more := len(comparison.refusals) - _REASONS) > 0:
        console.print(f"refused: {more} more reasons, see --json", highlight=False)


def carry_out(ruling: Ruling, *, console: Console, registry: Registry, version: str) -> bool:
    """Promote the version that a ruling passes, and say so; tell whether it passed.

    Raises:
        TriageError: what kept the models from being compared.
    """
    if ruling.fault:
        raise ruling.fault
    if ruling.passed:
        registry.promote(version, record=ruling.record())
        console.print(f"{version} is current")
    return ruling.passed


def _overall_table(comparison: Comparison) -> Table:
    from rich.table import Table

    table = Table("task", "tickets", comparison.current, comparison.candidate, "points (95 %)", "p",
                  title="accuracy on the same tickets")  # fmt: skip
    for task, outcome in comparison.tasks.items():
        points = [
            100 * x
            for x in (outcome.difference.value, outcome.difference.low, outcome.difference.high)
        ]
        table.add_row(
            task,
            str(outcome.tickets),
            f"{outcome.before:.3f}",
            f"{outcome.after:.3f}",
            "{:+.1f} ({:+.1f} to {:+.1f})".format(*points),
            f"{outcome.p:.3g}",
        )
    return table


def _label_table(comparison: Comparison) -> Table:
    """Return the labels that the candidate finds less often, those beyond luck marked."""
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "task", "label", "tickets", "recall before", "recall after", "p (Holm)",
                  title="labels that got worse; ! beyond luck")  # fmt: skip
    for task, outcome in comparison.tasks.items():
        losses = sorted(outcome.labels, key=lambda x: x.after - x.before)
        for rank, found in enumerate(losses):
            if found.worse or (found.after < found.before and rank < _SHOWN):
                table.add_row(
                    "!" if found.worse else "",
                    task,
                    escape(found.label),
                    str(found.tickets),
                    f"{found.before:.3f}",
                    f"{found.after:.3f}",
                    "too few" if found.p is None else f"{found.p:.3g}",
                )
    return table
