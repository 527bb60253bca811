"""Target networks: validation, evaluation, ranges, the numbers handed to the theory."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from constructions.outward import affine_image, gamma, sum_up
from constructions.target import TargetNetwork

BOX = ([-1.0, 0.0], [1.0, 2.0])
FINITE = st.floats(-1e3, 1e3, allow_subnormal=False)


def example(activation: str = "tanh") -> TargetNetwork:
    """Two inputs, three hidden neurons, one output."""
    hidden = [[1.0, -2.0], [0.5, 0.0], [0.0, 0.0]]
    return TargetNetwork([hidden, [[1.0, 0.0, 3.0]]], [[0.1, -0.2, 0.3], None], [activation, "linear"], BOX)


def test_evaluation_is_the_textbook_formula() -> None:
    target = example()
    inputs = np.array([[0.3, 1.5], [-1.0, 0.0]])
    hidden = np.tanh(inputs @ target.weights[0].T + target.biases[0])
    assert np.abs(target(inputs) - hidden @ target.weights[1].T).max() < 1e-15
    assert np.array_equal(target(inputs.tolist()), target(inputs))


def test_torch_in_torch_out_with_gradient() -> None:
    target = example()
    inputs = torch.tensor([[0.3, 1.5]], requires_grad=True)
    outputs = target(inputs)
    outputs.sum().backward()
    assert outputs.dtype == torch.float64
    assert np.abs(outputs.detach().numpy() - target(inputs.detach().numpy())).max() < 1e-15
    assert inputs.grad is not None and bool(inputs.grad.abs().min() > 0)


def test_shape_properties() -> None:
    target = example()
    assert (target.depth, target.widths, target.parameter_count) == (2, (2, 3, 1), 8)
    assert target.activations == ("tanh", "identity")


def test_arrays_are_copies_and_read_only() -> None:
    weight = np.ones((1, 2))
    target = TargetNetwork([weight], [None], ["relu"], BOX)
    weight[0, 0] = 7.0
    assert target.weights[0][0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        target.weights[0][0, 0] = 2.0


@pytest.mark.parametrize("activation", ["relu", "leaky_relu(0.2)", "tanh", "sigmoid", "abs", "squared_relu"])
def test_ranges_hold_every_sampled_value_and_nothing_much_else(activation: str) -> None:
    rng = np.random.default_rng(1)
    target = TargetNetwork(
        [rng.normal(size=(4, 2)), rng.normal(size=(3, 4))], [rng.normal(size=4), None], [activation, "tanh"], BOX
    )
    corners = np.array([[a, b] for a in (-1.0, 1.0) for b in (0.0, 2.0)])
    inputs = np.vstack([corners, rng.uniform([-1, 0], [1, 2], (20000, 2))])
    before = inputs @ target.weights[0].T + target.biases[0]
    low, high = target.preactivation_ranges()[0]
    assert (low <= before.min(axis=0)).all() and (before.max(axis=0) <= high).all()
    assert np.abs(low - before.min(axis=0)).max() < 1e-13 and np.abs(high - before.max(axis=0)).max() < 1e-13
    hidden = TargetNetwork(target.weights[:1], target.biases[:1], [activation], BOX)(inputs)
    low, high = target.ranges()[1]
    assert (low <= hidden.min(axis=0)).all() and (hidden.max(axis=0) <= high).all()
    assert np.abs(low - hidden.min(axis=0)).max() < 1e-2 and np.abs(high - hidden.max(axis=0)).max() < 1e-12
    assert (target.ranges()[0][0] == target.domain[0]).all()


@given(st.lists(FINITE, min_size=4, max_size=4), st.lists(FINITE, min_size=4, max_size=4), FINITE)
def test_affine_images_are_enclosed_exactly(weights: list[float], ends: list[float], bias: float) -> None:
    """Against exact rationals; and attained up to rounding, so that a wrong sign or end is seen."""
    weight = np.array([weights])
    lower, upper = np.minimum(ends, 0.25), np.maximum(ends, 0.25)
    low, high = affine_image(weight, np.array([bias]), lower, upper)
    triples = [tuple(map(Fraction, triple)) for triple in zip(weights, lower, upper, strict=True)]
    terms = [sorted([w * a, w * b]) for w, a, b in triples]
    exact_low, exact_high = (sum((term[side] for term in terms), Fraction(bias)) for side in (0, 1))
    scale = sum(max(abs(a), abs(b)) for a, b in terms) + abs(Fraction(bias))
    assert Fraction(low[0]) <= exact_low and exact_high <= Fraction(high[0])
    assert exact_low - Fraction(low[0]) <= scale * Fraction(1, 2**46) + Fraction(1, 2**1000)
    assert Fraction(high[0]) - exact_high <= scale * Fraction(1, 2**46) + Fraction(1, 2**1000)


def test_cancellation_is_covered_by_the_error_bound() -> None:
    """1e16 + 1 - 1e16 is 0 in floating point; the enclosure must still hold the exact 1."""
    one = np.ones(3)
    low, high = affine_image(np.array([[1e16, 1.0, -1e16]]), np.zeros(1), one, one)
    assert low[0] <= 1.0 <= high[0]


@given(st.lists(st.floats(-1e300, 1e300), max_size=8))
def test_sums_are_rounded_up_by_less_than_one_place(values: list[float]) -> None:
    exact, rounded = sum(map(Fraction, values), Fraction(0)), sum_up(values)
    if np.isfinite(rounded):
        assert Fraction(rounded) >= exact > Fraction(np.nextafter(rounded, -np.inf))
    else:
        assert exact > Fraction(np.finfo(np.float64).max) * Fraction(99, 100)


def test_gamma_is_rounded_up() -> None:
    for terms in (1, 3, 1000, 10**9):
        exact = Fraction(terms, 2**53) / (1 - Fraction(terms, 2**53))
        assert exact <= Fraction(gamma(terms)) <= exact * (1 + Fraction(1, 2**48))
    with pytest.raises(ValueError, match="too many"):
        gamma(2**52)


def test_numbers_for_the_theory() -> None:
    """Against values worked out by hand; every supremum is rounded up, none is off by a visible amount."""
    first, second = example("sigmoid").spec().layers
    assert (first.n_in, first.n_out, first.activation) == (2, 3, "sigmoid")
    assert (first.lipschitz, first.enlargement) == (0.25, np.inf)
    assert (first.input_sup, first.input_l1, first.support_l1) == (2.0, 3.0, 3.0)
    assert (first.row_sum, first.column_sum, first.max_weight, first.max_bias) == (3.0, 2.0, 2.0, 0.3)
    assert (first.nonzero_weights, first.nonzero_biases, first.row_nonzeros) == (3, 3, 2)
    assert (first.one_signed_inputs, first.two_signed_inputs) == (1, 1)
    sigmoid = lambda value: 1 / (1 + np.exp(-value))  # noqa: E731
    suprema = sigmoid(np.array([1.1, 0.3, 0.3]))
    assert second.input_l1 == pytest.approx(suprema.sum(), rel=1e-14)
    assert second.support_l1 == pytest.approx(suprema[0] + suprema[2], rel=1e-14)
    assert second.input_l1 >= suprema.sum() - 1e-15
    assert (second.one_signed_inputs, second.two_signed_inputs) == (2, 0)


def test_unused_inputs_count_for_neither_sign() -> None:
    layer = TargetNetwork([[[0.0, 1.0]]], [None], ["relu"], ([-1.0, -1.0], [1.0, 1.0])).spec().layers[0]
    assert (layer.one_signed_inputs, layer.two_signed_inputs) == (0, 1)


def test_an_unbounded_slope_is_bounded_on_the_enlarged_range() -> None:
    layer = TargetNetwork([[[3.0]]], [None], ["squared_relu"], ([-1.0], [1.0])).spec().layers[0]
    assert layer.enlargement == 1.0
    assert 8.0 <= layer.lipschitz <= 8.0 + 1e-9


INVALID = {
    "nan weight": (dict(weights=[[[np.nan, 1.0]]]), r"weights\[0\]\[0, 0\] = nan must be finite"),
    "inf bias": (dict(biases=[[np.inf]]), r"biases\[0\]\[0\] = inf must be finite"),
    "complex": (dict(weights=[[[1j, 1.0]]]), "must be real"),
    "text": (dict(weights=[[["a", "b"]]]), "must be real"),
    "ragged": (dict(weights=[[[1.0], [1.0, 2.0]]]), "not a rectangular array"),
    "no layer": (dict(weights=[], biases=[], activations=[]), "at least one layer"),
    "empty layer": (dict(weights=[np.zeros((0, 2))]), r"shape \(0, 2\)"),
    "vector": (dict(weights=[[1.0, 2.0]]), r"shape \(2,\)"),
    "chain": (dict(weights=[np.ones((3, 2)), np.ones((1, 2))], biases=None, activations=["relu"] * 2), "has 3 neurons"),
    "bias length": (dict(biases=[[1.0, 2.0]]), "has 1 neurons"),
    "bias count": (dict(biases=[None, None]), "2 biases for 1"),
    "activation count": (dict(activations=["relu", "relu"]), "one name per layer"),
    "activation text": (dict(activations="relu"), "one name per layer"),
    "unknown activation": (dict(activations=["rely"]), "rely"),
    "inverted domain": (dict(domain=([0.0, 1.0], [1.0, 0.0])), "inverted at input 1"),
    "unbounded domain": (dict(domain=([0.0, 1.0], [1.0, np.inf])), "must be finite"),
    "nan domain": (dict(domain=([0.0, np.nan], [1.0, 1.0])), "must be finite"),
    "short domain": (dict(domain=([0.0], [1.0])), "has 2 inputs"),
    "no pair": (dict(domain=None), "pair"),
    "head": (dict(output_head="argmax"), "output_head"),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid_targets_are_refused_with_value_and_constraint(case: str) -> None:
    change, message = INVALID[case]
    valid = dict(weights=[[[1.0, 2.0]]], biases=[None], activations=["relu"], domain=([0.0, 0.0], [1.0, 1.0]))
    TargetNetwork(**valid)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        TargetNetwork(**(valid | change))  # type: ignore[arg-type]


def test_overflowing_ranges_are_refused() -> None:
    target = TargetNetwork([[[1e308, 1e308]]], [None], ["identity"], ([0.0, 0.0], [1e3, 1e3]))
    with pytest.raises(ValueError, match="overflow"):
        target.ranges()


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 1, 2)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(batch, 2\)"):
        example()(np.zeros(shape))
    with pytest.raises(ValueError, match=r"\(batch, 2\)"):
        example()(torch.zeros(shape))


def test_a_domain_of_single_numbers_holds_for_every_input() -> None:
    target = TargetNetwork([[[1.0, 2.0]]], None, ["relu"], (-1.0, 2.0))
    assert [side.tolist() for side in target.domain] == [[-1.0, -1.0], [2.0, 2.0]]
