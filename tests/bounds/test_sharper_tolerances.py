"""Per-layer and per-neuron tolerances, attacked: never more than eps, most of it used, fewer variables needed."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.network import NetworkSpec
from bounds.neuron_tolerances import neuron_tolerances
from bounds.sharper_tolerances import RECURSIONS, variables_needed
from bounds.tolerances import parameter_tolerances
from tests.bounds.test_tolerances import relu_network, shifted, spec_of
from tests.bounds.test_widths import dense

EPS = 0.1
Network = tuple[list, list, list[list[Fraction]]]


def positive_network(data: st.DataObject, depth: int | None = None) -> Network:
    """Weights, biases and suprema of the inputs of a ReLU network of non-negative parameters on [0, 1]^n."""
    depth = depth or data.draw(st.integers(1, 4))
    widths = [data.draw(st.integers(1, 4)) for _ in range(depth + 1)]
    entry = st.fractions(min_value=0, max_value=2, max_denominator=8)
    weights = [[[data.draw(entry) for _ in range(a)] for _ in range(b)] for a, b in pairwise(widths)]
    biases = [[data.draw(entry) for _ in range(b)] for b in widths[1:]]
    sup = [[Fraction(1)] * widths[0]]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        sup.append(relu_network([weight], [bias], sup[-1]))
    return weights, biases, sup


def gaps(weights: list, biases: list, moved: tuple[list, list]) -> tuple[Fraction, Fraction]:
    """Return the (l1, linf) distance of the two networks at x = 1."""
    x = [Fraction(1)] * len(weights[0][0])
    found = [abs(a - b) for a, b in zip(relu_network(weights, biases, x), relu_network(*moved, x), strict=True)]
    return sum(found), max(found)


def raised(weights: list, biases: list, rows: tuple[tuple[float, ...], ...]) -> tuple[list, list]:
    """Raise every parameter of a row by the row's tolerance: the worst direction for non-negative parameters."""
    steps = [[Fraction(value) for value in layer] for layer in rows]
    moved = [
        [[w + step for w in row] for row, step in zip(weight, layer, strict=True)]
        for weight, layer in zip(weights, steps, strict=True)
    ]
    return moved, [[b + s for b, s in zip(bias, layer, strict=True)] for bias, layer in zip(biases, steps, strict=True)]


@pytest.mark.theorem
@settings(max_examples=60)
@given(data=st.data())
def test_per_layer_tolerances_hold_and_use_up_eps(data: st.DataObject) -> None:
    """All parameters raised by eps_l: within eps, exactly evaluated; the recursion itself ends within 1e-9 of eps."""
    weights, biases, sup = positive_network(data)
    spec = spec_of(weights, biases, [1.0] * len(weights), sup)
    for norm, index in (("l1", 0), ("linf", 1)):
        found = [Fraction(v) for v in parameter_tolerances(spec, EPS, norm, form="per_layer")]
        repaired = [Fraction(v) for v in parameter_tolerances(spec, EPS, norm)]
        assert gaps(weights, biases, shifted(weights, biases, found))[index] <= Fraction(EPS)
        assert RECURSIONS[norm].errors(spec, found)[-1] <= Fraction(EPS)
        assert variables_needed(spec, found) <= variables_needed(spec, repaired)
        if found != repaired:
            assert RECURSIONS[norm].errors(spec, found)[-1] >= Fraction(EPS) * Fraction(999_999, 1_000_000)


@pytest.mark.theorem
@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_a_factor_in_the_recursion_is_seen(norm: str) -> None:
    """One neuron per layer: the attack reaches .99 eps with the per-layer tolerances, and more than eps with 1.02."""
    one = [[[Fraction(3, 2)]]] * 3
    biases = [[Fraction(1, 4)]] * 3
    sup = [[Fraction(1)]]
    for weight, bias in zip(one[:-1], biases[:-1], strict=True):
        sup.append(relu_network([weight], [bias], sup[-1]))
    spec = spec_of(one, biases, [1.0] * 3, sup)
    found = [Fraction(v) for v in parameter_tolerances(spec, EPS, norm, form="per_layer")]
    reached = gaps(one, biases, shifted(one, biases, found))[1]
    assert Fraction(99, 100) * Fraction(EPS) <= reached <= Fraction(EPS)
    assert gaps(one, biases, shifted(one, biases, [Fraction(51, 50) * v for v in found]))[1] > Fraction(EPS)


