"""Identity padding: real padded networks are as close as promised, and their numbers are those of the padded spec."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.network import LayerSpec, NetworkSpec
from bounds.padding import ERROR_SHARE, _Identity, pad, target_depth
from bounds.widths.blocks import choose_block
from constructions.target import TargetNetwork
from tests.bounds.padded_network import padded_network
from tests.bounds.test_widths import dense

ACTIVATIONS = ("relu", "leaky_relu(0.2)", "tanh", "sigmoid", "softplus", "elu", "selu", "gelu", "identity", "hardtanh")
EXACT = {"relu", "leaky_relu(0.2)", "identity", "softplus"}


def random_target(widths: tuple[int, ...], activation: str, seed: int, low: float = -1.0) -> TargetNetwork:
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(-1, 1, (b, a)) * (rng.random((b, a)) < 0.8) for a, b in pairwise(widths)]
    return TargetNetwork(
        weights,
        [rng.uniform(-1, 1, b) for b in widths[1:]],
        (activation,) * (len(widths) - 2) + ("identity",),
        (np.full(widths[0], low), np.ones(widths[0])),
    )


def samples(target: TargetNetwork, count: int = 400) -> np.ndarray:
    low, high = target.domain
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(len(low), -1).T
    return np.vstack([corners, np.random.default_rng(0).uniform(low, high, (count, len(low)))])


@pytest.mark.theorem
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_padded_networks_are_as_close_as_promised(activation: str, position: int) -> None:
    """sup |padded - target| <= .error <= tolerance/16 for networks with these very weights, three layers inserted."""
    target = random_target((3, 4, 3, 2), "tanh", seed=position)
    padded = pad(target.spec(), 6, 0.1, activation, position)
    network = padded_network(target, padded)
    gap = np.abs(network(samples(target)) - target(samples(target))).max()
    assert network.widths == padded.spec.widths and network.depth == 6
    assert gap <= padded.error + 1e-10
    assert padded.error <= 0.1 * ERROR_SHARE
    if activation != "hardtanh":  # exact up to 1 only
        assert (padded.error == 0) == (activation in EXACT)


@pytest.mark.theorem
@pytest.mark.parametrize(("activation", "share"), [("tanh", 0.9), ("sigmoid", 0.9), ("gelu", 0.9), ("elu", 0.4)])
def test_the_promise_is_nearly_used_up_in_a_bad_case(activation: str, share: float) -> None:
    """f(x) = x on [-1, 1]: at the end of the interval three identity layers are off by the bound."""
    target = TargetNetwork([np.ones((1, 1))], [np.zeros(1)], ("identity",), (-np.ones(1), np.ones(1)))
    padded = pad(target.spec(), 4, 0.3, activation)
    ends = np.linspace(-1, 1, 2001)[:, None]
    gap = np.abs(padded_network(target, padded)(ends) - ends).max()
    assert share * padded.error <= gap <= padded.error


@pytest.mark.theorem
@pytest.mark.parametrize("domain", [-1.0, 0.0])
@pytest.mark.parametrize("hidden", ["relu", "tanh"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_numbers_are_those_of_the_padded_network(activation: str, hidden: str, domain: float) -> None:
    """Every number of the padded spec bounds that of the real padded network, from its weights and from samples."""
    target = random_target((3, 4, 3, 2), hidden, seed=11, low=domain)
    for position in range(3):
        padded = pad(target.spec(), 5, 0.1, activation, position)
        network = padded_network(target, padded)
        real = network.spec()
        value = samples(target)
        for number, (ours, theirs) in enumerate(zip(padded.spec.layers, real.layers, strict=True)):
            check_layer(ours, theirs, network.weights[number], value)
            shifted = value @ network.weights[number].T + network.biases[number]
            slope = bounds.scalar_function(ours.activation).lipschitz_on(float(shifted.min()), float(shifted.max()))
            assert slope <= ours.lipschitz * (1 + 1e-12)
            value = layer_values(network, number, value)


def layer_values(network: TargetNetwork, number: int, value: np.ndarray) -> np.ndarray:
    """Return the layer's values by a network of this one layer."""
    low, high = value.min(axis=0) - 1e-9, value.max(axis=0) + 1e-9
    one = TargetNetwork(
        [network.weights[number]], [network.biases[number]], (network.activations[number],), (low, high)
    )
    return one(value)


