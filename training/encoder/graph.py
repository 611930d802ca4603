"""A sentence-transformers model as an ONNX graph, and that graph in static int8.

It owns the two conversions; where the weights are stored is left to ``inplace``.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx
    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

OPSET = 17


def to_onnx(model: Any, path: Path) -> onnx.ModelProto:
    """Convert a sentence-transformers model, pooling included, to float32 ONNX by way of ``path``.

    The graph maps ``input_ids`` and ``attention_mask``, each of shape (batch, tokens), to
    ``vectors`` of unit length, shape (batch, dim).
    """
    import onnx
    import torch

    class Vectors(torch.nn.Module):  # type: ignore[misc]  # torch is not type-checked here
        """Transformer, then what follows it, then unit length."""

        def __init__(self) -> None:
            super().__init__()
            self.body = model[0].auto_model
            self.rest = torch.nn.ModuleList(list(model)[1:])

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            features = {"token_embeddings": states, "attention_mask": attention_mask}
            for module in self.rest:
                features = module(features)
            vectors: torch.Tensor = features["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=-1)

    ids = torch.ones((2, 7), dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    with torch.no_grad(), warnings.catch_warnings():
        # The older exporter, with which everything here was measured, warns that it is old.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Vectors().eval(),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load(str(path))


def to_int8(model: onnx.ModelProto, tokenizer: Tokenizer, texts: Sequence[str]) -> onnx.ModelProto:
    """Return ``model`` with its matrix products in int8, scales fixed by what ``texts`` show.

    Fixed scales keep a text's vector apart from its batch. Outliers of activations are moved into
    the weights first (SmoothQuant, Xiao et al. 2023, arXiv:2211.10438). Embedding tables stay.
    """
    # NNCF reports its use to its makers unless it believes that it is being tested.
    os.environ.setdefault("NNCF_CI", "1")
    import nncf

    def inputs(text: str) -> dict[str, NDArray[np.int64]]:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    nncf.set_log_level("ERROR")
    quantised: onnx.ModelProto = nncf.quantize(
        model,
        nncf.Dataset(list(texts), inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
        ignored_scope=nncf.IgnoredScope(types=["Gather"], validate=False),
    )
    return quantised
