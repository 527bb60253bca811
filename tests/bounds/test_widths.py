"""Width requirements: what they promise, how they move, and what they refuse."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.network import LayerSpec, NetworkSpec
from bounds.widths.blocks import choose_block
from bounds.widths.constants import Constant, constant_size, constant_target, helper_constant, pruned_constant
from bounds.widths.stages import ToleranceFloorError, power_of_two_at_least

CONSTRUCTIONS = ("2L", "L+1", "looks-linear")


def dense_layer(n_in: int, n_out: int, activation: str, weight: float = 1.0, bias: float = 0.5) -> LayerSpec:
    """Return the numbers of a dense layer with |w| <= weight on inputs in [-1, 1]."""
    return LayerSpec(
        n_in=n_in,
        n_out=n_out,
        activation=activation,
        lipschitz=float(bounds.scalar_function(activation).lipschitz),
        enlargement=math.inf,
        input_sup=1.0,
        input_l1=float(n_in),
        support_l1=float(n_in),
        row_sum=weight * n_in,
        column_sum=weight * n_out,
        max_weight=weight,
        max_bias=bias,
        nonzero_weights=n_in * n_out,
        nonzero_biases=n_out if bias else 0,
        row_nonzeros=n_in,
        one_signed_inputs=0,
        two_signed_inputs=n_in,
    )


def dense(widths: tuple[int, ...], activation: str, **numbers: float) -> NetworkSpec:
    names = [activation] * (len(widths) - 2) + ["identity"]
    layers = [dense_layer(a, b, name, **numbers) for (a, b), name in zip(pairwise(widths), names, strict=True)]
    return NetworkSpec(tuple(layers), ((-1.0,) * widths[0], (1.0,) * widths[0]))


@pytest.mark.theorem
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "sigmoid"])
def test_error_budget_adds_up_to_the_tolerance(activation: str, construction: str) -> None:
    """e_l = T_l (A_l + amp_l e_{l-1}) ends at most at eps; with twice the own errors it ends above."""
    spec = dense((3, 4, 4, 2), activation)
    plan = bounds.width_requirement(spec, construction, 0.1, 0.01)

    def final_error(factor: float) -> float:
        error = 0.0
        for stage, layer in zip(plan.stages, spec.layers, strict=True):
            error = layer.lipschitz * (factor * stage.own_error + stage.amplification * error)
        return error

    assert 0.99 * 0.1 * 3 / 4 <= final_error(1.0) <= 0.1 < final_error(2.0)
    assert plan.stages[-1].error == pytest.approx(final_error(1.0))


@pytest.mark.theorem
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_parameter_tolerances_use_up_the_budget_and_no_more(activation: str, construction: str) -> None:
    """The recursion of docs/widths.md from the tolerances themselves: e_L <= eps; without sup |x_j| it would not hold.

    Two-for-one: eta kappa (S + nnz e) + eta + (1/16 + 1/64) A_l, amp = row sums. One-for-one: eta (S + 1), amp = nnz m
    sigma.
    """
    spec = dense((3, 6, 2, 4), activation)
    plan = bounds.width_requirement(spec, construction, 0.1, 0.01)

    def final_error(tolerance_factor: float) -> float:
        error = 0.0
        for stage, layer in zip(plan.stages, spec.layers, strict=True):
            eta = stage.sizes.tolerance * tolerance_factor
            if stage.block is not None:
                own = eta * (stage.block.amplification * (layer.support_l1 + layer.row_nonzeros * error) + 1)
                own += (1 / 16 + 1 / 64) * stage.own_error
                amplification = layer.row_sum
            else:
                own = eta * (layer.support_l1 + 1)
                weights = layer.row_nonzeros * stage.sizes.two_signed
                deviation = math.sqrt(weights * math.log(1 / stage.problem_probability) / 6)
                amplification = (weights / 2 + deviation) * stage.sizes.sigma
            error = layer.lipschitz * (own + amplification * error)
        return error

    assert 0.05 < final_error(1.0) <= 0.1 < final_error(3.0)


@pytest.mark.theorem
def test_failure_budget_of_hidden_rows() -> None:
    """L+1, all groups: P(more than s of R rows fail) <= R p/(s+1) stays within delta / L; p = problems of a row.

    Wrong variant: one problem's probability for a whole row leaves the budget by the number of problems.
    """
    spec, delta = dense((3, 4, 2), "relu"), 0.01
    stage = bounds.width_requirement(spec, "L+1", 0.1, delta, split="equal").stages[0]
    rows, groups, problems = stage.copies + stage.spare_rows, stage.used_neurons + 1, 2 * 3 + 1
    markov = groups * rows * stage.problem_probability / (stage.spare_rows + 1)
    assert 0.5 * delta / 2 <= problems * markov <= delta / 2 < problems * problems * markov


@pytest.mark.theorem
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_failure_budget_adds_up_to_delta(construction: str) -> None:
    """Irreplaceable rows: problems times their failure probability is at most delta / L; delta each is too much.

    A one-for-one row counts one event more: its amplification.
    """
    spec, delta = dense((3, 4, 2), "relu"), 0.01
    plan = bounds.width_requirement(spec, construction, 0.1, delta, split="equal")
    output = plan.stages[-1]
    rows = [output.problems + 2] if construction == "L+1" else [stage.problems for stage in plan.stages]
    used = [stage.problem_probability for stage in plan.stages][-len(rows) :]
    for problems, probability in zip(rows, used, strict=True):
        assert 0.9 * delta / 2 <= problems * probability <= delta / 2 < problems * delta


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@given(tolerance=st.floats(0.01, 0.3), delta=st.floats(1e-6, 0.3), n_in=st.integers(1, 6), n_out=st.integers(1, 6))
@settings(max_examples=8)
def test_widths_are_monotone(construction: str, tolerance: float, delta: float, n_in: int, n_out: int) -> None:
    """Less tolerance, less failure probability, more neurons or more layers: never fewer source neurons."""
    spec = dense((n_in, n_out, 2), "tanh")

    def neurons(network: NetworkSpec, eps: float, failure: float) -> int:
        return sum(bounds.width_requirement(network, construction, eps, failure).widths)

    here = neurons(spec, tolerance, delta)
    assert here <= neurons(spec, tolerance / 4, delta)
    assert here <= neurons(spec, tolerance, delta / 10)
    assert here <= neurons(dense((n_in + 2, n_out, 2), "tanh"), tolerance, delta)
    assert here <= neurons(dense((n_in, n_out + 2, 2), "tanh"), tolerance, delta)
    assert here <= neurons(dense((n_in, n_out, n_out, 2), "tanh"), tolerance, delta)


def test_the_identity_needs_the_least_first_layer() -> None:
    spec = dense((4, 4, 2), "tanh", bias=0.0)
    widths = {
        first: bounds.width_requirement(spec, "2L", 0.1, 0.01, first).widths[1]
        for first in ("identity", "tanh", "relu", "sigmoid", "leaky_relu")
    }
    assert widths["identity"] == min(widths.values())
    assert widths["relu"] > 1.5 * widths["identity"]


def test_the_activation_error_costs_scale_not_width() -> None:
    """B22: "the activation function approximation error does not affect the width requirement"."""
    spec = dense((4, 4, 2), "tanh", bias=0.0)
    exact, curved = (bounds.width_requirement(spec, "2L", 0.01, 0.01, first) for first in ("identity", "tanh"))
    assert curved.widths == exact.widths
    assert exact.stages[0].sizes.helper_scale == 1.0
    scale = curved.stages[0].sizes.helper_scale
    assert scale is not None and scale < 0.1


def test_the_width_is_logarithmic_in_the_tolerance() -> None:
    spec = dense((4, 4, 2), "relu", bias=0.0)
    widths = [sum(bounds.width_requirement(spec, "L+1", 10.0**-k, 0.01).widths) for k in (1, 2, 3, 4)]
    steps = [b - a for a, b in pairwise(widths)]
    assert max(steps) < 2 * min(steps)


def test_without_biases_no_constants() -> None:
    plan = bounds.width_requirement(dense((3, 3, 2), "relu", bias=0.0), "L+1", 0.1, 0.01)
    assert all(stage.constants is None and stage.sizes.constant == 0 for stage in plan.stages)


def test_printed_steps_name_layer_value_and_source() -> None:
    plan = bounds.width_requirement(dense((3, 3, 2), "sigmoid"), "L+1", 0.1, 0.01)
    statements = [step.statement for step in plan.steps]
    assert "layer 1: helper width" in statements and "layer 2: base-set size m" in statements
    assert {step.source for step in plan.steps} >= {"B22 Thm 2.5/2.6", "B22 Thm 2.7"}
    assert [step.value for step in plan.steps if step.statement == "layer 1: block"] == ["pairs"]


def test_promises_below_the_grid_are_refused_with_the_remedy() -> None:
    with pytest.raises(ToleranceFloorError, match="ask for a larger tolerance"):
        bounds.width_requirement(dense((3, 3, 2), "relu"), "2L", 1e-12, 0.01)


def test_ranges_that_are_relied_on_cost_tolerance_not_refusals() -> None:
    """T_1 known within 1e-6 only: the plan keeps every pre-activation of layer 1 there."""
    layers = dense((3, 3, 2), "relu").layers
    narrow = NetworkSpec((replace(layers[0], enlargement=1e-6), layers[1]), ((-1.0,) * 3, (1.0,) * 3))
    wide, kept = (bounds.width_requirement(spec, "2L", 0.1, 0.01) for spec in (dense((3, 3, 2), "relu"), narrow))
    assert wide.stages[0].own_error > 1e-6 >= kept.stages[0].own_error
    assert kept.stages[-1].error <= 0.1


@pytest.mark.parametrize(
    ("activation", "name", "amplification"),
    [("relu", "sign-split", 1.0), ("tanh", "unsplit", 1.0), ("sigmoid", "pairs", 1.0), ("gelu", "unsplit", 1.0)],
)
def test_blocks_are_chosen_from_the_expansion(activation: str, name: str, amplification: float) -> None:
    block = choose_block(bounds.activation(activation))
    assert block.rule.name == name
    assert amplification <= block.amplification <= amplification * (1 + 1e-9)
    assert choose_block(bounds.activation(activation), force_pairs=True).rule.name == "pairs"


@pytest.mark.parametrize(
    ("activation", "two_signed", "one_signed", "amplification"),
    [
        ("tanh", 1.0, 1.0, 1.0),
        ("sigmoid", 0.5, 0.5, 1.0),
        ("leaky_relu(0.2)", 1.2, 1.0, 1.0),
        ("arctan", 1.0, 1.0, 1.0),
    ],
)
def test_factors_of_the_variables(activation: str, two_signed: float, one_signed: float, amplification: float) -> None:
    """mu for unsplit, m for pairs and split inputs of both signs, the steeper slope for inputs of one sign."""
    block = choose_block(bounds.activation(activation))
    assert block.two_signed_factor == pytest.approx(two_signed, rel=1e-12)
    assert block.one_signed_factor == pytest.approx(one_signed, rel=1e-12)
    assert block.amplification == pytest.approx(amplification, rel=1e-9)


def test_slopes_of_opposite_signs_amplify() -> None:
    """(|m_plus| + |m_minus|)/|m| for leaky relu with a negative slope: 1.5/0.5."""
    assert choose_block(bounds.activation("leaky_relu(-0.5)")).amplification == pytest.approx(3.0, rel=1e-9)


def test_constants_of_helper_layers_enclose_the_values() -> None:
    one = Constant(1.0, 1.0)
    for name, fits in (("relu", 0.25), ("tanh", 0.5), ("sigmoid", 0.5)):
        constant = helper_constant(choose_block(bounds.activation(name)), 0.25, one)
        assert constant is not None and constant.fits == fits
        assert 0 < constant.low < constant.high
    assert constant.low <= 2 / (1 + math.exp(-0.125)) - 1 <= constant.high


@pytest.mark.parametrize(("name", "share"), [("relu", 1.0), ("tanh", 1.0), ("softplus", 1.0), ("leaky_relu(3)", 3.0)])
def test_constants_of_helper_layers_start_at_the_smallest_constant_below(name: str, share: float) -> None:
    """Values c in [low, high] below, |u| in [s/2, s]: the smallest is phi_0 at s low / 2 (m times that, for pairs)."""
    scale, below = 2.0**-6, Constant(0.5, 0.875)
    constant = helper_constant(choose_block(bounds.activation(name)), scale, below)
    assert constant is not None
    assert constant.low == pytest.approx(share * scale * 0.25, rel=1e-3)
    assert constant.high == pytest.approx(share * scale * 0.875, rel=1e-3)


def test_constants_of_rows() -> None:
    assert pruned_constant(bounds.scalar_function("tanh")) is None
    sigmoid = pruned_constant(bounds.scalar_function("sigmoid"))
    assert sigmoid is not None and sigmoid.low <= 0.5 <= sigmoid.high and sigmoid.pruned
    aimed = constant_target(bounds.scalar_function("relu"))
    assert aimed is not None and aimed[0] == 2.0 and aimed[1].low <= 1.75 <= aimed[1].high


def test_bias_problems_need_more_constants_the_less_is_known_about_them() -> None:
    exact, spread = (constant_size(Constant(low, 1.0), 1.0, 0.4, 0.01, 0.01) for low in (1.0, 0.5))
    assert exact is not None and spread is not None and exact < spread
    assert constant_size(Constant(0.5, 1.0), 1.0, 0.6, 0.01, 0.01) is None


def test_powers_of_two() -> None:
    assert [power_of_two_at_least(value) for value in (1.0, 1.01, 0.3, 8.0)] == [1.0, 2.0, 0.5, 8.0]


@pytest.mark.parametrize("weight", [0.2, 3.0])
def test_the_cap_of_a_problem_is_in_units_of_the_weights(weight: float) -> None:
    """amp_l = R + nonzeros * cap, the cap being what the builder compares sums of |w_k| with: sigma is in both."""
    spec = dense((2, 3, 2), "relu", weight=weight)
    stage, layer = bounds.width_requirement(spec, "L+1", 0.2, 0.05, subsets="blocks of 8").stages[-1], spec.layers[-1]
    assert stage.sizes.sigma != 1 and stage.sizes.cap is not None
    assert stage.amplification == pytest.approx(layer.row_sum + layer.row_nonzeros * stage.sizes.cap, rel=1e-9)
