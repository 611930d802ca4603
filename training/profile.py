"""What training data looks like in a few numbers, and how far other tickets are from it.

The numbers are shares and quantiles, never texts; a manifest can carry them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import chi2

from training.corpus import shares
from triage.engine import TASKS
from triage.text import detect_language

if TYPE_CHECKING:
    from training.corpus import Corpus

PROFILE = "profile"  # the key of a profile in the manifest of a bundle
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MODERATE, LARGE = 0.1, 0.25
RARE = 0.01  # a language with a smaller share in training counts as strange to the model
LEVEL = 0.95
_FLOOR = 1e-4  # stands for a share of nothing, so that logarithms stay finite
_NEEDED = ("labels", "languages", "length_quantiles", "rows")


@dataclass(frozen=True, slots=True)
class LabelShift:
    """How far the shares of a task's labels moved.

    Attributes:
        psi: population stability index.
        chance: the index that sampling alone exceeds once in twenty times.
        reading: ``stable``, ``moderate`` or ``large``.
        before: share of each label in training.
        after: share of each label in the file.
    """

    task: str
    psi: float
    chance: float
    reading: str
    before: Mapping[str, float]
    after: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Drift:
    """How tickets differ from the data that a model was trained on.

    Attributes:
        strange_languages: share of tickets by language, of languages that were rare in training.
        shorter: share of tickets shorter than 95 % of the training data; 0.05 is no drift.
        longer: share of tickets longer than 95 % of it.
        usual_length: the two lengths, in characters, between which nine of ten tickets lay.
    """

    labels: tuple[LabelShift, ...]
    strange_languages: Mapping[str, float]
    shorter: float
    longer: float
    usual_length: tuple[float, float]


def profile_of(corpus: Corpus) -> dict[str, Any]:
    """Return the numbers by which later tickets can be compared with ``corpus``.

    Keys: ``labels`` (share of each label by task, among the tickets labelled for it),
    ``languages`` (share by language code), ``length_quantiles`` (characters of the text as
    written at the quantiles 5, 25, 50, 75 and 95 %) and ``rows``.
    """
    codes = Counter(detect_language(t.text).code for t in corpus.tickets)
    lengths = [len(t.text) for t in corpus.tickets]
    labels = {task: _label_shares(corpus, task) for task in TASKS}
    return {
        "labels": {task: found for task, found in labels.items() if found},
        "languages": {code: round(n / len(lengths), 6) for code, n in sorted(codes.items())},
        "length_quantiles": [round(float(q), 1) for q in np.quantile(lengths, QUANTILES)],
        "rows": len(lengths),
    }


def drift(before: Mapping[str, Any] | None, after: Corpus) -> Drift | None:
    """Compare tickets with the profile of a training; ``None`` where the profile lacks something.

    The population stability index of a task is the sum over labels of (a - b) ln(a / b), with b
    the share before and a the share after. Its usual reading: below 0.1 stable, up to 0.25
    moderate, above large (Siddiqi 2006, "Credit Risk Scorecards"). Without any change it follows
    (1/n + 1/m) times a chi-squared distribution with one degree of freedom fewer than labels
    (Yurdakul 2018, "Statistical Properties of Population Stability Index",
    https://scholarworks.wmich.edu/dissertations/3208); what chance explains is read as stable.
    """
    if before is None or any(not before.get(name) for name in _NEEDED):
        return None
    now = profile_of(after)
    lengths = np.array([len(t.text) for t in after.tickets])
    low, high = float(before["length_quantiles"][0]), float(before["length_quantiles"][-1])
    known = before["languages"]
    return Drift(
        labels=tuple(
            _shift(task, before["labels"][task], found, sizes=(before["rows"], labelled))
            for task, found in now["labels"].items()
            if task in before["labels"] and (labelled := len(after.with_label(task)))
        ),
        strange_languages={c: s for c, s in now["languages"].items() if known.get(c, 0) < RARE},
        shorter=float((lengths < low).mean()),
        longer=float((lengths > high).mean()),
        usual_length=(low, high),
    )


def stability_index(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the population stability index between two sets of shares."""
    names = sorted({*before, *after})
    b, a = (np.array([max(side.get(n, 0.0), _FLOOR) for n in names]) for side in (before, after))
    return float(((a - b) * np.log(a / b)).sum())


def _shift(
    task: str, before: Mapping[str, float], after: Mapping[str, float], *, sizes: tuple[int, int]
) -> LabelShift:
    psi = stability_index(before, after)
    freedom = max(1, len({*before, *after}) - 1)
    chance = float(chi2.ppf(LEVEL, freedom)) * sum(1 / n for n in sizes)
    reading = "stable" if psi < max(MODERATE, chance) else "moderate" if psi <= LARGE else "large"
    return LabelShift(task, psi, chance, reading, dict(before), dict(after))


def _label_shares(corpus: Corpus, task: str) -> dict[str, float]:
    counts = shares(corpus.tickets, task)
    total = sum(counts.values())
    return {label: round(count / total, 6) for label, count in counts.items()}
