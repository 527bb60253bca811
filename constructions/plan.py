"""What the builder does at each stage, decided before the source network is looked at.

*Planned* settings transcribe a :class:`bounds.requirement.WidthRequirement`; *published* settings take one base-set
size and one tolerance per parameter, as the papers' experiments do, and let failed problems use spare neurons.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bounds.named import activation as activation_by_name
from bounds.network import LayerSpec, NetworkSpec
from bounds.requirement import Stage, WidthRequirement
from bounds.widths.blocks import Block, choose_block
from bounds.widths.constants import Constant, helper_constant
from bounds.widths.constructions import Construction, construction_named
from bounds.widths.planning import default_first_activation, layer_constants, width_requirement
from bounds.widths.stages import SOLVER_SHARE, Demand, Sizes, linearising_scale, power_of_two_at_least

LARGEST_BASE_SET = 44
_SPARE_STEP = 4
_UNIFORM_MARGIN, _PRODUCT_MARGIN = 3, 5
_WIDER_WINDOW = 6
_SMALLEST_WINDOW = 8
_LARGEST_SCALE_EXPONENT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """How one target layer is built.

    ``layer``         target layer l, counted from 1; ``block`` None for one-for-one.
    ``sizes``         base-set sizes, tolerance and scales; ``solver_tolerance`` what float64 sums must reach.
    ``copies``        rows reserved per used target neuron; ``replaceable`` if a failed row is given up for a spare one.
    ``constant_rows`` constants reserved for the layer above; ``constant_target`` their pre-activation (None: pruned).
    ``helper_width``  neurons of the helper layer looked at before any problem is solved.
    ``fixed_width``   whether widths may not grow (planned mode).
    ``window``        variables given to the solver at once; ``constant_window`` the same for bias problems.
    """

    layer: int
    block: Block | None
    sizes: Sizes
    copies: int
    replaceable: bool
    constant_rows: int
    constant_target: float | None
    helper_width: int
    fixed_width: bool
    window: int
    constant_window: int
    objective: str
    solver_tolerance: float

    def attempts(self, size: int, constant: bool) -> Iterator[tuple[int, int]]:
        """Yield the ranges (start, stop) of a base set of ``size`` variables handed to the solver, in order.

        Fixed width: consecutive windows of the planned base set, then again with wider windows. Otherwise: the whole
        base set, then the same with more and more spare neurons.
        """
        if not self.fixed_width:
            yield from ((0, stop) for stop in range(size, LARGEST_BASE_SET + 1, _SPARE_STEP))
            return
        narrow = self.constant_window if constant else self.window
        for window in (*range(narrow, LARGEST_BASE_SET, _WIDER_WINDOW), LARGEST_BASE_SET):
            yield from ((start, min(start + window, size)) for start in range(0, max(size, 1), window))
            if window >= size:
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All stages of a build; ``requirement`` is None in published mode."""

    construction: Construction
    first_activation: str
    stages: tuple[StageSettings, ...]
    requirement: WidthRequirement | None


def planned(
    spec: NetworkSpec,
    construction: str,
    tolerance: float,
    failure_probability: float,
    first_activation: str | None,
    subsets: str | None = None,
) -> Plan:
    """Return the settings that the width requirement of ``bounds`` prescribes (cached per specification)."""
    first = first_activation or default_first_activation(spec)
    return _planned(spec, construction, tolerance, failure_probability, first, subsets)


@lru_cache(maxsize=64)
def _planned(
    spec: NetworkSpec, construction: str, tolerance: float, failure_probability: float, first: str, subsets: str | None
) -> Plan:
    requirement = width_requirement(spec, construction, tolerance, failure_probability, first, subsets)
    stages = tuple(_planned_stage(stage, stage.layer == spec.depth) for stage in requirement.stages)
    return Plan(
        construction=construction_named(construction), first_activation=first, stages=stages, requirement=requirement
    )


def _planned_stage(stage: Stage, output: bool) -> StageSettings:
    sizes = stage.sizes
    constant = sizes.helper_constant
    constant_reach = sizes.sigma * constant.high if constant else sizes.tolerance
    constant_margin = _UNIFORM_MARGIN if constant and constant.pruned else _PRODUCT_MARGIN
    margin = _UNIFORM_MARGIN if stage.block is None else _PRODUCT_MARGIN
    return StageSettings(
        layer=stage.layer,
        block=stage.block,
        sizes=sizes,
        copies=stage.copies + stage.spare_rows,
        replaceable=not output and stage.copies + stage.spare_rows > 1,
        constant_rows=stage.constants.rows if stage.constants else 0,
        constant_target=stage.constants.target if stage.constants else None,
        helper_width=stage.helper_width,
        fixed_width=True,
        window=_window(sizes.sigma * (sizes.helper_scale or 1.0), sizes.tolerance, margin),
        constant_window=_window(constant_reach, sizes.tolerance, constant_margin),
        objective="within",
        solver_tolerance=sizes.tolerance * SOLVER_SHARE,
    )


