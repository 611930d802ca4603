"""Whether an encoder tuned on a shop's own tickets is kept: tuned and untuned, on unseen tickets.

It owns the folds, the comparison and what of both is recorded; how an encoder is tuned is left to
``tune``.
"""

from __future__ import annotations

import io
import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.experts import BINARY, FitOptions
from training.features import Apart, Featurised, Stage, encode_all
from training.fit import fit_head
from training.grouping import group_folds, near_groups
from training.significance import mcnemar
from training.tune import TuneRecipe, name_of, require_extra, source_folder, tune_encoder
from triage.encoder import Encoder, SentenceTransformerEncoder, load_encoder
from triage.engine import CATEGORY, INTENT
from triage.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket

FOLDS = 3
LEVEL = 0.05
METHOD = "McNemar's exact test, one-sided"
_CALIBRATION_TEXTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """A tuning that was asked for.

    Attributes:
        workplace: an empty folder for the encoders; the kept one is left in it, for
            ``save_bundle`` to copy.
        minutes: for all encoders together; the comparison comes on top.
        level: a tuned encoder is kept when so much gain comes by luck more rarely than that; above
            1 keeps it in any case.
    """

    workplace: Path
    minutes: float = 10.0
    recipe: TuneRecipe = field(default_factory=TuneRecipe)
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoder to train on.

    Attributes:
        known: the tickets as that encoder sees them.
        folder: where it lies if it was tuned; else ``None``.
        record: what was compared and decided, plain values for the manifest.
    """

    encoder: Encoder
    known: Featurised
    folder: Path | None
    record: dict[str, Any]


def choose_encoder(
    tickets: Sequence[Ticket],
    known: Featurised,
    encoder: Encoder,
    *,
    source: str | None,
    tuning: Tuning,
    options: FitOptions,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Choice:
    """Tune the encoder on the tickets and keep it if heads on it are better on unseen tickets.

    An encoder that has seen a ticket's label places it too well, so out-of-fold heads on it would
    promise too much. Therefore it is tuned once without each of three folds, which near-duplicates
    do not cross, and each ticket is judged by encoder and heads that both lack it. The same
    rows then calibrate the final heads. With the last tuning, on all tickets, that is the work of
    three; a single split would be cheaper and leave most tickets without an answer to calibrate
    on, two folds would judge encoders of half the tickets. Both sides are compared in float32.

    Args:
        known: the tickets as the untuned ``encoder`` sees them.
        source: how ``load_encoder`` found ``encoder``.
        options: as the heads are going to be fitted.

    Raises:
        InputError: the tickets have too few labels to tune on.
        MissingExtraError: the extra ``encoders`` is not installed.
    """
    labels = [t.labels[INTENT] or t.labels[CATEGORY] for t in tickets]
    _check(labels)
    require_extra()
    with _quiet():
        return _chosen(_Run(tickets, labels, known, source, tuning, options, report), encoder)


def _chosen(run: _Run, encoder: Encoder) -> Choice:
    apart, steps = run.cross_fit()
    task, before, after = run.judge(apart)
    record: dict[str, Any] = {"source": run.source, "task": task, "folds": FOLDS, "steps": steps}
    record |= verdict(before, after, level=run.tuning.level)
    if not record["kept"]:
        return Choice(encoder, run.known, None, record)
    folder, record["final_steps"] = run.final()
    tuned = load_encoder(str(folder), threads=run.tuning.recipe.threads)
    vectors = run.encode(tuned, name="encoding again")
    seen = run.known.with_vectors(vectors, gamma=run.options.gamma)
    return Choice(tuned, replace(seen, apart=apart), folder, record)


def verdict(before: NDArray[np.bool_], after: NDArray[np.bool_], *, level: float) -> dict[str, Any]:
    """Return both accuracies on the same tickets, and whether the second is better.

    It is when so much more is gained than lost by luck in fewer than ``level`` of cases.

    Args:
        before: which of n tickets are right untuned, shape (n,).
        after: which are right tuned, shape (n,).
    """
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    p = mcnemar(gained, lost, alternative="less")
    return {
        "kept": p < level,
        "tickets": len(before),
        "untuned": round(float(before.mean()), 4),
        "tuned": round(float(after.mean()), 4),
        "gained": gained,
        "lost": lost,
        "p": round(p, 4),
        "level": level,
        "method": METHOD,
    }


@dataclass(frozen=True, slots=True)
class _Run:
    tickets: Sequence[Ticket]
    labels: Sequence[str | None]
    known: Featurised
    source: str | None
    tuning: Tuning
    options: FitOptions
    report: Callable[[Stage], None]

    def cross_fit(self) -> tuple[Apart, list[int]]:
        """Return the tickets as encoders see them that lack a fold each, and their steps."""
        fold = self._folds()
        views, steps = [], []
        for number in range(FOLDS):
            folder = self.tuning.workplace / f"without-{number + 1}"
            steps.append(
                self._tune(np.flatnonzero(fold != number), folder, f"tuning {number + 1}/{FOLDS}")
            )
            vectors = self._float32(str(folder), name=f"encoding {number + 1}/{FOLDS}")
            views.append(self.known.with_vectors(vectors, gamma=self.options.gamma).rows)
            shutil.rmtree(folder)
        return Apart(fold, tuple(views)), steps

    def judge(self, apart: Apart) -> tuple[str, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the finest task, and which of its tickets are right untuned and tuned."""
        task = self._finest()
        positions = np.array([i for i, t in enumerate(self.tickets) if t.labels[task] is not None])
        own = [str(self.tickets[i].labels[task]) for i in positions]
        plain = self._float32(self.source, name="encoding untuned")
        rows = self.known.with_vectors(plain, gamma=self.options.gamma).rows
        part = apart.take(positions)
        sides = (Apart(part.fold, (rows.take(positions),) * FOLDS), part)
        right = []
        for number, side in enumerate(sides):
            self.report(Stage("comparing", number, len(sides)))
            fit = fit_head(rows.take(positions), own, options=self.options, apart=side)
            answers = np.array(fit.head.labels)[fit.probabilities.argmax(axis=1)]
            right.append(answers == np.array(own))
        self.report(Stage("comparing", len(sides), len(sides)))
        return task, right[0], right[1]

    def final(self) -> tuple[Path, int]:
        """Tune on all tickets and export; return the folder and the steps made."""
        from training.encoder.export import export_encoder

        plain, folder = self.tuning.workplace / "plain", self.tuning.workplace / "encoder"
        steps = self._tune(np.arange(len(self.tickets)), plain, "tuning on all")
        texts = [t.normalised for t in self.tickets]
        drawn = np.random.default_rng(self.options.seed).permutation(len(texts))
        self.report(Stage("exporting", 0, 1))
        export_encoder(
            str(plain),
            folder,
            texts=[texts[i] for i in drawn[:_CALIBRATION_TEXTS]],
            name=f"{name_of(self.source)}-tuned",
        )
        self.report(Stage("exporting", 1, 1))
        shutil.rmtree(plain)
        return folder, steps

    def encode(self, encoder: Encoder, *, name: str) -> NDArray[np.float32]:
        texts = [t.normalised for t in self.tickets]
        return encode_all(encoder, texts, name=name, report=self.report)

    def _float32(self, source: str | None, *, name: str) -> NDArray[np.float32]:
        place = str(source_folder(source))
        encoder = SentenceTransformerEncoder(place, threads=self.tuning.recipe.threads)
        return self.encode(encoder, name=name)

    def _tune(self, positions: NDArray[np.int64], target: Path, name: str) -> int:
        labelled = [i for i in positions if self.labels[i] is not None]
        # Together, the encoders of the folds see the tickets ``FOLDS - 1`` times, the last once.
        share = len(positions) / (FOLDS * len(self.tickets))
        return tune_encoder(
            self.source,
            [self.tickets[i].normalised for i in labelled],
            [str(self.labels[i]) for i in labelled],
            target=target,
            recipe=self.tuning.recipe,
            minutes=self.tuning.minutes * share,
            report=self.report,
            name=name,
        )

    def _folds(self) -> NDArray[np.int64]:
        groups = near_groups([t.normalised for t in self.tickets], seed=self.options.seed)
        codes = np.unique([label or "" for label in self.labels], return_inverse=True)[1]
        return group_folds(groups, codes, count=FOLDS, seed=self.options.seed)

    def _finest(self) -> str:
        counts = {
            task: len({t.labels[task] for t in self.tickets} - {None})
            for task in (CATEGORY, INTENT)
        }
        return max(counts, key=lambda task: counts[task])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own bars from the terminal: progress is reported, and results pipe."""
    from transformers.utils import logging as bars

    logging: Any = bars
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _check(labels: Sequence[str | None]) -> None:
    known = Counter(label for label in labels if label is not None)
    # Without any one fold, two tickets of a label must be left.
    needed = math.ceil(2 * FOLDS / (FOLDS - 1))
    if len(known) < BINARY or max(known.values()) < needed:
        raise InputError(
            f"{known.total()} tickets with {len(known)} categories or intents cannot tune an "
            f"encoder; it takes two of them, and {needed} tickets of one"
        )
