r"""How many helper neurons guarantee that every base set can be filled once the signs are known.

The neurons of the pool are looked at in their order. The groups (first the constants, then the inputs) are served in a
fixed order: every neuron that no earlier group has taken is taken by group g if its weight for g falls into a class
of g that still lacks neurons. At most Q_g neurons are taken by the groups before g (their total need), so at least N
- Q_g neurons reach g; their classes at g are independent of what happened before, because another column of the source
decides them. Class c, of probability q and need k, stays open only if Bin(N - Q_g, q) < k, and a union bound gives

    P(some class stays open) <= sum_g sum_c P(Bin(N - Q_g, q_c) < k_c).

The binomial tails are bounded by exp(-T KL(k-1/T || q)) (Chernoff), in float64 with a margin for rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_EXPLICIT_GROUPS = 32


@dataclass(frozen=True, slots=True)
class Group:
    """``count`` groups of ``classes`` classes each; a class needs ``need`` neurons, each fits with ``probability``."""

    count: int
    classes: int
    need: int
    probability: float

    @property
    def total(self) -> int:
        """Neurons taken by all these groups together."""
        return self.count * self.classes * self.need


def binomial_lower_tail(trials: int, probability: float, need: int) -> float:
    """Return an upper bound of P(Bin(trials, probability) < need)."""
    if need <= 0:
        return 0.0
    if trials < need:
        return 1.0
    if probability >= 1.0:
        return 0.0
    share = (need - 1) / trials
    if share >= probability:
        return 1.0
    divergence = (1 - share) * math.log((1 - share) / (1 - probability))
    if share > 0:
        divergence += share * math.log(share / probability)
    return math.exp(-trials * divergence * (1 - 1e-12)) * (1 + 1e-9)


def open_class_probability(groups: list[Group], pool: int) -> float:
    """Return the union bound above for a pool of ``pool`` neurons (variables, if neurons come in pairs)."""
    taken = 0
    failure = 0.0
    for group in groups:
        per_group = group.classes * group.need
        explicit = min(group.count, _EXPLICIT_GROUPS)
        last = taken + (group.count - 1) * per_group
        terms = [
            group.classes * binomial_lower_tail(pool - (last - back * per_group), group.probability, group.need)
            for back in range(explicit)
        ]
        # the earlier groups see more neurons, so each of their terms is at most the smallest explicit one
        failure += math.fsum(terms) + (group.count - explicit) * (terms[-1] if terms else 0.0)
        taken += group.total
    return min(1.0, failure)


def pool_size(groups: list[Group], failure_probability: float) -> int:
    """Return the smallest pool (by this bound) in which all classes are filled but for ``failure_probability``.

    Returns at least the total need. ``groups`` in the order in which the builder serves them.
    """
    low = sum(group.total for group in groups)
    if low == 0 or open_class_probability(groups, low) <= failure_probability:
        return low
    step = 1
    while open_class_probability(groups, low + step) > failure_probability:
        step *= 2
    high = low + step
    low += step // 2
    while high - low > 1:
        middle = (low + high) // 2
        if open_class_probability(groups, middle) <= failure_probability:
            high = middle
        else:
            low = middle
    return high
