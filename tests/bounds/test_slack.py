"""The slack decomposition: it adds up, starts at what is necessary, and moves with the step it names."""

from __future__ import annotations

import math

import pytest

import bounds
from bounds.widths.constructions import construction_names
from bounds.widths.slack import SlackItem
from tests.bounds.test_widths import dense


def items(requirement: bounds.WidthRequirement) -> dict[str, SlackItem]:
    """The decomposition by step."""
    return {item.step: item for item in requirement.slack}


@pytest.mark.parametrize("construction", construction_names())
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_slack_adds_up_to_the_width(construction: str, activation: str) -> None:
    """The items sum to the hidden neurons of the requirement, the first is positive, proofs never save neurons."""
    requirement = bounds.width_requirement(dense((3, 6, 2, 4), activation), construction, 0.1, 0.01)
    parts = requirement.slack
    assert sum(item.neurons for item in parts) == parts[-1].total == sum(requirement.widths[1:-1])
    assert parts[0].step == "necessary" and parts[0].neurons > 0
    for step in ("certificate", "budget split", "amplification", "union bound", "sign surplus"):
        assert items(requirement)[step].neurons >= 0, step


def test_necessary_width_is_computable_by_hand() -> None:
    """L+1, relu 1-1-1: the necessary base sets of the output and of both classes of the helper layer."""
    requirement = bounds.width_requirement(dense((1, 1, 1), "relu"), "L+1", 0.1, 0.01)
    first, second = requirement.stages
    copies = bounds.necessary_size(0.1 / second.sizes.sigma, 0.01).size
    assert first.block is not None and first.sizes.helper_scale is not None
    reach = first.sizes.sigma * first.sizes.helper_scale
    weights = bounds.necessary_size(0.1 / (first.block.two_signed_factor * reach), 0.01, law="product").size
    assert first.sizes.helper_constant is not None and second.sizes.helper_constant is not None
    biases = bounds.necessary_size(0.1 / (first.sizes.sigma * first.sizes.helper_constant.high), 0.01).size
    constants = bounds.necessary_size(0.1 / (second.sizes.sigma * second.sizes.helper_constant.high), 0.01).size
    assert items(requirement)["necessary"].total == 2 * weights + biases + copies + constants


def test_two_for_one_layers_have_no_amplification_and_linear_norms_cost_nothing() -> None:
    """2L: each weight acts through one function of one neuron. L+1 pays for its copies."""
    spec = dense((3, 6, 2, 4), "relu")
    assert items(bounds.width_requirement(spec, "2L", 0.1, 0.01))["amplification"].neurons == 0
    assert items(bounds.width_requirement(spec, "L+1", 0.1, 0.01))["amplification"].neurons > 0


def test_union_bound_grows_with_the_number_of_problems_only() -> None:
    """More outputs leave the necessary sizes alone and raise the cost of the union bound."""
    few, many = (items(bounds.width_requirement(dense((4, 4, n), "relu"), "2L", 0.1, 0.01)) for n in (1, 64))
    assert few["necessary"].total == many["necessary"].total
    assert many["union bound"].neurons > few["union bound"].neurons


@pytest.mark.parametrize("split", ["equal", "by cost"])
def test_splits_of_the_budget_sum_to_one(split: str) -> None:
    """Shares are positive and use up the budget; the requirement without a split is the narrower of both."""
    spec = dense((10, 20, 4, 3), "relu")
    chosen = bounds.width_requirement(spec, "2L", 0.05, 0.01, split=split)
    assert chosen.split == split and min(chosen.shares) > 0
    assert 1 - 1e-5 < math.fsum(chosen.shares) <= 1 + 1e-12
    best = bounds.width_requirement(spec, "2L", 0.05, 0.01)
    assert sum(best.widths) <= sum(chosen.widths)


def test_unknown_family_or_split_is_refused() -> None:
    """The message lists the known names."""
    spec = dense((2, 2, 2), "relu")
    with pytest.raises(ValueError, match=r"subsets='few'.*'any'"):
        bounds.width_requirement(spec, "2L", 0.1, 0.1, subsets="few")
    with pytest.raises(ValueError, match=r"split='half'.*'equal'"):
        bounds.width_requirement(spec, "2L", 0.1, 0.1, split="half")
