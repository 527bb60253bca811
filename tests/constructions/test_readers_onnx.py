"""ONNX targets: every supported operator against ONNX's own reference evaluator, everything else refused by name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from constructions.readers.chain import Chain, TargetFileError, exact
from constructions.readers.load import load_target
from constructions.readers.onnx import read_onnx
from tests.constructions.forged_files import mutate
from tests.constructions.onnx_graphs import node, save_graph

RNG = np.random.default_rng(0)
W, V, B, C = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=4), RNG.normal(size=(1, 2))
ROW, COLUMN = RNG.normal(size=(1, 3)), RNG.normal(size=(4, 1))
SHAPE = np.array([1, -1])
Graph = tuple[list[onnx.NodeProto], dict[str, np.ndarray], tuple[Any, ...]]

GRAPHS: dict[str, Graph] = {
    "Gemm": ([node("Gemm", "x", "W", "B", "y")], dict(W=W, B=B), (1, 3)),
    "Gemm transB": ([node("Gemm", "x", "W", "B", "y", transB=1)], dict(W=W.T.copy(), B=B), (1, 3)),
    "Gemm alpha beta": ([node("Gemm", "x", "W", "B", "y", alpha=0.5, beta=-3.0)], dict(W=W, B=B), (1, 3)),
    "Gemm without C": ([node("Gemm", "x", "W", "y", alpha=2.0)], dict(W=W), (1, 3)),
    "Gemm scalar C": ([node("Gemm", "x", "W", "B", "y")], dict(W=W, B=np.array(0.3)), (1, 3)),
    "Gemm column": (
        [node("Reshape", "x", "s", "t"), node("Gemm", "t", "W", "B", "y", transA=1)],
        dict(W=W, B=B, s=np.array([3, 1])),
        (1, 3),
    ),
    "Gemm weight left": (
        [node("Reshape", "x", "s", "t"), node("Gemm", "W", "t", "B", "y", alpha=2.0)],
        dict(W=W.T.copy(), B=COLUMN, s=np.array([3, 1])),
        (1, 3),
    ),
    "Gemm weight left transposed": ([node("Gemm", "W", "x", "y", transA=1, transB=1)], dict(W=W), (1, 3)),
    "MatMul right": ([node("MatMul", "x", "W", "t"), node("Add", "t", "B", "y")], dict(W=W, B=B), ("batch", 3)),
    "MatMul left": (
        [node("Reshape", "x", "s", "t"), node("MatMul", "W", "t", "u"), node("Add", "B", "u", "y")],
        dict(W=W.T.copy(), B=COLUMN, s=np.array([3, 1])),
        (1, 3),
    ),
    "MatMul of a vector": ([node("MatMul", "x", "W", "y")], dict(W=W), (3,)),
    "MatMul left of a vector": ([node("MatMul", "W", "x", "y")], dict(W=W.T.copy()), (3,)),
    "constants before": (
        [node("Sub", "x", "m", "a"), node("Div", "a", "d", "b"), node("MatMul", "b", "W", "y")],
        dict(m=ROW, d=np.array(0.3), W=W),
        (1, 3),
    ),
    "constants after": (
        [
            node("MatMul", "x", "W", "a"),
            node("Mul", "B", "a", "b"),
            node("Sub", "B", "b", "c"),
            node("Add", "c", "B", "d"),
            node("Tanh", "d", "y"),
        ],
        dict(W=W, B=B),
        (1, 3),
    ),
    "constants before and after": (
        [
            node("Sub", "x", "m", "z"),
            node("Gemm", "z", "W", "B", "a"),
            node("Mul", "a", "d", "b"),
            node("Relu", "b", "y"),
        ],
        dict(m=ROW, W=W, B=B, d=np.array(-0.7)),
        (1, 3),
    ),
    "constants between": (
        [
            node("MatMul", "x", "W", "a"),
            node("Sigmoid", "a", "b"),
            node("Mul", "b", "B", "c"),
            node("Add", "c", "B", "d"),
            node("MatMul", "d", "V", "y"),
        ],
        dict(W=W, B=B, V=V),
        (1, 3),
    ),
    "constants at the end": (
        [node("MatMul", "x", "W", "a"), node("Relu", "a", "b"), node("Mul", "b", "B", "y")],
        dict(W=W, B=B),
        (1, 3),
    ),
    "activation first": ([node("LeakyRelu", "x", "a", alpha=0.25), node("MatMul", "a", "W", "y")], dict(W=W), (1, 3)),
    "two activations": (
        [node("MatMul", "x", "W", "a"), node("Tanh", "a", "b"), node("Relu", "b", "y")],
        dict(W=W),
        (1, 3),
    ),
    "two linear layers": ([node("MatMul", "x", "W", "a"), node("MatMul", "a", "V", "y")], dict(W=W, V=V), (1, 3)),
    "Flatten": ([node("Flatten", "x", "a"), node("MatMul", "a", "W", "y")], dict(W=W), (1, 1, 3, 1)),
    "Flatten axis": ([node("Flatten", "x", "a", axis=-1), node("MatMul", "a", "W", "y")], dict(W=W), (1, 1, 3)),
    "Reshape": ([node("Reshape", "x", "s", "a"), node("MatMul", "a", "W", "y")], dict(W=W, s=SHAPE), (1, 3, 1)),
    "Reshape copies": (
        [node("Reshape", "x", "s", "a"), node("MatMul", "a", "W", "y")],
        dict(W=W, s=np.array([0, 3])),
        (1, 3, 1),
    ),
    "Constant node": (
        [node("Constant", "k", value=onnx.numpy_helper.from_array(W)), node("MatMul", "x", "k", "y")],
        {},
        (1, 3),
    ),
    "Constant floats": (
        [node("Constant", "k", value_floats=[1.0, 2.5, -3.0]), node("Add", "x", "k", "y")],
        {},
        (1, 3),
    ),
    "Identity": (
        [node("Identity", "x", "a"), node("MatMul", "a", "W", "b"), node("Identity", "b", "y")],
        dict(W=W),
        (1, 3),
    ),
}


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("case", GRAPHS)
def test_every_supported_form_equals_the_reference_evaluator(case: str, listed: bool, tmp_path: Path) -> None:
    nodes, constants, shape = GRAPHS[case]
    kind = "float32" if case == "Constant floats" else "float64"
    path = save_graph(tmp_path / "g.onnx", nodes, constants, shape, listed and bool(constants), kind=kind)
    target = load_target(path, domain=(-np.ones(3), np.ones(3)))
    evaluator = ReferenceEvaluator(str(path))
    for sample in RNG.uniform(-1, 1, (5, 3)).astype(np.float32):
        fixed = [size if isinstance(size, int) else 1 for size in shape]
        reference = evaluator.run(None, {"x": sample.reshape(fixed).astype(kind)})[0]
        assert np.abs(target([sample])[0] - np.ravel(reference)).max() < (1e-6 if kind == "float32" else 1e-13)


def test_the_shape_of_the_network(tmp_path: Path) -> None:
    nodes, constants, _ = GRAPHS["two linear layers"]
    target = load_target(save_graph(tmp_path / "g.onnx", nodes, constants), (-np.ones(3), np.ones(3)))
    assert (target.widths, target.activations, target.output_head) == ((3, 4, 2), ("identity", "identity"), None)


def test_leaky_relu_keeps_the_stored_slope(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x", "W", "a"), node("LeakyRelu", "a", "y")]
    raw = read_onnx(save_graph(tmp_path / "g.onnx", nodes, dict(W=W)))
    assert raw.activations == [f"leaky_relu({0.01!r})"]
    nodes[1] = node("LeakyRelu", "a", "y", alpha=0.3)
    raw = read_onnx(save_graph(tmp_path / "g.onnx", nodes, dict(W=W)))
    assert raw.activations == [f"leaky_relu({float(np.float32(0.3))!r})"]


def test_a_final_softmax_is_cut_off(tmp_path: Path) -> None:
    nodes = [node("Gemm", "x", "W", "B", "a"), node("Softmax", "a", "y", axis=1)]
    path = save_graph(tmp_path / "g.onnx", nodes, dict(W=W, B=B), (1, 3))
    target = load_target(path, (-np.ones(3), np.ones(3)))
    assert target.output_head == "softmax"
    sample = RNG.uniform(-1, 1, (1, 3))
    logits = target(sample)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(ReferenceEvaluator(str(path)).run(None, {"x": sample})[0] - expected).max() < 1e-13


def test_constants_are_folded_with_one_rounding(tmp_path: Path) -> None:
    """(x - m) / d into W x + b: every entry is the float nearest to the exact rational."""
    mean, divisor = np.array([[0.1, 0.2, 0.3]]), np.array([[0.3, 0.7, 1.1]])
    nodes = [node("Sub", "x", "m", "a"), node("Div", "a", "d", "b"), node("MatMul", "b", "W", "c")]
    nodes.append(node("Add", "c", "B", "y"))
    raw = read_onnx(save_graph(tmp_path / "g.onnx", nodes, dict(m=mean, d=divisor, W=W, B=B), (1, 3)))
    m, d = ([Fraction(v) for v in row[0]] for row in (mean, divisor))
    for i in range(4):
        column = [Fraction(v) for v in W[:, i]]
        assert raw.weights[0][i].tolist() == [float(w / dj) for w, dj in zip(column, d, strict=True)]
        offset = Fraction(B[i]) - sum(w * mj / dj for w, mj, dj in zip(column, m, d, strict=True))
        assert raw.biases[0][i] == float(offset)
    assert not np.array_equal(raw.weights[0], (W.T * (1 / divisor)))  # two roundings would not do


REFUSED: dict[str, tuple[Graph, str]] = {
    "operator": (([node("Exp", "x", "y")], {}, (1, 3)), r"'n_y', operator Exp: .* Gemm, Identity, LeakyRelu, MatMul"),
    "Conv": (([node("Conv", "x", "W", "y")], dict(W=W[None]), (1, 3, 3)), "operator Conv"),
    "two inputs of a node": (([node("Add", "x", "x", "y")], {}, (1, 3)), "not a chain"),
    "side branch": (
        ([node("Relu", "x", "a"), node("Tanh", "x", "y")], {}, (1, 3)),
        "'n_y', operator Tanh.* not a chain",
    ),
    "constant only": (([node("Add", "B", "B", "y")], dict(B=B), (1, 3)), "not a chain"),
    "division by the network": (([node("Div", "B", "x", "y")], dict(B=ROW), (1, 3)), "only division by a constant"),
    "division by zero": (([node("Div", "x", "z", "y")], dict(z=np.zeros(3)), (1, 3)), "without zeros"),
    "softmax inside": (([node("Softmax", "x", "a"), node("Relu", "a", "y")], {}, (1, 3)), "only a final Softmax"),
    "softmax axis": (([node("Softmax", "x", "y", axis=0)], {}, (1, 3)), "axis 0"),
    "weight shape": (([node("MatMul", "x", "W", "y")], dict(W=W.T.copy()), (1, 3)), r"\(3, 4\) weight on the right"),
    "weight rank": (([node("MatMul", "x", "W", "y")], dict(W=W[None]), (1, 3)), "must be a matrix"),
    "enlarging constant": (([node("Add", "x", "B", "y")], dict(B=np.ones((2, 3))), (1, 3)), "enlarge"),
    "constant shape": (([node("Add", "x", "B", "y")], dict(B=B), (1, 3)), "does not fit"),
    "reshape": (([node("Reshape", "x", "s", "y")], dict(s=np.array([1, 4])), (1, 3)), "cannot reshape"),
    "symbolic size": (([node("Relu", "x", "y")], {}, (1, "n")), "every axis but the first needs a size"),
    "nan constant": (([node("Add", "x", "B", "y")], dict(B=np.array([np.nan, 0, 0])), (1, 3)), "must be finite"),
    "complex constant": (([node("Add", "x", "B", "y")], dict(B=np.ones(3) * 1j), (1, 3)), "real numbers"),
    "no layer": (([node("Identity", "x", "y")], {}, (1, 3)), "no layer"),
    "attribute name": (([node("Flatten", "x", "y", axes=1)], {}, (1, 3)), "not understood"),
    "attribute type": (([node("Flatten", "x", "y", axis=1.0)], {}, (1, 3)), "must be of type int"),
    "inputs": (([node("Relu", "x", "B", "y")], dict(B=B), (1, 3)), "but needs 1"),
    "missing input": (([node("Add", "x", "y")], {}, (1, 3)), "but needs 2"),
    "shape by network": (([node("Reshape", "B", "x", "y")], dict(B=B), (1, 3)), "new shape must be a constant"),
    "shape of floats": (([node("Reshape", "x", "B", "y")], dict(B=B), (1, 3)), "vector of integers"),
    "outputs": (([onnx.helper.make_node("Relu", ["x"], ["y", "z"])], {}, (1, 3)), "2 outputs"),
    "wrong end": (([node("Relu", "x", "z")], {}, (1, 3)), "not the end of the chain"),
    "attribute": (([node("Flatten", "x", "y", axis=7)], {}, (1, 3)), "axis 7"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everything_else_is_refused_by_name(case: str, tmp_path: Path) -> None:
    (nodes, constants, shape), message = REFUSED[case]
    with pytest.raises(TargetFileError, match=message):
        load_target(save_graph(tmp_path / "g.onnx", nodes, constants, shape), (-np.ones(3), np.ones(3)))


def test_external_data_is_refused(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "g.onnx", [node("MatMul", "x", "W", "y")], dict(W=W))
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(TargetFileError, match=r"another file|external"):
        read_onnx(path)


def test_mutated_models_never_crash(tmp_path: Path) -> None:
    nodes, constants, shape = GRAPHS["constants between"]
    content = save_graph(tmp_path / "g.onnx", nodes, constants, shape).read_bytes()
    refused = 0
    for seed in range(200):
        path = tmp_path / "mutated.onnx"
        path.write_bytes(mutate(content, seed))
        try:
            load_target(path, (-np.ones(3), np.ones(3)))
        except TargetFileError:
            refused += 1
    assert refused > 50


def test_a_chain_refuses_what_does_not_fit() -> None:
    with pytest.raises(TargetFileError, match="do not fit 3 inputs"):
        Chain(3).linear(np.ones((2, 4)), np.zeros(2))
    with pytest.raises(TargetFileError, match="no layer"):
        Chain(3).finish()
    chain = Chain(1)
    chain.scale(exact(np.array([1e300])))
    chain.scale(exact(np.array([1e300])))
    with pytest.raises(TargetFileError, match="exceeds the range"):
        chain.finish()


@pytest.mark.data
@pytest.mark.parametrize("name", ["cartpole_tanh", "acasxu_1_1"])
def test_real_networks_give_their_reference_outputs(name: str, shared_dir: Path) -> None:
    """Networks of others, against outputs of a float32 runtime; the domain comes from the JSON beside the file."""
    path = shared_dir / "data" / "targets" / f"{name}.onnx"
    record = json.loads(path.with_suffix(".json").read_text())
    target = load_target(path)
    assert list(target.widths) == record["architecture"]
    assert [name.replace("identity", "linear") for name in target.activations] == record["activations"]
    assert target.domain[0].tolist() == record["input_box"]["lo"]
    inputs = np.array([pair["input"] for pair in record["reference"]])
    outputs = np.array([pair["output"] for pair in record["reference"]])
    assert np.abs(target(inputs) - outputs).max() < 2e-7
    assert np.abs(target(np.roll(inputs, 1, axis=1)) - outputs).max() > 1e-4
