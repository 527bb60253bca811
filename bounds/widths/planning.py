r"""How wide a source network must be, with every constant explicit.

For a target given by its numbers (:class:`bounds.network.NetworkSpec`), a construction, a tolerance eps (linf sup
error) and a failure probability delta, the requirement is a list of stages, one per target layer, from which widths
follow.

Error budget. Let e_l bound the error of every copy of every neuron of target layer l. Then

    e_l <= T_l (A_l + amp_l e_{l-1}),   e_0 = 0,

A_l = error added by the stage itself, amp_l = R_l for two-for-one stages (each weight acts through one function of one
neuron) and max_i sum_j B_ij for one-for-one stages, where B_ij <= row_nonzeros * m_l * sigma_l is the a-priori bound of
the sum of |w_k| over the selected copies ("copies are not one neuron"). With G_l = T_l prod_{k>l} amp_k T_k the choice
A_l = eps/(L G_l) gives e_L <= eps. Stages are solved from the output down, because amp_l needs m_l.

Failure budget. Every stage gets delta/L; proofs in ``docs/widths.md``.
Source: B22 Thms 2.5-2.9, Lemma 2.8 repaired; the constants are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bounds.functions import x
from bounds.named import activation as activation_by_name
from bounds.named import scalar_function
from bounds.network import SIGN_MARGIN, LayerSpec, NetworkSpec
from bounds.requirement import ConstantRows, Stage, Step, WidthRequirement
from bounds.tolerances import check_open_unit
from bounds.widths.blocks import Block, choose_block
from bounds.widths.constants import Constant, constant_target, pruned_constant
from bounds.widths.constructions import Construction, construction_named
from bounds.widths.spares import SPARE_CANDIDATES, row_failure_allowed
from bounds.widths.stages import Demand, helper_pool, one_for_one_sizes, two_for_one_sizes

_SHRINK = 1 - 2.0**-20
_LARGEST_OWN_ERROR = 0.25
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
class _Above:
    """What the stages above ask of the one being solved.

    ``gain``       factor by which an error of this layer's neurons reaches the output.
    ``pull``       the same for the pre-activations whose range is relied on, in units of what they may move.
    ``margin``     how far this layer's own pre-activations may move for the signs that the next stage relies on.
    """

    gain: float
    copies: int
    constants: int
    depth: int
    pull: float = 0.0
    margin: float = math.inf


def width_requirement(
    spec: NetworkSpec,
    construction: str,
    tolerance: float,
    failure_probability: float,
    first_activation: str | None = None,
) -> WidthRequirement:
    """Return an explicit sufficient width of the source network for a ticket within ``tolerance`` of the target.

    ``tolerance``            eps in (0, 1): linf sup error over the target's domain.
    ``failure_probability``  delta in [1e-200, 1), over the draw of the source network.
    ``first_activation``     phi_0 of the helper layers; default: the target's first hidden activation.

    Returns a :class:`WidthRequirement`. Raises ValueError for values out of range, an unknown construction or a
    tolerance below the floor of float64 weights; AssumptionError if phi_0 fails Assumption 2.3.
    """
    check_open_unit("tolerance", tolerance, "width_requirement")
    check_open_unit("failure_probability", failure_probability, "width_requirement")
    if failure_probability < _LEAST_FAILURE_PROBABILITY:
        raise ValueError(
            f"width_requirement: failure_probability={failure_probability!r} must be at least "
            f"{_LEAST_FAILURE_PROBABILITY:g}, as it is shared among many problems in float64; choose a larger one"
        )
    rule = construction_named(construction)
    block = choose_block(activation_by_name(first_activation or default_first_activation(spec)), rule.force_pairs)
    above = _Above(gain=1.0, copies=1, constants=0, depth=spec.depth)
    stages: list[Stage] = []
    for number in range(spec.depth, 0, -1):
        stage = _solve_stage(spec, number, rule, block, above, tolerance, failure_probability / spec.depth)
        stages.insert(0, stage)
        above = _next_above(spec, stage, above)
    stages = _with_errors(spec, stages)
    return _assemble(spec, construction, tolerance, failure_probability, tuple(stages))


def _next_above(spec: NetworkSpec, stage: Stage, above: _Above) -> _Above:
    """Return what ``stage`` demands of the stage below it."""
    layer = spec.layers[stage.layer - 1]
    two_for_one = stage.kind == "two-for-one"
    return _Above(
        gain=above.gain * layer.lipschitz * stage.amplification,
        copies=1 if two_for_one else max(stage.sizes.two_signed, 1),
        constants=min(stage.sizes.constant, 1) if two_for_one else stage.sizes.constant,
        depth=above.depth,
        pull=_reliance(layer, above) * stage.amplification,
        margin=_sign_margin(spec, stage),
    )


def _reliance(layer: LayerSpec, above: _Above) -> float:
    """Return the largest factor by which a pre-activation error of ``layer`` uses up a range that is relied on."""
    return max(1 / min(layer.enlargement, above.margin), layer.lipschitz * above.pull)


def _own_error(layer: LayerSpec, above: _Above, eps: float) -> float:
    """Return A_l: its share of eps, and at most half its share of every range that is relied on."""
    gain, reliance = above.gain * layer.lipschitz, _reliance(layer, above)
    share = eps / above.depth / gain if gain > 0 else math.inf
    within = 0.5 / above.depth / reliance if reliance > 0 else math.inf
    return min(share, within, _LARGEST_OWN_ERROR) * _SHRINK


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


def _solve_stage(
    spec: NetworkSpec, number: int, rule: Construction, block: Block, above: _Above, eps: float, delta: float
) -> Stage:
    """Return the cheapest stage over the candidate numbers of spare rows."""
    output = number == spec.depth
    single = output or (above.copies == 1 and above.constants <= 1)
    options = [0] if single else [spares for spares in SPARE_CANDIDATES if spares <= above.copies]
    candidates = [_sized_stage(spec, number, rule, block, above, eps, delta, spares) for spares in options]
    return min(candidates, key=lambda stage: stage.row_width + stage.helper_width + _rows_below(spec, stage))


def _rows_below(spec: NetworkSpec, stage: Stage) -> int:
    """Return how many rows a one-for-one stage demands of the layer below."""
    layer = spec.layers[stage.layer - 1]
    inputs = layer.one_signed_inputs + layer.two_signed_inputs
    return inputs * stage.sizes.two_signed + stage.sizes.constant if stage.kind == "one-for-one" else 0


def _sized_stage(
    spec: NetworkSpec,
    number: int,
    rule: Construction,
    block: Block,
    above: _Above,
    eps: float,
    delta: float,
    spares: int,
) -> Stage:
    """Return stage ``number`` with ``spares`` spare rows per neuron."""
    layer = spec.layers[number - 1]
    two_for_one = rule.two_for_one(number)
    used = _used_neurons(spec, number)
    aimed = layer_constants(spec, number) if above.constants else None
    own_error = _own_error(layer, above, eps)
    rows = used * (above.copies + spares) + (above.constants + (spares if aimed and aimed[0] is not None else 0))
    probability, sign_probability = _problem_probability(
        layer, block if two_for_one else None, above, used, delta, spares, number == spec.depth
    )
    bias_target = max(layer.max_bias, abs(aimed[0]) if aimed and aimed[0] is not None else 0.0)
    demand = Demand(
        own_error=own_error,
        input_error=_input_error(spec, number, above, eps, two_for_one),
        probability=probability,
        bias_target=bias_target,
        below=layer_constants(spec, number - 1)[1] if bias_target > 0 else None,
    )
    sizes = two_for_one_sizes(layer, block, demand) if two_for_one else one_for_one_sizes(layer, demand)
    constants = None
    if aimed is not None:
        target, value = aimed
        constants = ConstantRows(
            rows=above.constants + (spares if target is not None else 0),
            needed=above.constants,
            target=target,
            value=value,
        )
    helper_width = 0
    if two_for_one:
        helper_width = max(helper_pool(layer, block, sizes, sign_probability), block.rule.neurons_per_variable)
    return Stage(
        layer=number,
        kind="two-for-one" if two_for_one else "one-for-one",
        block=block if two_for_one else None,
        sizes=sizes,
        copies=above.copies,
        spare_rows=spares,
        used_neurons=used,
        constants=constants,
        helper_width=helper_width,
        row_width=max(rows, 1),
        problems=_problem_count(layer, block if two_for_one else None, above.copies + spares, constants),
        problem_probability=probability,
        own_error=own_error,
        amplification=layer.row_sum if two_for_one else layer.row_nonzeros * sizes.two_signed * sizes.sigma,
        error=math.nan,
    )


def _used_neurons(spec: NetworkSpec, number: int) -> int:
    """Return how many neurons of target layer ``number`` are used above (all, for the output)."""
    if number == spec.depth:
        return spec.layers[-1].n_out
    above = spec.layers[number]
    return above.one_signed_inputs + above.two_signed_inputs


def _input_error(spec: NetworkSpec, number: int, above: _Above, eps: float, two_for_one: bool) -> float:
    """Return a bound of e_{l-1}: the layers below l use (l-1)/L of the budget, seen through amp_l and the gain above.

    Only two-for-one stages need it; theirs is amp_l = R_l.
    """
    layer = spec.layers[number - 1]
    gain = above.gain * layer.lipschitz * layer.row_sum
    if number == 1 or not two_for_one or layer.row_sum == 0:
        return 0.0
    return min((number - 1) * eps / above.depth / gain if gain > 0 else math.inf, _largest_error(spec, number - 1))


def _largest_error(spec: NetworkSpec, number: int) -> float:
    """Return a bound of e_l that follows from the cap on every layer's own error alone."""
    error = 0.0
    for layer in spec.layers[:number]:
        error = layer.lipschitz * (_LARGEST_OWN_ERROR + layer.row_sum * error)
    return error


