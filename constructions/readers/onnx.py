"""Target networks from ONNX graphs: a chain of dense layers, constants and elementwise activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from os import PathLike
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from constructions.evaluation import FloatArray
from constructions.readers.chain import Chain, Exact, RawNetwork, TargetFileError, exact

ACTIVATIONS = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}


def read_onnx(path: str | PathLike[str]) -> RawNetwork:
    """Read the dense network in an ONNX file.

    Supported: Gemm, MatMul with the weight on either side, Add, Sub, Mul and Div with a constant, Flatten,
    Reshape, Relu, LeakyRelu, Tanh, Sigmoid, Identity, Constant, and Softmax as the last node, which is cut off.
    The first axis of the input is the batch; the others are flattened row-major. Constants are folded exactly,
    then rounded to float64.

    Raises ``TargetFileError`` for a damaged file, for external data and for anything else, naming node and
    operator.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, UnicodeDecodeError) as error:
        raise TargetFileError(f"{path}: not a valid ONNX model ({error}); export it again") from error
    try:
        return _read_graph(model.graph)
    except TargetFileError as error:
        raise TargetFileError(f"{path}: {error}") from error


@dataclass(slots=True)
class _State:
    """The running tensor: its name, its shape with a batch of one, the chain that produced it."""

    name: str
    shape: tuple[int, ...]
    chain: Chain
    constants: dict[str, np.ndarray]
    softmax: bool = False


