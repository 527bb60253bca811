"""Lemma 2.8: printed readings refuted, repaired forms hold and are tight."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.network import LayerSpec, NetworkSpec
from bounds.tolerances import READINGS, parameter_tolerances, round_down, round_up

Matrix = list[list[Fraction]]


def spec_of(
    weights: list[Matrix], biases: list[list[Fraction]], lipschitz: list[float], sup: list[list[Fraction]]
) -> NetworkSpec:
    """Return the numbers of a network; ``sup[l]`` holds sup |x_j| of the inputs of layer l + 1."""
    layers = []
    for weight, bias, constant, inputs in zip(weights, biases, lipschitz, sup, strict=True):
        array = np.array([[abs(entry) for entry in row] for row in weight])
        layers.append(
            LayerSpec(
                n_in=array.shape[1],
                n_out=array.shape[0],
                activation="relu",
                lipschitz=constant,
                enlargement=np.inf,
                input_sup=round_up(max(inputs)),
                input_l1=round_up(sum(inputs)),
                support_l1=round_up(sum(inputs)),
                row_sum=round_up(max(sum(row) for row in array.tolist())),
                column_sum=round_up(max(sum(row) for row in array.T.tolist())),
                max_weight=round_up(array.max()),
                max_bias=round_up(max(abs(b) for b in bias)),
                nonzero_weights=int((array != 0).sum()),
                nonzero_biases=sum(b != 0 for b in bias),
                row_nonzeros=array.shape[1],
                one_signed_inputs=array.shape[1],
                two_signed_inputs=0,
            )
        )
    return NetworkSpec(tuple(layers), ((0.0,) * layers[0].n_in, (1.0,) * layers[0].n_in))


def relu_network(weights: list[Matrix], biases: list[list[Fraction]], x: list[Fraction]) -> list[Fraction]:
    """Evaluate a ReLU network with a ReLU output exactly."""
    for weight, bias in zip(weights, biases, strict=True):
        x = [
            max(Fraction(0), sum((w * v for w, v in zip(row, x, strict=True)), b))
            for row, b in zip(weight, bias, strict=True)
        ]
    return x


def shifted(
    weights: list[Matrix], biases: list[list[Fraction]], shifts: list[Fraction]
) -> tuple[list[Matrix], list[list[Fraction]]]:
    """Add the layer's shift to every parameter: the worst case for a network of non-negative parameters."""
    moved = [[[w + s for w in row] for row in weight] for weight, s in zip(weights, shifts, strict=True)]
    return moved, [[b + s for b in bias] for bias, s in zip(biases, shifts, strict=True)]


def counterexample() -> tuple[list[Matrix], list[list[Fraction]], NetworkSpec]:
    """Return W1 = 1, W2 = ones(10 x 1), ReLU, D = [0, 1]."""
    weights = [[[Fraction(1)]], [[Fraction(1)] for _ in range(10)]]
    biases = [[Fraction(0)], [Fraction(0)] * 10]
    return weights, biases, spec_of(weights, biases, [1.0, 1.0], [[Fraction(1)], [Fraction(1)]])


def worst_error(
    spec: NetworkSpec, weights: list[Matrix], biases: list[list[Fraction]], **choice: str
) -> tuple[Fraction, Fraction]:
    """Return (l1, linf) error in units of eps = .1 when every parameter is off by its printed or repaired tolerance."""
    shifts = [Fraction(value) for value in parameter_tolerances(spec, 0.1, **choice)]
    x = [Fraction(1)] * spec.layers[0].n_in
    exact = relu_network(weights, biases, x)
    moved = relu_network(*shifted(weights, biases, shifts), x)
    gaps = [abs(a - b) for a, b in zip(exact, moved, strict=True)]
    return sum(gaps) / Fraction(0.1), max(gaps) / Fraction(0.1)


@pytest.mark.theorem
@pytest.mark.parametrize("reading", sorted(READINGS))
def test_lemma_2_8_as_printed_is_refuted_in_l1_under_every_norm(reading: str) -> None:
    """B22 Lemma 2.8 with the product to L-1: the two-layer ReLU network is off by 5.25 eps in l1."""
    weights, biases, spec = counterexample()
    l1, linf = worst_error(spec, weights, biases, form="printed", reading=reading, product_to="L-1")
    assert float(l1) == pytest.approx(5.25, abs=0.005)
    assert linf <= 1


