"""Numbers of an architecture: upper bounds of what every network within the norms has, attained by some."""

from __future__ import annotations

import math
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

import bounds
import constructions
from bounds.dense_network import dense_spec
from bounds.network import LayerSpec

ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "softplus", "exp", "elu", "logsigmoid")
GROWING = tuple(
    field.name
    for field in fields(LayerSpec)
    if field.name not in ("activation", "enlargement", "one_signed_inputs", "two_signed_inputs")
)
"""The numbers of which the theory needs upper bounds."""


def random_target(widths: tuple[int, ...], name: str, seed: int, nonnegative: bool) -> constructions.TargetNetwork:
    """A network with |w| <= 3/4, row sums <= 3/2, |b| <= 1/2 on [-2, 2]^n or [0, 2]^n."""
    draw = np.random.default_rng(seed)
    weights, biases = [], []
    for n_in, n_out in pairwise(widths):
        weight = draw.uniform(-0.75, 0.75, (n_out, n_in))
        weight *= np.minimum(1.0, 1.49 / np.abs(weight).sum(axis=1, keepdims=True))
        weights.append(weight)
        biases.append(draw.uniform(-0.5, 0.5, n_out))
    names = [name] * (len(widths) - 2) + ["identity"]
    low = 0.0 if nonnegative else -2.0
    return constructions.TargetNetwork(weights, biases, names, (np.full(widths[0], low), np.full(widths[0], 2.0)))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("nonnegative", [False, True])
def test_the_numbers_cover_every_network_within_the_norms(name: str, nonnegative: bool) -> None:
    for seed, widths in enumerate([(3, 5, 2), (4, 6, 3, 2), (2, 2)]):
        covering = dense_spec(
            widths,
            name,
            row_sum=1.5,
            max_weight=0.75,
            max_bias=0.5,
            input_sup=2.0,
            nonnegative_input=nonnegative,
        )
        network = random_target(widths, name, seed, nonnegative).spec()
        assert covering.widths == network.widths and covering.domain == network.domain
        for layer, own in zip(covering.layers, network.layers, strict=True):
            for field in GROWING:
                assert getattr(layer, field) >= getattr(own, field), field
            assert layer.activation == own.activation and layer.enlargement <= own.enlargement
            assert layer.two_signed_inputs >= own.two_signed_inputs, "signs are claimed only where they hold"
            used = layer.one_signed_inputs + layer.two_signed_inputs
            assert used >= own.one_signed_inputs + own.two_signed_inputs


def test_the_numbers_are_attained() -> None:
    """Equal weights and biases at the norms reach the range: no number is larger than it has to be."""
    widths, weight = (4, 3, 2), 0.25
    target = constructions.TargetNetwork(
        [np.full((3, 4), weight), np.full((2, 3), weight)],
        [np.ones(3), np.ones(2)],
        ["exp", "identity"],
        ([-1] * 4, [1] * 4),
    )
    covering = dense_spec(widths, "exp", row_sum=4 * weight, max_weight=weight)
    for field in (
        "lipschitz",
        "input_sup",
        "input_l1",
        "support_l1",
        "max_weight",
        "column_sum",
        "row_sum",
        "max_bias",
    ):
        reached = [getattr(layer, field) for layer in target.spec().layers]
        stated = [getattr(layer, field) for layer in covering.layers]
        assert stated == pytest.approx(reached, rel=1e-9), field


def test_sparse_rows_and_no_biases() -> None:
    layer, output = dense_spec((10, 4, 2), "sigmoid", max_bias=0, row_nonzeros=3, row_sum=2.5, max_weight=0.5).layers
    assert (layer.nonzero_weights, layer.row_nonzeros, layer.nonzero_biases, layer.max_bias) == (12, 3, 0, 0.0)
    assert layer.row_sum == 1.5 and layer.support_l1 == 3.0 and layer.input_l1 == 10.0 and layer.column_sum == 2.0
    assert layer.two_signed_inputs == 10 and output.one_signed_inputs == 4 and output.two_signed_inputs == 0
    assert 0.81 < output.input_sup < 0.82, "sigmoid(1.5)"


def test_a_row_sum_below_the_largest_weight_bounds_the_weights() -> None:
    assert dense_spec((3, 2), "relu", row_sum=0.25).layers[0].max_weight == 0.25


def test_lipschitz_constants_that_hold_everywhere_need_no_margin() -> None:
    assert dense_spec((3, 2, 1), "tanh").layers[0].enlargement == math.inf
    local = dense_spec((3, 2, 1), "exp").layers[0]
    assert local.enlargement == 1.0 and local.lipschitz == pytest.approx(math.exp(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"widths": (3,)}, "widths=.3,. must be two or more"),
        ({"widths": (3, 0)}, "widths"),
        ({"widths": (3, 2.5)}, "widths"),
        ({"activation": "swoosh"}, "swoosh"),
        ({"output_activation": "swoosh"}, "swoosh"),
        ({"row_sum": 0}, "row_sum=0 must be a finite number above 0"),
        ({"row_sum": math.nan}, "row_sum=nan"),
        ({"max_weight": -1}, "max_weight=-1"),
        ({"max_bias": -0.5}, "max_bias=-0.5 must be a finite number of at least 0"),
        ({"row_nonzeros": 0}, "row_nonzeros=0 must be an integer"),
        ({"row_nonzeros": 1.5}, "row_nonzeros=1.5"),
        ({"input_sup": math.inf}, "input_sup=inf"),
        ({"widths": (9, 9, 9, 9, 9), "activation": "exp", "row_sum": 9.0}, "lower row_sum"),
    ],
)
def test_bad_arguments_are_named(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dense_spec(**{"widths": (3, 2), "activation": "relu", **change})


def test_the_public_name() -> None:
    assert bounds.dense_spec is dense_spec