@pytest.mark.theorem
@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_lipschitz_constants_of_every_layer_count(norm: str) -> None:
    """phi_l(t) = T_l t, T = (2, 1/2, 3), one neuron per layer: between .99 and 1 eps; 2 % more is too much."""
    slopes = [Fraction(2), Fraction(1, 2), Fraction(3)]
    weights, biases = [[[Fraction(1)]]] * 3, [[Fraction(0)]] * 3
    sup = [[Fraction(1)], [Fraction(2)], [Fraction(1)]]
    spec = spec_of(weights, biases, [2.0, 0.5, 3.0], sup)
    per_layer = parameter_tolerances(spec, EPS, norm, form="per_layer")
    options = {"lipschitz": [2.0, 0.5, 3.0], "input_l1": [1.0, 2.0, 1.0], "norm": norm}
    rows = neuron_tolerances(weights, biases, EPS, at_least_repaired=False, **options)
    for found in (per_layer, [row[0] for row in rows]):
        for factor, low, high in ((1.0, 0.98, 1.0), (1.05, 1.0, 1.1)):
            exact = moved = Fraction(1)
            for slope, step in zip(slopes, found, strict=True):
                eps = Fraction(factor * step)
                exact, moved = slope * exact, slope * ((1 + eps) * moved + eps)
            assert low * EPS <= moved - exact <= high * EPS


@pytest.mark.theorem
@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_the_split_is_optimal(norm: str) -> None:
    """50-10-10-2: moving eps between any two layers, scaled back to eps, never saves variables; 1/L each costs 5 %."""
    spec = dense((50, 10, 10, 2), "relu", weight=0.1)
    best = parameter_tolerances(spec, EPS, norm, form="per_layer")
    least = variables_needed(spec, best)
    assert variables_needed(spec, parameter_tolerances(spec, EPS, norm)) > 1.05 * least

    def cost(values: list[float]) -> float:
        low, high = 0.0, 2.0
        for _ in range(60):
            middle = (low + high) / 2
            error = RECURSIONS[norm].elasticities(spec, [middle * v for v in values])[0]
            low, high = (middle, high) if error <= EPS else (low, middle)
        return variables_needed(spec, [low * v for v in values])

    for layer in range(3):
        for factor in (0.5, 0.9, 1.1, 2.0):
            assert cost([v * (factor if k == layer else 1) for k, v in enumerate(best)]) > least - 1e-6


def test_ranges_of_lipschitz_constants_are_respected_per_layer() -> None:
    spec = dense((3, 4, 2), "relu")
    narrow = NetworkSpec((replace(spec.layers[0], enlargement=1e-4), spec.layers[1]), spec.domain)
    eps = parameter_tolerances(narrow, EPS, form="per_layer")[0]
    assert eps * (1 + 3) <= 1e-4 < parameter_tolerances(spec, EPS, form="per_layer")[0] * 4


@pytest.mark.theorem
@settings(max_examples=60)
@given(data=st.data(), norm=st.sampled_from(["linf", "l1"]), free=st.booleans())
def test_neuron_tolerances_hold_and_are_never_below_the_repaired(data: st.DataObject, norm: str, free: bool) -> None:
    """Every row raised by its own tolerance: within eps, exactly evaluated."""
    weights, biases, sup = positive_network(data)
    spec = spec_of(weights, biases, [1.0] * len(weights), sup)
    rows = neuron_tolerances(
        weights,
        biases,
        EPS,
        lipschitz=[1.0] * len(weights),
        input_l1=[layer.input_l1 for layer in spec.layers],
        norm=norm,
        at_least_repaired=not free,
    )
    l1, linf = gaps(weights, biases, raised(weights, biases, rows))
    assert (l1 if norm == "l1" else linf) <= Fraction(EPS)
    if not free:
        repaired = parameter_tolerances(spec, EPS, norm)
        assert all(min(row) >= least * (1 - 1e-12) for row, least in zip(rows, repaired, strict=True))