def check_layer(ours: LayerSpec, theirs: LayerSpec, weight: np.ndarray, value: np.ndarray) -> None:
    """Compare weights' numbers with the real ones (not more than twice as large) and suprema with samples."""
    assert (ours.n_in, ours.n_out) == (theirs.n_in, theirs.n_out)
    for name in ("row_sum", "column_sum", "max_weight", "max_bias", "row_nonzeros"):
        assert getattr(ours, name) >= getattr(theirs, name) * (1 - 1e-12), name
        assert getattr(ours, name) <= getattr(theirs, name) * (1.201 if name == "max_weight" else 2.01), name
    assert theirs.nonzero_weights <= ours.nonzero_weights <= 2 * theirs.nonzero_weights
    assert ours.nonzero_biases == theirs.nonzero_biases
    assert ours.one_signed_inputs + ours.two_signed_inputs == theirs.one_signed_inputs + theirs.two_signed_inputs
    assert ours.one_signed_inputs <= theirs.one_signed_inputs
    absolute = np.abs(value)
    assert absolute.max() <= ours.input_sup * (1 + 1e-12)
    assert absolute.sum(axis=1).max() <= ours.input_l1 * (1 + 1e-12)
    assert (absolute @ (weight != 0).T).max() <= ours.support_l1 * (1 + 1e-12)
    assert ours.input_l1 <= 4 * theirs.input_l1 and ours.input_sup <= 2 * theirs.input_sup


@pytest.mark.theorem
@pytest.mark.parametrize("number", [0, 1])
def test_errors_pass_lipschitz_constants(number: int) -> None:
    """Half the Lipschitz constant of a layer above halves the error at the same scale (error ~ s^2)."""
    spec = dense((3, 4, 2), "tanh", weight=0.25)
    layers = list(spec.layers)
    layers[number] = replace(layers[number], lipschitz=0.5)
    whole, half = (pad(s, 3, 0.1, "tanh", 0) for s in (spec, NetworkSpec(tuple(layers), spec.domain)))
    assert half.error / half.scale**2 == pytest.approx(0.5 * whole.error / whole.scale**2, rel=0.02)


def test_relu_after_relu_needs_one_neuron_per_unit() -> None:
    target = random_target((3, 5, 2), "relu", seed=0)
    padded = pad(target.spec(), 4, 0.1, "relu", position=1)
    assert padded.inserted == (5, 5) and padded.error == 0
    assert all(layer.row_sum == pytest.approx(1.0) for layer in padded.spec.layers[1:3])
    signed = pad(target.spec(), 4, 0.1, "relu", position=0)
    assert signed.inserted == (6, 6)
    assert pad(target.spec(), 4, 0.1, "tanh", position=1).inserted == (5, 5)
    assert pad(target.spec(), 4, 0.1, "sigmoid", position=1).inserted == (10, 10)


def test_the_cheapest_position_is_chosen() -> None:
    """Units times neurons per unit: 2 x 6 signed inputs, 3 or 5 relu units of one sign, 2 x 4 tanh units for relu."""
    assert pad(random_target((6, 5, 3, 2), "relu", 1).spec(), 5, 0.1).position == 2
    assert pad(random_target((6, 3, 5, 2), "relu", 1).spec(), 5, 0.1).position == 1
    assert pad(random_target((2, 5, 5, 2), "relu", 1).spec(), 5, 0.1).position == 0
    assert pad(dense((8, 4, 4, 2), "tanh"), 5, 0.1).position == 2  # the later among equals
    for position in range(3):
        spec = random_target((4, 5, 3, 2), "relu", 2).spec()
        assert sum(pad(spec, 5, 0.1).inserted) <= sum(pad(spec, 5, 0.1, position=position).inserted)


@pytest.mark.parametrize(("intercept", "kept"), [(0.5, False), (2.0, True)])
def test_signs_must_hold_with_the_margin(intercept: float, kept: bool) -> None:
    """t + 1/2 is positive on |t| <= 1/4, but not on |t| <= 5/4, where a ticket's pre-activation may lie."""
    phi = bounds.Activation.from_expression(bounds.x + intercept)
    assert _Identity(choose_block(phi), exact=False, scale=0.25).keeps_sign(1.0) == kept


