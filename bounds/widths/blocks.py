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
from functools import lru_cache

import sympy

from bounds.arithmetic import ball, lower, upper
from bounds.first_activation import Activation
from bounds.functions import x


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
    ``slopes``                                    (m_plus, m_minus, m) in float64, m from its exact value;
    ``intercept``                                 |phi_0(0)|, rounded up.
    """

    rule: BlockRule
    activation: Activation
    two_signed_factor: float
    one_signed_factor: float
    amplification: float
    slopes: tuple[float, float, float]
    intercept: float

    @property
    def positive_side(self) -> bool:
        """Whether the steeper side of phi_0 is x >= 0."""
        return abs(self.slopes[0]) >= abs(self.slopes[1])

    def remainder(self, radius: float) -> float:
        """Return sup |phi_0 - phihat_0| over |x| <= radius per neuron, rounded up; of the odd parts, for pairs."""
        if radius == 0:
            return 0.0
        activation = odd_part(self.activation) if self.rule is PAIRS else self.activation
        return activation.remainder_bound(radius)


@lru_cache(maxsize=64)
def odd_part(activation: Activation) -> Activation:
    """Return (phi(x) - phi(-x))/2, of slopes m/2 and intercept 0: a pair (u, -u), (v, -v) computes 2 v times it."""
    odd = sympy.expand((activation.expression - activation.expression.subs(x, -x)) / 2)  # x (1 + tanh)/2: leaves x/2
    return Activation.from_expression(odd, name=f"odd part of {activation.name}")


def midpoint(bounds_of_value: tuple[float, float]) -> float:
    """Return the middle of a tight float enclosure (error at most its half width, a few ulp)."""
    return 0.5 * (bounds_of_value[0] + bounds_of_value[1])


def choose_block(activation: Activation, force_pairs: bool = False) -> Block:
    """Return the block for phi_0: pairs if d != 0 or forced, unsplit if m_plus = m_minus, sign-split otherwise.

    m = m_plus + m_minus is not 0: ``Activation`` has refused that.
    """
    plus, minus = (midpoint(side) for side in activation.slopes)
    exact = ball(activation.m_plus + activation.m_minus)
    total = midpoint((lower(exact), upper(exact)))
    steeper = max(abs(plus), abs(minus))
    if force_pairs or activation.d != 0:
        rule, two_signed, one_signed, amplification = PAIRS, abs(total), abs(total), 1.0
    elif activation.m_plus == activation.m_minus:
        rule, two_signed, one_signed, amplification = UNSPLIT, steeper, steeper, 1.0
    else:
        rule, two_signed, one_signed = SIGN_SPLIT, abs(total), steeper
        amplification = (abs(plus) + abs(minus)) / abs(total) * (1 + 2.0**-40)
    return Block(
        rule=rule,
        activation=activation,
        two_signed_factor=two_signed,
        one_signed_factor=one_signed,
        amplification=amplification,
        slopes=(plus, minus, total),
        intercept=upper(abs(ball(activation.d))),
    )
