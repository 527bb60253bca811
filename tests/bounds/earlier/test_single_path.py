"""One path per weight: the probability of a path, and the ticket it promises, on real networks."""

import math
from dataclasses import replace

import numpy as np
import pytest

import bounds
from bounds.earlier.constant_neurons import without_biases
from bounds.earlier.single_path import PathRequirement, path_probability, paths_needed, single_path_requirement
from bounds.network import NetworkSpec
from bounds.widths.blocks import choose_block
from constructions.target import TargetNetwork
from tests.bounds.test_widths import dense


@pytest.mark.theorem
@pytest.mark.parametrize("tolerance", [0.5, 0.1, 1e-2, 1e-4, 1e-9])
def test_a_path_serves_the_largest_weight_with_a_quarter_of_the_squared_tolerance(tolerance: float) -> None:
    """p = (t + (1-t) ln(1-t))/2 >= t^2/4 at |z| = 1; twice that is wrong."""
    exact = (tolerance + (1 - tolerance) * math.log1p(-tolerance)) / 2
    found = path_probability(tolerance, 1.0)
    assert tolerance**2 / 4 <= found <= tolerance**2 / 2 * (1 if tolerance < 1 else 2)
    assert found == pytest.approx(exact, rel=1e-9 if tolerance > 1e-3 else 0.2)


@pytest.mark.theorem
def test_targets_inside_are_likelier_than_the_largest() -> None:
    """Unimodal: P(|UU' - z| <= t) does not grow with |z|; at 1/2 it is linear in t, not quadratic."""
    chances = [path_probability(0.01, z) for z in (0.001, 0.1, 0.3, 0.5, 0.9, 0.99, 1.0)]
    assert chances == sorted(chances, reverse=True)
    assert path_probability(1e-4, 0.5) == pytest.approx(1e-4 * math.log(2), rel=1e-3)


@pytest.mark.parametrize(("window", "tolerance"), [(1.0, 0.2), (0.5, 0.05), (0.01, 0.05)])
def test_path_probabilities_are_those_of_random_weights(window: float, tolerance: float) -> None:
    """An oracle that knows no formula: 200,000 draws, within five standard deviations."""
    draws = np.random.default_rng(1).uniform(-1, 1, (2, 200_000))
    share = float(np.mean(np.abs(draws[0] * draws[1] - window) <= tolerance))
    p = path_probability(tolerance, window)
    assert abs(share - p) < 5 * math.sqrt(p / 200_000)


@pytest.mark.parametrize(("chance", "delta"), [(0.3, 0.01), (1e-6, 1e-3), (0.9999, 0.5)])
def test_paths_needed_is_the_least_number(chance: float, delta: float) -> None:
    n = paths_needed(chance, delta)
    assert n * math.log1p(-chance) <= math.log(delta) * (1 - 1e-12)
    assert n == 1 or (n - 1) * math.log1p(-chance) > math.log(delta)


def test_two_for_one_recursion_uses_the_budget() -> None:
    """e_l = T (A_l + R e) from the tolerances ends just below eps, and above it with twice the tolerances."""
    spec = dense((3, 4, 4, 2), "relu", bias=0.0, weight=0.5)
    plan = single_path_requirement(spec, 0.1, 0.01, "relu")

    def final(factor: float) -> float:
        error = 0.0
        for layer, sized in zip(spec.layers, plan.layers, strict=True):
            own = factor * sized.tolerance * (layer.support_l1 + layer.row_nonzeros * error)
            error = layer.lipschitz * (own + layer.row_sum * error)
        return error

    assert 0.09 < final(1.0) <= 0.1 < final(1.2)
    assert plan.layers[-1].error <= 0.1


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "leaky_relu(0.2)"])
def test_budgets_of_a_layer(activation: str) -> None:
    """Weights take 15/16 of A_l, the linearisation at most 1/16 and more than that at twice the scale."""
    spec = dense((3, 4, 4, 2), activation, bias=0.0, weight=0.5)
    plan = single_path_requirement(spec, 0.1, 0.01, activation, 2.0)
    block = choose_block(bounds.activation(activation))
    below = 0.0
    for layer, sized in zip(spec.layers, plan.layers, strict=True):
        own = sized.error / layer.lipschitz - layer.row_sum * below
        reach = block.amplification * (layer.support_l1 + layer.row_nonzeros * below)
        assert sized.tolerance * reach == pytest.approx(own * 15 / 16, rel=0.01)
        assert sized.range == 2 * layer.max_weight
        classes, pairs = (2 if block.rule.split else 1), block.rule.neurons_per_variable
        assert sized.problems == classes * layer.nonzero_weights
        assert sized.helper_width == layer.n_in * sized.paths_per_input * pairs
        factor = min(block.two_signed_factor, block.one_signed_factor)

        for scale, too_bent in ((sized.helper_scale, False), (2 * sized.helper_scale, True)):
            remainder = block.remainder(scale * (layer.input_sup + below))
            bent = layer.row_nonzeros * classes * pairs * sized.range / (factor * scale) * remainder
            assert (bent > own / 16 * 0.99) == too_bent or sized.helper_scale == 1
        below = sized.error


