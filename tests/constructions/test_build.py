"""Tickets built from one fixed source network: both modes, every block, biases, failures."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import constructions
from constructions.build import BuildResult, _Builder, build
from constructions.plan import planned
from constructions.source import source_weights
from tests.constructions.networks import random_target, samples

ACTIVATIONS = ("relu", "leaky_relu", "leaky_relu(0.2)", "tanh", "sigmoid")
CONSTRUCTIONS = ("2L", "L+1", "looks-linear")


def largest_gap(result: BuildResult, target: constructions.TargetNetwork) -> float:
    inputs = samples(target)
    return float(np.abs(result.ticket(inputs) - target(inputs)).max())


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_planned_tickets_keep_their_promise(activation: str, construction: str) -> None:
    target = random_target(activation, (3, 4, 2), seed=1)
    result = build(target, construction, tolerance=0.05, failure_probability=0.01, seed=3)
    assert result.success and not result.failures
    assert largest_gap(result, target) <= 0.05
    assert result.plan is not None
    assert result.ticket.widths == result.plan.widths
    assert result.stats["problems"] <= result.plan.problems
    used = zip(result.stats["live_widths"], result.plan.widths, strict=True)
    assert all(live <= planned for live, planned in used)
    sizes = zip(result.stats["base_set_sizes"], result.plan.base_set_sizes, strict=True)
    assert all(size <= planned for size, planned in sizes)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("depth", [1, 3])
def test_other_depths(activation: str, construction: str, depth: int) -> None:
    target = random_target(activation, (2, *([2] * (depth - 1)), 1), seed=5, lower=0.0)
    result = build(target, construction, tolerance=0.1, failure_probability=0.1, seed=1, first_activation=activation)
    assert result.success
    assert result.ticket.depth == (depth + 1 if construction == "L+1" else 2 * depth)
    assert largest_gap(result, target) <= 0.1


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("zero_biases", [False, True])
def test_published_mode(activation: str, construction: str, zero_biases: bool) -> None:
    target = random_target(activation, (5, 6, 3), seed=2, density=0.5, zero_biases=zero_biases)
    result = build(target, construction, tolerance=0.001, base_set_size=20, seed=2)
    assert result.success
    assert result.plan is None
    assert largest_gap(result, target) < 0.08


def test_trained_weights_beyond_one_and_small_ones() -> None:
    for scale in (6.0, 0.01):
        target = random_target("tanh", (3, 4, 2), seed=4, scale=scale)
        result = build(target, "L+1", tolerance=0.05, failure_probability=0.05)
        assert result.success
        assert largest_gap(result, target) <= 0.05


def test_output_activation_and_mixed_first_activation() -> None:
    target = random_target("relu", (3, 4, 2), seed=6, output="tanh")
    for first in ("tanh", "sigmoid", "identity"):
        result = build(target, "2L", tolerance=0.05, failure_probability=0.05, first_activation=first)
        assert result.success
        assert result.ticket.architecture.layers[0].activation == first
        assert largest_gap(result, target) <= 0.05


def test_hidden_activations_outside_the_assumption_are_allowed_above_the_first_layer() -> None:
    target = random_target("abs", (2, 3, 1), seed=7)
    with pytest.raises(ValueError, match=r"Assumption 2\.3"):
        build(target, "L+1", tolerance=0.1, failure_probability=0.1)
    result = build(target, "L+1", tolerance=0.1, failure_probability=0.1, first_activation="relu")
    assert result.success
    assert largest_gap(result, target) <= 0.1


def test_surviving_weights_are_the_sources_whatever_is_built() -> None:
    """Same seed and position, same weight: targets, constructions and order do not matter."""
    seen: dict[tuple[int, int, int, float], float] = {}
    for activation, seed in (("relu", 1), ("tanh", 2)):
        ticket = build(
            random_target(activation, (3, 4, 2), seed=seed), "L+1", tolerance=0.01, base_set_size=15, seed=9
        ).ticket
        for index, (mask, record) in enumerate(zip(ticket.masks, ticket.architecture.layers, strict=True), start=1):
            unit = source_weights(9, index, record, mask.rows, mask.indices) / record.scale
            for row, column, value in zip(mask.rows.tolist(), mask.indices.tolist(), unit.tolist(), strict=True):
                key = (index, row, column, record.n_in)
                assert seen.setdefault(key, value) == value
            np.testing.assert_array_equal(ticket.weights[index - 1], unit * record.scale)


def test_same_seed_same_ticket_and_another_seed_another() -> None:
    target = random_target("leaky_relu", (3, 4, 2), seed=1)
    first, second, other = (
        build(target, "2L", tolerance=0.01, base_set_size=15, seed=seed).ticket for seed in (7, 7, 8)
    )
    assert all(
        np.array_equal(a.indices, b.indices) and np.array_equal(a.indptr, b.indptr)
        for a, b in zip(first.masks, second.masks, strict=True)
    )
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_a_failed_problem_stays_failed_and_is_reported() -> None:
    target = random_target("relu", (3, 4, 2), seed=1)
    result = build(target, "2L", tolerance=1e-13, base_set_size=2, seed=1)
    assert not result.success
    assert result.stats["failed_problems"] > 0
    assert {failure.fatal for failure in result.failures} == {True}
    failure = result.failures[0]
    assert abs(failure.target) <= 1 and failure.tolerance == 1e-13
    assert result.ticket(samples(target)).shape == (1000, 2)


def test_spare_neurons_serve_failed_problems_and_are_counted() -> None:
    target = random_target("tanh", (6, 8, 2), seed=3)
    tight = build(target, "2L", tolerance=0.002, base_set_size=11, seed=0)
    assert tight.stats["failed_problems"] > 0
    assert tight.success
    assert tight.stats["spare_neurons"] > 0
    assert tight.ticket.widths[1] > 6 * 11


def test_spare_rows_of_the_same_source_serve_failed_ones() -> None:
    """Base sets of 19 where the plan asks for more: rows fail, are given up and counted, planned spares take over."""
    target = random_target("tanh", (2, 3, 1), seed=8)
    plan = planned(target.spec(), "L+1", 0.05, 0.1, None)
    first = plan.stages[0]
    poor = replace(first, sizes=replace(first.sizes, two_signed=19, one_signed=19, constant=19))
    result = _Builder(target, replace(plan, stages=(poor, *plan.stages[1:])), 3, "cpu").run()
    assert result.success
    assert result.stats["spare_rows"] == len({failure.row for failure in result.failures}) > 0
    assert not any(failure.fatal for failure in result.failures)
    assert result.ticket.widths == plan.requirement.widths  # type: ignore[union-attr]
    assert largest_gap(result, target) <= 0.05
    kept = set(result.ticket.masks[1].rows.tolist())
    assert not kept & {failure.row for failure in result.failures}


def test_copies_feed_the_next_layer_in_published_mode() -> None:
    """L+1: every used neuron has base_set_size copies, all of them built, each a row of its own."""
    target = random_target("relu", (3, 4, 2), seed=1, zero_biases=True)
    result = build(target, "L+1", tolerance=0.01, base_set_size=15)
    assert result.ticket.widths[2] >= 4 * 15
    assert result.stats["problems"] >= 4 * 15 * 3


BAD_CALLS: tuple[tuple[dict[str, object], str], ...] = (
    ({"construction": "3L", "tolerance": 0.1, "failure_probability": 0.1}, "choose one of"),
    ({"tolerance": None, "failure_probability": 0.1}, "tolerance"),
    ({"tolerance": 0.0, "failure_probability": 0.1}, "0 < tolerance < 1"),
    ({"tolerance": 1.0, "failure_probability": 0.1}, "0 < tolerance < 1"),
    ({"tolerance": float("nan"), "failure_probability": 0.1}, "0 < tolerance < 1"),
    ({"tolerance": 0.1}, "failure_probability"),
    ({"tolerance": 0.1, "failure_probability": 1.5}, "0 < failure_probability < 1"),
    ({"tolerance": 0.1, "base_set_size": 0}, "base_set_size"),
    ({"tolerance": 0.1, "base_set_size": 1000}, "base_set_size"),
    ({"tolerance": 0.1, "base_set_size": 15, "failure_probability": 0.1}, "published"),
    ({"tolerance": 0.1, "base_set_size": 15, "objective": "luckiest"}, "choose one of"),
    ({"tolerance": 0.1, "failure_probability": 0.1, "first_activation": "warp"}, "relu"),
    ({"tolerance": 0.1, "failure_probability": 0.1, "seed": -1}, "seed"),
    ({"tolerance": 0.1, "base_set_size": 15, "device": "abacus"}, "choose one of"),
)


@pytest.mark.parametrize(("arguments", "message"), BAD_CALLS)
def test_bad_calls_name_value_and_remedy(arguments: dict[str, object], message: str) -> None:
    call: Callable[..., BuildResult] = build
    with pytest.raises(ValueError, match=message):
        call(random_target("relu", (2, 2, 1), seed=1), **arguments)


def test_a_linear_target_needs_a_first_activation() -> None:
    target = random_target("identity", (2, 2, 1), seed=1)
    with pytest.raises(ValueError, match="first_activation"):
        build(target, "L+1", tolerance=0.1, failure_probability=0.1)
    assert build(target, "L+1", tolerance=0.1, failure_probability=0.1, first_activation="identity").success


def test_tolerances_below_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        build(random_target("relu", (2, 2, 1), seed=1), "2L", tolerance=1e-15, failure_probability=0.1)


def referee_target(activation: str) -> constructions.TargetNetwork:
    """Two layers with biases on [-1, 1]^2."""
    weights = [[[0.7, -0.4], [0.3, 0.9]], [[0.8, -0.6]]]
    return constructions.TargetNetwork(weights, [[0.5, -0.7], [0.3]], [activation, "identity"], ([-1, -1], [1, 1]))


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("activation", ["softplus", "exp", "logsigmoid", "sigmoid"])
def test_intercepts_do_not_cancel_the_promise(activation: str, tolerance: float) -> None:
    """Thm 2.6 with d != 0 in float64: pairs are linearised by their odd part, so sigma stays small; or a refusal."""
    target = referee_target(activation)
    try:
        result = build(target, "2L", tolerance=tolerance, failure_probability=0.1)
    except ValueError as refusal:
        assert "ask for a larger tolerance" in str(refusal) and tolerance < 1e-3
        return
    assert result.success
    assert largest_gap(result, target) <= tolerance


def test_parameters_below_their_tolerance_need_no_constants() -> None:
    target = constructions.TargetNetwork([[[1.0]], [[1.0]]], [None, [1e-6]], ["sigmoid", "identity"], ([-1.0], [1.0]))
    result = build(target, "L+1", tolerance=0.1, failure_probability=0.1)
    assert result.success and largest_gap(result, target) <= 0.1


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_a_domain_that_is_one_point(activation: str, construction: str) -> None:
    base = random_target(activation, (2, 2, 1), seed=3)
    for point in (0.0, -0.5):
        target = constructions.TargetNetwork(base.weights, base.biases, base.activations, ([point] * 2, [point] * 2))
        result = build(target, construction, tolerance=0.05, failure_probability=0.1)
        assert result.success and largest_gap(result, target) <= 0.05


@pytest.mark.parametrize("top", [0.0, 1e-3])
def test_upper_layers_that_hardly_matter(top: float) -> None:
    weights = [[[1.0, 2.0]], [[0.3]], [[top]]]
    target = constructions.TargetNetwork(weights, None, ["exp", "exp", "identity"], ([-1, -1], [1, 1]))
    result = build(target, "L+1", tolerance=0.1, failure_probability=0.1, first_activation="relu")
    assert result.success and largest_gap(result, target) <= 0.1


def test_biases_much_larger_than_weights_in_published_mode() -> None:
    target = constructions.TargetNetwork([[[1.0]], [[1e-6]]], [[0.5], [1.0]], ["relu", "identity"], ([-1.0], [1.0]))
    result = build(target, "2L", tolerance=1e-4, base_set_size=20)
    assert result.success and largest_gap(result, target) <= 1e-3


@pytest.mark.parametrize("size", [1e-320, 1e200])
def test_absurd_scales_get_a_plan_or_a_clear_refusal(size: float) -> None:
    target = constructions.TargetNetwork([[[size]], [[1.0]]], None, ["relu", "identity"], ([-1.0], [1.0]))
    try:
        result = build(target, "L+1", tolerance=0.1, failure_probability=0.1)
    except ValueError as refusal:
        assert size > 1 and "ask for a larger tolerance" in str(refusal)
    else:
        assert largest_gap(result, target) <= 0.1