def positive_arrays(widths: tuple[int, ...], seed: int) -> tuple[list[np.ndarray], list[np.ndarray], list[float]]:
    """A ReLU network with non-negative, uneven weights, and M_l on [0, 1]^n."""
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(0, 1, (b, a)) ** 4 for a, b in pairwise(widths)]
    biases = [rng.uniform(0, 1, b) for b in widths[1:]]
    value, sums = np.ones(widths[0]), []
    for weight, bias in zip(weights, biases, strict=True):
        sums.append(float(value.sum()) * (1 + 1e-12))
        value = weight @ value + bias
    return weights, biases, sums


def attack(weights: list[np.ndarray], biases: list[np.ndarray], rows: tuple[tuple[float, ...], ...]) -> float:
    """Return the largest output error at x = 1 with every row raised by its tolerance."""
    exact = moved = np.ones(weights[0].shape[1])
    for weight, bias, row in zip(weights, biases, rows, strict=True):
        step = np.array(row)
        exact = weight @ exact + bias
        moved = (weight + step[:, None]) @ moved + bias + step
    return float(np.abs(moved - exact).max())


@pytest.mark.theorem
@pytest.mark.parametrize("seed", range(5))
def test_neuron_tolerances_use_up_eps(seed: int) -> None:
    """8-6-5-3 with uneven weights: the attack reaches 97 % of eps; 5 % more of the tolerances exceeds it."""
    weights, biases, sums = positive_arrays((8, 6, 5, 3), seed)
    options = {"lipschitz": [1.0] * 3, "input_l1": sums}
    rows = neuron_tolerances(weights, biases, EPS, **options)
    free = neuron_tolerances(weights, biases, EPS, at_least_repaired=False, **options)
    repaired = tuple((min(layer),) * len(layer) for layer in rows)
    for found in (rows, free):
        assert 0.97 * EPS <= attack(weights, biases, found) <= EPS * (1 + 1e-9)
        assert attack(weights, biases, tuple(tuple(1.05 * v for v in layer) for layer in found)) > EPS
    assert needed(weights, free) <= needed(weights, rows) < needed(weights, repaired)


@pytest.mark.theorem
def test_norms_waste_what_weights_show() -> None:
    """Rows of W2 that the large weight of W3 does not read: with the repaired tolerances half of eps is left."""
    weights = [np.ones((2, 2)), np.diag([1.0, 0.1]), np.array([[0.1, 1.0]])]
    biases, sums = [np.zeros(2), np.zeros(2), np.zeros(1)], [2.0, 4.0, 2.2]
    exact = [[[Fraction(v) for v in row] for row in w.tolist()] for w in weights]
    sup = [[Fraction(1)] * 2, [Fraction(2)] * 2, [Fraction(2), Fraction(1, 5)]]
    spec = spec_of(exact, [[Fraction(0)] * len(w) for w in exact], [1.0] * 3, sup)
    repaired = tuple((value,) * len(w) for value, w in zip(parameter_tolerances(spec, EPS), weights, strict=True))
    rows = neuron_tolerances(weights, biases, EPS, lipschitz=[1.0] * 3, input_l1=sums)
    assert attack(weights, biases, repaired) < 0.75 * EPS
    assert 0.93 * EPS <= attack(weights, biases, rows) <= EPS * (1 + 1e-9)
    assert min(rows[0]) > 3 * repaired[0][0]


def needed(weights: list[np.ndarray], rows: tuple[tuple[float, ...], ...]) -> float:
    """Return the number of variables, up to a constant factor."""
    pairs = [(np.count_nonzero(w, axis=1) + 1, np.array(row)) for w, row in zip(weights, rows, strict=True)]
    return float(sum(-(count * np.log(row)).sum() for count, row in pairs))