def test_inputs_of_one_sign_need_one_class() -> None:
    layer = replace(dense((3, 2), "relu", bias=0.0).layers[0], one_signed_inputs=3, two_signed_inputs=0)
    spec = NetworkSpec((layer,), ((0.0,) * 3, (1.0,) * 3))
    assert single_path_requirement(spec, 0.1, 0.01, "relu").layers[0].problems == 6


def test_width_is_a_square_of_the_tolerance_for_close_weights_and_linear_for_close_products() -> None:
    """Halving eps: four times the neurons if both weights must be close, twice if their product must."""
    spec = dense((3, 4, 2), "relu", bias=0.0, weight=1.0)

    def width(eps: float, factor: float) -> int:
        return single_path_requirement(spec, eps, 0.01, "relu", factor).widths[1]

    assert width(0.005, 1.0) / width(0.01, 1.0) == pytest.approx(4.0, rel=0.05)
    assert width(0.005, 2.0) / width(0.01, 2.0) == pytest.approx(2.0, rel=0.05)


def draw_and_prune(target: TargetNetwork, plan: PathRequirement, rng: np.random.Generator) -> float:
    """Return the largest output error of the pruned draw on a grid (inf if a weight found no path).

    ReLU, no biases: for every weight and every sign of u one helper neuron of its input is kept.
    """
    helpers = []
    for weight, layer in zip(target.weights, plan.layers, strict=True):
        paths, scale = layer.paths_per_input, layer.helper_scale
        u = rng.uniform(-scale, scale, (weight.shape[1], paths))
        v = rng.uniform(-layer.range / scale, layer.range / scale, (weight.shape[0], weight.shape[1], paths))
        gap = np.abs(v * np.abs(u) - np.sign(u) * weight[:, :, None])
        keep = np.zeros_like(v, dtype=bool)
        for sign in (1, -1):
            ranked = np.where(np.sign(u) == sign, gap, np.inf)
            best = ranked.argmin(axis=2)[:, :, None]
            if np.any(np.take_along_axis(ranked, best, 2) > layer.tolerance):
                return math.inf
            np.put_along_axis(keep, best, True, axis=2)
        helpers.append((u, v * keep))
    x = rng.uniform(-1, 1, (400, target.widths[0]))
    x[: 2 ** target.widths[0]] = np.array(np.meshgrid(*[[-1, 1]] * target.widths[0])).reshape(target.widths[0], -1).T
    value = x
    for number, (u, v) in enumerate(helpers):
        hidden = np.maximum(0, value[:, :, None] * u[None])
        value = np.einsum("njk,ijk->ni", hidden, v)
        if number < len(helpers) - 1:
            value = np.maximum(0, value)
    return float(np.abs(value - target(x)).max())


