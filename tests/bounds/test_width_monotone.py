"""How widths move: with tolerance, failure probability, depth and width; and the known forms they reduce to.

Sizes and parameter tolerances are monotone by proof. The total width of a plan is the result of searches over scales of
the source and numbers of spare rows, each of which compares a fixed set of candidates; a search that stopped at the
first local minimum dipped (relu 1-1-1 without biases, "2L", failure probability .05: 190 neurons at .333, 183 at .308).
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.network import LayerSpec, NetworkSpec
from bounds.tolerances import parameter_tolerances
from tests.bounds.test_widths import CONSTRUCTIONS, dense

LEVEL = st.floats(1e-6, 0.5)
LAWS = st.sampled_from(["uniform", "product", "normal"])
QUANTIFIERS = st.sampled_from(["fixed", "all"])
SHRINK = st.floats(0.05, 1.0)


# ---------------------------------------------------------------- sizes and tolerances: monotone by proof


@pytest.mark.theorem
@given(tolerance=LEVEL, delta=LEVEL, by=SHRINK, law=LAWS, quantifier=QUANTIFIERS)
@settings(max_examples=40)
def test_base_sets_never_shrink(tolerance: float, delta: float, by: float, law: str, quantifier: str) -> None:
    """Less tolerance or less failure probability: as many variables or more, sufficient and necessary ones."""

    def sizes(eps: float, failure: float) -> tuple[int, int]:
        proved = bounds.sufficient_size(eps, failure, law, quantifier, method="closed_form").size
        return proved, bounds.necessary_size(max(eps, 1e-3), max(failure, 1e-3), quantifier=quantifier).size

    here = sizes(tolerance, delta)
    for there in (sizes(tolerance * by, delta), sizes(tolerance, delta * by)):
        assert all(a <= b for a, b in zip(here, there, strict=True))


@pytest.mark.theorem
@given(tolerance=st.floats(1e-3, 0.5), delta=st.floats(1e-3, 0.5), by=SHRINK, window=st.floats(0.2, 1))
@settings(max_examples=25)
def test_computed_base_sets_never_shrink(tolerance: float, delta: float, by: float, window: float) -> None:
    """The dynamic program chooses its window from the largest target alone, so it is monotone in both levels."""
    here = bounds.sufficient_size(tolerance, delta, window=window).size
    assert here <= bounds.sufficient_size(tolerance * by, delta, window=window).size
    assert here <= bounds.sufficient_size(tolerance, delta * by, window=window).size


def grown(spec: NetworkSpec, field: str, factor: float) -> NetworkSpec:
    """The network with one number of every layer enlarged."""
    layers = tuple(replace(layer, **{field: getattr(layer, field) * factor}) for layer in spec.layers)
    return NetworkSpec(layers, spec.domain)


@pytest.mark.theorem
@given(
    widths=st.lists(st.integers(1, 8), min_size=2, max_size=5),
    weight=st.floats(0.05, 2),
    tolerance=st.floats(1e-9, 0.9),
    factor=st.floats(1, 4),
    norm=st.sampled_from(["linf", "l1"]),
)
def test_parameter_tolerances_never_grow(
    widths: list[int], weight: float, tolerance: float, factor: float, norm: str
) -> None:
    """A smaller tolerance, larger norms, larger Lipschitz constants: every parameter must be at least as accurate."""
    spec = dense(tuple(widths), "relu", weight=weight)
    here = parameter_tolerances(spec, tolerance, norm)
    others = [parameter_tolerances(spec, tolerance / factor, norm)]
    others += [
        parameter_tolerances(grown(spec, field, factor), tolerance, norm)
        for field in ("input_l1", "row_sum", "column_sum", "lipschitz")
    ]
    assert all(b <= a for there in others for a, b in zip(here, there, strict=True))


def stacked(spec: NetworkSpec, layer: LayerSpec) -> NetworkSpec:
    """The network with one more layer on top."""
    return NetworkSpec((*spec.layers, layer), spec.domain)


@pytest.mark.theorem
@given(
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    tolerance=st.floats(1e-6, 0.9),
    contraction=st.floats(0.05, 3),
    norm=st.sampled_from(["linf", "l1"]),
)
def test_depth_asks_for_accuracy_unless_the_new_layer_contracts(
    widths: list[int], tolerance: float, contraction: float, norm: str
) -> None:
    """One more layer with T R >= 1 (T C >= 1): no layer below may be less accurate."""
    spec = dense(tuple(widths), "relu", weight=0.75)
    top = replace(
        dense((widths[-1], 1), "relu").layers[0], row_sum=contraction, column_sum=contraction, max_weight=0.01
    )
    here, there = parameter_tolerances(spec, tolerance, norm), parameter_tolerances(stacked(spec, top), tolerance, norm)
    if contraction >= 1:
        assert all(b <= a for a, b in zip(here, there, strict=False))


@pytest.mark.theorem
def test_a_contracting_layer_on_top_relaxes_the_layers_below() -> None:
    """Why the condition above is needed: R = 1/20 passes on a twentieth of the errors, and half of eps is left."""
    spec = dense((2, 2), "relu", weight=1.0)
    top = replace(dense((2, 1), "identity").layers[0], row_sum=0.05, max_weight=0.025)
    assert parameter_tolerances(stacked(spec, top), 0.01)[0] > 1.4 * parameter_tolerances(spec, 0.01)[0]


# ---------------------------------------------------------------- widths of plans

ACTIVATIONS = st.sampled_from(["relu", "tanh", "leaky_relu"])
TARGETS = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
WEIGHTS, BIASES = st.sampled_from([0.25, 0.7, 1.0, 1.5]), st.sampled_from([0.0, 0.5])


def neurons(spec: NetworkSpec, construction: str, eps: float, delta: float) -> int:
    return sum(bounds.width_requirement(spec, construction, eps, delta).widths)


@pytest.mark.theorem
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@given(
    widths=TARGETS,
    activation=ACTIVATIONS,
    weight=WEIGHTS,
    bias=BIASES,
    eps=st.floats(0.005, 0.7),
    delta=st.floats(1e-4, 0.7),
    by=st.floats(0.02, 0.25),
)
@settings(max_examples=20)
def test_total_widths_never_shrink(
    construction: str,
    widths: tuple[int, ...],
    activation: str,
    weight: float,
    bias: float,
    eps: float,
    delta: float,
    by: float,
) -> None:
    """A quarter of the tolerance or of the failure probability, more neurons anywhere, one more layer anywhere."""

    def spec(shape: tuple[int, ...]) -> NetworkSpec:
        return dense(shape, activation, weight=weight, bias=bias)

    here = neurons(spec(widths), construction, eps, delta)
    assert here <= neurons(spec(widths), construction, eps * by, delta)
    assert here <= neurons(spec(widths), construction, eps, delta * by)
    for place in range(3):
        wider = tuple(n + (2 if k == place else 0) for k, n in enumerate(widths))
        assert here <= neurons(spec(wider), construction, eps, delta)
    for place in (1, 2):
        deeper = (*widths[:place], widths[place - 1], *widths[place:])
        assert here <= neurons(spec(deeper), construction, eps, delta)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@given(activation=ACTIVATIONS, weight=WEIGHTS, bias=BIASES, eps=st.floats(0.005, 0.7), by=st.floats(0.25, 1.0))
@settings(max_examples=25)
def test_total_widths_never_shrink_over_small_steps(
    construction: str, activation: str, weight: float, bias: float, eps: float, by: float
) -> None:
    """Steps down to nothing, up to a quarter; the local minimum of old is one of them."""
    spec = dense((2, 2, 1), activation, weight=weight, bias=bias)
    here = neurons(spec, construction, eps, 0.05)
    assert neurons(spec, construction, eps * by, 0.05) >= here
    assert neurons(spec, construction, eps, 0.05 * by) >= here


@pytest.mark.theorem
@pytest.mark.parametrize("construction", ["2L", "looks-linear"])
@given(eps=st.floats(0.002, 0.45), delta=st.floats(1e-4, 0.7), by=SHRINK, bias=BIASES)
@settings(max_examples=15)
def test_tolerances_of_two_layer_stages_never_grow(
    construction: str, eps: float, delta: float, by: float, bias: float
) -> None:
    """2L has no amplification, so at a fixed split own errors and tolerances fall with eps, layer by layer.

    As long as no own error is capped at 1/4, that is for eps < 1/2 here: beyond, only the errors of the inputs fall.
    """
    spec = dense((2, 3, 1), "tanh", bias=bias)
    here, there = (bounds.width_requirement(spec, construction, e, delta, split="equal") for e in (eps, eps * by))
    for a, b in zip(here.stages, there.stages, strict=True):
        assert b.own_error <= a.own_error and b.sizes.tolerance <= a.sizes.tolerance


@pytest.mark.theorem
@given(eps=st.floats(0.002, 0.7), delta=st.floats(1e-4, 0.7), by=SHRINK)
@settings(max_examples=15)
def test_the_output_of_one_layer_stages_never_needs_fewer_copies(eps: float, delta: float, by: float) -> None:
    spec = dense((2, 3, 1), "relu", bias=0.0)

    def copies(e: float, d: float) -> int:
        plan = bounds.width_requirement(spec, "L+1", e, d, subsets="any", split="equal")
        return plan.stages[-1].sizes.two_signed

    assert copies(eps, delta) <= min(copies(eps * by, delta), copies(eps, delta * by))


# ---------------------------------------------------------------- known forms


@pytest.mark.theorem
def test_relu_2l_has_the_shape_of_pensia() -> None:
    """Pensia et al. 2020: width C n log(n L/min(eps, delta)); here C is one constant within a factor 1.5."""
    constants = []
    for n in (2, 4, 8, 16):
        for power in (1, 2, 3, 4):
            level = 10.0**-power
            plan = bounds.width_requirement(dense((n, n, n), "relu", weight=1 / n, bias=0.0), "2L", level, level)
            helpers = (plan.widths[1], plan.widths[3])
            constants += [width / (n * math.log(n * 2 / level)) for width in helpers]
    print(f"\nPensia's form: C between {min(constants):.1f} and {max(constants):.1f}")
    assert max(constants) <= 1.5 * min(constants)


@pytest.mark.theorem
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_widths_are_logarithmic_in_both_levels(construction: str) -> None:
    """Per decade of tolerance, and of failure probability, the total width grows by about the same amount."""
    spec = dense((3, 3, 2), "relu", bias=0.0)
    for levels in ([(10.0**-k, 0.1) for k in range(1, 5)], [(0.1, 10.0**-k) for k in range(1, 5)]):
        totals = [neurons(spec, construction, *level) for level in levels]
        steps = [b - a for a, b in pairwise(totals)]
        assert min(steps) > 0 and max(steps) <= 2.5 * min(steps)


@pytest.mark.theorem
@pytest.mark.parametrize("construction", ["2L", "L+1"])
@pytest.mark.parametrize("weight", [0.3, 1.0, 1.3])
def test_the_linear_activation_needs_the_least(construction: str, weight: float) -> None:
    """No intercept, no second class, no remainder. (Looks-linear pairs all need as many variables, and there the
    slopes' distances from powers of two decide: selu needs up to 4 % less.)"""
    spec = dense((3, 3, 2), "tanh", weight=weight, bias=0.0)
    names = ("identity", "relu", "leaky_relu(0.2)", "leaky_relu(3)", "sigmoid", "gelu", "elu", "selu", "hardswish")
    totals = {name: sum(bounds.width_requirement(spec, construction, 0.1, 0.05, name).widths) for name in names}
    assert totals["identity"] == min(totals.values())
    assert totals["relu"] > totals["identity"]


def test_the_search_over_scales_has_no_local_minima() -> None:
    """relu 1-1-1 without biases at .333 and .308: a search that stops at the first rise needs more for the first."""
    spec = dense((1, 1, 1), "relu", bias=0.0)
    wide, narrow = (
        sum(bounds.width_requirement(spec, "2L", eps, 0.05, split="equal").widths) for eps in (0.333, 0.308)
    )
    assert wide <= narrow