def _window(reach: float, tolerance: float, margin: int) -> int:
    """Return how many variables make a subset within ``tolerance`` likely: log2(reach / tolerance) + margin."""
    likely = math.ceil(math.log2(max(reach / tolerance, 2.0))) + margin
    return min(max(likely, _SMALLEST_WINDOW), LARGEST_BASE_SET)


def published(
    spec: NetworkSpec,
    construction: str,
    tolerance: float,
    base_set_size: int,
    first_activation: str | None,
    objective: str,
) -> Plan:
    """Return settings with one base-set size and one tolerance per parameter; scales follow Thms 2.5 and 2.6."""
    rule = construction_named(construction)
    first = first_activation or default_first_activation(spec)
    block = choose_block(activation_by_name(first), rule.force_pairs)
    stages: list[StageSettings] = []
    copies, constants = 1, 0
    for number in range(spec.depth, 0, -1):
        chosen = block if rule.two_for_one(number) else None
        stage = _published_stage(spec, number, chosen, copies, constants, tolerance, base_set_size, objective)
        stages.insert(0, stage)
        biased = stage.sizes.constant > 0
        copies = base_set_size if chosen is None else 1
        constants = (base_set_size if chosen is None else 1) if biased else 0
    return Plan(construction=rule, first_activation=first, stages=tuple(stages), requirement=None)


def _published_stage(
    spec: NetworkSpec,
    number: int,
    block: Block | None,
    copies: int,
    constants: int,
    tolerance: float,
    size: int,
    objective: str,
) -> StageSettings:
    layer = spec.layers[number - 1]
    aimed = layer_constants(spec, number) if constants else None
    target = aimed[0] if aimed else None
    bias_target = max(layer.max_bias, abs(target) if target is not None else 0.0)
    below = layer_constants(spec, number - 1)[1] if bias_target > 0 else None
    sizes = _published_sizes(layer, block, tolerance, size, bias_target, below)
    return StageSettings(
        layer=number,
        block=block,
        sizes=sizes,
        copies=copies,
        replaceable=False,
        constant_rows=constants,
        constant_target=target,
        helper_width=_helper_need(layer, block, sizes),
        fixed_width=False,
        window=size,
        constant_window=size,
        objective=objective,
        solver_tolerance=tolerance,
    )


def _helper_need(layer: LayerSpec, block: Block | None, sizes: Sizes) -> int:
    """Return the neurons a helper layer needs when no neuron is wasted."""
    if block is None:
        return 0
    inputs = layer.one_signed_inputs + layer.two_signed_inputs * (2 if block.rule.split else 1)
    return (inputs * sizes.two_signed + sizes.constant) * block.rule.neurons_per_variable


def _published_sizes(
    layer: LayerSpec, block: Block | None, tolerance: float, size: int, bias_target: float, below: Constant | None
) -> Sizes:
    weights, biases = size if layer.nonzero_weights else 0, size if bias_target > 0 else 0
    if block is None:
        reach = max(layer.max_weight, bias_target / below.low if below is not None else 0.0)
        sigma = power_of_two_at_least(reach) if reach > 0 else 1.0
        return Sizes(
            two_signed=weights,
            one_signed=weights,
            constant=biases,
            tolerance=tolerance,
            sigma=sigma,
            helper_constant=below,
            amplification=layer.row_nonzeros * size * sigma,
        )
    factor = min(block.two_signed_factor, block.one_signed_factor)
    start = power_of_two_at_least(max(layer.max_weight, bias_target, tolerance) / factor)
    demand = Demand(
        own_error=tolerance * layer.row_nonzeros * layer.input_sup,
        input_error=layer.input_sup / 4,
        probability=0.5,
        bias_target=bias_target,
        below=below,
    )
    for step in range(_LARGEST_SCALE_EXPONENT):
        ratio = math.ldexp(start, step)
        scale = linearising_scale(layer, block, demand, ratio, weights, weights)
        constant = helper_constant(block, scale, below) if below is not None else None
        if below is None or (constant is not None and bias_target <= ratio / scale * constant.low):
            return Sizes(
                two_signed=weights,
                one_signed=weights,
                constant=biases,
                tolerance=tolerance,
                sigma=ratio / scale,
                helper_scale=scale,
                helper_constant=constant,
                amplification=layer.row_sum,
            )
    raise ValueError(
        f"build: constants of {block.activation.name} do not reach the bias {bias_target:g} of a layer whose weights "
        f"are at most {layer.max_weight:g}; rescale the target or choose another first_activation"
    )