@pytest.mark.theorem
@pytest.mark.parametrize("range_factor", [1.0, 2.0])
def test_drawn_networks_contain_the_promised_ticket(range_factor: float) -> None:
    """Theorem P on 40 draws of a 2-2-1 ReLU target at eps = .3, delta = .05; a third of the paths is too few."""
    target = TargetNetwork(
        weights=[np.array([[0.5, -0.4], [0.3, 0.5]]), np.array([[0.5, -0.5]])],
        biases=[np.zeros(2), np.zeros(1)],
        activations=("relu", "identity"),
        domain=(-np.ones(2), np.ones(2)),
    )
    # two-signed inputs everywhere: the helper below keeps both classes, as for the first layer
    plan = single_path_requirement(target.spec(), 0.3, 0.05, "relu", range_factor)
    rng = np.random.default_rng(0)
    errors = [draw_and_prune(target, plan, rng) for _ in range(40)]
    assert sum(error > 0.3 for error in errors) <= 7  # P(Bin(40, .05) > 7) < .001
    assert max(error for error in errors if error < math.inf) <= 0.3
    thin = replace(plan, layers=tuple(replace(a, paths_per_input=a.paths_per_input // 3) for a in plan.layers))
    assert sum(draw_and_prune(target, thin, rng) > 0.3 for _ in range(20)) >= 12


def test_biases_become_constant_neurons() -> None:
    """The spec without biases is that of the network with explicit constant neurons."""
    rng = np.random.default_rng(3)
    weights = [rng.uniform(-1, 1, (3, 2)), rng.uniform(-1, 1, (2, 3)), rng.uniform(-1, 1, (1, 2))]
    biases = [rng.uniform(-1, 1, 3), rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 1)]
    target = TargetNetwork(weights, biases, ("tanh", "tanh", "identity"), (-np.ones(2), np.ones(2)))
    c = math.tanh(1.0)
    first = np.block([[weights[0], biases[0][:, None]], [np.zeros((1, 2)), np.ones((1, 1))]])
    second = np.block([[weights[1], biases[1][:, None] / c], [np.zeros((1, 3)), np.ones((1, 1)) / c]])
    third = np.hstack([weights[2], biases[2][:, None] / c])
    flat = [np.zeros(m.shape[0]) for m in (first, second, third)]
    written = TargetNetwork(
        [first, second, third], flat, ("tanh", "tanh", "identity"), (np.array([-1.0, -1, 1]), np.ones(3))
    )
    x = rng.uniform(-1, 1, (50, 2))
    assert np.allclose(written(np.hstack([x, np.ones((50, 1))])), target(x), atol=1e-14)
    ours, true = without_biases(target.spec()), written.spec()
    assert ours.widths == true.widths
    for a, b in zip(ours.layers, true.layers, strict=True):
        for name in ("row_sum", "column_sum", "input_l1", "support_l1", "input_sup", "max_weight", "lipschitz"):
            assert getattr(a, name) >= getattr(b, name) * (1 - 1e-12), name
            assert getattr(a, name) <= getattr(b, name) * 2.5 + 1e-9, name
        assert a.nonzero_weights >= b.nonzero_weights and a.row_nonzeros >= b.row_nonzeros
        assert a.one_signed_inputs + a.two_signed_inputs == b.one_signed_inputs + b.two_signed_inputs
    assert single_path_requirement(target.spec(), 0.3, 0.1, "tanh").widths[-1] == 1


def test_a_constant_that_vanishes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """x (1 - x) is 0 at 1: a constant neuron of it carries nothing."""
    vanishing = bounds.ScalarFunction("x (1 - x)", bounds.x * (1 - bounds.x))
    monkeypatch.setattr("bounds.earlier.constant_neurons.scalar_function", lambda name: vanishing)
    with pytest.raises(ValueError, match="carries no bias"):
        without_biases(dense((2, 2, 1), "relu"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0.0, 0.1), "tolerance=0.0"), ((0.1, 1.0), "failure_probability=1.0"), ((0.1, 0.1, 0.5), "range_factor=0.5")],
)
def test_values_out_of_range_are_refused(arguments: tuple[float, ...], message: str) -> None:
    spec = dense((2, 2, 1), "relu")
    with pytest.raises(ValueError, match=message):
        single_path_requirement(spec, *arguments[:2], "relu", *arguments[2:])
