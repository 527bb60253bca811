"""How one weight is made of two source layers: the three kinds of block, chosen from the activation's expansion at 0.

With phi_0(x) ~ m_plus x + d (x >= 0), m_minus x + d (x < 0) and m = m_plus + m_minus, a univariate neuron phi_0(u x)
with outgoing weight v contributes the variable X = factor * v * u to a subset-sum problem whose target is the weight
itself:

    sign-split  d = 0; for an input of both signs the neurons with u > 0 and those with u < 0 form two base sets, both
                with factor m and target w; an input of one sign needs one base set, with the larger one-sided slope;
    unsplit     d = 0, m_plus = m_minus = mu: one base set, factor mu;
    pairs       neurons (u, -u) with outgoing weights (v, -v): one base set, factor m; the intercept d cancels.

Source: B22 Thms 2.5 and 2.6; proofs in ``docs/widths.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from bounds.expansion import AssumptionError
from bounds.first_activation import Activation


@dataclass(frozen=True, slots=True)
class BlockRule:
    """One kind of block: ``neurons_per_variable`` neurons make one variable; ``split`` separates the signs of u."""

    name: str
    split: bool
    neurons_per_variable: int


SIGN_SPLIT = BlockRule("sign-split", split=True, neurons_per_variable=1)
UNSPLIT = BlockRule("unsplit", split=False, neurons_per_variable=1)
PAIRS = BlockRule("pairs", split=False, neurons_per_variable=2)


@dataclass(frozen=True, slots=True)
class Block:
    """A block rule with the numbers of one activation.

    ``two_signed_factor``, ``one_signed_factor``  absolute factor of v*u for inputs of both signs and of one sign;
    ``amplification``                             (|m_plus| + |m_minus|)/|m| for split inputs of both signs, else 1;
    ``positive_side``                             whether the steeper side of phi_0 is x >= 0.
    """

    rule: BlockRule
    activation: Activation
    two_signed_factor: float
    one_signed_factor: float
    amplification: float
    positive_side: bool


def midpoint(bounds_of_value: tuple[float, float]) -> float:
    """Return the middle of a tight float enclosure (error at most its half width, a few ulp)."""
    return 0.5 * (bounds_of_value[0] + bounds_of_value[1])


def choose_block(activation: Activation, force_pairs: bool = False) -> Block:
    """Return the block for phi_0: pairs if d != 0 or forced, unsplit if m_plus = m_minus, sign-split otherwise.

    Raises AssumptionError if m_plus + m_minus = 0 (already refused by ``Activation``).
    """
    plus, minus = (midpoint(side) for side in activation.slopes)
    total = plus + minus
    if total == 0:
        raise AssumptionError(f"activation {activation.name}: m_plus + m_minus = 0 violates Assumption 2.3")
    steeper = max(abs(plus), abs(minus))
    positive_side = abs(plus) >= abs(minus)
    if force_pairs or activation.d != 0:
        return Block(PAIRS, activation, abs(total), abs(total), 1.0, positive_side)
    if activation.m_plus == activation.m_minus:
        return Block(UNSPLIT, activation, steeper, steeper, 1.0, positive_side)
    amplification = (abs(plus) + abs(minus)) / abs(total)
    return Block(SIGN_SPLIT, activation, abs(total), steeper, amplification, positive_side)