def _read_graph(graph: onnx.GraphProto) -> RawNetwork:
    constants = {tensor.name: _array(tensor) for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    if graph.sparse_initializer or len(inputs) != 1 or len(graph.output) != 1:
        raise TargetFileError(
            f"the graph has {len(inputs)} inputs, {len(graph.output)} outputs and {len(graph.sparse_initializer)} "
            "sparse initialisers; a target network has one input, one output and dense weights"
        )
    shape = _sample_shape(inputs[0])
    state = _State(inputs[0].name, shape, Chain(prod(shape)), constants)
    for node in graph.node:
        _apply(state, node)
    if state.name != graph.output[0].name:
        raise TargetFileError(f"the output {graph.output[0].name!r} is not the end of the chain, {state.name!r} is")
    return state.chain.finish("softmax" if state.softmax else None)


def _apply(state: _State, node: onnx.NodeProto) -> None:
    if len(node.output) != 1:
        raise TargetFileError(
            f"node {node.name!r}, operator {node.op_type}: it has {len(node.output)} outputs, not one"
        )
    known = node.domain in ("", "ai.onnx")
    if known and node.op_type == "Constant":
        state.constants[node.output[0]] = _constant_value(node)
        return
    handler, inputs = HANDLERS.get(node.op_type, (None, 0)) if known else (None, 0)
    if handler is None:
        raise _refusal(node, f"the operator is not supported; supported are {', '.join(sorted(HANDLERS))}, Constant")
    if state.softmax:
        raise _refusal(node, "only a final Softmax can be cut off, but this node follows it")
    if [name for name in node.input if name and name not in state.constants] != [state.name]:
        raise _refusal(node, f"it must take {state.name!r} once and constants otherwise; the graph is not a chain")
    if not inputs <= len(node.input) <= max(inputs, 3 if node.op_type == "Gemm" else 0) or not all(node.input[:inputs]):
        raise _refusal(node, f"it has the inputs {list(node.input)}, but needs {inputs}")
    try:
        handler(state, node)
    except TargetFileError as error:
        raise _refusal(node, str(error)) from error
    state.name = node.output[0]


def _refusal(node: onnx.NodeProto, reason: str) -> TargetFileError:
    return TargetFileError(f"node {node.name or node.output[0]!r}, operator {node.op_type}: {reason}")


def _gemm(state: _State, node: onnx.NodeProto) -> None:
    attributes = _attributes(node, alpha=1.0, beta=1.0, transA=0, transB=0)
    running_left = node.input[0] == state.name
    weight = _matrix(state, node.input[1] if running_left else node.input[0])
    if attributes["transB" if running_left else "transA"]:
        weight = weight.T
    transposed = attributes["transA" if running_left else "transB"]
    shape = state.shape[::-1] if transposed else state.shape
    if len(shape) != 2 or shape[0 if running_left else 1] != 1:
        raise TargetFileError(f"a tensor of shape {state.shape} is not one sample per row; flatten it first")
    _multiply(state, weight.T if running_left else weight, shape, running_left)
    if attributes["alpha"] != 1.0:
        state.chain.scale(exact(np.full(state.chain.width, attributes["alpha"])))
    if len(node.input) > 2 and node.input[2]:
        bias = exact(_real(state, node.input[2])) * exact(np.array(attributes["beta"]))
        state.chain.shift(_broadcast(state, np.asarray(bias, dtype=object)))


def _matmul(state: _State, node: onnx.NodeProto) -> None:
    running_left = node.input[0] == state.name
    weight = _matrix(state, node.input[1] if running_left else node.input[0])
    _multiply(state, weight.T if running_left else weight, state.shape, running_left)


def _multiply(state: _State, weight: FloatArray, shape: tuple[int, ...], running_left: bool) -> None:
    """Multiply the sample, a row of ``shape`` (its last axis) or a column (its last but one), by ``weight``."""
    axis = len(shape) - 1 if running_left or len(shape) == 1 else len(shape) - 2
    if shape[axis] != weight.shape[1] or prod(shape) != weight.shape[1]:
        side = "right" if running_left else "left"
        raise TargetFileError(f"a {weight.shape} weight on the {side} does not fit a tensor of shape {shape}")
    state.chain.linear(weight, np.zeros(weight.shape[0]))
    state.shape = (*shape[:axis], weight.shape[0], *shape[axis + 1 :])


def _arithmetic(state: _State, node: onnx.NodeProto) -> None:
    first = node.input[0] == state.name
    constant = exact(_real(state, node.input[1] if first else node.input[0]))
    values = _broadcast(state, np.asarray(constant, dtype=object))
    if node.op_type == "Div":
        if not first or not all(values):
            raise TargetFileError("only division by a constant without zeros can be folded")
        state.chain.scale(1 / values)
    elif node.op_type == "Mul":
        state.chain.scale(values)
    elif node.op_type == "Sub" and not first:
        state.chain.scale(np.full_like(values, -1))
        state.chain.shift(values)
    else:
        state.chain.shift(-values if node.op_type == "Sub" else values)


def _flatten(state: _State, node: onnx.NodeProto) -> None:
    axis = _attributes(node, axis=1)["axis"]
    if not -len(state.shape) <= axis <= len(state.shape):
        raise TargetFileError(f"axis {axis} does not exist in a tensor of shape {state.shape}")
    axis = axis + len(state.shape) if axis < 0 else axis
    state.shape = (prod(state.shape[:axis]), prod(state.shape[axis:]))


def _reshape(state: _State, node: onnx.NodeProto) -> None:
    keep_zeros = _attributes(node, allowzero=0)["allowzero"]
    sizes = state.constants.get(node.input[1])
    if sizes is None or sizes.dtype.kind not in "iu":
        raise TargetFileError("the new shape must be a constant vector of integers")
    wanted = [int(size) for size in sizes.ravel()]
    copied = [size if size or keep_zeros else _axis(state.shape, k) for k, size in enumerate(wanted)]
    known = prod(size for size in copied if size != -1)
    total = prod(state.shape)
    if copied.count(-1) == 1 and known > 0:
        copied[copied.index(-1)] = total // known
    if min(copied, default=1) < 1 or prod(copied) != total:
        raise TargetFileError(f"cannot reshape one sample of shape {state.shape} to {wanted}")
    state.shape = tuple(copied)


def _axis(shape: tuple[int, ...], axis: int) -> int:
    if axis >= len(shape):
        raise TargetFileError(f"axis {axis} does not exist in a tensor of shape {shape}")
    return shape[axis]


def _activation(state: _State, node: onnx.NodeProto) -> None:
    state.chain.activation(ACTIVATIONS[node.op_type])


def _leaky_relu(state: _State, node: onnx.NodeProto) -> None:
    state.chain.activation(f"leaky_relu({float(_attributes(node, alpha=0.01)['alpha'])!r})")


def _softmax(state: _State, node: onnx.NodeProto) -> None:
    axis = _attributes(node, axis=-1)["axis"]
    if not -len(state.shape) <= axis < len(state.shape) or state.shape[axis] != state.chain.width:
        raise TargetFileError(f"axis {axis} of a tensor of shape {state.shape} does not hold all outputs")
    state.softmax = True


def _identity(state: _State, node: onnx.NodeProto) -> None:
    """Change nothing: the running tensor only gets another name."""


HANDLERS: dict[str, tuple[Callable[[_State, onnx.NodeProto], None], int]] = {
    "Gemm": (_gemm, 2),
    "MatMul": (_matmul, 2),
    "Add": (_arithmetic, 2),
    "Sub": (_arithmetic, 2),
    "Mul": (_arithmetic, 2),
    "Div": (_arithmetic, 2),
    "Flatten": (_flatten, 1),
    "Reshape": (_reshape, 2),
    "Relu": (_activation, 1),
    "Tanh": (_activation, 1),
    "Sigmoid": (_activation, 1),
    "LeakyRelu": (_leaky_relu, 1),
    "Softmax": (_softmax, 1),
    "Identity": (_identity, 1),
}


def _sample_shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Return the declared input shape with a batch of one; a vector without a batch axis stays a vector."""
    dims = value.type.tensor_type.shape.dim
    sizes = [dim.dim_value for dim in dims]
    if not sizes or min(sizes[1:] if len(sizes) > 1 else sizes) < 1:
        raise TargetFileError(f"the input {value.name!r} has shape {sizes}; every axis but the first needs a size")
    return (1, *sizes[1:]) if len(sizes) > 1 else tuple(sizes)


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise TargetFileError(f"the tensor {tensor.name!r} lies in another file; store the weights inside the model")
    try:
        return onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise TargetFileError(f"the tensor {tensor.name!r} cannot be read: {error}") from error


def _constant_value(node: onnx.NodeProto) -> np.ndarray:
    names = [attribute.name for attribute in node.attribute]
    if names == ["value"]:
        return _array(node.attribute[0].t)
    if len(names) == 1 and names[0] in ("value_float", "value_floats", "value_int", "value_ints"):
        return np.asarray(onnx.helper.get_attribute_value(node.attribute[0]))
    raise _refusal(node, f"the attributes {names} are not one dense tensor of numbers")


def _attributes(node: onnx.NodeProto, **defaults: Any) -> dict[str, Any]:
    found = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    unknown = set(found) - set(defaults)
    if unknown:
        raise TargetFileError(f"the attributes {sorted(unknown)} are not understood")
    for name, value in found.items():
        if type(value) is not type(defaults[name]):
            raise TargetFileError(f"the attribute {name} = {value!r} must be of type {type(defaults[name]).__name__}")
    return defaults | found


def _real(state: _State, name: str) -> FloatArray:
    array = state.constants[name]
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TargetFileError(f"the constant {name!r} has type {array.dtype}, but must hold real numbers")
    return array.astype(np.float64)


def _matrix(state: _State, name: str) -> FloatArray:
    matrix = _real(state, name)
    if matrix.ndim != 2:
        raise TargetFileError(f"the weight {name!r} has shape {matrix.shape}, but must be a matrix")
    return matrix


def _broadcast(state: _State, values: Exact) -> Exact:
    """Return one constant per coordinate of the running tensor; the constant must not enlarge it."""
    try:
        shape = np.broadcast_shapes(state.shape, values.shape)
    except ValueError as error:
        raise TargetFileError(f"a constant of shape {values.shape} does not fit {state.shape}") from error
    if prod(shape) != prod(state.shape):
        raise TargetFileError(f"a constant of shape {values.shape} would enlarge a tensor of shape {state.shape}")
    state.shape = shape
    return np.broadcast_to(values, shape).ravel()
