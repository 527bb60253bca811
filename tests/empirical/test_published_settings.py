"""Published settings (base set 15, tolerance .01): the cases in which the published code is off by 1.2 to 1.4."""

import numpy as np
import pytest

from constructions import TargetNetwork, build
from empirical.experiments.random_targets import random_sparse_target
from empirical.sup_error import sup_error

CASES = (("relu", "L+1", False), ("tanh", "L+1", False), ("tanh", "2L", False), ("relu", "L+1", True))


@pytest.mark.parametrize("lower", [0.0, -1.0])
@pytest.mark.parametrize(("activation", "construction", "zero_biases"), CASES)
def test_errors_are_certified_far_below_those_of_the_published_code(
    activation: str, construction: str, zero_biases: bool, lower: float
) -> None:
    """A bias bug (1.36), a tanh that is never run (1.23, 1.39), zero biases (no end): here all below .15, certified."""
    random = random_sparse_target((64, 32, 10), 300, activation, 0, zero_biases=zero_biases)
    target = TargetNetwork(random.weights, random.biases, random.activations, (np.full(64, lower), np.ones(64)))
    result = build(target, construction, tolerance=0.01, base_set_size=15, seed=0)
    assert result.success
    error = sup_error(target, result.ticket)
    assert error.lower <= error.upper < 0.15


@pytest.mark.parametrize(("activation", "construction", "zero_biases"), CASES)
def test_the_smallest_subsets_of_the_paper_cost_error_but_save_parameters(
    activation: str, construction: str, zero_biases: bool
) -> None:
    """With B22's objective 20,000 random inputs are off by less than .15 too, with less than half the parameters."""
    target = random_sparse_target((64, 32, 10), 300, activation, 0, zero_biases=zero_biases)
    best, small = (
        build(target, construction, tolerance=0.01, base_set_size=15, seed=0, objective=objective)
        for objective in ("best", "smallest")
    )
    assert small.success
    assert small.ticket.parameter_count < best.ticket.parameter_count / 2
    inputs = np.random.default_rng(1).random((20_000, 64))
    assert np.abs(small.ticket(inputs) - target(inputs)).max() < 0.15
