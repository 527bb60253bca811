r"""One path per weight: the construction of Malach et al. (2020) with every constant explicit and proved.

A weight w of the target acts through ONE univariate helper neuron: ``v phi_0(u x)``, with u and v as drawn, is used if
``factor v u`` is within eta of w. With factor v u = r X, X of law UU up to sign, |w| <= omega r and the law unimodal,
the least likely target is the largest one, so a path serves w with probability at least

    p = F(min(1, omega + t)) - F(omega - t),    t = eta / r,   F(y) = y (1 - ln y)/2,

    p = (t + (1-t) ln(1-t))/2 >= t^2/4  at omega = 1:  both weights must be close, the square of the tolerance;
    p ~ t ln(1/omega)                   at omega < 1:  only their product must be close.

Sign-split blocks need u of one sign as well, p/2. N helper neurons of an input serve all rows: row i fails at input j
with probability (1-p)^N, as the v_ik are independent of another row's, so N = ceil(ln(q/delta)/(-ln(1-p))) neurons
suffice for q problems. Biases travel as weights on constant neurons (``constant_neurons``).
Proof: ``docs/earlier.md``. Source: ours, after Malach et al. 2020, Thm 2.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flint import arb

from bounds.arithmetic import ball, lower, upper, working_precision
from bounds.earlier.constant_neurons import without_biases
from bounds.laws import LAWS
from bounds.named import activation as activation_by_name
from bounds.network import SIGN_MARGIN, LayerSpec, NetworkSpec
from bounds.tolerances import check_open_unit
from bounds.widths.blocks import Block, choose_block

_SHRINK = 1 - 2.0**-9
_LINEARISATION_SHARE = 1 / 16
_SMALLEST_SCALE_EXPONENT = -200


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLayer:
    """One target layer of the construction.

    ``tolerance``         eta, how close a path's product must be to its weight.
    ``range``             r, largest |factor v u|; ``helper_scale`` s of the u; the v are U[-r, r] / (factor s).
    ``path_probability``  p, lower bound of the probability that one helper neuron serves a given weight.
    ``paths_per_input``   N, helper neurons (pairs, for pair blocks) per used input.
    ``problems``          weights to be served, sign classes counted.
    ``helper_width``      neurons of the helper layer; ``row_width`` of the target layer.
    ``error``             e_l after the activation.
    """

    tolerance: float
    range: float
    helper_scale: float
    path_probability: float
    paths_per_input: int
    problems: int
    helper_width: int
    row_width: int
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRequirement:
    """Widths of a source network of depth 2L, input and output included, and the layers they come from."""

    tolerance: float
    failure_probability: float
    widths: tuple[int, ...]
    layers: tuple[PathLayer, ...]


def single_path_requirement(
    spec: NetworkSpec,
    tolerance: float,
    failure_probability: float,
    first_activation: str,
    range_factor: float = 1.0,
) -> PathRequirement:
    """Return widths for which one path per weight gives a ticket within ``tolerance`` (linf) of the target.

    ``first_activation``  phi_0 of the helper layers; must satisfy Assumption 2.3.
    ``range_factor``      r over the largest weight, >= 1: 1 asks for both weights close, 2 for the product only.

    Returns a :class:`PathRequirement` that holds with probability >= 1 - ``failure_probability``.
    Raises ValueError outside (0, 1), for range_factor < 1 and for a tolerance that no scale linearises.
    """
    check_open_unit("tolerance", tolerance, "single_path_requirement")
    check_open_unit("failure_probability", failure_probability, "single_path_requirement")
    if not range_factor >= 1:
        raise ValueError(f"single_path_requirement: range_factor={range_factor!r} must be at least 1; use 1 or 2")
    block = choose_block(activation_by_name(first_activation))
    target = without_biases(spec)
    own = _own_errors(target, tolerance * _SHRINK, block)
    errors = _errors(target, own)
    problems = sum(_problems(layer, block) for layer in target.layers)
    layers = tuple(
        _sized(layer, block, a, below, above, range_factor, failure_probability / max(problems, 1))
        for layer, a, below, above in zip(target.layers, own, [0.0, *errors], errors, strict=False)
    )
    widths = [spec.layers[0].n_in]
    for sized in layers:
        widths += [sized.helper_width, sized.row_width]
    return PathRequirement(
        tolerance=tolerance, failure_probability=failure_probability, widths=tuple(widths), layers=layers
    )


def _own_errors(spec: NetworkSpec, eps: float, block: Block) -> list[float]:
    """Return A_l = eps/(L T_l prod_{k>l} R_k T_k), for eps halved until no shift leaves the range that is relied on."""
    gain, own = 1.0, []
    for layer in reversed(spec.layers):
        gain *= layer.lipschitz
        own.append(eps / spec.depth / gain if gain > 0 else math.inf)
        gain *= layer.row_sum
    own = [min(value, eps) for value in reversed(own)]
    return own if _within_ranges(spec, own, block) else _own_errors(spec, eps / 2, block)


def _errors(spec: NetworkSpec, own: list[float]) -> list[float]:
    """Return e_l = T_l (A_l + R_l e_{l-1}) of every layer."""
    error, errors = 0.0, []
    for layer, a in zip(spec.layers, own, strict=True):
        error = layer.lipschitz * (a + layer.row_sum * error)
        errors.append(error)
    return errors


def _within_ranges(spec: NetworkSpec, own: list[float], block: Block) -> bool:
    errors = [0.0, *_errors(spec, own)]
    shifts = [a + layer.row_sum * below for layer, a, below in zip(spec.layers, own, errors, strict=False)]
    signs = [block.rule.split and bool(above.one_signed_inputs) for above in spec.layers[1:]] + [False]
    margins = [SIGN_MARGIN if sign else math.inf for sign in signs]
    relied = [min(layer.enlargement, margin) for layer, margin in zip(spec.layers, margins, strict=True)]
    return all(shift <= room for shift, room in zip(shifts, relied, strict=True))


def _classes(layer: LayerSpec, block: Block) -> int:
    return 2 if block.rule.split and layer.two_signed_inputs else 1


def _problems(layer: LayerSpec, block: Block) -> int:
    return layer.nonzero_weights * _classes(layer, block)


def _sized(
    layer: LayerSpec, block: Block, own: float, below: float, error: float, range_factor: float, probability: float
) -> PathLayer:
    """Return the layer with |h^ - h| <= eta kappa (S + nnz e) + nnz * neurons * sigma * sup|e| + R e."""
    spread = block.amplification if layer.two_signed_inputs else 1.0
    reach = spread * (layer.support_l1 + layer.row_nonzeros * below)
    largest = layer.max_weight or 1.0
    eta = min(own * (1 - _LINEARISATION_SHARE) / (reach or 1.0), largest) * _SHRINK
    span = largest * range_factor
    factor = min(block.two_signed_factor, block.one_signed_factor)
    scale = _helper_scale(layer, block, own, below, span / factor)
    chance = path_probability(eta / span, min(1.0, (1 + 2.0**-50) / range_factor)) / (2 if block.rule.split else 1)
    paths = paths_needed(chance, probability) if layer.nonzero_weights else 0
    inputs = layer.one_signed_inputs + layer.two_signed_inputs
    return PathLayer(
        tolerance=eta,
        range=span,
        helper_scale=scale,
        path_probability=chance,
        paths_per_input=paths,
        problems=_problems(layer, block),
        helper_width=max(inputs * paths, 1) * block.rule.neurons_per_variable,
        row_width=layer.n_out,
        error=error,
    )


def _helper_scale(layer: LayerSpec, block: Block, own: float, below: float, ratio: float) -> float:
    """Return the largest power of two s <= 1 at which the linearisation of phi_0 costs at most A_l / 16."""
    neurons = layer.row_nonzeros * _classes(layer, block) * block.rule.neurons_per_variable
    for exponent in range(0, _SMALLEST_SCALE_EXPONENT, -1):
        scale = math.ldexp(1.0, exponent)
        remainder = block.remainder(scale * (layer.input_sup + below))
        if neurons * (ratio / scale) * remainder <= own * _LINEARISATION_SHARE * _SHRINK:
            return scale
    raise ValueError(
        f"single_path_requirement: no scale s >= 2^{_SMALLEST_SCALE_EXPONENT} linearises {block.activation.name} well "
        f"enough for an error of {own:.3g}; ask for a larger tolerance or a smaller domain"
    )


@working_precision
def path_probability(tolerance: float, window: float) -> float:
    """Return a lower bound of min over |z| <= window of P(|U U' - z| <= tolerance), 0 < tolerance, window <= 1.

    The law is symmetric and unimodal, so the least is at |z| = window.

    >>> path_probability(0.5, 1.0) >= 0.5**2 / 4, round(path_probability(0.01, 1.0) / (0.01**2 / 4), 4)
    (True, 1.0034)
    """
    mass = LAWS["product"].mass
    near, far = ball(window) - ball(tolerance), ball(window) + ball(tolerance)
    if near <= 0:
        return lower(mass(min(far, arb(1))) + mass(min(-near, arb(1))))
    return lower(mass(far.min(arb(1))) - mass(near))


@working_precision
def paths_needed(chance: float, failure_probability: float) -> int:
    """Return the least N (by outward rounding) with (1 - chance)^N <= failure_probability, 0 < chance <= 1.

    >>> paths_needed(0.25, 0.01), paths_needed(1.0, 0.01)
    (17, 1)
    """
    if chance >= 1:
        return 1
    return max(1, math.ceil(upper(ball(failure_probability).log() / (-ball(chance)).log1p())))
