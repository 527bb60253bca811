"""The target, the tolerance and the failure probability at which statements are evaluated, and our plans for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bounds.earlier.single_path import PathRequirement, single_path_requirement
from bounds.earlier.statement import Problem
from bounds.network import LayerSpec, NetworkSpec
from bounds.requirement import Stage, WidthRequirement
from bounds.widths.planning import width_requirement
from bounds.widths.stages import CONTINUUM_SHARE, ToleranceFloorError
from bounds.widths.subsets import ANY


@dataclass(frozen=True, slots=True)
class Setting:
    """``gamma`` is the free exponent of B22 Thm 2.9."""

    spec: NetworkSpec
    tolerance: float
    failure_probability: float
    first_activation: str
    gamma: float

    @property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The target's layers."""
        return self.spec.layers

    @property
    def parameters(self) -> tuple[int, ...]:
        """Nonzero parameters of each layer."""
        return tuple(layer.nonzero_weights + layer.nonzero_biases for layer in self.layers)

    def plan(self, construction: str) -> tuple[WidthRequirement | None, str]:
        """Return (our requirement, "") or (None, why the construction promises nothing here)."""
        return _plan(self.spec, construction, self.tolerance, self.failure_probability, self.first_activation)

    def first_layer_plan(self, construction: str) -> tuple[WidthRequirement | None, str]:
        """Return the same for the target's first layer alone, with all of the tolerance and failure probability."""
        alone = NetworkSpec(self.layers[:1], self.spec.domain)
        return _plan(alone, construction, self.tolerance, self.failure_probability, self.first_activation)

    def single_path(self, range_factor: float) -> PathRequirement:
        """Return the widths of one path per weight."""
        return single_path_requirement(
            self.spec, self.tolerance, self.failure_probability, self.first_activation, range_factor
        )


@lru_cache(maxsize=256)
def _plan(
    spec: NetworkSpec, construction: str, tolerance: float, failure_probability: float, first_activation: str
) -> tuple[WidthRequirement | None, str]:
    try:
        return width_requirement(spec, construction, tolerance, failure_probability, first_activation), ""
    except ToleranceFloorError as floor:
        return None, str(floor)


def stage_problems(stage: Stage, layer: LayerSpec) -> tuple[tuple[Problem, int], ...]:
    """Return the subset-sum problem of a stage's weights and how many base sets of its size the stage counts.

    Two-for-one: one base set per input and sign class, in neurons (two per variable for pairs). One-for-one: one block
    of copies per input. Constants and the surplus for signs are left out. Nothing where the plan restricts the subsets,
    as measurements allow every subset.
    """
    if stage.sizes.subsets != ANY.name:
        return ()
    sizes, block = stage.sizes, stage.block
    if block is None or sizes.helper_scale is None:
        span, law, sets = sizes.sigma, "uniform", layer.one_signed_inputs + layer.two_signed_inputs
    else:
        factor = block.two_signed_factor if layer.two_signed_inputs else block.one_signed_factor
        span, law = factor * sizes.sigma * sizes.helper_scale, "product"
        classes = 2 if block.rule.split else 1
        sets = (layer.one_signed_inputs + classes * layer.two_signed_inputs) * block.rule.neurons_per_variable
    problem = Problem(
        law=law,
        tolerance=sizes.tolerance * CONTINUUM_SHARE / span,
        failure_probability=stage.problem_probability,
        target=min(1.0, layer.max_weight / span),
    )
    return ((problem, sets),)