@pytest.mark.theorem
@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_random_signs_never_exceed_eps(norm: str) -> None:
    """tanh networks of both signs, parameters off by the tolerance in the direction of the output's gradient."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        weights = [rng.normal(size=(b, a)) for a, b in pairwise((3, 5, 4, 2))]
        biases = [rng.normal(size=b) for b in (5, 4, 2)]
        sums = [3.0, 5.0, 4.0]
        rows = neuron_tolerances(weights, biases, EPS, lipschitz=[1, 1, 1], input_l1=sums, norm=norm)
        x = rng.uniform(-1, 1, (3, 200))
        exact = tanh_network(weights, biases, x)
        for _ in range(5):
            signs = [np.sign(rng.normal(size=w.shape)) for w in weights]
            moved = [w + s * np.array(r)[:, None] for w, s, r in zip(weights, signs, rows, strict=True)]
            other = [b + rng.choice([-1, 1]) * np.array(r) for b, r in zip(biases, rows, strict=True)]
            gap = np.abs(tanh_network(moved, other, x) - exact)
            assert (gap.max() if norm == "linf" else gap.sum(axis=0).max()) <= EPS


def tanh_network(weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        x = weight @ x + bias[:, None]
        x = np.tanh(x) if number < len(weights) else x
    return x


def test_neurons_that_do_not_reach_the_output_may_be_far_off() -> None:
    weights = [[[1.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.0]]]
    rows = neuron_tolerances(
        weights, [[0, 0], [0, 0], [0]], EPS, lipschitz=[1] * 3, input_l1=[1, 2, 2], at_least_repaired=False
    )
    assert 20 * rows[1][0] < rows[1][1] <= 1.0


def test_enlargements_hold_per_neuron() -> None:
    weights, biases, sums = positive_arrays((8, 6, 3), 0)
    rows = neuron_tolerances(
        weights, biases, EPS, lipschitz=[1, 1], input_l1=sums, enlargement=[1e-4, 1.0], at_least_repaired=False
    )
    assert max(rows[0]) * (1 + sums[0]) <= 1e-4


@pytest.mark.theorem
def test_one_lipschitz_constant_of_the_hidden_layers_overshoots_fourfold() -> None:
    """Sigmoid hidden layer, linear output, T = 1/4 throughout: off by almost 4 eps; with T = 1 on top within eps.

    W1 = 0, W2 = ones/16 on 16 neurons, D = [0, 80], x = 80, all parameters raised by the repaired linf tolerances.
    """
    n, eps = 16, 0.01
    weights = [[[Fraction(0)]] * n, [[Fraction(1, n)] * n]]
    biases = [[Fraction(0)] * n, [Fraction(0)]]
    sup = [[Fraction(80)], [Fraction(1, 2)] * n]
    for lipschitz, low, high in (([0.25, 0.25], 3.9, 4.0), ([0.25, 1.0], 0.9, 1.0)):
        first, second = parameter_tolerances(spec_of(weights, biases, lipschitz, sup), eps)
        hidden = 1 / (1 + math.exp(-(80 * first + first)))
        output = n * (1 / n + second) * hidden + second
        assert low * eps <= output - 0.5 <= high * eps


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [[1.0]]}, r"weights\[0\] of shape \(1,\)"),
        ({"biases": [[0.0, 0.0]]}, "layer 0 has weights"),
        ({"tolerance": 0.0}, "tolerance=0.0"),
        ({"input_l1": [-1.0]}, r"input_l1\[0\]=-1.0"),
        ({"lipschitz": [1.0, 1.0]}, "one entry per layer"),
        ({"norm": "l2"}, "norm='l2'"),
        ({"weights": [[[float("nan")]]]}, "finite"),
    ],
)
def test_bad_arguments_are_refused(change: dict, message: str) -> None:
    good = {"weights": [[[1.0]]], "biases": [[0.0]], "tolerance": 0.1, "lipschitz": [1.0], "input_l1": [1.0]}
    with pytest.raises(ValueError, match=message):
        neuron_tolerances(**{**good, **change})