@pytest.mark.theorem
@pytest.mark.parametrize(("reading", "factor"), [("row-sum", 5.02), ("max-entry", 5.02), ("column-sum", 0.95)])
def test_lemma_2_8_with_the_product_to_L(reading: str, factor: float) -> None:
    """With the product to L only column sums save the l1 conclusion on this network."""
    weights, biases, spec = counterexample()
    l1, _ = worst_error(spec, weights, biases, form="printed", reading=reading, product_to="L")
    assert float(l1) == pytest.approx(factor, abs=0.01)


@pytest.mark.theorem
@given(data=st.data())
def test_lemma_2_8_repaired_holds_with_every_parameter_off_by_its_tolerance(data: st.DataObject) -> None:
    """Repaired Lemma 2.8, l1 and linf; without the factor T (1 + M) the same networks break it."""
    depth = data.draw(st.integers(1, 3))
    widths = [data.draw(st.integers(1, 4)) for _ in range(depth + 1)]
    entry = st.fractions(min_value=0, max_value=2, max_denominator=8)
    weights = [[[data.draw(entry) for _ in range(a)] for _ in range(b)] for a, b in pairwise(widths)]
    biases = [[data.draw(entry) for _ in range(b)] for b in widths[1:]]
    x = [Fraction(1)] * widths[0]
    sup = [x]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        sup.append(relu_network([weight], [bias], sup[-1]))
    spec = spec_of(weights, biases, [1.0] * depth, sup)
    for norm, index in (("l1", 0), ("linf", 1)):
        shifts = [Fraction(value) for value in parameter_tolerances(spec, 0.1, norm=norm)]
        exact, moved = relu_network(weights, biases, x), relu_network(*shifted(weights, biases, shifts), x)
        gaps = [abs(a - b) for a, b in zip(exact, moved, strict=True)]
        assert (sum(gaps), max(gaps))[index] <= Fraction(0.1)
        loose = [shift * (1 + Fraction(layer.input_l1)) for shift, layer in zip(shifts, spec.layers, strict=True)]
        moved = relu_network(*shifted(weights, biases, [3 * value for value in loose]), x)
        wrong = [abs(a - b) for a, b in zip(exact, moved, strict=True)]
        if min(Fraction(layer.row_sum) for layer in spec.layers) >= 1:
            assert (sum(wrong), max(wrong))[index] > Fraction(0.1)


@pytest.mark.theorem
def test_repaired_linf_is_tight_and_a_factor_two_breaks_it() -> None:
    """One layer, n inputs at 1: the repaired linf tolerance uses the whole of eps."""
    weights, biases = [[[Fraction(1, 2)] * 3]], [[Fraction(1, 4)]]
    spec = spec_of(weights, biases, [1.0], [[Fraction(1)] * 3])
    (eps,) = parameter_tolerances(spec, 0.1)
    assert 4 * Fraction(eps) <= Fraction(0.1) < 4 * Fraction(eps) * (1 + Fraction(1, 10**12))
    moved = relu_network(*shifted(weights, biases, [2 * Fraction(eps)]), [Fraction(1)] * 3)
    assert moved[0] - relu_network(weights, biases, [Fraction(1)] * 3)[0] > Fraction(0.1)


def test_rounding_is_outward() -> None:
    for value in (Fraction(1, 3), Fraction(-1, 3), Fraction(1, 2), Fraction(10**20, 3)):
        assert Fraction(round_down(value)) <= value <= Fraction(round_up(value))
    assert round_down(Fraction(1, 2)) == round_up(Fraction(1, 2)) == 0.5


@pytest.mark.parametrize("tolerance", [0.0, 1.0, -0.1, float("nan"), float("inf")])
def test_bad_tolerances_are_refused(tolerance: float) -> None:
    _, _, spec = counterexample()
    with pytest.raises(ValueError, match="must satisfy 0 < tolerance < 1"):
        parameter_tolerances(spec, tolerance)


@pytest.mark.parametrize(
    "choice", [{"norm": "l2"}, {"form": "guessed"}, {"reading": "spectral"}, {"product_to": "L+1"}]
)
def test_unknown_choices_list_the_known_ones(choice: dict[str, str]) -> None:
    _, _, spec = counterexample()
    with pytest.raises(ValueError, match="choose one of"):
        parameter_tolerances(spec, 0.1, **choice)
