"""Equal embedding rows stored once in an ONNX graph.

It owns one rewriting: a lookup ``table[ids]`` whose table repeats rows becomes
``unique[row_of[ids]]``. The bilingual vocabulary reads one row by two tokens (快递 and ##快递),
which a standard model folder can only say by writing the row twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

MATRIX = 2


def share_rows(graph: onnx.GraphProto) -> int:
    """Rewrite every float lookup in ``graph`` whose table repeats rows; return rows saved."""
    from onnx import helper, numpy_helper

    tables = {tensor.name: tensor for tensor in graph.initializer}
    saved = 0
    for position, node in reversed(list(enumerate(graph.node))):
        tensor = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if tensor is None or len(tensor.dims) != MATRIX or _uses(graph, tensor.name) != 1:
            continue
        table = numpy_helper.to_array(tensor)
        _, first, row_of = np.unique(table, axis=0, return_index=True, return_inverse=True)
        if len(first) == len(table):
            continue
        # np.unique sorts by value; rows go back to the order of their first token.
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        tensor.CopyFrom(numpy_helper.from_array(table[first[order]], tensor.name))
        lookup = rank[row_of.ravel()].astype(np.int32)
        rows = numpy_helper.from_array(lookup, f"{tensor.name}.row_of")
        graph.initializer.append(rows)
        found = f"{node.name or tensor.name}.rows"
        graph.node.insert(position, helper.make_node("Gather", [rows.name, node.input[1]], [found]))
        node.input[1] = found
        saved += len(table) - len(first)
    return saved


def _uses(graph: onnx.GraphProto, name: str) -> int:
    return sum(list(node.input).count(name) for node in graph.node)