def test_nothing_to_pad_changes_nothing() -> None:
    spec = dense((3, 4, 2), "tanh")
    padded = pad(spec, 2, 0.1)
    assert padded.spec == spec and padded.error == 0 and padded.inserted == ()


@settings(max_examples=25, deadline=None)
@given(tolerance=st.floats(1e-6, 0.5), extra=st.integers(1, 5), name=st.sampled_from(["tanh", "sigmoid", "silu"]))
def test_errors_stay_below_their_share_and_scales_are_not_wasted(tolerance: float, extra: int, name: str) -> None:
    """s is the largest power of two: twice the scale has at least four times the error (of third order) or no room."""
    padded = pad(dense((3, 4, 2), name), 2 + extra, tolerance)
    assert 0 < padded.error <= tolerance * ERROR_SHARE
    assert padded.error >= tolerance * ERROR_SHARE / 80 or padded.scale == 1


@pytest.mark.parametrize(("activation", "construction"), [("relu", "2L"), ("sigmoid", "2L"), ("tanh", "L+1")])
def test_padded_specs_are_planned_like_any_other(activation: str, construction: str) -> None:
    """A source of depth 4 or 6 for a target of depth 2; the plan promises tolerance - error for the padded target."""
    spec = dense((3, 4, 2), activation, weight=0.25, bias=0.2)
    depth = {"2L": 6, "L+1": 4}[construction]
    padded = pad(spec, target_depth(construction, depth), 0.1)
    plan = bounds.width_requirement(padded.spec, construction, 0.1 - padded.error, 0.01)
    assert len(plan.widths) == depth + 1
    assert plan.stages[-1].error + padded.error <= 0.1


def test_depths_of_sources() -> None:
    assert [target_depth("L+1", depth) for depth in (2, 3, 9)] == [1, 2, 8]
    assert [target_depth("2L", depth) for depth in (2, 4, 10)] == [1, 2, 5]
    for construction, depth in (("2L", 5), ("L+1", 1), ("2L", 0)):
        with pytest.raises(ValueError, match="target_depth: no target makes"):
            target_depth(construction, depth)


def test_bad_arguments_are_refused() -> None:
    spec = dense((3, 4, 2), "tanh")
    for arguments, message in (
        ((1, 0.1), "depth=1 must be a whole number >= the target's depth 2"),
        ((4, 1.5), "tolerance=1.5"),
        ((4, 0.1, "tanh", 2), "position=2 must lie in 0..1"),
        ((4, 1e-40, "elu"), "ask for a larger tolerance"),
        ((4, 0.1, "abs"), "Assumption 2.3"),
    ):
        with pytest.raises(ValueError, match=message):
            pad(spec, *arguments)


def test_enlargements_shrink_by_the_shift() -> None:
    """Above the inserted layers Lipschitz constants must hold on shifted pre-activations."""
    spec = dense((3, 4, 4, 2), "tanh")
    padded = pad(spec, 4, 0.1, "tanh", position=1)
    kept, moved = padded.spec.layers[0], padded.spec.layers[2]
    assert kept.enlargement == math.inf
    assert 0.9 < moved.enlargement < 1
    assert padded.spec.layers[3].input_sup > spec.layers[2].input_sup


@pytest.mark.parametrize(("construction", "depth"), [("2L", 8), ("L+1", 5), ("looks-linear", 8)])
def test_width_requirement_for_a_deeper_source(construction: str, depth: int) -> None:
    """The source has the depth asked for; the plan is the padded target's, at what padding leaves of the tolerance."""
    spec = dense((2, 3, 2), "tanh")
    deeper = bounds.width_requirement(spec, construction, 0.2, 0.05, source_depth=depth)
    padded = bounds.pad(spec, target_depth(construction, depth), 0.2)
    assert len(deeper.widths) - 1 == depth
    assert deeper.tolerance == 0.2 - padded.error < 0.2
    assert deeper.widths == bounds.width_requirement(padded.spec, construction, 0.2 - padded.error, 0.05).widths
    with pytest.raises(ValueError, match="source_depth=1"):
        bounds.width_requirement(spec, construction, 0.2, 0.05, source_depth=1)
