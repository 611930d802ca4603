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
# gigabyte. The number of rows does not change a text's vector, but its width may: softmax adds up
# another width in another order, and the last bit may turn an int8 rounding (5 texts of 2,750, down
# to a cosine of 0.9998). So a text always has the width that goes with its own length.
WIDTHS = (16, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256, 384, 512)
HEIGHTS = (32, 8, 2, 1)
BATCH_TOKENS = 512
# One thread a stream does up to a fifth more texts a second, but it answers a single text later
# (p99 6.8 ms against 4.3) and keeps 40 MB more; figures in docs/benchmarks.md.
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
        shape = (len(ids), _width(max(map(len, ids))))
        tokens = np.full(shape, self._pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        for position, row in enumerate(ids):
            tokens[position, : len(row)] = row
            mask[position, : len(row)] = 1
        request = self._requests.get()
        try:
            request.infer({"input_ids": tokens, "attention_mask": mask}, share_inputs=True)
            vectors: NDArray[np.float32] = request.get_output_tensor().data.copy()
        finally:
            self._requests.put(request)
        return vectors


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Cut texts into batches of one width each, the widest first, of at most BATCH_TOKENS tokens.

    A batch holds as many texts as one of HEIGHTS, so no row is padding.
    """
    alike: dict[int, list[int]] = {}
    for text, length in enumerate(lengths):
        alike.setdefault(_width(length), []).append(text)
    batches = []
    for width, texts in sorted(alike.items(), reverse=True):
        start = 0
        while start < len(texts):
            fits = min(len(texts) - start, max(BATCH_TOKENS // width, 1))
            height = next(h for h in HEIGHTS if h <= fits)
            batches.append(texts[start : start + height])
            start += height
    return batches


def _width(length: int) -> int:
    return next((width for width in WIDTHS if width >= length), length)
