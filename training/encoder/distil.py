"""The training loop: schedule, batches of each kind, retention, checkpoints.

It owns how a step is made; which texts there are, losses and what is measured is left to others.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from training.encoder.losses import Pairing, contrast_loss, translation_loss
from training.encoder.student import Student, padded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from training.encoder.streams import Rows, Speller, Stream

log = logging.getLogger(__name__)

DEFAULT_SHARES: Mapping[str, float] = {
    "cedict": 0.18,
    "tatoeba": 0.18,
    "joined": 0.12,
    "reworded": 0.06,
    "tldr": 0.05,
    "mixed": 0.08,
    "articles": 0.03,
    "phrases": 0.18,
    "sentences": 0.12,
}
# Few shapes, for the reason given in streams.py: near misses vary in number.
TEXTS_MULTIPLE = 32
CONTRAST_SHARES: Mapping[str, float] = {
    "cedict": 0.06,
    "tatoeba": 0.12,
    "reworded": 0.12,
    "articles": 0.06,
    "phrases": 0.9,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number of a run.

    Attributes:
        steps, minutes: a run ends, and its rates reach zero, after so many steps or, where
            ``minutes`` is given, so much time, whichever is first (a shared machine's pace varies).
        tokens: tokens of a step's translation batch; English and paraphrases get a part of it.
        row_rate, body_rate: peak learning rates of new rows and of the body.
        frozen_steps: steps before the body is trained too.
        cosine, retention: weights of (1 - cosine) on translations and on English texts, beside
            the cross-entropies' weight of one.
        same_text: teacher cosine above which another text of a batch is no negative.
        bank: teacher vectors of other texts of the stream that serve as further negatives.
        shares: how often a translation batch comes from each stream.
    """

    seed: int = 0
    steps: int = 7_000
    minutes: float = float("inf")
    warm_up: int = 200
    frozen_steps: int = 150
    tokens: int = 1500
    english_tokens: int = 400
    contrast_tokens: int = 700
    contrast_every: int = 1
    row_rate: float = 2e-3
    body_rate: float = 2e-4
    temperature: float = 0.05
    ranking: float = 0.2
    cosine: float = 3.0
    retention: float = 5.0
    same_text: float = 0.85
    bank: int = 1024
    checkpoint_every: int = 100
    watch_every: int = 500
    shares: Mapping[str, float] = field(default_factory=lambda: DEFAULT_SHARES)
    contrast_shares: Mapping[str, float] = field(default_factory=lambda: CONTRAST_SHARES)


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from; ``teacher`` holds unit vectors, shape (English texts, dim)."""

    translations: tuple[Stream, ...]
    contrasts: tuple[Stream, ...]
    english: Stream
    teacher: torch.Tensor
    speller: Speller


def rate(step: int, progress: float, recipe: Recipe) -> float:
    """Return the learning rates' factor: linear warm-up, then linear decay to zero.

    Args:
        step: the step to make, from zero.
        progress: the part of the run that is over, 0 to 1.
        recipe: the run's numbers.
    """
    return min((step + 1) / recipe.warm_up, max(1 - progress, 0.0))


class Trainer:
    """A student on its way; its whole state can be saved and taken up again."""

    def __init__(self, student: Student, material: Material, recipe: Recipe) -> None:
        self.student = student
        self.step = 0
        self.seconds = 0.0
        self._material = material
        self._recipe = recipe
        self._device = student.english.device
        self._teacher = material.teacher.to(self._device)
        self._body = torch.optim.AdamW(
            student.body_parameters(), lr=recipe.body_rate, weight_decay=0.01, fused=True
        )
        self._rows = torch.optim.SparseAdam([student.chinese.weight], lr=recipe.row_rate)
        known = [s for s in material.translations if recipe.shares.get(s.name, 0) > 0]
        self._streams = known
        weights = np.array([recipe.shares[s.name] for s in known], dtype=float)
        self._shares = weights / weights.sum()
        shares = np.array([recipe.contrast_shares.get(s.name, 0.0) for s in material.contrasts])
        self._contrast_shares = shares / max(shares.sum(), 1e-9)

    @property
    def progress(self) -> float:
        """The part of the run that is over, from 0 to 1."""
        spent = self.seconds / 60 / self._recipe.minutes
        return min(max(self.step / self._recipe.steps, spent), 1.0)

    def run(self, checkpoint: Path, watch: Callable[[int], None] | None = None) -> None:
        """Train to the end, saving to ``checkpoint``; ``watch`` is called now and then."""
        recipe, mean = self._recipe, 0.0
        while self.progress < 1:
            began = time.monotonic()
            mean = 0.98 * mean + 0.02 * self.advance()
            self.seconds += time.monotonic() - began
            if self.step % 50 == 0:
                done, pace = 100 * self.progress, self.seconds / self.step
                log.info("step %d (%.1f %%) loss %.3f, %.2f s", self.step, done, mean, pace)
            if self.step % recipe.checkpoint_every == 0 or self.progress >= 1:
                self.save(checkpoint)
            if watch and self.step % recipe.watch_every == 0:
                watch(self.step)

    def advance(self) -> float:
        """Make one step and return its loss."""
        recipe = self._recipe
        rng = np.random.default_rng((recipe.seed, self.step))
        self.student.train()
        losses = [self._translation(rng), self._retention(rng)]
        if self._material.contrasts and self.step % recipe.contrast_every == 0:
            losses.append(self._contrast(rng))
        factor = rate(self.step, self.progress, recipe)
        self._body.param_groups[0]["lr"] = recipe.body_rate * factor
        self._rows.param_groups[0]["lr"] = recipe.row_rate * factor
        if self.step >= recipe.frozen_steps:
            torch.nn.utils.clip_grad_norm_(self.student.body_parameters(), 1.0)
            self._body.step()
        self._rows.step()
        self._body.zero_grad()
        self._rows.zero_grad()
        self.step += 1
        return float(sum(losses))

    def _translation(self, rng: np.random.Generator) -> float:
        stream = self._streams[int(rng.choice(len(self._streams), p=self._shares))]
        chosen = stream.draw(rng, tokens=self._recipe.tokens)
        others = stream.targets[rng.integers(len(stream.targets), size=self._recipe.bank)]
        student = self._vectors([stream.texts[i] for i in chosen], rng)
        aim = self._teacher[stream.targets[chosen]].float()
        loss = translation_loss(student, aim, self._teacher[others].float(), self._recipe)
        return self._backward(loss)

    def _retention(self, rng: np.random.Generator) -> float:
        stream = self._material.english
        chosen = stream.draw(rng, tokens=self._recipe.english_tokens)
        student = self._vectors([stream.texts[i] for i in chosen], None)
        aim = self._teacher[stream.targets[chosen]].float()
        return self._backward(self._recipe.retention * (1 - (student * aim).sum(1).mean()))

    def _contrast(self, rng: np.random.Generator) -> float:
        streams = self._material.contrasts
        stream = streams[int(rng.choice(len(streams), p=self._contrast_shares))]
        chosen = stream.draw(rng, tokens=self._recipe.contrast_tokens)
        equal = np.flatnonzero([len(stream.partners[i]) for i in chosen])
        missed = np.flatnonzero([len(stream.unlike[i]) for i in chosen])
        texts = [stream.texts[i] for i in chosen]
        texts += [stream.partners[i] for i in chosen[equal]]
        texts += [stream.unlike[i] for i in chosen[missed]]
        sizes = [len(chosen), len(equal), len(missed)]
        spare = -len(texts) % TEXTS_MULTIPLE
        vectors = self._vectors([*texts, *texts[:spare]], rng)
        left, right, unlike, _ = vectors.split([*sizes, spare])
        pairs = Pairing(*(torch.from_numpy(a) for a in (equal, missed, stream.targets[chosen])))
        pairs = pairs.to(self._device)
        return self._backward(contrast_loss(left, right, unlike, pairs, self._recipe))

    def _vectors(self, texts: list[Rows], rng: np.random.Generator | None) -> torch.Tensor:
        if rng is not None:
            texts = [self._material.speller.spell(text, rng) for text in texts]
        with torch.autocast(self._device.type, torch.bfloat16):
            vectors: torch.Tensor = self.student(*padded(texts, self._device))
        return vectors.float()

    def _backward(self, loss: torch.Tensor) -> float:
        loss.backward()
        return float(loss.detach())

    def save(self, file: Path) -> None:
        """Write the state; a run that is stopped while writing keeps the former one."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "student": self.student.state_dict(),
            "body": self._body.state_dict(),
            "rows": self._rows.state_dict(),
        }
        partial = file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(file)

    def load(self, file: Path) -> None:
        """Take up the state that :meth:`save` wrote."""
        state: dict[str, Any] = torch.load(file, map_location=self._device, weights_only=True)
        self.student.load_state_dict(state["student"])
        self._body.load_state_dict(state["body"])
        self._rows.load_state_dict(state["rows"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