def _classes(layer: LayerSpec, block: Block | None) -> int:
    """Return how many subset-sum problems one weight needs at most."""
    return 2 if block is not None and block.rule.split and layer.two_signed_inputs else 1


def _problem_count(layer: LayerSpec, block: Block | None, rows: int, constants: ConstantRows | None) -> int:
    """Return (an upper bound of) the number of subset-sum problems of the stage, spare rows included."""
    aimed = constants.rows if constants is not None and constants.target is not None else 0
    return rows * (layer.nonzero_weights * _classes(layer, block) + layer.nonzero_biases) + aimed


def _problem_probability(
    layer: LayerSpec, block: Block | None, above: _Above, used: int, delta: float, spares: int, output: bool
) -> tuple[float, float]:
    """Return (failure probability per problem, failure probability of the sign assignment)."""
    signs = delta / 16 if block is not None else 0.0
    rest = (delta - signs) * _SHRINK
    per_row = layer.row_nonzeros * _classes(layer, block) + (1 if layer.nonzero_biases else 0)
    if output or (above.copies == 1 and above.constants <= 1):
        problems = layer.nonzero_weights * _classes(layer, block) + layer.nonzero_biases + above.constants
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


def _assemble(
    spec: NetworkSpec, construction: str, tolerance: float, failure_probability: float, stages: tuple[Stage, ...]
) -> WidthRequirement:
    widths = [spec.layers[0].n_in]
    for stage in stages:
        widths += [stage.helper_width, stage.row_width] if stage.kind == "two-for-one" else [stage.row_width]
    return WidthRequirement(
        construction=construction,
        tolerance=tolerance,
        failure_probability=failure_probability,
        stages=stages,
        widths=tuple(widths),
        base_set_sizes=tuple(stage.sizes.largest for stage in stages),
        tolerances=tuple(stage.sizes.tolerance for stage in stages),
        spare_rows=tuple(stage.spare_rows for stage in stages),
        steps=tuple(step for stage in stages for step in _steps(stage)),
    )


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
        Step(statement=f"{where}: base-set size m", value=stage.sizes.largest, source="Theorem R"),
        Step(statement=f"{where}: rows", value=stage.row_width, source=theorem),
    ]
    if stage.kind == "two-for-one":
        assert stage.block is not None and stage.sizes.helper_scale is not None
        steps.insert(3, Step(statement=f"{where}: block", value=stage.block.rule.name, source=theorem))
        steps.insert(4, Step(statement=f"{where}: helper scale s", value=stage.sizes.helper_scale, source=theorem))
        steps.append(Step(statement=f"{where}: helper width", value=stage.helper_width, source=theorem))
    return steps
