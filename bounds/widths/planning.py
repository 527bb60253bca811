r"""How wide a source network must be, with every constant explicit.

For a target given by its numbers (:class:`bounds.network.NetworkSpec`), a construction, a tolerance eps (linf sup
error) and a failure probability delta, the requirement is a list of stages, one per target layer, from which widths
follow.

Error budget. Let e_l bound the error of every copy of every neuron of target layer l. Then

    e_l <= T_l (A_l + amp_l e_{l-1}),   e_0 = 0,

A_l = error added by the stage itself, amp_l = R_l for two-for-one stages (each weight acts through one function of one
neuron) and a bound of max_i sum_j sum_{k in I_ij} |w_k| for one-for-one stages ("copies are not one neuron"), which
depends on the family of subsets allowed (``subsets``). With G_l = T_l prod_{k>l} amp_k T_k the choice A_l = alpha_l
eps/G_l gives e_L <= eps. Stages are solved from the output down, because amp_l needs m_l.

The first family of subsets within reach of float64 is taken (they are ordered by their number of copies), and the
split of the budgets (``budgets``) that gives the narrowest plan.
Proofs: ``docs/widths.md``. Source: B22 Thms 2.5-2.9, Lemma 2.8 repaired; the constants are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from bounds.functions import x
from bounds.named import activation as activation_by_name
from bounds.named import scalar_function
from bounds.network import SIGN_MARGIN, LayerSpec, NetworkSpec
from bounds.requirement import ConstantRows, Stage, Step, WidthRequirement
from bounds.tolerances import check_open_unit
from bounds.widths.blocks import Block, choose_block
from bounds.widths.budgets import SPLITS, Above, Budget, neurons_per_variable
from bounds.widths.constants import Constant, constant_target, pruned_constant
from bounds.widths.constructions import Construction, construction_named
from bounds.widths.spares import SPARE_CANDIDATES, row_failure_allowed
from bounds.widths.stages import Demand, ToleranceFloorError, helper_pool, one_for_one_sizes, two_for_one_sizes
from bounds.widths.subsets import ANY, SUBSET_RULES, SubsetRule

_SHRINK = 1 - 2.0**-20
_EXACT_ONE = Constant(1.0, 1.0)
_LEAST_FAILURE_PROBABILITY = 1e-200
"""Below it the shares of single problems might underflow float64."""


def default_first_activation(spec: NetworkSpec) -> str:
    """Return phi_0 = the first hidden layer's activation; raise ValueError if it is the identity."""
    hidden = [layer.activation for layer in spec.layers[:-1]] or [spec.layers[-1].activation]
    if scalar_function(hidden[0]).expression == x:
        raise ValueError(
            f"first_activation: the target's first activation is {hidden[0]!r}, which is used for helper layers "
            "only when asked for; pass first_activation='relu', 'tanh', ... or first_activation='identity'"
        )
    return hidden[0]


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything a plan is made from."""

    spec: NetworkSpec
    rule: Construction
    block: Block
    subsets: SubsetRule
    budget: Budget


def width_requirement(
    spec: NetworkSpec,
    construction: str,
    tolerance: float,
    failure_probability: float,
    first_activation: str | None = None,
    subsets: str | None = None,
    split: str | None = None,
    source_depth: int | None = None,
) -> WidthRequirement:
    """Return an explicit sufficient width of the source network for a ticket within ``tolerance`` of the target.

    ``tolerance``            eps in (0, 1): linf sup error over the target's domain.
    ``failure_probability``  delta in [1e-200, 1), over the draw of the source network.
    ``first_activation``     phi_0 of the helper layers; default: the target's first hidden activation.
    ``subsets``              family of subsets for one-for-one layers (``bounds.widths.subsets.SUBSET_RULES``).
    ``split``                how the budgets are shared (``bounds.widths.budgets.SPLITS``).
    ``source_depth``         depth of the source network, if it is to be larger than the construction needs: identity
                             layers are inserted into the target (``bounds.pad``); their error is taken off the
                             tolerance, and the requirement is that of the padded target at the rest.

    Returns the :class:`WidthRequirement` of fewest neurons over the splits, for the family asked for or else the first
    one within reach of float64. Raises ValueError for values out of range, an unknown construction or a tolerance below
    the floor of float64 weights; AssumptionError if phi_0 fails Assumption 2.3.
    """
    check_open_unit("tolerance", tolerance, "width_requirement")
    check_open_unit("failure_probability", failure_probability, "width_requirement")
    if failure_probability < _LEAST_FAILURE_PROBABILITY:
        raise ValueError(
            f"width_requirement: failure_probability={failure_probability!r} must be at least "
            f"{_LEAST_FAILURE_PROBABILITY:g}, as it is shared among many problems in float64; choose a larger one"
        )
    rule = construction_named(construction)
    first_activation = first_activation or default_first_activation(spec)
    if source_depth is not None:
        from bounds.padding import pad, target_depth  # that module plans nothing, but reads this one

        padded = pad(spec, target_depth(construction, source_depth), tolerance, first_activation)
        spec, tolerance = padded.spec, tolerance - padded.error
    block = choose_block(activation_by_name(first_activation), rule.force_pairs)
    costs = [neurons_per_variable(spec, rule, block, number) for number in range(1, spec.depth + 1)]
    budgets = [
        Budget(tolerance, failure_probability, tuple(SPLITS[name](costs)), name)
        for name in _chosen("split", split, SPLITS)
    ]
    families = [SUBSET_RULES[name] for name in _chosen("subsets", subsets, SUBSET_RULES)]
    if all(rule.two_for_one(number) for number in range(1, spec.depth + 1)):
        families = [ANY]
    return _narrowest([[_Question(spec, rule, block, family, budget) for budget in budgets] for family in families])


def _chosen(name: str, value: str | None, known: dict[str, Any]) -> tuple[str, ...]:
    """Return the known names, or the one asked for; raise ValueError if it is unknown."""
    if value is not None and value not in known:
        raise ValueError(f"width_requirement: {name}={value!r} is unknown; choose one of {', '.join(map(repr, known))}")
    return tuple(known) if value is None else (value,)


def _narrowest(families: list[list[_Question]]) -> WidthRequirement:
    """Return the narrowest plan of the first family that has one.

    Raises the first refusal if every plan falls below the floor of float64.
    """
    refusals: list[ToleranceFloorError] = []
    for questions in families:
        found: list[WidthRequirement] = []
        for question in questions:
            try:
                found.append(_plan(question))
            except ToleranceFloorError as error:
                refusals.append(error)
        if found:
            return min(found, key=lambda requirement: sum(requirement.widths))
    raise refusals[0]


def _plan(question: _Question) -> WidthRequirement:
    """Solve the stages from the output down."""
    spec = question.spec
    above = Above(gain=1.0, copies=1, constants=0)
    stages: list[Stage] = []
    for number in range(spec.depth, 0, -1):
        stage = _solve_stage(question, number, above)
        stages.insert(0, stage)
        above = _next_above(spec, stage, above)
    return _assemble(question, tuple(_with_errors(spec, stages)))


def _next_above(spec: NetworkSpec, stage: Stage, above: Above) -> Above:
    """Return what ``stage`` demands of the stage below it."""
    layer = spec.layers[stage.layer - 1]
    two_for_one = stage.kind == "two-for-one"
    return Above(
        gain=above.gain * layer.lipschitz * stage.amplification,
        copies=1 if two_for_one else max(stage.sizes.two_signed, 1),
        constants=min(stage.sizes.constant, 1) if two_for_one else stage.sizes.constant,
        pull=above.reliance(layer) * stage.amplification,
        margin=_sign_margin(spec, stage),
    )


def layer_constants(spec: NetworkSpec, number: int) -> tuple[float | None, Constant]:
    """Return (pre-activation target, None if pruned; values) of the constants of layer ``number`` (0: the input)."""
    if number == 0:
        return None, _EXACT_ONE
    function = scalar_function(spec.layers[number - 1].activation)
    pruned = pruned_constant(function)
    if pruned is not None:
        return None, pruned
    aimed = constant_target(function)
    if aimed is None:
        raise ValueError(
            f"width_requirement: layer {number} has activation {function.name}, which vanishes near every candidate "
            "constant, so biases above it cannot be built; use a target without those biases"
        )
    return aimed


def _solve_stage(question: _Question, number: int, above: Above) -> Stage:
    """Return the cheapest stage over the candidate numbers of spare rows."""
    output = number == question.spec.depth
    single = output or (above.copies == 1 and above.constants <= 1)
    options = [0] if single else [spares for spares in SPARE_CANDIDATES if spares <= above.copies]
    candidates = [_sized_stage(question, number, above, spares) for spares in options]
    return min(candidates, key=lambda stage: stage.row_width + stage.helper_width + _rows_below(question.spec, stage))


def _rows_below(spec: NetworkSpec, stage: Stage) -> int:
    """Return how many rows a one-for-one stage demands of the layer below."""
    layer = spec.layers[stage.layer - 1]
    inputs = layer.one_signed_inputs + layer.two_signed_inputs
    return inputs * stage.sizes.two_signed + stage.sizes.constant if stage.kind == "one-for-one" else 0


def _sized_stage(question: _Question, number: int, above: Above, spares: int) -> Stage:
    """Return stage ``number`` with ``spares`` spare rows per neuron."""
    spec, layer = question.spec, question.spec.layers[number - 1]
    block = question.block if question.rule.two_for_one(number) else None
    used = _used_neurons(spec, number)
    aimed = layer_constants(spec, number) if above.constants else None
    aims = aimed is not None and aimed[0] is not None
    delta = question.budget.failure(number)
    probability, sign_probability = _problem_probability(layer, block, above, used, delta, spares, number == spec.depth)
    unspared, _ = _problem_probability(layer, block, above, used, delta, 0, number == spec.depth)
    demand = _demand(question, number, above, probability, aimed[0] if aimed else None)
    if block is not None:
        sizes = two_for_one_sizes(layer, block, demand)
        helper_width = max(helper_pool(layer, block, sizes, sign_probability), block.rule.neurons_per_variable)
    else:
        sizes, helper_width = one_for_one_sizes(layer, demand, question.subsets), 0
    constants = _constant_rows(aimed, above, spares)
    rows = used * (above.copies + spares) + above.constants + (spares if aims else 0)
    return Stage(
        layer=number,
        kind="one-for-one" if block is None else "two-for-one",
        block=block,
        sizes=sizes,
        copies=above.copies,
        spare_rows=spares,
        used_neurons=used,
        constants=constants,
        helper_width=helper_width,
        row_width=max(rows, 1),
        problems=_problem_count(layer, block, above.copies + spares, constants),
        problem_probability=probability,
        unspared_probability=unspared,
        demand=demand,
        amplification=sizes.amplification,
        error=math.nan,
    )


def _demand(
    question: _Question, number: int, above: Above, probability: float, constant_target: float | None
) -> Demand:
    """Return what stage ``number`` must deliver."""
    spec, layer = question.spec, question.spec.layers[number - 1]
    two_for_one = question.rule.two_for_one(number)
    bias_target = max(layer.max_bias, abs(constant_target or 0.0))
    return Demand(
        own_error=above.own_error(layer, question.budget, number),
        input_error=above.input_error(spec, number, question.budget) if two_for_one else 0.0,
        probability=probability,
        bias_target=bias_target,
        below=layer_constants(spec, number - 1)[1] if bias_target > 0 else None,
    )


def _constant_rows(aimed: tuple[float | None, Constant] | None, above: Above, spares: int) -> ConstantRows | None:
    """Return the constant rows for the layer above, if it needs any."""
    if aimed is None:
        return None
    target, value = aimed
    rows = above.constants + (spares if target is not None else 0)
    return ConstantRows(rows=rows, needed=above.constants, target=target, value=value)


def _used_neurons(spec: NetworkSpec, number: int) -> int:
    """Return how many neurons of target layer ``number`` are used above (all, for the output)."""
    if number == spec.depth:
        return spec.layers[-1].n_out
    above = spec.layers[number]
    return above.one_signed_inputs + above.two_signed_inputs


def _classes(layer: LayerSpec, block: Block | None) -> int:
    """Return how many subset-sum problems one weight needs at most."""
    return 2 if block is not None and block.rule.split and layer.two_signed_inputs else 1


def _problem_count(layer: LayerSpec, block: Block | None, rows: int, constants: ConstantRows | None) -> int:
    """Return (an upper bound of) the number of subset-sum problems of the stage, spare rows included."""
    aimed = constants.rows if constants is not None and constants.target is not None else 0
    return rows * (layer.nonzero_weights * _classes(layer, block) + layer.nonzero_biases) + aimed


def _problem_probability(
    layer: LayerSpec, block: Block | None, above: Above, used: int, delta: float, spares: int, output: bool
) -> tuple[float, float]:
    """Return (failure probability per problem, failure probability of the sign assignment).

    A one-for-one row counts one problem more: its amplification may exceed amp_l.
    """
    signs = delta / 16 if block is not None else 0.0
    rest = (delta - signs) * _SHRINK
    excess = 1 if block is None else 0
    per_row = layer.row_nonzeros * _classes(layer, block) + (1 if layer.nonzero_biases else 0) + excess
    if output or (above.copies == 1 and above.constants <= 1):
        problems = layer.nonzero_weights * _classes(layer, block) + layer.nonzero_biases + above.constants
        problems += excess * used
        return rest / max(problems, 1), signs
    groups = used + (1 if above.constants else 0)
    need = max(above.copies, above.constants)
    row = row_failure_allowed(need, spares, rest / groups, independent=block is None)
    return row / max(per_row, 1), signs


def _with_errors(spec: NetworkSpec, stages: list[Stage]) -> list[Stage]:
    """Fill in e_l from the bottom up and check that every Lipschitz constant holds on the ticket's pre-activations."""
    error = 0.0
    result = []
    for stage, next_stage in zip(stages, [*stages[1:], None], strict=True):
        layer = spec.layers[stage.layer - 1]
        shift = stage.own_error + stage.amplification * error
        relied_on = layer.enlargement if next_stage is None else min(layer.enlargement, _sign_margin(spec, next_stage))
        if shift > relied_on:
            raise ValueError(
                f"width_requirement: the ticket's pre-activations of layer {stage.layer} may leave the target's "
                f"range by {shift:.3g}, but T = {layer.lipschitz:g} and the signs of the neurons are only known to "
                f"hold within {relied_on:g}; ask for a smaller tolerance"
            )
        error = layer.lipschitz * shift
        result.append(replace(stage, error=error))
    return result


def _sign_margin(spec: NetworkSpec, stage: Stage) -> float:
    """Return how far pre-activations below ``stage`` may move before an input it takes for one-signed changes sign."""
    one_signed = spec.layers[stage.layer - 1].one_signed_inputs
    return SIGN_MARGIN if stage.block is not None and stage.block.rule.split and one_signed else math.inf


def _assemble(question: _Question, stages: tuple[Stage, ...]) -> WidthRequirement:
    widths = [question.spec.layers[0].n_in]
    for stage in stages:
        widths += [stage.helper_width, stage.row_width] if stage.kind == "two-for-one" else [stage.row_width]
    return WidthRequirement(
        construction=question.rule.name,
        tolerance=question.budget.tolerance,
        failure_probability=question.budget.failure_probability,
        spec=question.spec,
        split=question.budget.split,
        shares=question.budget.shares,
        subsets=question.subsets.name,
        stages=stages,
        widths=tuple(widths),
        base_set_sizes=tuple(stage.sizes.largest for stage in stages),
        tolerances=tuple(stage.sizes.tolerance for stage in stages),
        spare_rows=tuple(stage.spare_rows for stage in stages),
        steps=tuple(step for stage in stages for step in _steps(stage)),
    )


def _size_source(stage: Stage) -> str:
    """Return where the base-set sizes of a stage are proved."""
    limited = stage.sizes.cap is not None
    return "docs/amplification.md, Theorem A2" if limited else "docs/subset-sums.md, Theorems R and 7"


def _steps(stage: Stage) -> list[Step]:
    where = f"layer {stage.layer}"
    theorem = "B22 Thm 2.5/2.6" if stage.kind == "two-for-one" else "B22 Thm 2.7"
    steps = [
        Step(statement=f"{where}: own error A_l", value=stage.own_error, source="error budget, docs/widths.md"),
        Step(statement=f"{where}: amplification amp_l", value=stage.amplification, source="copies are not one neuron"),
        Step(
            statement=f"{where}: parameter tolerance eta_l",
            value=stage.sizes.tolerance,
            source="Lemma 2.8 repaired, ticket form",
        ),
        Step(
            statement=f"{where}: failure probability per problem", value=stage.problem_probability, source="union bound"
        ),
        Step(statement=f"{where}: base-set size m", value=stage.sizes.largest, source=_size_source(stage)),
        Step(statement=f"{where}: rows", value=stage.row_width, source=theorem),
    ]
    if stage.kind == "two-for-one":
        assert stage.block is not None and stage.sizes.helper_scale is not None
        steps.insert(3, Step(statement=f"{where}: block", value=stage.block.rule.name, source=theorem))
        steps.insert(4, Step(statement=f"{where}: helper scale s", value=stage.sizes.helper_scale, source=theorem))
        steps.append(Step(statement=f"{where}: helper width", value=stage.helper_width, source=theorem))
    return steps
