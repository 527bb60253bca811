r"""Constant neurons: how a bias travels through a source network that has biases in layer 1 only.

A neuron without a path from the input has a value c that is known exactly once the source is drawn, so the variables of
a bias problem are w_k c_k with the true c_k and a constant needs no accuracy of its own. If low <= |c_k| <= high and
w_k ~ U[-sigma, sigma], then w_k c_k is uniform on [-sigma |c_k|, sigma |c_k|] and contains U[-sigma low, sigma low]
with weight low/|c_k| >= low/high: the contained-uniform forms apply with weight low/high, whatever the
c_k are.

Kinds: a fully pruned row (value phi(0) = d, weight 1), and a helper neuron that keeps only its bias or its weight on a
constant below, filtered to the outer half |u| in [s/2, s] of its law (on the steeper side unless phi's slopes agree). A
pair makes phi(b) - phi(-b), so that no multiple of d has to be cancelled by the subset sum.
"""

from __future__ import annotations

from dataclasses import dataclass

from bounds.functions import ScalarFunction
from bounds.subset_sum.computed import contained_size
from bounds.widths.blocks import Block, odd_part

_CANDIDATES = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25, -0.25)
CONSTANT_SLACK = 0.25


@dataclass(frozen=True, slots=True)
class Constant:
    """Range of |c| over the constants of one layer; ``fits`` = probability that a drawn neuron qualifies.

    ``pruned``  the neurons are fully pruned and their value is phi(0).
    ``sign``    required sign of the surviving weight times the value below it (0: either).
    """

    low: float
    high: float
    fits: float = 1.0
    pruned: bool = False
    sign: int = 0


def magnitude_range(function: ScalarFunction, lower: float, upper: float) -> tuple[float, float]:
    """Return (min, max) of |phi| on [lower, upper], outward; min is 0 if phi may vanish there."""
    low, high = function.range(lower, upper)
    return (max(low, -high, 0.0), max(high, -low))


def pruned_constant(function: ScalarFunction) -> Constant | None:
    """Return the constant of a fully pruned neuron, or None if phi(0) = 0."""
    low, high = magnitude_range(function, 0.0, 0.0)
    return Constant(low, high, pruned=True) if low > 0 else None


def helper_constant(block: Block, scale: float, below: Constant) -> Constant | None:
    """Return the constants a helper layer U[-scale, scale] makes of a bias (``below`` = 1) or of a constant below.

    None if phi_0 may vanish on the range, so that a smaller scale is needed.
    """
    inner, outer = 0.5 * scale * below.low, scale * below.high
    function = block.activation.function
    if block.rule.neurons_per_variable == 2:
        low, high = _difference_range(odd_part(block.activation).function, inner, outer)
        return Constant(low, high, fits=0.5) if low > 0 else None
    symmetric = bool(block.activation.m_plus == block.activation.m_minus)
    positive, negative = magnitude_range(function, inner, outer), magnitude_range(function, -outer, -inner)
    if symmetric:
        low, high = min(positive[0], negative[0]), max(positive[1], negative[1])
        return Constant(low, high, fits=0.5) if low > 0 else None
    low, high = positive if block.positive_side else negative
    return Constant(low, high, fits=0.25, sign=1 if block.positive_side else -1) if low > 0 else None


def _difference_range(odd: ScalarFunction, inner: float, outer: float) -> tuple[float, float]:
    """Return (min, max) of |phi(b) - phi(-b)|, twice the odd part, on [inner, outer]; min is 0 if it may vanish."""
    low, high = magnitude_range(odd, inner, outer)
    return 2 * low, 2 * high


def constant_target(function: ScalarFunction) -> tuple[float, Constant] | None:
    """Return (beta, range of |phi| on beta +- CONSTANT_SLACK): the pre-activation a constant row aims at.

    The candidate with the largest ratio low/high wins; None if phi may vanish near all of them.
    """
    best: tuple[float, Constant] | None = None
    for beta in _CANDIDATES:
        low, high = magnitude_range(function, beta - CONSTANT_SLACK, beta + CONSTANT_SLACK)
        if low > 0 and (best is None or low / high > best[1].low / best[1].high):
            best = (beta, Constant(low, high))
    return best


def constant_size(
    constant: Constant, sigma: float, bias: float, tolerance: float, failure_probability: float
) -> int | None:
    """Return how many constants solve one bias problem |target| <= ``bias``, or None if sigma does not reach it.

    ``tolerance`` absolute; outgoing weights U[-sigma, sigma].
    """
    half_width = sigma * constant.low
    if bias > half_width:
        return None
    weight = constant.low / constant.high * (1 - 2.0**-50)
    return contained_size(min(tolerance, 0.5 * half_width), failure_probability, weight, half_width, bias)
