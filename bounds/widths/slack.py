"""What each step of the proof costs in neurons, compared with what is necessary.

A chain of hypothetical requirements for the same target, construction and scales. Each takes back one concession less
than the one before, so the differences add up to the width that is proved:

    necessary      every base set has the size that is necessary for one problem at tolerance eps, failure delta;
    certificate    ... the size that is proved sufficient for one problem;
    norms          ... at the tolerance that the layers' norms leave of eps, all of it for this layer;
    budget split   ... at this layer's share of eps;
    amplification  ... with copies that err differently (one-for-one layers above), and subsets chosen for it;
    union bound    ... at the failure probability of one among all problems;
    spare rows     ... with fewer failures allowed per row, and the spare rows added;
    sign surplus   ... with the neurons that fill every base set whatever the signs.

An item can be negative: a step that needs less (norms below 1, or spare rows that relax the union bound).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from bounds.network import LayerSpec
from bounds.requirement import Stage, WidthRequirement
from bounds.subset_sum.sizes import necessary_size, sufficient_size
from bounds.widths.stages import Demand, Sizes, helper_groups_total, one_for_one_sizes, two_for_one_sizes
from bounds.widths.subsets import ANY, SUBSET_RULES, SubsetRule

_COARSEST = 0.25


@dataclass(frozen=True, slots=True)
class SlackItem:
    """One step of the proof: ``neurons`` it adds, and the ``total`` of hidden source neurons after it."""

    step: str
    neurons: int
    total: int


def slack(requirement: WidthRequirement) -> tuple[SlackItem, ...]:
    """Return the chain above; the last total is the number of hidden neurons of ``requirement``."""
    question = _Chain(requirement)
    totals = [(step, question.neurons(step)) for step in _STEPS]
    items, before = [], 0
    for step, total in totals:
        items.append(SlackItem(step, total - before, total))
        before = total
    return tuple(items)


class _Chain:
    """The hypothetical widths of one requirement."""

    def __init__(self, requirement: WidthRequirement) -> None:
        self._requirement = requirement
        self._layers = requirement.spec.layers

    def neurons(self, step: str) -> int:
        """Return the number of hidden source neurons after ``step``."""
        stages, reached = self._requirement.stages, list(_STEPS).index(step)
        sizes = [_STEPS[step](self, stage) for stage in stages]
        with_spares, with_surplus = reached >= list(_STEPS).index("spare rows"), step == "sign surplus"
        total = 0
        for index, stage in enumerate(stages):
            above = sizes[index + 1] if index + 1 < len(stages) else None
            one_for_one = above is not None and above.helper_scale is None
            copies = max(above.two_signed, 1) if above is not None and one_for_one else 1
            if above is not None:
                total += stage.used_neurons * (copies + (stage.spare_rows if with_spares else 0))
                total += _constant_rows(stage, above.constant if one_for_one else 1, with_spares)
            total += stage.helper_width if with_surplus else self._helpers(stage, sizes[index])
        return total

    def _helpers(self, stage: Stage, sizes: Sizes) -> int:
        """Return the helper neurons if none were wasted."""
        if stage.block is None:
            return 0
        variables = helper_groups_total(self._layers[stage.layer - 1], stage.block, sizes)
        return max(variables, 1) * stage.block.rule.neurons_per_variable

    def necessary(self, stage: Stage) -> Sizes:
        """Return the sizes necessary for one problem alone."""
        return self._alone(stage, lambda tolerance, delta, law: necessary_size(tolerance, delta, law).size)

    def certificate(self, stage: Stage) -> Sizes:
        """Return the sizes proved for one problem alone."""
        return self._alone(stage, lambda tolerance, delta, law: sufficient_size(tolerance, delta, law).size)

    def _alone(self, stage: Stage, size: Callable[[float, float, str], int]) -> Sizes:
        eps, delta, sizes = self._requirement.tolerance, self._requirement.failure_probability, stage.sizes

        def at(reach: float, law: str, wanted: int) -> int:
            return size(min(eps / reach, _COARSEST), delta, law) if wanted else 0

        constant = sizes.helper_constant.high if sizes.helper_constant else 1.0
        if stage.block is None:
            weights = (at(sizes.sigma, "uniform", sizes.two_signed),) * 2
        else:
            scale = sizes.sigma * (sizes.helper_scale or 1.0)
            weights = (
                at(stage.block.two_signed_factor * scale, "product", sizes.two_signed),
                at(stage.block.one_signed_factor * scale, "product", sizes.one_signed),
            )
        return replace(
            sizes,
            two_signed=weights[0],
            one_signed=weights[1],
            constant=at(sizes.sigma * constant, "uniform", sizes.constant),
        )

    def norms(self, stage: Stage) -> Sizes:
        """Return the sizes if this layer had all of eps and copies were one neuron."""
        return self._sized(stage, self._own_error(stage, 1.0), self._requirement.failure_probability, ANY)

    def budget_split(self, stage: Stage) -> Sizes:
        """Return the sizes at this layer's share of eps."""
        share = self._requirement.shares[stage.layer - 1]
        return self._sized(stage, self._own_error(stage, share), self._requirement.failure_probability, ANY)

    def amplification(self, stage: Stage) -> Sizes:
        """Return the sizes at the error that the plan asks for, for one problem."""
        return self._sized(stage, stage.own_error, self._requirement.failure_probability)

    def union_bound(self, stage: Stage) -> Sizes:
        """Return the sizes if no row could be replaced."""
        return self._sized(stage, stage.own_error, stage.unspared_probability)

    def planned(self, stage: Stage) -> Sizes:
        """Return the sizes of the plan."""
        return stage.sizes

    def _own_error(self, stage: Stage, share: float) -> float:
        """Return A_l without amplification; never below the plan's own."""
        gain = math.prod(
            (layer.lipschitz * layer.row_sum for layer in self._layers[stage.layer :]),
            start=self._layers[stage.layer - 1].lipschitz,
        )
        free = share * self._requirement.tolerance / gain if gain > 0 else math.inf
        return max(min(free, _COARSEST), stage.own_error)

    def _sized(self, stage: Stage, own_error: float, probability: float, rule: SubsetRule | None = None) -> Sizes:
        layer: LayerSpec = self._layers[stage.layer - 1]
        demand: Demand = replace(stage.demand, own_error=own_error, probability=probability)
        if stage.block is not None:
            return two_for_one_sizes(layer, stage.block, demand)
        return one_for_one_sizes(layer, demand, rule or SUBSET_RULES[stage.sizes.subsets])


def _constant_rows(stage: Stage, needed: int, with_spares: bool) -> int:
    """Return the constant rows of a stage."""
    if stage.constants is None:
        return 0
    spares = stage.constants.rows - stage.constants.needed if with_spares else 0
    return needed + spares


_STEPS: dict[str, Callable[[_Chain, Stage], Sizes]] = {
    "necessary": _Chain.necessary,
    "certificate": _Chain.certificate,
    "norms": _Chain.norms,
    "budget split": _Chain.budget_split,
    "amplification": _Chain.amplification,
    "union bound": _Chain.union_bound,
    "spare rows": _Chain.planned,
    "sign surplus": _Chain.planned,
}
