"""An ONNX graph that reads its weights out of model.safetensors, so that a folder holds them once.

It owns the rewriting: a large constant becomes a reference to bytes of that file (ONNX's external
data) and the operations that make the constant of them, which a runtime folds when it loads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

SMALLEST = 4096
MATRIX = 2
_KINDS = {"F16": np.float16, "I8": np.int8, "F32": np.float32}
_SMOOTH = "nncf_smooth_quant_scale"


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor of a safetensors file: its place in bytes and its values."""

    name: str
    offset: int
    values: NDArray[np.generic]


def stored_tensors(file: Path) -> list[Stored]:
    """Return the large matrices of a safetensors file with their places.

    The format: https://huggingface.co/docs/safetensors (eight bytes of header length, a JSON
    header, the tensors).
    """
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    found = []
    for name, entry in json.loads(content[8:start]).items():
        if name == "__metadata__" or len(entry["shape"]) != MATRIX:
            continue
        first, last = (start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[first:last], dtype=_KINDS[entry["dtype"]])
        if values.size >= SMALLEST:
            found.append(Stored(name, first, values.reshape(entry["shape"])))
    return found


def share_weights(
    quantised: onnx.ModelProto, original: onnx.ModelProto, weights: Path
) -> onnx.ModelProto:
    """Rewrite ``quantised`` to read from ``weights`` every large constant that stands there.

    Args:
        quantised: the int8 graph; changed in place.
        original: the float32 graph that it was made of, whose constants are those of the file.
        weights: a model.safetensors, in the folder that the graph will be saved to.
    """
    from onnx import numpy_helper

    graph = quantised.graph
    tensors = stored_tensors(weights)
    for initializer in original.graph.initializer:
        values = numpy_helper.to_array(initializer)
        match = _find(values, tensors) if values.ndim == MATRIX else None
        if match is None:
            continue
        stored, turned = match
        if any(n.op_type == "Gather" and n.input[0] == initializer.name for n in graph.node):
            _share_table(graph, initializer.name, stored)
        else:
            _share_matrix(graph, initializer.name, stored, turned=turned)
        graph.initializer.append(_reference(stored, weights.name))
    return quantised


def _share_table(graph: onnx.GraphProto, name: str, stored: Stored) -> None:
    """Look rows up in the stored table and expand only those that are looked up."""
    from onnx import TensorProto, helper

    for position, node in reversed(list(enumerate(graph.node))):
        if node.op_type == "Gather" and node.input[0] == name:
            rows, found = f"{stored.name}.rows", node.output[0]
            node.input[0], node.output[0] = stored.name, rows
            expand = helper.make_node("Cast", [rows], [found], to=TensorProto.FLOAT)
            graph.node.insert(position + 1, expand)
    _drop(graph, name)


def _share_matrix(graph: onnx.GraphProto, name: str, stored: Stored, *, turned: bool) -> None:
    """Make the constant ``name``, or its int8 form, of the stored matrix when a session loads."""
    from onnx import TensorProto, helper, numpy_helper

    value = f"{stored.name}.float"
    nodes = [helper.make_node("Cast", [stored.name], [value], to=TensorProto.FLOAT)]
    if turned:
        nodes.append(helper.make_node("Transpose", [value], [f"{value}.T"], perm=[1, 0]))
        value = f"{value}.T"
    int8 = next((t.name for t in graph.initializer if t.name.startswith(f"q_output_{name}_")), None)
    smoothing = _smoothing(graph, int8) if int8 else None
    if smoothing is not None:
        factor = numpy_helper.from_array((1 / smoothing)[:, None], f"{value}.factor")
        graph.initializer.append(factor)
        nodes.append(helper.make_node("Mul", [value, factor.name], [f"{value}.smooth"]))
        value = f"{value}.smooth"
    if int8:
        expand = next(n for n in graph.node if int8 in n.input)
        scales = [value, *expand.input[1:]]
        nodes.append(helper.make_node("QuantizeLinear", scales, [int8], axis=1))
    else:
        nodes[-1].output[0] = name
    for node in reversed(nodes):
        graph.node.insert(0, node)
    _drop(graph, int8 or name)


def _smoothing(graph: onnx.GraphProto, int8: str) -> NDArray[np.float32] | None:
    """Return what activations are multiplied by before they meet the matrix, shape (in,)."""
    from onnx import numpy_helper

    makers = {output: node for node in graph.node for output in node.output}
    expand = next(n for n in graph.node if int8 in n.input)
    product = next(n for n in graph.node if expand.output[0] in n.input)
    node = makers.get(product.input[0])
    while node is not None and node.op_type in {"DequantizeLinear", "QuantizeLinear"}:
        node = makers.get(node.input[0])
    if node is None or not any(_SMOOTH in name for name in node.input):
        return None
    name = next(name for name in node.input if _SMOOTH in name)
    tensor = next(t for t in graph.initializer if t.name == name)
    factors: NDArray[np.float32] = numpy_helper.to_array(tensor).ravel()
    return factors


def _drop(graph: onnx.GraphProto, name: str) -> None:
    for tensor in [t for t in graph.initializer if t.name == name]:
        graph.initializer.remove(tensor)


def _find(values: NDArray[np.generic], tensors: list[Stored]) -> tuple[Stored, bool] | None:
    """Return the tensor that holds ``values``, and whether it holds them transposed."""
    for stored in tensors:
        for turned in (False, True):
            own = stored.values.T if turned else stored.values
            if own.shape == values.shape and np.array_equal(own, values):
                return stored, turned
    return None


def _reference(stored: Stored, file: str) -> onnx.TensorProto:
    from onnx import TensorProto, helper

    kind = helper.np_dtype_to_tensor_dtype(stored.values.dtype)
    tensor = TensorProto(name=stored.name, data_type=kind, dims=stored.values.shape)
    tensor.data_location = TensorProto.EXTERNAL
    place = {"location": file, "offset": stored.offset, "length": stored.values.nbytes}
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor
