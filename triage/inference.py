"""Token ids to vectors with OpenVINO: few shapes, streams of two threads.

It owns batches and threads; texts and files are left to ``encoder``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GRAPHS: Final[Mapping[str, str]] = {"int8": "model.int8.onnx", "float32": "model.onnx"}
# A kernel is compiled and memory kept for every shape: with free shapes a process grows beyond a
# gigabyte. Below 16 tokens softmax takes another path through the vector registers, whose last bit
# may turn an int8 rounding: from 16 on, a text's vector is the same to the bit in every shape.
WIDTHS = (16, 18, 20, 22, 24, 26, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
HEIGHTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)
BATCH_TOKENS = 1024
# One thread a stream does 2 to 10 % more texts a second, but answers a single text in 2.7 ms
# instead of 1.8 and needs 40 MB more; two networks, one for each use, need 100 MB more.
STREAM_THREADS = 2


class Inference:
    """A compiled graph that maps ids and mask, (batch, tokens) each, to unit vectors.

    Safe to call from several threads: each batch takes a free request of the pool.
    """

    def __init__(self, graph: Path, *, dim: int, pad: int, threads: int) -> None:
        import openvino

        streams = max(1, threads // STREAM_THREADS)
        compiled = openvino.Core().compile_model(
            str(graph),
            "CPU",
            {
                "NUM_STREAMS": streams,
                "INFERENCE_NUM_THREADS": threads,
                # Pinned threads of two server processes would share one core.
                "ENABLE_CPU_PINNING": False,
                # bf16 around int8 is no faster and makes a vector depend on its batch.
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
        self._dim = dim
        self._pad = pad
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._requests.put(compiled.create_infer_request())
        self._workers = ThreadPoolExecutor(streams, thread_name_prefix="encoder")

    def vectors(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return one unit vector for each list of token ids, shape (n, dim), in their order."""
        found = np.zeros((len(ids), self._dim), dtype=np.float32)
        batches = _batches([len(row) for row in ids])

        def fill(batch: list[int]) -> None:
            found[batch] = self._run([ids[i] for i in batch])

        if len(batches) == 1:
            fill(batches[0])
        else:
            list(self._workers.map(fill, batches))
        return found

    def _run(self, ids: list[Sequence[int]]) -> NDArray[np.float32]:
        height = _at_least(HEIGHTS, len(ids))
        width = _at_least(WIDTHS, max(map(len, ids)))
        tokens = np.full((height, width), self._pad, dtype=np.int64)
        mask = np.zeros((height, width), dtype=np.int64)
        for position, row in enumerate(ids):
            tokens[position, : len(row)] = row
            mask[position, : len(row)] = 1
        mask[len(ids) :, 0] = 1  # a row without any token has no mean
        request = self._requests.get()
        try:
            request.infer({"input_ids": tokens, "attention_mask": mask}, share_inputs=True)
            vectors: NDArray[np.float32] = request.get_output_tensor().data[: len(ids)].copy()
        finally:
            self._requests.put(request)
        return vectors


def _at_least(sizes: Sequence[int], size: int) -> int:
    return next((s for s in sizes if s >= size), size)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Cut texts, the longest first, into batches of at most BATCH_TOKENS tokens with padding.

    A batch is filled with shorter texts, so that all but the last have the one height that goes
    with their width.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    batches: list[list[int]] = []
    start = 0
    while start < len(order):
        width = _at_least(WIDTHS, lengths[order[start]])
        most = max((h for h in HEIGHTS if h * width <= BATCH_TOKENS), default=1)
        batches.append(order[start : start + most])
        start += most
    return batches
