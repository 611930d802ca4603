"""Contrastive fine-tuning of an encoder on labelled texts: batches, steps, the folder it leaves.

It owns how weights are moved; whether a tuned encoder is worth keeping is decided by ``crossfit``.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.contrast import PAIR, contrastive_loss, draws
from training.features import Stage
from triage.errors import EncoderError, InputError, MissingExtraError
from triage.settings import default_models_dir

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

WEIGHTS = "model.safetensors"
_COPIED = frozenset({".json", ".txt", ".model", ".safetensors"})
_NOT_COPIED = frozenset({"encoder.json"})  # it would make the folder pass for an exported one
_PART = 16  # texts that are padded to one length


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRecipe:
    """Every number of a tuning.

    Attributes:
        passes: how often each text is drawn, on average.
        least_steps, most_steps: bounds of the number of steps that this makes.
        labels, batch: how many labels and how many texts a step shows at most.
        rate: highest learning rate, reached after the share ``warm_up`` of the steps; it then
            falls to nothing.
        temperature: of the softmax over cosines.
        max_tokens: longer texts are cut while tuning.
        probe: steps whose time tells how many fit into the minutes.
    """

    passes: float = 6.0
    least_steps: int = 10
    most_steps: int = 400
    labels: int = 32
    batch: int = 64
    rate: float = 5e-5
    weight_decay: float = 0.01
    warm_up: float = 0.1
    temperature: float = 0.05
    max_tokens: int = 128
    seed: int = 13
    probe: int = 3
    threads: int | None = None
    clock: Callable[[], float] = field(default=time.monotonic, compare=False)

    def steps(self, texts: int) -> int:
        """Return how many steps suit that many texts."""
        return int(np.clip(self.passes * texts / self.batch, self.least_steps, self.most_steps))


def tune_encoder(
    source: str | None,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    target: Path,
    recipe: TuneRecipe,
    minutes: float = float("inf"),
    report: Callable[[Stage], None] = lambda stage: None,
    name: str = "tuning",
) -> int:
    """Move texts of one label together and of others apart; write the model to ``target``.

    In the manner of SetFit (Tunstall et al. 2022, https://arxiv.org/abs/2209.11055), with the
    supervised contrastive loss (Khosla et al. 2020, https://arxiv.org/abs/2004.11362), which uses
    every pair of a batch. Embedding tables stay as they are: a few texts would move the words they
    hold and leave their synonyms behind. The same seed and number of steps give the same weights
    on the same machine.

    Args:
        source: as of ``load_encoder``; ``None`` for the default encoder.
        texts: n texts as models see them.
        labels: their n labels.
        target: folder to write; a standard sentence-transformers folder.
        minutes: a step is begun only within them; fewer steps are planned where they would not do.
        name: under which progress is reported.

    Returns:
        The number of steps made.

    Raises:
        InputError: no label has two texts, or there is one label only.
        MissingExtraError: the extra ``encoders`` is not installed.
        EncoderError: the source is not found, or is no transformer that can be tuned.
    """
    known = Counter(labels)
    if len(known) < PAIR or max(known.values()) < PAIR:
        raise InputError(
            f"{len(texts)} texts with {len(known)} labels tell an encoder nothing; tuning needs "
            "two labels, and two texts of one of them"
        )
    torch = require_extra()
    model = load_source(source, threads=recipe.threads)
    model.max_seq_length = min(model.max_seq_length or recipe.max_tokens, recipe.max_tokens)
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)  # noqa: FBT003  # torch's own signature
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            texts_of = draws(labels, count=recipe.labels, batch=recipe.batch, seed=recipe.seed)
            steps = _learn(
                model,
                lambda: _step_input(texts, labels, next(texts_of)),
                recipe=recipe,
                pace=_Pace(recipe, recipe.steps(len(texts)), minutes * 60),
                report=lambda done, total: report(Stage(name, done, total)),
            )
    finally:
        torch.use_deterministic_algorithms(before)
    _write(model, source_folder(source), target)
    return steps


def source_folder(source: str | None) -> Path:
    """Return where ``source`` lies; a model's name is returned as it is."""
    return Path(source) if source is not None else default_models_dir() / "encoder"


def load_source(source: str | None, *, threads: int | None = None) -> Any:
    """Load a source for torch, on the processor.

    Raises:
        MissingExtraError: the extra ``encoders`` is not installed.
        EncoderError: there is no such model offline.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch = require_extra()
    from sentence_transformers import SentenceTransformer

    if threads:
        torch.set_num_threads(threads)
    place = str(source_folder(source))
    try:
        return SentenceTransformer(place, device="cpu", local_files_only=True)
    except (OSError, ValueError) as fault:
        raise EncoderError(
            f"the encoder {place!r} cannot be tuned: {fault}; give a folder that sentence-"
            "transformers reads, or put the model into the Hugging Face cache first"
        ) from fault


def require_extra() -> Any:
    """Return torch.

    Raises:
        MissingExtraError: the extra ``encoders`` is not installed.
    """
    try:
        import sentence_transformers as _  # noqa: F401
        import torch
    except ImportError as absent:
        raise MissingExtraError(
            "sentence-transformers", extra="encoders", purpose="tuning the encoder"
        ) from absent
    return torch


class _Pace:
    """How many steps there are, and the learning rate of each."""

    def __init__(self, recipe: TuneRecipe, planned: int, seconds: float) -> None:
        self.total = planned
        self._recipe = recipe
        self._seconds = seconds
        self._start = recipe.clock()

    def factor(self, done: int) -> float:
        """Return the share of the highest rate after ``done`` steps."""
        rising = (done + 1) / max(1.0, self._recipe.warm_up * self.total)
        return min(1.0, rising) * max(0.0, 1 - done / self.total)

    def after(self, done: int) -> bool:
        """Take the time; return whether another step is to follow."""
        spent = self._recipe.clock() - self._start
        if done == self._recipe.probe and spent > 0:
            self.total = max(done, int(min(self.total, self._seconds * done / spent)))
        return done < self.total and spent < self._seconds


def _learn(
    model: Any,
    draw: Callable[[], tuple[list[str], NDArray[np.int64]]],
    *,
    recipe: TuneRecipe,
    pace: _Pace,
    report: Callable[[int, int], None],
) -> int:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.requires_grad_(False)  # noqa: FBT003
    moved = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(moved, lr=recipe.rate, weight_decay=recipe.weight_decay)
    read = getattr(model, "preprocess", None) or model.tokenize  # the name before version 6
    model.train()
    done, more = 0, True
    report(done, pace.total)
    while more:
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * pace.factor(done)
        texts, labels = draw()
        vectors = _vectors(model, read, texts)
        loss = contrastive_loss(vectors, torch.tensor(labels), temperature=recipe.temperature)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(moved, 1.0)
        optimiser.step()
        done += 1
        more = pace.after(done)
        report(done, pace.total)
    model.eval()
    report(done, done)
    return done


def _vectors(model: Any, read: Callable[[list[str]], Any], texts: Sequence[str]) -> torch.Tensor:
    """Return vectors, shape (n, dim), from parts of like length: padding costs as much as text."""
    import torch

    order = np.argsort([len(text) for text in texts], kind="stable")
    parts = np.array_split(order, max(1, len(order) // _PART))
    rows = [model(read([texts[i] for i in part]))["sentence_embedding"] for part in parts]
    return torch.cat(rows)[torch.from_numpy(np.argsort(order))]


def _step_input(
    texts: Sequence[str], labels: Sequence[str], drawn: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.int64]]:
    numbers = np.unique([labels[i] for i in drawn], return_inverse=True)[1]
    return [texts[i] for i in drawn], numbers.astype(np.int64)


def _write(model: Any, source: Path, target: Path) -> None:
    """Write the model; of a source that is a folder, only what was moved is written anew."""
    if not (source / WEIGHTS).is_file():
        model.save_pretrained(str(target), create_model_card=False)
        return
    from safetensors.torch import load_file, save_file

    for file in source.rglob("*"):
        if file.suffix in _COPIED and file.is_file() and file.name not in _NOT_COPIED:
            (target / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / file.relative_to(source))
    stored = load_file(target / WEIGHTS)
    moved = {n: p for n, p in model[0].auto_model.named_parameters() if p.requires_grad}
    prefix = "" if moved.keys() & stored.keys() else f"{model[0].auto_model.base_model_prefix}."
    for name, parameter in moved.items():
        if prefix + name in stored:
            stored[prefix + name] = parameter.detach().contiguous()
    save_file(stored, target / WEIGHTS, metadata={"format": "pt"})


def name_of(source: str | None) -> str:
    """Return the name of a source without its fingerprint."""
    folder = source_folder(source)
    try:
        described = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError):
        return folder.name
    return str(described)
