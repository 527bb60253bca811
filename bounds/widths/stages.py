"""The size of one stage: a target layer made of two source layers (two-for-one) or of one (one-for-one).

Budgets come in as absolute pre-activation errors and failure probabilities; base-set sizes, scales and pools come out.
Proofs: ``docs/widths.md``. Source: B22 Thms 2.5-2.7 with the constants made explicit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bounds.network import LayerSpec
from bounds.subset_sum.sizes import sufficient_size
from bounds.widths.assignment import Group, pool_size
from bounds.widths.blocks import Block
from bounds.widths.constants import Constant, constant_size, helper_constant
from bounds.widths.subsets import ANY, SubsetRule, SubsetSize, row_amplification

_SHRINK = 1 - 2.0**-20
_GRID = 2.0**-50
CONTINUUM_SHARE = 1 - 2.0**-4
SOLVER_SHARE = 1 - 2.0**-5
"""Of a tolerance eta, sums of continuous variables get the first share, float64 sums of grid variables the second."""
_FLOOR = 2.0**7
"""By how much a tolerance must exceed the grid's effect, so that rounding stays below eta/32 (docs/widths.md, 6)."""
_LINEARISATION_SHARE = 1 / 16
_EVALUATION_SHARE = 1 / 64
_SCALE_CANDIDATES, _MOST_SCALES = 4, 12
_SMALLEST_SCALE_EXPONENT = -60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Base-set sizes of one stage, in variables per problem; 0 where the stage has no such problem.

    ``two_signed``, ``one_signed``  inputs of both signs (per class) and of one sign; equal unless the block splits
                                    signs.
    ``constant``                    bias problems.
    ``tolerance``                   what every subset sum must reach, in units of the weights (and of the biases).
    ``sigma``                       scale of the layer whose weights are the variables; a power of two.
    ``helper_scale``                scale s of the helper layer; None for one-for-one.
    ``helper_constant``             range of the constants in the helper layer (or of the copies' layer), if needed.
    ``amplification``               amp_l: how much errors of the inputs may grow in a row.
    ``subsets``                     name of the family of subsets (``bounds.widths.subsets``) of the weights' problems.
    ``cap``                         by how much a problem's sum of |w_k| may exceed |w|; None: no limit.
    """

    two_signed: int
    one_signed: int
    constant: int
    tolerance: float
    sigma: float
    helper_scale: float | None = None
    helper_constant: Constant | None = None
    amplification: float
    subsets: str = ANY.name
    cap: float | None = None

    @property
    def largest(self) -> int:
        """The largest base set of the stage."""
        return max(self.two_signed, self.one_signed, self.constant)


class ToleranceFloorError(ValueError):
    """A tolerance lies below what weights on the 2^-53 grid and float64 sums can promise."""


def power_of_two_at_least(value: float) -> float:
    """Return the smallest power of two >= value (value > 0)."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(1.0, exponent - 1 if mantissa == 0.5 else exponent)


def scales(largest: float, factor: float) -> Iterator[float]:
    """Yield the powers of two r with factor * r >= largest that are worth trying, smallest first."""
    start = power_of_two_at_least(largest / factor) if largest > 0 else 1.0
    for step in range(_SCALE_CANDIDATES):
        yield math.ldexp(start, step)


def product_size(range_of_variable: float, largest: float, tolerance: float, probability: float) -> int:
    """Return the base-set size for variables range * UU, targets |w| <= largest, absolute tolerance."""
    relative, window = _relative(range_of_variable, largest, tolerance)
    return sufficient_size(relative, probability, law="product", window=window).size


def _relative(range_of_variable: float, largest: float, tolerance: float) -> tuple[float, float]:
    """Return (tolerance, largest target) in units of the variables' range."""
    check_floor(tolerance, 1, range_of_variable)
    relative = min(tolerance * CONTINUUM_SHARE / range_of_variable, 0.25)
    return relative, min(1.0, max(largest / range_of_variable, 2.0**-20) * (1 + 2.0**-40))


def check_floor(tolerance: float, size: int, range_of_variable: float) -> None:
    """Raise unless the effect of the grid on ``size`` variables, times a safety factor, stays below the tolerance."""
    floor = size * range_of_variable * _GRID * _FLOOR
    if floor > tolerance:
        raise ToleranceFloorError(
            f"width_requirement: the parameter tolerance {tolerance:.3g} is below what float64 weights on the "
            f"2^-53 grid can promise ({floor:.3g} for {size} variables up to {range_of_variable:g}); "
            "ask for a larger tolerance, or a target with smaller norms or depth"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a stage must deliver.

    ``own_error``            A_l: pre-activation error the stage may add to a row.
    ``input_error``          bound on the error of its inputs.
    ``probability``          failure probability of each subset-sum problem.
    ``bias_target``          largest |bias| incl. the pre-activation a constant row aims at; 0 if no bias problem.
    ``below``                constants available below (for layer 1: the bias, exactly 1).
    """

    own_error: float
    input_error: float
    probability: float
    bias_target: float
    below: Constant | None


def one_for_one_sizes(layer: LayerSpec, demand: Demand, rule: SubsetRule = ANY) -> Sizes:
    """Return the sizes of a layer whose variables are weights U[-sigma, sigma] on copies of its inputs (B22 Thm 2.7).

    Row error: eta * support_l1 + eta_bias, with eta = A_l / (support_l1 + 1), and the amplified copy errors.
    """
    biased = demand.bias_target > 0
    eta = _capped(demand.own_error / (layer.support_l1 + (1.0 if biased else 0.0) or 1.0), layer, demand)
    largest = max(layer.max_weight, demand.bias_target if layer.nonzero_weights == 0 else 0.0)
    candidates = [_one_for_one_candidate(layer, demand, rule, eta, sigma) for sigma in scales(largest, 1.0)]
    found = [sizes for sizes in candidates if sizes is not None]
    if not found:
        assert demand.below is not None
        widened = power_of_two_at_least(max(demand.bias_target / demand.below.low, layer.max_weight))
        found = [sizes for sizes in [_one_for_one_candidate(layer, demand, rule, eta, widened)] if sizes is not None]
    if not found:
        raise ToleranceFloorError(
            f"width_requirement: subsets of the family {rule.name!r} do not reach the tolerance {eta:.3g} with failure "
            f"probability {demand.probability:.3g}; use subsets='any' or ask for less"
        )
    best = min(found, key=lambda sizes: sizes.two_signed + sizes.constant)
    check_floor(best.tolerance, best.largest, best.sigma * max(1.0, demand.below.high if demand.below else 1.0))
    return best


def _one_for_one_candidate(
    layer: LayerSpec, demand: Demand, rule: SubsetRule, eta: float, sigma: float
) -> Sizes | None:
    """Return the sizes for one scale, or None if the constants or the subsets do not reach."""
    found: SubsetSize | None = SubsetSize(0)
    if layer.nonzero_weights:
        relative, window = _relative(sigma, layer.max_weight, eta)
        found = rule.size(relative, demand.probability, window)
    constants = _constant_size(demand.below, sigma, demand, eta) if demand.bias_target > 0 else 0
    if found is None or constants is None:
        return None
    return Sizes(
        two_signed=found.size,
        one_signed=found.size,
        constant=constants,
        tolerance=eta,
        sigma=sigma,
        helper_constant=demand.below,
        amplification=row_amplification(layer, found, sigma, demand.probability),
        subsets=rule.name,
        cap=None if found.cap is None else found.cap * sigma,
    )


def _capped(eta: float, layer: LayerSpec, demand: Demand) -> float:
    """Return a tolerance that float64 rounding cannot spoil and that is no larger than the largest parameter."""
    return min(eta * _SHRINK, max(layer.max_weight, demand.bias_target) or 1.0)


def _constant_size(constant: Constant | None, sigma: float, demand: Demand, eta: float) -> int | None:
    if constant is None:
        return None
    check_floor(eta, 1, sigma * constant.high)
    return constant_size(constant, sigma, demand.bias_target, eta * CONTINUUM_SHARE, demand.probability)


def two_for_one_sizes(layer: LayerSpec, block: Block, demand: Demand) -> Sizes:
    """Return the sizes of a layer made of two source layers (B22 Thms 2.5, 2.6).

    Row error: eta * amplification * (support_l1 + row_nonzeros * input_error) + eta_bias + linearisation, where the
    linearisation of phi_0 takes a sixteenth of the budget (it costs scale, not width) and its evaluation a 64th.
    """
    biased = demand.bias_target > 0
    spread = block.amplification if layer.two_signed_inputs else 1.0
    reach = spread * (layer.support_l1 + layer.row_nonzeros * demand.input_error) + (1.0 if biased else 0.0)
    eta = _capped(demand.own_error * (1 - _LINEARISATION_SHARE - _EVALUATION_SHARE) / (reach or 1.0), layer, demand)
    ratio = next(iter(scales(max(layer.max_weight, demand.bias_target), _least_factor(layer, block))))
    candidates = (
        _two_for_one_candidate(layer, block, demand, eta, math.ldexp(ratio, step)) for step in range(_MOST_SCALES)
    )
    found = list(islice((sizes for sizes in candidates if sizes is not None), _SCALE_CANDIDATES))
    if not found:
        raise ValueError(
            f"width_requirement: no scale of the source makes constants of phi_0 = {block.activation.name} reach the "
            f"bias {demand.bias_target:g}; rescale the target or choose another first_activation"
        )
    best = min(found, key=lambda sizes: helper_pool(layer, block, sizes, demand.probability))
    _check_two_for_one_floor(layer, block, demand, best)
    return best


def _check_two_for_one_floor(layer: LayerSpec, block: Block, demand: Demand, sizes: Sizes) -> None:
    """Raise unless the variables and the evaluation of phi_0 are exact enough in float64.

    A neuron with phi_0(0) = d carries an absolute error of about |d| 2^-53, whatever its input; sigma multiplies it.
    """
    assert sizes.helper_scale is not None
    slope = max(block.two_signed_factor, block.one_signed_factor)
    values = max(slope * sizes.helper_scale, sizes.helper_constant.high if sizes.helper_constant else 0.0)
    check_floor(sizes.tolerance, sizes.largest, sizes.sigma * values)
    chosen = layer.row_nonzeros * max(sizes.two_signed, sizes.one_signed) + sizes.constant
    neurons = chosen * block.rule.neurons_per_variable
    check_floor(demand.own_error * _EVALUATION_SHARE * _FLOOR, neurons, sizes.sigma * block.intercept)


def _least_factor(layer: LayerSpec, block: Block) -> float:
    factors = [block.two_signed_factor] if layer.two_signed_inputs else []
    factors += [block.one_signed_factor] if layer.one_signed_inputs else []
    return min(factors, default=block.two_signed_factor)


def _two_for_one_candidate(layer: LayerSpec, block: Block, demand: Demand, eta: float, ratio: float) -> Sizes | None:
    """Return the sizes for sigma * s = ratio, or None if the constants do not reach the biases."""
    two, one = (
        product_size(factor * ratio, layer.max_weight, eta, demand.probability) if count else 0
        for factor, count in (
            (block.two_signed_factor, layer.two_signed_inputs),
            (block.one_signed_factor, layer.one_signed_inputs),
        )
    )
    scale = linearising_scale(layer, block, demand, ratio, two, one)
    constants, constant = 0, None
    if demand.bias_target > 0:
        assert demand.below is not None
        constant = helper_constant(block, scale, demand.below)
        size = _constant_size(constant, ratio / scale, demand, eta)
        if size is None:
            return None
        constants = size
    return Sizes(
        two_signed=two,
        one_signed=one,
        constant=constants,
        tolerance=eta,
        sigma=ratio / scale,
        helper_scale=scale,
        helper_constant=constant,
        amplification=layer.row_sum,
    )


def linearising_scale(layer: LayerSpec, block: Block, demand: Demand, ratio: float, two: int, one: int) -> float:
    """Return the largest power of two s <= 1 with row_nonzeros * |I| * sigma * sup|e| <= A_l / 16, sigma = ratio / s.

    |I| counts neurons (both classes if the block splits signs), sup over |u x| <= s * (input_sup + input_error); for
    pairs e is the odd part of the remainder, the even part cancels.
    """
    chosen = max(two * (2 if block.rule.split else 1), one) * block.rule.neurons_per_variable
    budget = demand.own_error * _LINEARISATION_SHARE * _SHRINK
    for exponent in range(0, _SMALLEST_SCALE_EXPONENT, -1):
        scale = math.ldexp(1.0, exponent)
        remainder = block.remainder(scale * (layer.input_sup + demand.input_error))
        if layer.row_nonzeros * chosen * (ratio / scale) * remainder <= budget:
            return scale
    raise ToleranceFloorError(
        f"width_requirement: no scale s >= 2^{_SMALLEST_SCALE_EXPONENT} linearises {block.activation.name} to "
        f"{budget:.3g} on inputs up to {layer.input_sup:g}; ask for a larger tolerance or a smaller domain"
    )


def helper_groups(layer: LayerSpec, block: Block, sizes: Sizes) -> list[Group]:
    """Return the groups of the helper pool in the builder's order: constants, one-signed inputs, two-signed inputs."""
    fits = sizes.helper_constant.fits if sizes.helper_constant else 1.0
    split = block.rule.split
    return [
        Group(1, 1, sizes.constant, fits),
        Group(layer.one_signed_inputs, 1, sizes.one_signed, 0.5 if split else 1.0),
        Group(layer.two_signed_inputs, 2 if split else 1, sizes.two_signed, 0.5 if split else 1.0),
    ]


def helper_groups_total(layer: LayerSpec, block: Block, sizes: Sizes) -> int:
    """Return the number of variables all helper base sets need together."""
    return sum(group.total for group in helper_groups(layer, block, sizes))


def helper_pool(layer: LayerSpec, block: Block, sizes: Sizes, sign_probability: float) -> int:
    """Return the width of the helper layer, in neurons."""
    return pool_size(helper_groups(layer, block, sizes), sign_probability) * block.rule.neurons_per_variable
