"""Every activation that satisfies Assumption 2.3 builds under every construction, certified and verified."""

import pytest

import bounds
from constructions import TargetNetwork, build, names, verify_ticket
from empirical import sup_error

TOLERANCE = 0.05


def target_of(activation: str) -> TargetNetwork:
    """Return a 2-2-1 network with biases on [-1, 1]^2."""
    weights = [[[0.7, -0.4], [0.3, 0.9]], [[0.8, -0.6]]]
    return TargetNetwork(weights, [[0.5, -0.7], [0.3]], [activation, "identity"], ([-1.0, -1.0], [1.0, 1.0]))


@pytest.mark.parametrize("construction", names())
@pytest.mark.parametrize("activation", [name for name in bounds.activations() if name != "identity"])
def test_planned_tickets_of_every_activation(activation: str, construction: str) -> None:
    """Theorems 2.5, 2.6 and 2.9 for any activation: witness <= certificate <= promise, twice certified."""
    target = target_of(activation)
    result = build(target, construction, tolerance=TOLERANCE, failure_probability=0.1)
    assert result.success
    error = sup_error(target, result.ticket)
    assert error.lower <= error.upper <= TOLERANCE
    verification = verify_ticket(result.ticket, target=target, tolerance=TOLERANCE)
    assert verification.ok
    assert error.lower <= verification.error


@pytest.mark.theorem
@pytest.mark.parametrize("activation", ["softplus", "exp", "gelu"])
def test_without_parity_the_certificates_of_pairs_are_vacuous(activation: str) -> None:
    """Wrong variant of the plan's reading of pairs: the remainder of single neurons exceeds the whole tolerance."""
    result = build(target_of(activation), "looks-linear", tolerance=TOLERANCE, failure_probability=0.1)
    assert result.plan is not None
    stage = result.plan.stages[0]
    assert stage.block is not None and stage.sizes.helper_scale is not None
    scale = stage.sizes.helper_scale
    single = stage.sizes.sigma * stage.block.activation.remainder_bound(scale)
    assert stage.sizes.sigma * stage.block.remainder(scale) < single / 10
