"""The places of a target at which width statements are evaluated: the hidden widths of our plans."""

from __future__ import annotations

import sympy

from bounds.earlier.setting import Setting, stage_problems
from bounds.earlier.statement import Assumption, Case
from bounds.earlier.symbols import DELTA, EPS, L, N
from bounds.named import scalar_function
from bounds.registry import ACTIVATIONS

ONLY_RELU = Assumption(
    "ReLU in every hidden layer",
    lambda setting: all(_is(layer.activation, "relu") for layer in setting.layers[:-1]),
)
NO_BIASES = Assumption("no biases", lambda setting: not any(layer.nonzero_biases for layer in setting.layers))
PARAMETERS_AT_MOST_ONE = Assumption(
    "every parameter at most 1 in absolute value",
    lambda setting: all(max(layer.max_weight, layer.max_bias) <= 1 for layer in setting.layers),
)
INPUTS_IN_UNIT_BALL = Assumption(
    "inputs of norm at most 1",
    lambda setting: sum(max(abs(a), abs(b)) ** 2 for a, b in zip(*setting.spec.domain, strict=True)) <= 1,
)
NORMS_AT_MOST_ONE = Assumption(
    "spectral norm of every weight matrix at most 1 (here: sqrt(row sum times column sum), which bounds it)",
    lambda setting: all(layer.row_sum * layer.column_sum <= 1 for layer in setting.layers),
)
SMALL_ENTRIES = Assumption(
    "every weight at most 1/sqrt(n_in)",
    lambda setting: all(layer.max_weight**2 * layer.n_in <= 1 for layer in setting.layers),
)


def _is(activation: str, name: str) -> bool:
    return bool(scalar_function(activation).expression == ACTIVATIONS[name].build())


def whole_network(setting: Setting) -> dict[sympy.Basic, float]:
    """Return the values of n (largest width), L, eps and delta."""
    return {
        N: max(setting.spec.widths),
        L: setting.spec.depth,
        EPS: setting.tolerance,
        DELTA: setting.failure_probability,
    }


def network_cases(construction: str, setting: Setting) -> tuple[Case, ...]:
    """Return one case per helper layer and per layer of copies of our plan, all with the whole network's values."""
    plan, note = setting.plan(construction)
    values = whole_network(setting)
    if plan is None:
        return (Case(label="network", values=values, note=note),)
    cases = []
    for stage, layer in zip(plan.stages, setting.layers, strict=True):
        below = stage.helper_width or plan.stages[stage.layer - 2].row_width
        label = f"{'helper layer' if stage.helper_width else 'copies'} below layer {stage.layer}"
        problems = stage_problems(stage, layer)
        cases.append(Case(label=label, values=values, proved=below, problems=problems))
    return tuple(cases)


def path_cases(range_factor: float, setting: Setting) -> tuple[Case, ...]:
    """Return one case per helper layer of the construction with one path per weight."""
    values = whole_network(setting)
    return tuple(
        Case(label=f"helper layer below layer {number}", values=values, proved=layer.helper_width)
        for number, layer in enumerate(setting.single_path(range_factor).layers, start=1)
    )
