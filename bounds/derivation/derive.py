"""All steps in order: one generator per step or pair of steps, none of which asks which activation it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bounds.derivation.lipschitz import lipschitz_step
from bounds.derivation.near_zero import continuity_step, expression_step, intercept_step, slope_steps, sum_step
from bounds.derivation.radii import certificate_step, closed_form_steps, odd_part_step
from bounds.derivation.records import Derivation, Step
from bounds.derivation.remainder import error_steps, majorant_steps

if TYPE_CHECKING:
    from bounds.first_activation import Activation

STEPS: tuple[Callable[[Activation], Iterator[Step]], ...] = (
    expression_step,
    continuity_step,
    slope_steps,
    intercept_step,
    sum_step,
    error_steps,
    majorant_steps,
    closed_form_steps,
    certificate_step,
    odd_part_step,
    lipschitz_step,
)


def derive(activation: Activation) -> Derivation:
    """The derivation of one activation.

    >>> from bounds.named import activation
    >>> print(derive(activation("tanh")).step("Radius a(eps)").statement)
    a(eps) = min over the sides of max over their majorants of min{(eps/K)**(1/p), r}
    a(eps) = 3**(1/3)*eps**(1/3)
    """
    steps = tuple(step for build in STEPS for step in build(activation))
    return Derivation(activation.name, activation.expression, steps)
