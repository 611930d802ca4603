"""The mean of several students of one vocabulary, as one folder.

    python -m training.encoder.average build/one/bilingual build/two/bilingual -o build/mean

Runs that went on from one another lie in one basin, where the mean of weights is better than either
(a model soup, Wortsman et al. 2022, arXiv:2203.05482) and costs nothing when it is served.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"


def average(folders: Sequence[Path], target: Path) -> Path:
    """Write the mean of ``folders`` to ``target``, the other files as in the first.

    Embedding rows are rounded to the grid again, on which int8 holds them.

    Raises:
        ValueError: the folders differ in vocabulary or shape.
    """
    from safetensors.torch import load_file, save_file

    vocabularies = {(folder / TOKENIZER).read_bytes() for folder in folders}
    students = [load_file(folder / WEIGHTS) for folder in folders]
    shapes = {tuple((name, t.shape) for name, t in sorted(s.items())) for s in students}
    if len(vocabularies) != 1 or len(shapes) != 1:
        named = ", ".join(map(str, folders))
        raise ValueError(f"{named} differ in vocabulary or shape; average runs of one start")
    shutil.copytree(folders[0], target, dirs_exist_ok=True)
    mean = {name: _mean([student[name] for student in students]) for name in students[0]}
    save_file(mean, target / WEIGHTS, metadata={"format": "pt"})
    return target


def _mean(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    import torch

    mean = torch.stack([tensor.float() for tensor in tensors]).mean(dim=0)
    first = tensors[0]
    return (mean if first.is_floating_point() else mean.round()).to(first.dtype).contiguous()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.encoder.average",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+", help="finished students' folders")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args(arguments)
    try:
        average(options.folders, options.out)
    except (OSError, ValueError) as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
