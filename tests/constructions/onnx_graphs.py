"""Small ONNX graphs written node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("float64"): TensorProto.DOUBLE}


def save_graph(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, np.ndarray],
    shape: Sequence[int | str] = ("batch", 3),
    listed: bool = False,
    opset: int = 17,
    kind: str = "float64",
) -> Path:
    """Write a graph from ``x`` to ``y``; ``listed``: the initialisers are inputs too, as old exporters do."""
    tensor = TYPES[np.dtype(kind)]
    inputs = [helper.make_tensor_value_info("x", tensor, list(shape))]
    if listed:
        inputs += [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in constants.items()
        ]
    output = helper.make_tensor_value_info("y", tensor, None)
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(list(nodes), "small", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, path)
    return path


def node(operator: str, *names: str, **attributes: object) -> onnx.NodeProto:
    """A node ``names[-1] = operator(names[:-1])`` called after its output."""
    return helper.make_node(operator, list(names[:-1]), [names[-1]], name=f"n_{names[-1]}", **attributes)
