r"""Which subsets of the copies a one-for-one layer may use, and how much they amplify the copies' errors.

Copies of one neuron err differently, so a subset I of weights passes errors on with the factor sum_I |w_k|. Summed over
the inputs of a row, it is at most

    any      the whole base sets: N = nonzeros * m weights of mean sigma/2. Uniform variables are sub-Gaussian with
             their own variance, so P(sum |w_k| > sigma (N/2 + sqrt(N ln(1/p)/6))) <= p;
    blocks   at most one weight per block (``bounds.subset_sum.bounded_size``): R + nonzeros (sigma (j + 1) ell + eta).

The first asks for the fewest copies; the others pass on less of the errors, which spares digits in the layers below
and decides where float64 is the limit. Proofs: ``docs/amplification.md``. Source: ours; B22 Thm 2.9 takes the
copies for one neuron.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bounds.network import LayerSpec
from bounds.subset_sum.bounded_size import bounded_size
from bounds.subset_sum.sizes import sufficient_size

_UP = 1 + 2.0**-40


@dataclass(frozen=True, slots=True)
class SubsetSize:
    """``size`` variables per problem; ``cap`` bounds sum |w_k|/sigma - |w|/sigma per problem, None: any subset."""

    size: int
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class SubsetRule:
    """A family of subsets: its size for (relative tolerance, failure probability, largest |z|); None: not reached."""

    name: str
    size: Callable[[float, float, float], SubsetSize | None]


def _any(tolerance: float, probability: float, window: float) -> SubsetSize:
    return SubsetSize(sufficient_size(tolerance, probability, window=window).size)


def _blocks(per_block: int, length: float, tolerance: float, probability: float, window: float) -> SubsetSize | None:
    bound = bounded_size(tolerance, probability, per_block, length, window)
    return None if bound is None else SubsetSize(bound.size, (bound.excess + tolerance) * _UP)


def _block_rule(per_block: int, length: float) -> SubsetRule:
    name = f"blocks of {per_block}" + (f", steps up to {length:g}" if length < 1 else "")
    return SubsetRule(name, partial(_blocks, per_block, length))


ANY = SubsetRule("any", _any)
SUBSET_RULES: dict[str, SubsetRule] = {
    rule.name: rule
    for rule in (ANY, _block_rule(8, 1.0), _block_rule(16, 1.0), _block_rule(32, 1.0), _block_rule(32, 0.5))
}
"""In the order in which a plan tries them: from the fewest copies to the least amplification."""


def row_amplification(layer: LayerSpec, found: SubsetSize, sigma: float, probability: float) -> float:
    """Return amp_l, a bound of max_i sum_j sum_{k in I_ij} |w_k| that holds but for ``probability`` per row."""
    if found.cap is not None:
        return (layer.row_sum + layer.row_nonzeros * found.cap * sigma) * _UP
    weights = layer.row_nonzeros * found.size
    mean_and_deviation = weights / 2 + math.sqrt(weights * -math.log(probability) / 6)
    return sigma * min(float(weights), mean_and_deviation * _UP)
